"""Every operation that the emulator has, done once with boto3. The answers are checked against the model on the way."""

import model
import pytest
from chat import processor
from conftest import client
from emulator import ACCOUNT, REGION


class Done:
    """Remembers which operations succeeded."""

    def __init__(self):
        self.names = set()

    def watch(self, made):
        made.meta.events.register("response-received", self._note)
        return made

    def _note(self, event_name, response_dict, **_):
        if response_dict["status_code"] < 300:
            self.names.add(event_name.rpartition(".")[2])


@pytest.fixture
def done():
    return Done()


@pytest.fixture
def identity(emulator, done):
    return done.watch(client("chime-sdk-identity", emulator.url))


@pytest.fixture
def messaging(emulator, done):
    return done.watch(client("chime-sdk-messaging", emulator.url))


def test_every_operation_succeeds(wire, chat, hand, done):
    app_instances(chat)
    users(chat)
    bots(chat)
    channels(chat)
    members(chat)
    moderators_and_bans(chat)
    flows_and_messages(chat, hand)
    the_rest(chat)
    settings(chat)
    endpoints(chat)

    there = set()
    for operation in model.operations():
        answer = wire.send(operation, model.value(operation.input_shape) if operation.input_shape else {})
        if answer.error != "UnknownOperationException":
            there.add(operation.name)
    assert there == done.names


def app_instances(chat):
    identity = chat.identity
    app = {"AppInstanceArn": chat.app_instance}
    identity.update_app_instance(**app, Name="new name", Metadata="{}")
    described = identity.describe_app_instance(**app)["AppInstance"]
    assert (described["Name"], described["Metadata"]) == ("new name", "{}")
    assert described["LastUpdatedTimestamp"] >= described["CreatedTimestamp"]
    other = identity.create_app_instance(Name="other")["AppInstanceArn"]
    listed = all_pages(identity.list_app_instances, "AppInstances")
    assert {chat.app_instance, other} <= {one["AppInstanceArn"] for one in listed}
    identity.delete_app_instance(AppInstanceArn=other)
    assert other not in {one["AppInstanceArn"] for one in all_pages(identity.list_app_instances, "AppInstances")}
    with pytest.raises(identity.exceptions.ForbiddenException):
        identity.describe_app_instance(AppInstanceArn=other)

    admin = {"AppInstanceArn": chat.app_instance, "AppInstanceAdminArn": chat.bob}
    identity.create_app_instance_admin(**admin)
    assert identity.describe_app_instance_admin(**admin)["AppInstanceAdmin"]["Admin"]["Name"] == "Bob"
    names = [one["Admin"]["Name"] for one in identity.list_app_instance_admins(**app)["AppInstanceAdmins"]]
    assert sorted(names) == ["Ada", "Bob"]
    identity.delete_app_instance_admin(**admin)
    assert len(identity.list_app_instance_admins(**app)["AppInstanceAdmins"]) == 1


def users(chat):
    identity = chat.identity
    carol = chat.user("Carol")
    identity.update_app_instance_user(AppInstanceUserArn=carol, Name="Caroline", Metadata="{}")
    expiration = {"ExpirationDays": 3, "ExpirationCriterion": "CREATED_TIMESTAMP"}
    identity.put_app_instance_user_expiration_settings(AppInstanceUserArn=carol, ExpirationSettings=expiration)
    described = identity.describe_app_instance_user(AppInstanceUserArn=carol)["AppInstanceUser"]
    assert (described["Name"], described["Metadata"]) == ("Caroline", "{}")
    assert described["ExpirationSettings"] == expiration
    identity.delete_app_instance_user(AppInstanceUserArn=carol)
    listed = identity.list_app_instance_users(AppInstanceArn=chat.app_instance)["AppInstanceUsers"]
    assert sorted(one["Name"] for one in listed) == ["Ada", "Alice", "Bob", "Mallory"]


