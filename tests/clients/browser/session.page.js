// What session.test.mjs runs in Chromium: AWS's browser SDK and AWS's SDK for JavaScript, both as they come.

import { ChimeSDKMessagingClient, SendChannelMessageCommand } from '@aws-sdk/client-chime-sdk-messaging';
import { DefaultMessagingSession, LogLevel, ConsoleLogger, MessagingSessionConfiguration } from 'amazon-chime-sdk-js';

const client = (endpoint, credentials) => new ChimeSDKMessagingClient({ region: 'us-east-1', endpoint, credentials });

/** What the session of `startSession` has told its observer, in order. */
window.told = [];

/** Opens a session, and returns how that ended: `started`, or the code and reason that the WebSocket was closed with. */
window.startSession = async (endpoint, credentials, userArn, prefetch) => {
    const configuration = new MessagingSessionConfiguration(userArn, null, undefined, client(endpoint, credentials));
    configuration.reconnectTimeoutMs = 60_000;
    configuration.prefetchOn = prefetch;
    const session = new DefaultMessagingSession(configuration, new ConsoleLogger('session', LogLevel.ERROR));
    session.addObserver({
        messagingSessionDidStartConnecting: (again) => window.told.push(again ? 'connecting again' : 'connecting'),
        messagingSessionDidStart: () => window.told.push('started'),
        messagingSessionDidStop: (event) => window.told.push(`stopped ${event.code}`),
        messagingSessionDidReceiveMessage: (message) => window.told.push({ type: message.type, headers: message.headers, payload: message.payload }),
    });
    window.session = session;
    try {
        await session.start();
        // The SDK's observers are not told whether the end was a clean one.
        session.webSocket.addEventListener('close', ({ code, wasClean }) => (window.ended = { code, wasClean }));
        return 'started';
    } catch (event) {
        return { code: event.code, reason: event.reason };
    }
};

/** Sends a message through the API, from the page. */
window.sendMessage = async (endpoint, credentials, channelArn, bearer, content) => {
    const command = new SendChannelMessageCommand({
        ChannelArn: channelArn,
        ChimeBearer: bearer,
        Content: content,
        Type: 'STANDARD',
        Persistence: 'PERSISTENT',
    });
    return (await client(endpoint, credentials).send(command)).MessageId;
};
