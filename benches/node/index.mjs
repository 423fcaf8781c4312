// A filter of eight words, as one writes it in JavaScript.
import { ChannelFlowCallbackCommand, ChimeSDKMessagingClient } from "@aws-sdk/client-chime-sdk-messaging";

const WORDS = /arse|bastard|bollocks|bugger|crap|damn|piss|shit/gi;

const client = new ChimeSDKMessagingClient({});

export const handler = async ({ CallbackId, ChannelMessage }) => {
  const { MessageId, ChannelArn, Content } = ChannelMessage;
  await client.send(
    new ChannelFlowCallbackCommand({
      CallbackId,
      ChannelArn,
      ChannelMessage: { MessageId, Content: Content.replace(WORDS, "****") },
    }),
  );
};
