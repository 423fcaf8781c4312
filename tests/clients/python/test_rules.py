"""Who may do what, pages, times, tokens and tags."""

import pytest
from chat import token


def paged(ask, key, size):
    """All elements of a list operation, by its pages, none of them larger than asked for."""
    found, more = [], {}
    while True:
        page = ask(MaxResults=size, **more)
        assert len(page[key]) <= size
        found += page[key]
        if "NextToken" not in page:
            return found
        assert page[key], "an empty page that is not the last"
        more = {"NextToken": page["NextToken"]}


@pytest.fixture
def seven(chat):
    """A channel with seven messages."""
    for number in range(7):
        chat.send(str(number))
    return chat


@pytest.mark.parametrize("size", [1, 3, 7, 50])
@pytest.mark.parametrize("order", ["ASCENDING", "DESCENDING"])
def test_pages_of_messages_are_the_list(seven, size, order):
    def ask(**more):
        return seven.messaging.list_channel_messages(
            ChannelArn=seven.channel, ChimeBearer=seven.bob, SortOrder=order, **more
        )

    read = [message["Content"] for message in paged(ask, "ChannelMessages", size)]
    assert read == [str(number) for number in range(7)][:: 1 if order == "ASCENDING" else -1]


def test_messages_come_newest_first_unless_asked(seven):
    assert [message["Content"] for message in seven.messages(seven.bob)] == list("6543210")


def test_times_bound_a_list_on_both_sides(seven):
    everything = seven.messages(seven.bob, SortOrder="ASCENDING")
    times = [message["CreatedTimestamp"] for message in everything]
    assert times == sorted(times)
    for start in (0, 3, 6):
        listed = seven.messages(seven.bob, SortOrder="ASCENDING", NotBefore=times[start])
        assert listed == [message for message in everything if message["CreatedTimestamp"] >= times[start]]
        listed = seven.messages(seven.bob, SortOrder="ASCENDING", NotAfter=times[start])
        assert listed == [message for message in everything if message["CreatedTimestamp"] <= times[start]]


def test_a_page_that_is_none(seven):
    with pytest.raises(seven.messaging.exceptions.BadRequestException):
        seven.messages(seven.bob, NextToken="no such page")


def test_pages_of_other_lists(chat):
    messaging, identity = chat.messaging, chat.identity
    for number in range(5):
        chat.new_channel(Name=f"channel {number}", Privacy="PUBLIC")
        chat.user(f"User{number}")
        chat.new_flow()

    def lists(ask, key, element, **same):
        whole = ask(**same)[key]
        pages = paged(lambda **more: ask(**same, **more), key, 2)
        assert pages == whole
        return [one[element] for one in whole]

    app = {"AppInstanceArn": chat.app_instance}
    bearer = {"ChimeBearer": chat.alice}
    assert len(lists(identity.list_app_instance_users, "AppInstanceUsers", "AppInstanceUserArn", **app)) == 9
    assert len(lists(messaging.list_channels, "Channels", "ChannelArn", **app, **bearer)) == 6
    assert len(lists(messaging.list_channel_flows, "ChannelFlows", "ChannelFlowArn", **app)) == 5
    channel = {"ChannelArn": chat.channel}
    members = lists(messaging.list_channel_memberships, "ChannelMemberships", "Member", **channel, **bearer)
    assert sorted(member["Name"] for member in members) == ["Alice", "Bob"]
    moderators = lists(messaging.list_channel_moderators, "ChannelModerators", "Moderator", **channel, **bearer)
    assert [moderator["Name"] for moderator in moderators] == ["Alice"]


def test_a_token_makes_two_requests_one(chat):
    once = token()
    first = chat.send("hello", ClientRequestToken=once)
    assert chat.send("hello", ClientRequestToken=once)["MessageId"] == first["MessageId"]
    assert chat.contents(chat.bob) == ["hello"]
    with pytest.raises(chat.messaging.exceptions.ConflictException):
        chat.send("something else", ClientRequestToken=once)

    once = token()
    assert chat.new_channel(ClientRequestToken=once) == chat.new_channel(ClientRequestToken=once)
    made = [chat.identity.create_app_instance(Name="app", ClientRequestToken=once)["AppInstanceArn"] for _ in range(2)]
    assert made[0] == made[1] and made[0] != chat.app_instance


def test_tags(chat):
    messaging = chat.messaging
    channel = chat.new_channel(Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])

    def tags(client, arn):
        return {tag["Key"]: tag["Value"] for tag in client.list_tags_for_resource(ResourceARN=arn)["Tags"]}

    assert tags(messaging, channel) == {"a": "1", "b": "2"}
    messaging.tag_resource(ResourceARN=channel, Tags=[{"Key": "b", "Value": "3"}, {"Key": "c", "Value": "4"}])
    messaging.untag_resource(ResourceARN=channel, TagKeys=["a", "never there"])
    assert tags(messaging, channel) == {"b": "3", "c": "4"}

    chat.identity.tag_resource(ResourceARN=chat.app_instance, Tags=[{"Key": "k", "Value": "v"}])
    assert tags(chat.identity, chat.app_instance) == {"k": "v"}
    with pytest.raises(messaging.exceptions.ClientError):
        tags(messaging, channel + "x")


