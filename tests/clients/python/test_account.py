"""`apply`, `doctor` and `destroy` against moto's Lambda and IAM and the emulator's messaging service."""

import io
import json
import os
import pty
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

# Read by moto when it is imported: the policies that AWS manages, of which `cargo lambda deploy` attaches one.
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

import boto3
import pytest
from emulator import ACCOUNT, PATIENCE, REGION, function_arn
from moto.server import ThreadedMotoServer

EVERYONE = {"Version": "2012-10-17", "Statement": []}


@pytest.fixture(scope="session")
def moto():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class Account:
    """An account as it is right after `cargo lambda deploy`, and the command in it.

    moto knows no dead-letter queues, and does not tell of a reserved concurrency of 0: both are tested with the command's own
    tests.
    """

    def __init__(self, moto, emulator, chat):
        self.moto, self.emulator, self.chat = moto, emulator, chat
        there = {"region_name": REGION, "endpoint_url": moto}
        self.awslambda, self.iam, self.sqs = (boto3.client(name, **there) for name in ("lambda", "iam", "sqs"))
        self.name = f"filter-{chat.app_instance.rsplit('/')[-1][:8]}"
        self.role = self.new_role(self.name)
        self.function = self.deploy(self.name)

    def new_role(self, name):
        trust = EVERYONE | {
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ]
        }
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        logs = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
        self.iam.attach_role_policy(RoleName=name, PolicyArn=logs)
        return role

    def deploy(self, name, code=b"bootstrap", **more):
        more = {"Runtime": "provided.al2023", "Timeout": 30, "Role": self.role} | more
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as zipped:
            # Without a time, so that the same code has the same digest.
            zipped.writestr(zipfile.ZipInfo("bootstrap"), code)
        code = {"ZipFile": archive.getvalue()}
        return self.awslambda.create_function(FunctionName=name, Handler="bootstrap", Code=code, **more)["FunctionArn"]

    def run(self, *arguments, stdin=subprocess.DEVNULL):
        endpoints = {
            "AWS_ENDPOINT_URL_LAMBDA": self.moto,
            "AWS_ENDPOINT_URL_IAM": self.moto,
            "AWS_ENDPOINT_URL_CHIME_SDK_MESSAGING": self.emulator.url,
        }
        return subprocess.run(
            [os.environ["CHANNEL_FLOW_COMMAND"], *arguments],
            capture_output=True,
            text=True,
            stdin=stdin,
            timeout=PATIENCE,
            env=os.environ | endpoints,
        )

    def apply(self, *more):
        return self.json("apply", self.name, "--app-instance", self.chat.app_instance, "--yes", *more)

    def json(self, *arguments):
        ran = self.run(*arguments, "--json")
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    def doctor(self, patient=None):
        """What was found, but for what is well: the check and how bad it is."""
        ran = self.run("doctor", patient or self.name, "--app-instance", self.chat.app_instance, "--json")
        findings = [one for one in json.loads(ran.stdout)["findings"] if one["severity"] != "ok"]
        worst = {"error": 6, "warning": 5, "unknown": 5, "hint": 0}
        assert ran.returncode == max((worst[one["severity"]] for one in findings), default=0), ran.stderr
        self.findings = findings
        return {one["check"]: one["severity"] for one in findings}

    def allow(self, action, *resources, **more):
        statement = {"Effect": "Allow", "Action": action, "Resource": list(resources)} | more
        document = json.dumps(EVERYONE | {"Statement": [statement]})
        self.iam.put_role_policy(RoleName=self.name, PolicyName=action.replace(":", "-"), PolicyDocument=document)

    def mend(self):
        """Makes it one in which nothing is wrong."""
        rescue = self.deploy(f"{self.name}-rescue")
        app = self.chat.app_instance
        self.allow("chime:ChannelFlowCallback", app, f"{app}/*")
        self.allow("chime:GetChannelMessageStatus", *(f"{app}/{kind}/*" for kind in ("user", "bot", "channel")))
        for name in (self.name, f"{self.name}-rescue"):
            self.may_ask("true", name)
        self.allow("lambda:InvokeFunction", rescue)
        self.invoked(MaximumRetryAttempts=2, MaximumEventAgeInSeconds=300, rescue=rescue)
        return self.apply("--channel", self.chat.channel, "--bearer", self.chat.alice)["channel_flow_arn"]

    def may_ask(self, says, name=None):
        variables = {"OTHER": "kept, and, as, it = was"} | ({"CHANNEL_FLOW_MAY_ASK_STATUS": says} if says else {})
        name = name or self.name
        self.awslambda.update_function_configuration(FunctionName=name, Environment={"Variables": variables})

    def variables(self):
        configuration = self.awslambda.get_function_configuration(FunctionName=self.name)
        return configuration.get("Environment", {}).get("Variables", {})

    def invoked(self, rescue=None, **more):
        if self.awslambda_has_event_invoke_config():
            self.awslambda.delete_function_event_invoke_config(FunctionName=self.name)
        if rescue:
            more["DestinationConfig"] = {"OnFailure": {"Destination": rescue}}
        self.awslambda.put_function_event_invoke_config(FunctionName=self.name, **more)

    def awslambda_has_event_invoke_config(self):
        try:
            return self.awslambda.get_function_event_invoke_config(FunctionName=self.name)
        except self.awslambda.exceptions.ResourceNotFoundException:
            return None


