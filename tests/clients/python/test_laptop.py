"""The example of docs/laptop.md, as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from chat import NOBODY
from emulator import PATIENCE, Emulator

PAGE = Path(__file__).parents[3] / "docs" / "laptop.md"
URL = "http://127.0.0.1:8700"


def example():
    [block] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return block


def run(url):
    script = example()
    assert script.count(URL) == 1
    ran = subprocess.run(
        [sys.executable, "-c", script.replace(URL, url)], capture_output=True, text=True, timeout=PATIENCE, env=os.environ
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_message_that_is_sent(emulator):
    printed = run(emulator.url)
    assert printed == "SENT What the **** is this?\n"
    assert f"prints `{printed.strip()}`" in PAGE.read_text()


def test_a_message_that_is_denied():
    option, printed = "--env PROFANITY_ACTION=deny", "DENIED None\n"
    denying = Emulator(*option.split())
    try:
        assert run(denying.url) == printed
    finally:
        denying.end()
    assert f"{option}`" in PAGE.read_text() and f"`{printed.strip()}`" in PAGE.read_text()


def test_the_errors_of_reads(chat, hand):
    """The table of the page, row by row."""
    messaging = chat.messaging
    first = chat.through()

    def refused(exception, ask):
        with pytest.raises(getattr(messaging.exceptions, exception)):
            ask()

    def listed(who, message):
        return message in {one["MessageId"] for one in chat.messages(who)}

    def to_sender_only(message, expected):
        assert chat.status(message) == expected
        assert chat.get(message, chat.alice)["Status"]["Value"] == expected
        refused("NotFoundException", lambda: chat.get(message, chat.bob))
        refused("ForbiddenException", lambda: chat.status(message, chat.bob))
        assert listed(chat.alice, message) and not listed(chat.bob, message)

    def of_nobody(message):
        refused("ForbiddenException", lambda: chat.status(message))
        for who in (chat.alice, chat.bob, chat.ada):
            refused("NotFoundException", lambda: chat.get(message, who))
            assert not listed(who, message)

    denied = chat.send("denied")["MessageId"]
    to_sender_only(denied, "PENDING")
    hand.call_back(hand.event(chat.channel), delete=True)
    of_nobody(denied)
    of_nobody("none")

    sent = chat.send("sent")["MessageId"]
    hand.call_back(hand.event(chat.channel))
    assert chat.status(sent) == "SENT" and listed(chat.bob, sent)
    refused("ForbiddenException", lambda: chat.status(sent, chat.bob))

    messaging.disassociate_channel_flow(ChannelArn=chat.channel, ChannelFlowArn=first, ChimeBearer=chat.alice)
    chat.through(NOBODY)
    failed = chat.send("failed")["MessageId"]
    assert chat.decided(failed) == "FAILED"
    to_sender_only(failed, "FAILED")
