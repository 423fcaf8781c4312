"""What a client does when the service has a bad day: botocore's own retries, and its error classes."""

import json

import boto3
import pytest
import urllib3
from botocore.config import Config
from emulator import REGION


@pytest.fixture
def switch(emulator):
    """The switchboard of the chat page."""

    def change(**what):
        headers = {"Content-Type": "application/json", "X-Channel-Flow-Page": "1"}
        answer = urllib3.request("POST", f"{emulator.url}/page/faults", headers=headers, body=json.dumps(what))
        assert answer.status == 200, answer.data

    yield change
    for name in ("throttle", "forbid", "loseAnswer", "duplicate", "crash", "unreachable"):
        change(switch=name, times=0)
    change(repeatedCallback="nonPending")


@pytest.fixture
def call_back(emulator, hand):
    """A callback by a client that tries so many times; the pauses of botocore are its own."""

    def send(event, attempts):
        config = Config(retries={"total_max_attempts": attempts, "mode": "legacy"})
        client = boto3.client("chime-sdk-messaging", region_name=REGION, endpoint_url=emulator.url, config=config)
        message = event["ChannelMessage"]
        return client.channel_flow_callback(
            CallbackId=event["CallbackId"],
            ChannelArn=message["ChannelArn"],
            ChannelMessage={"MessageId": message["MessageId"]},
        )

    return send


@pytest.fixture
def pending(chat, hand):
    """The event of a message, and the message's id."""
    chat.through()
    message = chat.send("hello")["MessageId"]
    return hand.event(chat.channel), message


def test_throttling_is_tried_again_by_botocore(chat, pending, switch, call_back):
    event, message = pending
    switch(switch="throttle", times=2)
    answer = call_back(event, attempts=4)
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert answer["CallbackId"] == event["CallbackId"]
    assert chat.status(message) == "SENT"


def test_throttling_has_a_class(chat, pending, switch, call_back):
    event, message = pending
    switch(switch="throttle", times=1)
    with pytest.raises(chat.messaging.exceptions.ClientError) as refused:
        call_back(event, attempts=1)
    assert type(refused.value).__name__ == "ThrottledClientException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert chat.status(message) == "PENDING"


@pytest.mark.parametrize(
    ("refusal", "name"),
    [("nonPending", "BadRequestException"), ("conflict", "ConflictException"), ("forbidden", "ForbiddenException")],
)
def test_an_answer_that_is_lost_makes_a_second_callback_which_is_refused(chat, pending, switch, call_back, refusal, name):
    event, message = pending
    switch(repeatedCallback=refusal)
    switch(switch="loseAnswer", times=1)
    with pytest.raises(chat.messaging.exceptions.ClientError) as refused:
        call_back(event, attempts=3)
    assert type(refused.value).__name__ == name
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 1
    assert chat.status(message) == "SENT"


def test_a_second_delivery_has_the_same_ids(chat, hand, switch):
    chat.through()
    switch(switch="duplicate", times=1)
    chat.send("hello")
    assert hand.event(chat.channel) == hand.event(chat.channel)