@pytest.fixture
def account(moto, emulator, chat):
    return Account(moto, emulator, chat)


def signs(plan):
    return [(one["action"], one["kind"]) for one in plan["plan"]]


def test_from_a_function_to_a_channel_and_back(account, messaging):
    chat = account.chat
    channel = ("--channel", chat.channel, "--bearer", chat.alice)
    done = account.apply(*channel, "--tag", "team=chat")
    assert signs(done) == [("add", "permission"), ("add", "channel-flow"), ("add", "channel")]
    flow = done["channel_flow_arn"]

    described = messaging.describe_channel_flow(ChannelFlowArn=flow)["ChannelFlow"]
    [processor] = described["Processors"]
    assert processor["Configuration"]["Lambda"]["ResourceArn"] == account.function
    assert messaging.list_tags_for_resource(ResourceARN=flow)["Tags"] == [{"Key": "team", "Value": "chat"}]
    [statement] = json.loads(account.awslambda.get_policy(FunctionName=account.name)["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "messaging.chime.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {"AWS:SourceAccount": ACCOUNT},
        "ArnLike": {"AWS:SourceArn": f"{chat.app_instance}*"},
    }

    again = account.apply(*channel, "--tag", "team=chat")
    assert {one["action"] for one in again["plan"]} == {"same"} and again["done"] == 0
    changed = account.apply("--fallback", "continue")
    assert signs(changed) == [("same", "permission"), ("change", "channel-flow")]

    destroy = ("destroy", "--flow", flow, "--bearer", chat.alice, "--yes")
    gone = account.json(*destroy)
    assert signs(gone) == [("remove", "channel"), ("remove", "channel-flow"), ("remove", "permission")]
    assert account.json(*destroy)["plan"] == []
    with pytest.raises(account.awslambda.exceptions.ResourceNotFoundException):
        account.awslambda.get_policy(FunctionName=account.name)
    assert account.awslambda.get_function(FunctionName=account.name)
    assert "ChannelFlowArn" not in messaging.describe_channel(ChannelArn=chat.channel, ChimeBearer=chat.alice)["Channel"]


def test_somebody_at_a_terminal_is_asked(account, messaging):
    ours, terminal = pty.openpty()
    apply = ("apply", account.name, "--app-instance", account.chat.app_instance)
    flows = lambda: messaging.list_channel_flows(AppInstanceArn=account.chat.app_instance)["ChannelFlows"]
    for answer, status, count in [(b"\n", 1, 0), (b"no\n", 1, 0), (b"Yes\n", 0, 1)]:
        os.write(ours, answer)
        ran = account.run(*apply, stdin=terminal)
        assert (ran.returncode, len(flows())) == (status, count), ran.stderr
        assert "Make these changes? [y/N]" in ran.stderr
        assert ("declined" in ran.stderr) == (status == 1)


def test_an_alias_has_a_permission_of_its_own(account):
    version = account.awslambda.publish_version(FunctionName=account.name)["Version"]
    account.awslambda.create_alias(FunctionName=account.name, Name="live", FunctionVersion=version)
    done = account.json("apply", f"{account.name}:live", "--app-instance", account.chat.app_instance, "--yes")
    assert [one["resource"] for one in done["plan"]] == [f"{account.function}:live", account.name]


def test_what_is_not_there_is_explained(account):
    missing = account.run("apply", "no-such-function", "--app-instance", account.chat.app_instance, "--yes")
    assert missing.returncode == 1
    assert "ResourceNotFoundException" in missing.stderr and "cargo lambda deploy --region" in missing.stderr
    channel = ("--channel", account.chat.channel, "--bearer", account.chat.mallory, "--yes")
    forbidden = account.run("apply", account.name, "--app-instance", account.chat.app_instance, *channel)
    assert forbidden.returncode == 1 and "moderator of the channel" in forbidden.stderr


def test_the_remedies_mend(account):
    found = account.doctor()
    assert found == {
        "flow": "warning",
        "permission": "error",
        "role": "error",
        "event-age": "warning",
        "on-failure": "warning",
        "status": "hint",
    }
    commands = [one["remedy"] for one in account.findings if one["remedy"].startswith("aws ")]
    assert len(commands) == 4
    for command in commands:
        in_a_shell(account, command)
    assert account.doctor() == {"flow": "warning", "on-failure": "warning"}
    assert account.variables() == {"CHANNEL_FLOW_MAY_ASK_STATUS": "true"}


def test_who_may_ask_for_a_status_says_so(account):
    account.mend()
    kept = account.variables()
    account.may_ask(None)
    assert account.doctor() == {"status": "hint"}
    in_a_shell(account, account.findings[0]["remedy"])
    assert account.variables() == kept and account.doctor() == {}

    account.may_ask("yes")
    assert account.doctor() == {"status": "error"}
    account.may_ask(account.chat.app_instance)
    assert account.doctor() == {}
    # The function and its rescue have one role here.
    account.iam.delete_role_policy(RoleName=account.name, PolicyName="chime-GetChannelMessageStatus")
    assert account.doctor() == {"status": "error", "rescue-status": "error"}
    in_a_shell(account, account.findings[0]["remedy"])
    assert account.doctor() == {}


def in_a_shell(account, command):
    shell = os.environ | {"AWS_ENDPOINT_URL": account.moto, "AWS_PAGER": ""}
    shell["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{shell['PATH']}"
    assert shutil.which("aws", path=shell["PATH"])
    subprocess.run(command, shell=True, check=True, env=shell, timeout=PATIENCE, stdout=subprocess.DEVNULL)


def test_each_way_to_break_it_is_found(account):
    flow = account.mend()
    assert account.doctor() == {}
    assert account.doctor(flow) == {}
    app, rescue = account.chat.app_instance, f"{account.function}-rescue"
    settings = account.awslambda

    settings.update_function_configuration(FunctionName=account.name, Timeout=1, Runtime="provided.al2")
    assert account.doctor() == {"timeout": "warning", "runtime": "warning"}
    settings.update_function_configuration(FunctionName=account.name, Timeout=30, Runtime="provided.al2023")

    account.invoked(MaximumRetryAttempts=0, MaximumEventAgeInSeconds=21600, rescue=rescue)
    assert account.doctor() == {"retries": "warning", "event-age": "warning"}
    account.invoked(MaximumRetryAttempts=2, MaximumEventAgeInSeconds=300)
    assert account.doctor() == {"on-failure": "warning"}
    account.invoked(
        MaximumRetryAttempts=2, MaximumEventAgeInSeconds=300, rescue=account.deploy(f"{account.name}-other", b"another")
    )
    assert account.doctor() == {"on-failure-grant": "error", "rescue": "warning"}
    account.invoked(MaximumRetryAttempts=2, MaximumEventAgeInSeconds=300, rescue=rescue)

    # The function and its rescue have one role here.
    account.allow("chime:ChannelFlowCallback", f"{app}x")
    assert account.doctor() == {"role": "error", "rescue-role": "error"}
    account.allow("chime:ChannelFlowCallback", "*", Condition={"Bool": {"aws:SecureTransport": "true"}})
    assert account.doctor() == {"role": "unknown", "rescue-role": "unknown"}
    account.allow("chime:ChannelFlowCallback", app, f"{app}/*")
    boundary = account.iam.create_policy(
        PolicyName=f"{account.name}-boundary",
        PolicyDocument=json.dumps(EVERYONE | {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}),
    )["Policy"]["Arn"]
    account.iam.put_role_permissions_boundary(RoleName=account.name, PermissionsBoundary=boundary)
    assert account.doctor() == {
        "role": "unknown",
        "on-failure-grant": "unknown",
        "rescue-role": "unknown",
        "status": "unknown",
        "rescue-status": "unknown",
    }
    account.iam.delete_role_permissions_boundary(RoleName=account.name)

    statement = f"channel-flow-{app.rsplit('/')[-1]}"
    settings.remove_permission(FunctionName=account.name, StatementId=statement)
    assert account.doctor() == {"permission": "error"}
    older = {"Principal": "chime.amazonaws.com", "Action": "lambda:InvokeFunction", "SourceAccount": ACCOUNT}
    settings.add_permission(FunctionName=account.name, StatementId="older", SourceArn=f"{app}*", **older)
    assert account.doctor() == {"permission": "warning"}
    account.apply()
    assert account.doctor() == {}


def test_a_queue_is_looked_into(account):
    account.mend()
    queue = account.sqs.create_queue(QueueName=account.name)["QueueUrl"]
    arn = account.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    account.allow("sqs:SendMessage", arn)
    account.invoked(MaximumRetryAttempts=2, MaximumEventAgeInSeconds=300, rescue=arn)
    assert account.doctor() == {"rescue": "warning"}
    account.awslambda.create_event_source_mapping(FunctionName=f"{account.name}-rescue", EventSourceArn=arn)
    assert account.doctor() == {}


def test_a_function_that_the_flow_names_is_gone(account):
    flow = account.mend()
    account.awslambda.delete_function(FunctionName=account.name)
    assert account.doctor(flow) == {"function": "error"}
    assert account.findings[0]["subject"] == function_arn(account.name)
