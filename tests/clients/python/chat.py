"""An app instance with a few people and a channel, made with boto3: the start of most tests."""

import time
import uuid

import hand
from emulator import PATIENCE, function_arn


class Chat:
    """Alice has made the channel, Bob is a member, Mallory is neither, and Ada is the admin."""

    def __init__(self, identity, messaging):
        self.identity, self.messaging = identity, messaging
        self.app_instance = identity.create_app_instance(Name="demo")["AppInstanceArn"]
        self.alice, self.bob, self.mallory, self.ada = map(self.user, ("Alice", "Bob", "Mallory", "Ada"))
        identity.create_app_instance_admin(AppInstanceAdminArn=self.ada, AppInstanceArn=self.app_instance)
        self.channel = self.new_channel()
        self.join(self.bob)

    def user(self, name):
        user = self.identity.create_app_instance_user(
            AppInstanceArn=self.app_instance, AppInstanceUserId=name.lower(), Name=name
        )
        return user["AppInstanceUserArn"]

    def new_channel(self, **more):
        more = {"AppInstanceArn": self.app_instance, "Name": "general", "ChimeBearer": self.alice} | more
        return self.messaging.create_channel(**more)["ChannelArn"]

    def join(self, member, channel=None):
        self.messaging.create_channel_membership(
            ChannelArn=channel or self.channel, MemberArn=member, Type="DEFAULT", ChimeBearer=self.alice
        )

    def new_flow(self, function=hand.ARN, fallback="ABORT"):
        made = self.messaging.create_channel_flow(
            AppInstanceArn=self.app_instance, Name="flow", Processors=[processor(function, fallback)]
        )
        return made["ChannelFlowArn"]

    def through(self, function=hand.ARN, fallback="ABORT"):
        """Associates the channel with a flow of this function."""
        flow = self.new_flow(function, fallback)
        self.messaging.associate_channel_flow(ChannelArn=self.channel, ChannelFlowArn=flow, ChimeBearer=self.alice)
        return flow

    def send(self, content, who=None, **more):
        """The answer."""
        more = {"Type": "STANDARD", "Persistence": "PERSISTENT"} | more
        return self.messaging.send_channel_message(
            ChannelArn=self.channel, Content=content, ChimeBearer=who or self.alice, **more
        )

    def get(self, message, who):
        return self.messaging.get_channel_message(ChannelArn=self.channel, MessageId=message, ChimeBearer=who)["ChannelMessage"]

    def messages(self, who, **more):
        listed = self.messaging.list_channel_messages(ChannelArn=self.channel, ChimeBearer=who, **more)
        return listed["ChannelMessages"]

    def contents(self, who):
        """What someone reads, oldest first."""
        return [message.get("Content") for message in self.messages(who, SortOrder="ASCENDING")]

    def status(self, message, who=None):
        status = self.messaging.get_channel_message_status(
            ChannelArn=self.channel, MessageId=message, ChimeBearer=who or self.alice
        )
        return status["Status"]["Value"]

    def decided(self, message):
        """The status, once it is not PENDING any more."""
        overdue = time.monotonic() + PATIENCE
        while (status := self.status(message)) == "PENDING":
            assert time.monotonic() < overdue, "it is pending for good"
            time.sleep(0.02)
        return status


def processor(function, fallback="ABORT", order=1, name="processor"):
    invocation = {"ResourceArn": function, "InvocationType": "ASYNC"}
    return {
        "Name": name,
        "Configuration": {"Lambda": invocation},
        "ExecutionOrder": order,
        "FallbackAction": fallback,
    }


def token():
    return str(uuid.uuid4())


FILTER = function_arn("profanity-filter")
NOBODY = function_arn("nobody")
