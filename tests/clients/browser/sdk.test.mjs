// AWS's SDK for JavaScript, unchanged, from Node.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChimeSDKMessagingClient, DescribeChannelCommand, ForbiddenException } from '@aws-sdk/client-chime-sdk-messaging';
import { CREDENTIALS, startServer } from './support.mjs';

test('an error of the service is an error class of the SDK', async (t) => {
    const server = await startServer(t);
    const client = new ChimeSDKMessagingClient({ region: 'us-east-1', endpoint: server.url, credentials: CREDENTIALS });
    const arn = (kind) => `arn:aws:chime:us-east-1:123456789012:app-instance/none/${kind}/none`;
    const describe = new DescribeChannelCommand({ ChannelArn: arn('channel'), ChimeBearer: arn('user') });
    await assert.rejects(client.send(describe), (error) => {
        assert.ok(error instanceof ForbiddenException, error.name);
        assert.equal(error.$metadata.httpStatusCode, 403);
        assert.equal(error.Code, 'Forbidden');
        return true;
    });
});
