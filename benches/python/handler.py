"""A filter of eight words, as one writes it in Python."""

import re

import boto3

WORDS = re.compile("arse|bastard|bollocks|bugger|crap|damn|piss|shit", re.IGNORECASE)

client = boto3.client("chime-sdk-messaging")


def handler(event, context):
    message = event["ChannelMessage"]
    client.channel_flow_callback(
        CallbackId=event["CallbackId"],
        ChannelArn=message["ChannelArn"],
        ChannelMessage={
            "MessageId": message["MessageId"],
            "Content": WORDS.sub("****", message["Content"]),
        },
    )