def bots(chat):
    identity = chat.identity
    lex = {"LexBotAliasArn": "arn:aws:lex:us-east-1:123456789012:bot-alias/ABCDEFGHIJ/ABCDEFGHIJ", "LocaleId": "en_US"}
    bot = identity.create_app_instance_bot(AppInstanceArn=chat.app_instance, Name="Robot", Configuration={"Lex": lex})
    bot = {"AppInstanceBotArn": bot["AppInstanceBotArn"]}
    identity.update_app_instance_bot(**bot, Name="Robert", Metadata="{}")
    described = identity.describe_app_instance_bot(**bot)["AppInstanceBot"]
    assert described["Name"] == "Robert"
    assert described["Configuration"]["Lex"].items() >= lex.items()
    assert len(identity.list_app_instance_bots(AppInstanceArn=chat.app_instance)["AppInstanceBots"]) == 1
    identity.delete_app_instance_bot(**bot)
    assert identity.list_app_instance_bots(AppInstanceArn=chat.app_instance)["AppInstanceBots"] == []


def channels(chat):
    messaging = chat.messaging
    made = chat.new_channel(ChannelId="second", Mode="RESTRICTED", Privacy="PUBLIC", Metadata="{}")
    assert made == f"{chat.app_instance}/channel/second"
    channel = {"ChannelArn": made, "ChimeBearer": chat.alice}
    described = messaging.describe_channel(**channel)["Channel"]
    assert (described["Mode"], described["Privacy"]) == ("RESTRICTED", "PUBLIC")
    assert described["CreatedBy"] == {"Arn": chat.alice, "Name": "Alice"}
    messaging.update_channel(**channel, Name="renamed", Mode="UNRESTRICTED", Metadata="[]")
    messaging.update_channel_read_marker(**channel)
    expiration = {"ExpirationDays": 3, "ExpirationCriterion": "LAST_MESSAGE_TIMESTAMP"}
    messaging.put_channel_expiration_settings(**channel, ExpirationSettings=expiration)
    described = messaging.describe_channel(**channel)["Channel"]
    assert (described["Name"], described["Mode"], described["Metadata"]) == ("renamed", "UNRESTRICTED", "[]")
    assert described["ExpirationSettings"] == expiration
    listed = messaging.list_channels(AppInstanceArn=chat.app_instance, ChimeBearer=chat.alice, Privacy="PUBLIC")
    assert {one["Name"] for one in listed["Channels"]} >= {"renamed"}
    found = messaging.search_channels(
        Fields=[{"Key": "MEMBERS", "Values": [chat.alice], "Operator": "INCLUDES"}], ChimeBearer=chat.alice
    )
    assert {one["ChannelArn"] for one in found["Channels"]} == {chat.channel, made}
    messaging.delete_channel(ChannelArn=made, ChimeBearer=chat.alice)
    with pytest.raises(messaging.exceptions.ForbiddenException):
        messaging.describe_channel(**channel)


def members(chat):
    messaging = chat.messaging
    in_channel = {"ChannelArn": chat.channel, "ChimeBearer": chat.alice}
    batch = messaging.batch_create_channel_membership(**in_channel, MemberArns=[chat.ada, chat.app_instance + "/user/none"])
    assert [one["Name"] for one in batch["BatchChannelMemberships"]["Members"]] == ["Ada"]
    assert [one["MemberArn"] for one in batch["Errors"]] == [chat.app_instance + "/user/none"]
    described = messaging.describe_channel_membership(**in_channel, MemberArn=chat.ada)["ChannelMembership"]
    assert described["InvitedBy"]["Name"] == "Alice" and described["Type"] == "DEFAULT"
    messaging.delete_channel_membership(**in_channel, MemberArn=chat.ada)
    listed = messaging.list_channel_memberships(**in_channel)["ChannelMemberships"]
    assert sorted(one["Member"]["Name"] for one in listed) == ["Alice", "Bob"]
    of_bob = {"AppInstanceUserArn": chat.bob, "ChimeBearer": chat.bob}
    listed = messaging.list_channel_memberships_for_app_instance_user(**of_bob)["ChannelMemberships"]
    assert [one["ChannelSummary"]["ChannelArn"] for one in listed] == [chat.channel]
    described = messaging.describe_channel_membership_for_app_instance_user(ChannelArn=chat.channel, **of_bob)
    assert described["ChannelMembership"]["ChannelSummary"]["Name"] == "general"


