"""Every limit of the API model, from both sides, against every operation that the emulator has."""

import json
import re
from pathlib import Path

import model
import pytest

# Operations that the emulator promises: without one of these it is not the service that a channel flow needs.
PROMISED = """
    CreateAppInstance DescribeAppInstance ListAppInstances DeleteAppInstance
    CreateAppInstanceUser DescribeAppInstanceUser ListAppInstanceUsers DeleteAppInstanceUser
    CreateChannel DescribeChannel ListChannels UpdateChannel DeleteChannel
    CreateChannelMembership DescribeChannelMembership ListChannelMemberships DeleteChannelMembership
    CreateChannelModerator DescribeChannelModerator ListChannelModerators DeleteChannelModerator
    CreateChannelBan DescribeChannelBan ListChannelBans DeleteChannelBan
    CreateChannelFlow DescribeChannelFlow ListChannelFlows UpdateChannelFlow DeleteChannelFlow
    AssociateChannelFlow DisassociateChannelFlow ListChannelsAssociatedWithChannelFlow
    TagResource UntagResource ListTagsForResource
    SendChannelMessage UpdateChannelMessage GetChannelMessage ListChannelMessages GetChannelMessageStatus
    DeleteChannelMessage RedactChannelMessage ChannelFlowCallback GetMessagingSessionEndpoint
    PutChannelExpirationSettings PutAppInstanceUserExpirationSettings PutAppInstanceRetentionSettings
    PutChannelMembershipPreferences PutMessagingStreamingConfigurations RegisterAppInstanceUserEndpoint
""".split()

OPERATIONS = model.operations()

DOCUMENTED = Path(__file__).parents[3] / "docs" / "service.md"


def name_of(operation):
    return f"{operation.service_model.service_name}-{operation.name}"


@pytest.mark.parametrize("name", PROMISED)
def test_what_is_promised_is_there(wire, name):
    operation = model.operation(name)
    answer = wire.send(operation, model.value(operation.input_shape))
    assert answer.error != "UnknownOperationException"


@pytest.mark.parametrize("operation", OPERATIONS, ids=name_of)
def test_limits_from_both_sides(wire, operation):
    if operation.input_shape is None:
        pytest.skip("it takes nothing")
    answer = wire.send(operation, model.value(operation.input_shape))
    wrong = model.breaches(operation, answer)
    if answer.error == "UnknownOperationException":
        assert not wrong
        pytest.skip("the emulator does not have it")
    if is_refused(answer):
        wrong.append(f"an input that keeps every limit is refused: {answer.message}")
    for case in model.cases(operation):
        answer = wire.send(operation, case.input)
        if is_refused(answer) == case.keeps:
            wrong.append(f"{case}: {answer.status} {answer.body.decode()}")
        wrong += [f"{case}: {breach}" for breach in model.breaches(operation, answer)]
    assert not wrong, "\n".join(wrong)


def test_the_documentation_lists_every_operation_of_the_model(wire):
    """And says which of them the emulator does not have; that answer names the operation."""
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", DOCUMENTED.read_text(), re.MULTILINE))
    assert rows.keys() == {operation.name for operation in OPERATIONS}
    for operation in OPERATIONS:
        answer = wire.send(operation, model.value(operation.input_shape) if operation.input_shape else {})
        missing = answer.error == "UnknownOperationException"
        assert missing == (rows[operation.name] == "does not have it"), operation.name
        assert not missing or operation.name in answer.message


# Refusals with the same exception, about the state of things and not about the input. Their texts are the emulator's own.
RULES = (
    "No message is pending for this channel, message and callback id",
    "NextToken is not one that this operation gave out",
    "channel-flow-emulator does not have",
)


def is_refused(answer):
    return answer.error == "BadRequestException" and not any(rule in answer.message for rule in RULES)


def test_the_cases_are_worth_something():
    """A generator that makes nothing would find nothing."""
    cases = [case for operation in OPERATIONS if operation.input_shape for case in model.cases(operation)]
    assert sum(case.keeps for case in cases) > 500 and sum(not case.keeps for case in cases) > 1500
    for operation in OPERATIONS:
        for member in operation.input_shape.members if operation.input_shape else ():
            of_member = [case for case in model.cases(operation) if case.member.startswith(member)]
            assert of_member or operation.input_shape.members[member].type_name == "string", member


def test_content_has_a_limit_in_bytes_too(wire):
    """A stored message holds 4 KB, which the model does not say."""
    operation = model.operation("ChannelFlowCallback")
    made = model.value(operation.input_shape)
    for content, keeps in (("x" * 4096, True), ("x" * 4097, False), ("é" * 2048, True), ("é" * 2049, False)):
        answer = wire.send(operation, made | {"ChannelMessage": {"MessageId": "m", "Content": content}})
        assert ("Content" not in answer.message) == keeps, len(content)


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"1", b"\xff\xfe", b"null", b'{"Name":"a"} x'])
def test_a_body_that_is_no_json_object_is_a_bad_request(wire, body):
    answer = wire.request("POST", "/app-instances", body=body)
    assert answer.error == "BadRequestException"
    assert json.loads(answer.body)["Code"] == "BadRequest"
