"""What becomes of a message in a flow, decided by hand, step by step."""

import pytest
from chat import NOBODY, processor


def test_a_pending_message_is_seen_by_its_sender_only(chat, hand):
    chat.through()
    sent = chat.send("hello", Metadata="{}")
    assert sent["Status"]["Value"] == "PENDING"
    message = sent["MessageId"]
    event = hand.event(chat.channel)

    assert chat.get(message, chat.alice)["Status"]["Value"] == "PENDING"
    assert chat.contents(chat.bob) == []
    with pytest.raises(chat.messaging.exceptions.ClientError):
        chat.get(message, chat.bob)
    with pytest.raises(chat.messaging.exceptions.ForbiddenException):
        chat.status(message, chat.bob)

    hand.let_through(event)
    assert chat.status(message) == "SENT"
    assert chat.contents(chat.bob) == ["hello"]
    assert chat.get(message, chat.bob)["Metadata"] == "{}"


def test_the_event_is_what_a_function_knows(chat, hand):
    chat.through()
    sent = chat.send("hello", Metadata="{}", PushNotification={"Title": "t", "Body": "b", "Type": "DEFAULT"})
    event = hand.event(chat.channel)
    assert set(event) == {"EventType", "CallbackId", "ChannelMessage"}
    assert event["EventType"] == "CHANNEL_MESSAGE_EVENT"
    assert 32 <= len(event["CallbackId"]) <= 64
    message = event["ChannelMessage"]
    assert message["MessageId"] == sent["MessageId"]
    assert message["ChannelArn"] == chat.channel
    assert message["Content"] == "hello"
    assert message["Metadata"] == "{}"
    assert message["Sender"] == {"Arn": chat.alice, "Name": "Alice"}
    assert (message["Type"], message["Persistence"]) == ("STANDARD", "PERSISTENT")
    assert message["CreatedTimestamp"].endswith("Z")
    assert message["PushNotification"] == {"Title": "t", "Body": "b", "Type": "DEFAULT"}
    assert message.get("LastEditedTimestamp") is None


def test_an_update_is_what_everyone_reads(chat, hand):
    chat.through()
    message = chat.send("hell", Metadata="1", MessageAttributes={"a": {"StringValues": ["b"]}})["MessageId"]
    hand.update(hand.event(chat.channel), Content="h***", Metadata="2", ContentType="text")
    for who in (chat.alice, chat.bob):
        read = chat.get(message, who)
        assert (read["Content"], read["Metadata"], read["ContentType"]) == ("h***", "2", "text")
        # What a callback leaves out stays.
        assert read["MessageAttributes"] == {"a": {"StringValues": ["b"]}}


def test_a_denied_message_is_gone(chat, hand):
    chat.through()
    message = chat.send("hell")["MessageId"]
    hand.deny(hand.event(chat.channel))
    for look in (chat.status, lambda message: chat.get(message, chat.alice), lambda message: chat.get(message, chat.bob)):
        with pytest.raises(chat.messaging.exceptions.ClientError) as refused:
            look(message)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in (403, 404)
    assert chat.contents(chat.bob) == []


def test_an_edit_waits_and_the_old_text_stays(chat, hand):
    chat.through()
    message = chat.send("first")["MessageId"]
    hand.let_through(hand.event(chat.channel))

    edit = {"ChannelArn": chat.channel, "MessageId": message, "ChimeBearer": chat.alice}
    assert chat.messaging.update_channel_message(Content="second", **edit)["Status"]["Value"] == "PENDING"
    event = hand.event(chat.channel)
    assert event["ChannelMessage"]["LastEditedTimestamp"]
    assert event["ChannelMessage"]["Content"] == "second"
    assert chat.contents(chat.bob) == ["first"]
    hand.update(event, Content="2nd")
    assert chat.contents(chat.bob) == ["2nd"]
    assert chat.get(message, chat.bob)["LastEditedTimestamp"] >= chat.get(message, chat.bob)["CreatedTimestamp"]

    chat.messaging.update_channel_message(Content="third", **edit)
    hand.deny(hand.event(chat.channel))
    assert chat.contents(chat.bob) == ["2nd"]
    assert chat.status(message) == "SENT"


def test_a_non_persistent_message_passes_the_flow_and_is_not_kept(chat, hand):
    chat.through()
    sent = chat.send("typing", Persistence="NON_PERSISTENT")
    event = hand.event(chat.channel)
    assert event["ChannelMessage"]["Persistence"] == "NON_PERSISTENT"
    hand.let_through(event)
    assert chat.contents(chat.bob) == []
    with pytest.raises(chat.messaging.exceptions.ClientError):
        chat.get(sent["MessageId"], chat.bob)


