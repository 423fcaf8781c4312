// AWS's SDK for JavaScript, unchanged, from Node.

import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import {
    AssociateChannelFlowCommand,
    ChimeSDKMessagingClient,
    CreateChannelFlowCommand,
    DescribeChannelCommand,
    ForbiddenException,
    GetChannelMessageStatusCommand,
    ListChannelMessagesCommand,
    SendChannelMessageCommand,
} from '@aws-sdk/client-chime-sdk-messaging';
import { CREDENTIALS, makeChat, startServer } from './support.mjs';

const connect = (server) =>
    new ChimeSDKMessagingClient({ region: 'us-east-1', endpoint: server.url, credentials: CREDENTIALS });

test('an error of the service is an error class of the SDK', async (t) => {
    const server = await startServer(t);
    const arn = (kind) => `arn:aws:chime:us-east-1:123456789012:app-instance/none/${kind}/none`;
    const describe = new DescribeChannelCommand({ ChannelArn: arn('channel'), ChimeBearer: arn('user') });
    await assert.rejects(connect(server).send(describe), (error) => {
        assert.ok(error instanceof ForbiddenException, error.name);
        assert.equal(error.$metadata.httpStatusCode, 403);
        assert.equal(error.Code, 'Forbidden');
        return true;
    });
});

test('Bob reads a clean text', async (t) => {
    const server = await startServer(t);
    const { appInstance, alice, bob, channel } = await makeChat(server);
    const client = connect(server);
    const { ChannelFlowArn } = await client.send(
        new CreateChannelFlowCommand({
            AppInstanceArn: appInstance,
            Name: 'clean',
            Processors: [
                {
                    Name: 'filter',
                    Configuration: { Lambda: { ResourceArn: server.functionArn, InvocationType: 'ASYNC' } },
                    ExecutionOrder: 1,
                    FallbackAction: 'ABORT',
                },
            ],
        }),
    );
    const inChannel = { ChannelArn: channel, ChimeBearer: alice };
    await client.send(new AssociateChannelFlowCommand({ ...inChannel, ChannelFlowArn }));
    const { MessageId, Status } = await client.send(
        new SendChannelMessageCommand({
            ...inChannel,
            Content: 'What the hell is this?',
            Type: 'STANDARD',
            Persistence: 'PERSISTENT',
        }),
    );
    assert.equal(Status.Value, 'PENDING');
    const status = async () =>
        (await client.send(new GetChannelMessageStatusCommand({ ...inChannel, MessageId }))).Status.Value;
    // The runner's own limit ends a test that waits for good.
    while ((await status()) === 'PENDING') await pause(20);

    const { ChannelMessages } = await client.send(
        new ListChannelMessagesCommand({ ChannelArn: channel, ChimeBearer: bob }),
    );
    assert.deepEqual(
        ChannelMessages.map((message) => [message.Content, message.Status.Value, message.Sender.Name]),
        [['What the **** is this?', 'SENT', 'Alice']],
    );
    assert.ok(ChannelMessages[0].CreatedTimestamp instanceof Date);
});