def moderators_and_bans(chat):
    messaging = chat.messaging
    in_channel = {"ChannelArn": chat.channel, "ChimeBearer": chat.alice}
    made = messaging.create_channel_moderator(**in_channel, ChannelModeratorArn=chat.bob)
    assert made["ChannelModerator"]["Name"] == "Bob"
    described = messaging.describe_channel_moderator(**in_channel, ChannelModeratorArn=chat.bob)["ChannelModerator"]
    assert described["CreatedBy"]["Name"] == "Alice"
    listed = messaging.list_channel_moderators(**in_channel)["ChannelModerators"]
    assert sorted(one["Moderator"]["Name"] for one in listed) == ["Alice", "Bob"]
    of_bob = {"AppInstanceUserArn": chat.bob, "ChimeBearer": chat.bob}
    [moderated] = messaging.list_channels_moderated_by_app_instance_user(**of_bob)["Channels"]
    assert moderated["ChannelSummary"]["ChannelArn"] == chat.channel
    described = messaging.describe_channel_moderated_by_app_instance_user(ChannelArn=chat.channel, **of_bob)
    assert described["Channel"]["ChannelSummary"]["Name"] == "general"
    messaging.delete_channel_moderator(**in_channel, ChannelModeratorArn=chat.bob)

    messaging.create_channel_ban(**in_channel, MemberArn=chat.mallory)
    assert messaging.describe_channel_ban(**in_channel, MemberArn=chat.mallory)["ChannelBan"]["Member"]["Name"] == "Mallory"
    assert [one["Member"]["Name"] for one in messaging.list_channel_bans(**in_channel)["ChannelBans"]] == ["Mallory"]
    messaging.delete_channel_ban(**in_channel, MemberArn=chat.mallory)
    assert messaging.list_channel_bans(**in_channel)["ChannelBans"] == []


def flows_and_messages(chat, hand):
    messaging = chat.messaging
    flow = chat.through()
    assert messaging.describe_channel_flow(ChannelFlowArn=flow)["ChannelFlow"]["ChannelFlowArn"] == flow
    messaging.update_channel_flow(ChannelFlowArn=flow, Name="renamed", Processors=[processor(hand.arn)])
    assert len(messaging.list_channel_flows(AppInstanceArn=chat.app_instance)["ChannelFlows"]) == 1
    assert len(messaging.list_channels_associated_with_channel_flow(ChannelFlowArn=flow)["Channels"]) == 1

    everything = {
        "Metadata": "{}",
        "PushNotification": {"Title": "title", "Body": "body", "Type": "VOIP"},
        "MessageAttributes": {"a": {"StringValues": ["b", "c"]}},
        "ContentType": "text/plain",
        "Target": [{"MemberArn": chat.bob}],
    }
    message = chat.send("hello", **everything)["MessageId"]
    messaging.channel_flow_callback(
        CallbackId=(event := hand.event(chat.channel))["CallbackId"],
        ChannelArn=event["ChannelMessage"]["ChannelArn"],
        ChannelMessage={"MessageId": message, "Content": "HELLO"},
    )
    assert chat.status(message) == "SENT"
    read = chat.get(message, chat.bob)
    assert read["Content"] == "HELLO"
    for name in ("Metadata", "MessageAttributes", "ContentType", "Target"):
        assert read[name] == everything[name]
    assert chat.messages(chat.bob)[0]["Target"] == everything["Target"]

    of_message = {"ChannelArn": chat.channel, "MessageId": message}
    messaging.update_channel_message(**of_message, Content="changed", ChimeBearer=chat.alice)
    hand.let_through(hand.event(chat.channel))
    messaging.redact_channel_message(**of_message, ChimeBearer=chat.alice)
    messaging.delete_channel_message(**of_message, ChimeBearer=chat.ada)
    messaging.disassociate_channel_flow(ChannelArn=chat.channel, ChannelFlowArn=flow, ChimeBearer=chat.alice)
    messaging.delete_channel_flow(ChannelFlowArn=flow)