def test_who_is_no_member_neither_sends_nor_reads(chat):
    forbidden = chat.messaging.exceptions.ForbiddenException
    with pytest.raises(forbidden):
        chat.send("hello", chat.mallory)
    message = chat.send("hello")["MessageId"]
    chat.channel_of_members_only = chat.new_channel(Privacy="PRIVATE")
    with pytest.raises(forbidden):
        chat.messaging.list_channel_messages(ChannelArn=chat.channel_of_members_only, ChimeBearer=chat.mallory)
    with pytest.raises(forbidden):
        chat.messaging.update_channel_message(
            ChannelArn=chat.channel, MessageId=message, Content="changed", ChimeBearer=chat.bob
        )
    assert chat.contents(chat.bob) == ["hello"]


def test_a_flow_is_for_moderators_and_admins(chat):
    flow = chat.new_flow()
    association = {"ChannelArn": chat.channel, "ChannelFlowArn": flow}
    for who in (chat.bob, chat.mallory):
        with pytest.raises(chat.messaging.exceptions.ForbiddenException):
            chat.messaging.associate_channel_flow(**association, ChimeBearer=who)
    assert chat.messaging.list_channels_associated_with_channel_flow(ChannelFlowArn=flow)["Channels"] == []
    chat.messaging.associate_channel_flow(**association, ChimeBearer=chat.ada)
    with pytest.raises(chat.messaging.exceptions.ForbiddenException):
        chat.messaging.disassociate_channel_flow(**association, ChimeBearer=chat.bob)


def test_messages_are_deleted_by_admins_and_redacted_by_their_senders(chat):
    messaging = chat.messaging
    message = {"ChannelArn": chat.channel, "MessageId": chat.send("secret", Metadata="{}")["MessageId"]}
    for who in (chat.bob, chat.mallory):
        with pytest.raises(messaging.exceptions.ForbiddenException):
            messaging.redact_channel_message(**message, ChimeBearer=who)
        with pytest.raises(messaging.exceptions.ForbiddenException):
            messaging.delete_channel_message(**message, ChimeBearer=who)
    messaging.redact_channel_message(**message, ChimeBearer=chat.alice)
    read = chat.get(message["MessageId"], chat.bob)
    assert read["Redacted"] is True
    assert not read.get("Content") and not read.get("Metadata")
    messaging.delete_channel_message(**message, ChimeBearer=chat.ada)
    assert chat.contents(chat.bob) == []
    with pytest.raises(messaging.exceptions.ClientError):
        chat.get(message["MessageId"], chat.alice)


def test_who_is_banned_is_out(chat):
    messaging = chat.messaging
    ban = {"ChannelArn": chat.channel, "MemberArn": chat.bob}
    with pytest.raises(messaging.exceptions.ForbiddenException):
        messaging.create_channel_ban(ChannelArn=chat.channel, MemberArn=chat.alice, ChimeBearer=chat.bob)
    messaging.create_channel_ban(**ban, ChimeBearer=chat.alice)
    described = messaging.describe_channel_ban(**ban, ChimeBearer=chat.alice)["ChannelBan"]
    assert described["Member"]["Name"] == "Bob" and described["CreatedBy"]["Name"] == "Alice"
    with pytest.raises(messaging.exceptions.ForbiddenException):
        chat.send("hello", chat.bob)
    with pytest.raises(messaging.exceptions.ClientError):
        chat.join(chat.bob)
    messaging.delete_channel_ban(**ban, ChimeBearer=chat.alice)
    chat.join(chat.bob)
    chat.send("hello", chat.bob)


def test_nobody_acts_in_an_app_instance_that_is_not_theirs(chat, identity, messaging):
    other = type(chat)(identity, messaging)
    with pytest.raises(messaging.exceptions.ForbiddenException):
        chat.send("hello", other.alice)
    with pytest.raises(messaging.exceptions.ClientError):
        chat.join(other.bob)


def test_errors_are_classes_by_their_names(chat, messaging, identity):
    none = chat.app_instance + "/channel/none"
    with pytest.raises(messaging.exceptions.ForbiddenException) as refused:
        messaging.describe_channel(ChannelArn=none, ChimeBearer=chat.alice)
    response = refused.value.response
    assert response["Error"]["Code"] == "ForbiddenException"
    assert response["Error"]["Message"] == response["Message"]
    assert response["ResponseMetadata"]["RequestId"]
    with pytest.raises(messaging.exceptions.NotFoundException):
        messaging.get_channel_message(ChannelArn=chat.channel, MessageId="none", ChimeBearer=chat.alice)
    with pytest.raises(identity.exceptions.ConflictException):
        chat.user("Alice")
