"""The aws command line, unchanged, with --endpoint-url."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from emulator import PATIENCE, function_arn

AWS = Path(sys.executable).with_name("aws")


@pytest.fixture
def aws(emulator):
    def run(service, operation, *arguments):
        command = [AWS, service, operation, "--endpoint-url", emulator.url, "--output", "json", *arguments]
        # A pager would wait for somebody.
        environment = os.environ | {"AWS_PAGER": ""}
        ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=environment)
        if ran.returncode:
            raise RuntimeError(ran.stderr)
        return json.loads(ran.stdout) if ran.stdout else None

    return run


def test_the_story_as_commands(aws):
    app = aws("chime-sdk-identity", "create-app-instance", "--name", "demo")["AppInstanceArn"]
    user = lambda name: aws(
        "chime-sdk-identity", "create-app-instance-user",
        "--app-instance-arn", app, "--app-instance-user-id", name.lower(), "--name", name,
    )["AppInstanceUserArn"]  # fmt: skip
    alice, bob = user("Alice"), user("Bob")
    messaging = lambda *arguments: aws("chime-sdk-messaging", *arguments)
    channel = messaging(
        "create-channel", "--app-instance-arn", app, "--name", "general", "--chime-bearer", alice,
        "--tags", "Key=a,Value=1",
    )["ChannelArn"]  # fmt: skip
    in_channel = ("--channel-arn", channel, "--chime-bearer", alice)
    joined = messaging("create-channel-membership", *in_channel, "--member-arn", bob, "--type", "DEFAULT")
    assert joined["Member"]["Name"] == "Bob"
    flow = messaging(
        "create-channel-flow", "--app-instance-arn", app, "--name", "clean", "--processors",
        "Name=filter,ExecutionOrder=1,FallbackAction=ABORT,"
        f"Configuration={{Lambda={{ResourceArn={function_arn('profanity-filter')},InvocationType=ASYNC}}}}",
    )["ChannelFlowArn"]  # fmt: skip
    assert messaging("associate-channel-flow", *in_channel, "--channel-flow-arn", flow) is None
    assert messaging("describe-channel", *in_channel)["Channel"]["ChannelFlowArn"] == flow
    assert messaging("list-tags-for-resource", "--resource-arn", channel)["Tags"] == [{"Key": "a", "Value": "1"}]

    sent = messaging(
        "send-channel-message", *in_channel, "--content", "What the hell is this?",
        "--type", "STANDARD", "--persistence", "PERSISTENT",
    )  # fmt: skip
    assert sent["Status"]["Value"] == "PENDING"
    of_message = (*in_channel, "--message-id", sent["MessageId"])
    # Each look starts a process, which takes long enough.
    for _ in range(100):
        if messaging("get-channel-message-status", *of_message)["Status"]["Value"] != "PENDING":
            break
    listed = messaging("list-channel-messages", "--channel-arn", channel, "--chime-bearer", bob, "--sort-order", "ASCENDING")
    assert [message["Content"] for message in listed["ChannelMessages"]] == ["What the **** is this?"]
    assert messaging("get-messaging-session-endpoint")["Endpoint"]["Url"]
    assert messaging("redact-channel-message", *of_message)["MessageId"] == sent["MessageId"]


def test_errors_as_the_command_line_tells_them(aws):
    none = "arn:aws:chime:us-east-1:123456789012:app-instance/none/channel/none"
    with pytest.raises(RuntimeError, match=r"\(ForbiddenException\) when calling the DescribeChannel operation"):
        aws("chime-sdk-messaging", "describe-channel", "--channel-arn", none, "--chime-bearer", none)
    with pytest.raises(RuntimeError, match=r"\(UnknownOperationException\)"):
        aws("chime-sdk-meetings", "get-meeting", "--meeting-id", "12345678-1234-1234-1234-123456789012")