def the_rest(chat):
    messaging = chat.messaging
    assert "://" not in messaging.get_messaging_session_endpoint()["Endpoint"]["Url"]
    tags = [{"Key": "a", "Value": "b"}]
    messaging.tag_resource(ResourceARN=chat.channel, Tags=tags)
    assert messaging.list_tags_for_resource(ResourceARN=chat.channel)["Tags"] == tags
    messaging.untag_resource(ResourceARN=chat.channel, TagKeys=["a"])

    elastic = {"MaximumSubChannels": 2, "TargetMembershipsPerSubChannel": 2, "MinimumMembershipPercentage": 40}
    elastic = chat.new_channel(Mode="RESTRICTED", ElasticChannelConfiguration=elastic)
    parts = messaging.list_sub_channels(ChannelArn=elastic, ChimeBearer=chat.alice)["SubChannels"]
    assert [part["MembershipCount"] for part in parts] == [0]
    messaging.delete_channel(ChannelArn=elastic, ChimeBearer=chat.alice)


def settings(chat):
    identity, messaging = chat.identity, chat.messaging
    of_bob = {"ChannelArn": chat.channel, "MemberArn": chat.bob, "ChimeBearer": chat.bob}
    preferences = {"PushNotifications": {"AllowNotifications": "NONE"}}
    messaging.put_channel_membership_preferences(**of_bob, Preferences=preferences)
    assert messaging.get_channel_membership_preferences(**of_bob)["Preferences"] == preferences
    of_app_instance = {"AppInstanceArn": chat.app_instance}
    stream = {"DataType": "ChannelMessage", "ResourceArn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/chime-messaging-x"}
    messaging.put_messaging_streaming_configurations(**of_app_instance, StreamingConfigurations=[stream])
    kept = messaging.get_messaging_streaming_configurations(**of_app_instance)["StreamingConfigurations"]
    assert kept == [stream]
    messaging.delete_messaging_streaming_configurations(**of_app_instance)
    retention = {"ChannelRetentionSettings": {"RetentionDays": 30}}
    identity.put_app_instance_retention_settings(**of_app_instance, AppInstanceRetentionSettings=retention)
    kept = identity.get_app_instance_retention_settings(**of_app_instance)["AppInstanceRetentionSettings"]
    assert kept == retention


def endpoints(chat):
    identity, bob = chat.identity, {"AppInstanceUserArn": chat.bob}
    made = identity.register_app_instance_user_endpoint(
        **bob,
        Name="phone",
        Type="APNS",
        ResourceArn=f"arn:aws:mobiletargeting:{REGION}:{ACCOUNT}:apps/x",
        EndpointAttributes={"DeviceToken": "token"},
    )
    phone = bob | {"EndpointId": made["EndpointId"]}
    identity.update_app_instance_user_endpoint(**phone, Name="old phone", AllowMessages="NONE")
    described = identity.describe_app_instance_user_endpoint(**phone)["AppInstanceUserEndpoint"]
    assert (described["Name"], described["AllowMessages"]) == ("old phone", "NONE")
    listed = identity.list_app_instance_user_endpoints(**bob)["AppInstanceUserEndpoints"]
    assert [one["EndpointId"] for one in listed] == [made["EndpointId"]]
    identity.deregister_app_instance_user_endpoint(**phone)
    assert identity.list_app_instance_user_endpoints(**bob)["AppInstanceUserEndpoints"] == []


def all_pages(ask, key):
    found, more = [], {}
    while True:
        page = ask(**more)
        found += page[key]
        if "NextToken" not in page:
            return found
        more = {"NextToken": page["NextToken"]}