def test_a_control_message_passes_by(chat, hand):
    chat.through()
    assert chat.send("typing", Type="CONTROL", Persistence="NON_PERSISTENT")["Status"]["Value"] == "SENT"
    # Had the one before been invoked for, it would be first.
    chat.send("standard")
    assert hand.event(chat.channel)["ChannelMessage"]["Content"] == "standard"


def test_a_message_is_decided_once(chat, hand):
    chat.through()
    message = chat.send("hello")["MessageId"]
    event = hand.event(chat.channel)
    hand.let_through(event)
    with pytest.raises(chat.messaging.exceptions.BadRequestException) as refused:
        hand.deny(event)
    assert refused.value.response["Code"] == "BadRequest"
    assert "non-pending" in refused.value.response["Message"]
    assert chat.status(message) == "SENT"


@pytest.mark.parametrize(("fallback", "status"), [("CONTINUE", "SENT"), ("ABORT", "FAILED")])
def test_the_fallback_action_is_for_a_processor_that_cannot_be_reached(chat, fallback, status):
    chat.through(NOBODY, fallback)
    message = chat.send("hello")["MessageId"]
    assert chat.decided(message) == status
    assert chat.contents(chat.bob) == (["hello"] if status == "SENT" else [])


def test_without_a_flow_a_message_is_sent_at_once(chat, hand):
    flow = chat.through()
    chat.messaging.disassociate_channel_flow(ChannelArn=chat.channel, ChannelFlowArn=flow, ChimeBearer=chat.alice)
    assert chat.send("hello")["Status"]["Value"] == "SENT"
    assert chat.contents(chat.bob) == ["hello"]


def test_flows_are_listed_updated_and_deleted(chat):
    messaging = chat.messaging
    flow = chat.through()
    described = messaging.describe_channel_flow(ChannelFlowArn=flow)["ChannelFlow"]
    assert described["Name"] == "flow" and described["Processors"][0]["FallbackAction"] == "ABORT"
    assert [listed["ChannelFlowArn"] for listed in messaging.list_channel_flows(AppInstanceArn=chat.app_instance)["ChannelFlows"]] == [flow]
    [associated] = messaging.list_channels_associated_with_channel_flow(ChannelFlowArn=flow)["Channels"]
    assert associated["ChannelArn"] == chat.channel

    processors = [processor(NOBODY, "CONTINUE", name="other")]
    messaging.update_channel_flow(ChannelFlowArn=flow, Name="new name", Processors=processors)
    described = messaging.describe_channel_flow(ChannelFlowArn=flow)["ChannelFlow"]
    assert described["Name"] == "new name" and described["Processors"] == processors

    # A flow that channels hang on is not deleted.
    with pytest.raises(messaging.exceptions.ConflictException):
        messaging.delete_channel_flow(ChannelFlowArn=flow)
    messaging.disassociate_channel_flow(ChannelArn=chat.channel, ChannelFlowArn=flow, ChimeBearer=chat.alice)
    messaging.delete_channel_flow(ChannelFlowArn=flow)
    assert messaging.list_channel_flows(AppInstanceArn=chat.app_instance)["ChannelFlows"] == []


def test_a_flow_has_one_processor_by_quota(chat):
    processors = [processor(NOBODY, order=order, name=str(order)) for order in (1, 2)]
    with pytest.raises(chat.messaging.exceptions.ResourceLimitExceededException):
        chat.messaging.create_channel_flow(AppInstanceArn=chat.app_instance, Name="flow", Processors=processors)


@pytest.mark.parametrize(("content", "fits"), [("é" * 2048, True), ("é" * 2048 + "x", False)])
def test_a_message_holds_4_kb(chat, content, fits):
    if fits:
        assert chat.get(chat.send(content)["MessageId"], chat.bob)["Content"] == content
    else:
        with pytest.raises(chat.messaging.exceptions.BadRequestException):
            chat.send(content)


@pytest.mark.parametrize(("content", "fits"), [("é" * 15, True), ("é" * 15 + "x", False)])
def test_a_control_message_holds_30_bytes(chat, content, fits):
    control = {"Type": "CONTROL", "Persistence": "NON_PERSISTENT"}
    if fits:
        assert chat.send(content, **control)["Status"]["Value"] == "SENT"
    else:
        with pytest.raises(chat.messaging.exceptions.BadRequestException):
            chat.send(content, **control)
