"""The flows of AWS's chat demo: another channel flow, joining a public channel, and an elastic channel."""

import pytest
from chat import FILTER, token


def test_another_flow_replaces_the_first(chat, hand):
    first = chat.through()
    pending = chat.send("before")["MessageId"]
    before = hand.event(chat.channel)

    second = chat.new_flow(FILTER)
    associate = {"ChannelArn": chat.channel, "ChannelFlowArn": second, "ChimeBearer": chat.alice}
    chat.messaging.associate_channel_flow(**associate)
    described = chat.messaging.describe_channel(ChannelArn=chat.channel, ChimeBearer=chat.bob)["Channel"]
    assert described["ChannelFlowArn"] == second
    flows = {first: [], second: [chat.channel]}
    for flow, channels in flows.items():
        listed = chat.messaging.list_channels_associated_with_channel_flow(ChannelFlowArn=flow)["Channels"]
        assert [channel["ChannelArn"] for channel in listed] == channels
    chat.messaging.delete_channel_flow(ChannelFlowArn=first)

    # What the first flow has, it goes on with; all that comes after goes through the second one.
    hand.update(before, Content="by the first")
    assert chat.status(pending) == "SENT"
    assert chat.decided(chat.send("what the hell")["MessageId"]) == "SENT"
    assert chat.contents(chat.bob) == ["by the first", "what the ****"]
    assert not hand.has_event(chat.channel)


def test_anyone_joins_a_public_channel_though_it_is_restricted(chat):
    public = chat.new_channel(Mode="RESTRICTED", Privacy="PUBLIC")
    private = chat.new_channel(Mode="RESTRICTED", Privacy="PRIVATE")
    join = {"MemberArn": chat.mallory, "Type": "DEFAULT", "ChimeBearer": chat.mallory}
    chat.messaging.create_channel_membership(ChannelArn=public, **join)
    with pytest.raises(chat.messaging.exceptions.ForbiddenException):
        chat.messaging.create_channel_membership(ChannelArn=private, **join)
    # Members of a restricted channel add nobody.
    with pytest.raises(chat.messaging.exceptions.ForbiddenException):
        chat.messaging.create_channel_membership(ChannelArn=public, **join | {"MemberArn": chat.bob})
    chat.messaging.send_channel_message(
        ChannelArn=public, ChimeBearer=chat.mallory, Content="hi", Type="STANDARD", Persistence="PERSISTENT"
    )


@pytest.fixture
def stadium(chat):
    """An elastic channel of Alice's with three members in two sub-channels: Bob and Mallory, and Zoe."""
    configuration = {"MaximumSubChannels": 3, "TargetMembershipsPerSubChannel": 2, "MinimumMembershipPercentage": 40}
    chat.channel = chat.new_channel(Mode="RESTRICTED", Privacy="PUBLIC", ElasticChannelConfiguration=configuration)
    described = chat.messaging.describe_channel(ChannelArn=chat.channel, ChimeBearer=chat.bob)["Channel"]
    assert described["ElasticChannelConfiguration"] == configuration
    chat.zoe = chat.user("Zoe")
    chat.parts = [join(chat, who)["SubChannelId"] for who in (chat.bob, chat.mallory, chat.zoe)]
    return chat


def join(chat, who, **more):
    return chat.messaging.create_channel_membership(
        ChannelArn=chat.channel, MemberArn=who, Type="DEFAULT", ChimeBearer=who, **more
    )


def read(chat, who, part):
    return chat.messages(who, SubChannelId=part, SortOrder="ASCENDING")


def test_members_of_an_elastic_channel_are_in_sub_channels(stadium):
    chat, (first, again, second) = stadium, stadium.parts
    assert first == again != second
    in_elastic = {"ChannelArn": chat.channel, "ChimeBearer": chat.alice}
    listed = chat.messaging.list_sub_channels(**in_elastic)["SubChannels"]
    assert {part["SubChannelId"]: part["MembershipCount"] for part in listed} == {first: 2, second: 1}
    members = chat.messaging.list_channel_memberships(SubChannelId=second, **in_elastic)["ChannelMemberships"]
    assert [member["Member"]["Arn"] for member in members] == [chat.zoe]

    # Alice moderates and is in no sub-channel; the demo has her choose one from the list, and another one.
    for part in (first, second):
        join(chat, chat.alice, SubChannelId=part)
    mine = chat.messaging.list_channel_memberships_for_app_instance_user(ChimeBearer=chat.alice)["ChannelMemberships"]
    mine = [one for one in mine if one["ChannelSummary"]["ChannelArn"] == chat.channel]
    assert {one["AppInstanceUserMembershipSummary"]["SubChannelId"] for one in mine} == {first, second}
    leave = {"MemberArn": chat.alice, **in_elastic}
    chat.messaging.delete_channel_membership(SubChannelId=first, **leave)
    described = chat.messaging.describe_channel_membership(**leave)["ChannelMembership"]
    assert described["SubChannelId"] == second

    # With Zoe the second sub-channel loses its last member, and is given up.
    chat.messaging.delete_channel_membership(ChannelArn=chat.channel, MemberArn=chat.zoe, ChimeBearer=chat.zoe)
    listed = chat.messaging.list_sub_channels(**in_elastic)["SubChannels"]
    assert [part["SubChannelId"] for part in listed] == [first]


def test_a_message_in_a_sub_channel_goes_through_the_flow(stadium, hand):
    chat, (first, _, second) = stadium, stadium.parts
    chat.through()
    with pytest.raises(chat.messaging.exceptions.BadRequestException):
        chat.send("where?", chat.bob)
    sent = chat.send("hell", chat.bob, SubChannelId=first, ClientRequestToken=token())
    assert (sent["SubChannelId"], sent["Status"]["Value"]) == (first, "PENDING")
    event = hand.event(chat.channel)
    assert event["ChannelMessage"]["SubChannelId"] == first
    hand.update(event, Content="h***", SubChannelId=second)

    # A callback moves no message.
    in_first = {"ChannelArn": chat.channel, "MessageId": sent["MessageId"], "SubChannelId": first}
    status = chat.messaging.get_channel_message_status(ChimeBearer=chat.bob, **in_first)
    assert status["Status"]["Value"] == "SENT"
    for who in (chat.bob, chat.mallory, chat.alice):
        assert [message["Content"] for message in read(chat, who, first)] == ["h***"]
    assert read(chat, chat.zoe, second) == []
    with pytest.raises(chat.messaging.exceptions.ForbiddenException):
        read(chat, chat.zoe, first)

    edit = chat.messaging.update_channel_message(Content="damn", ChimeBearer=chat.bob, **in_first)
    assert (edit["SubChannelId"], edit["Status"]["Value"]) == (first, "PENDING")
    hand.deny(hand.event(chat.channel))
    message = chat.messaging.get_channel_message(ChimeBearer=chat.mallory, **in_first)["ChannelMessage"]
    assert (message["Content"], message["SubChannelId"]) == ("h***", first)
    redacted = chat.messaging.redact_channel_message(ChimeBearer=chat.alice, **in_first)
    assert redacted["SubChannelId"] == first
    chat.messaging.delete_channel_message(ChimeBearer=chat.ada, **in_first)
    assert read(chat, chat.bob, first) == []
