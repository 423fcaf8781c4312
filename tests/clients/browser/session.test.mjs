// AWS's browser SDK, unchanged, in Chromium: its messaging session connects, hears messages, and comes again.

import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { CREDENTIALS, startChromium, startServer } from './support.mjs';

let script;

before(async () => {
    const entry = fileURLToPath(new URL('session.page.js', import.meta.url));
    // The browser SDK asks for the other one by require, which esbuild would otherwise answer with what is for Node.
    const forBrowsers = { mainFields: ['browser', 'module', 'main'], define: { global: 'globalThis' } };
    const built = await build({ entryPoints: [entry], bundle: true, write: false, logLevel: 'error', ...forBrowsers });
    script = built.outputFiles[0].text;
});

/** A page with the SDKs, on a port that is not the emulator's. Returns its URL. */
async function startPage(t) {
    const server = createServer((request, response) => {
        const isScript = request.url === '/script.js';
        response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8');
        response.end(isScript ? script : '<title>session</title><script src="/script.js"></script>');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
        server.closeAllConnections();
        server.close();
    });
    return `http://localhost:${server.address().port}/`;
}

/** What stands between the page and the emulator, and can cut every connection. Returns its port, too. */
async function startWire(t, url) {
    const open = new Set();
    const cut = () => open.forEach((socket) => socket.destroy());
    const server = createTcpServer((socket) => {
        const onward = connect(Number(url.port), url.hostname);
        for (const [from, to] of [[socket, onward], [onward, socket]]) {
            open.add(from);
            from.on('error', () => to.destroy());
            from.on('close', () => {
                open.delete(from);
                to.destroy();
            });
            from.pipe(to);
        }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
        server.close();
        cut();
    });
    return { port: server.address().port, cut };
}

/** The hash of the key in the emulator's certificate, for Chromium to trust that one and no other. */
async function spki(url) {
    const socket = connectTls({ host: url.hostname, port: Number(url.port), servername: 'localhost', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const key = socket.getPeerX509Certificate().publicKey.export({ type: 'spki', format: 'der' });
    socket.destroy();
    return createHash('sha256').update(key).digest('base64');
}

/** One request for the API; its signature is not looked at, since the emulator did not give out the key. */
async function ask(server, method, path, body, bearer) {
    const scope = 'AKIDEXAMPLE/20260814/us-east-1/chime/aws4_request';
    const headers = { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0` };
    if (bearer) headers['x-amz-chime-bearer'] = bearer;
    const response = await fetch(server.url + path, { method, headers, body: body && JSON.stringify(body) });
    const answer = await response.json();
    assert.ok(response.ok, JSON.stringify(answer));
    return answer;
}

/** An app instance with Alice, Bob, and a channel that both are in and that has no flow. */
async function createChat(server) {
    const token = () => ({ ClientRequestToken: randomUUID() });
    const { AppInstanceArn } = await ask(server, 'POST', '/app-instances', { Name: 'session', ...token() });
    const user = async (id) => {
        const body = { AppInstanceArn, AppInstanceUserId: id, Name: id, ...token() };
        return (await ask(server, 'POST', '/app-instance-users', body)).AppInstanceUserArn;
    };
    const [alice, bob] = [await user('alice'), await user('bob')];
    const body = { AppInstanceArn, Name: 'session', MemberArns: [alice, bob], ...token() };
    const { ChannelArn } = await ask(server, 'POST', '/channels', body, alice);
    return { alice, bob, channel: ChannelArn };
}

/** All of the above, and a page that is open. */
async function stage(t) {
    const server = await startServer(t);
    const url = new URL(server.url);
    const wire = await startWire(t, url);
    const chat = await createChat(server);
    const browser = await startChromium(t, [`--ignore-certificate-errors-spki-list=${await spki(url)}`]);
    const page = await browser.newPage();
    await page.goto(await startPage(t));
    const start = (endpoint, user, prefetch) =>
        page.evaluate((args) => window.startSession(...args), [endpoint, CREDENTIALS, user, prefetch]);
    const send = (endpoint, content) =>
        page.evaluate((args) => window.sendMessage(...args), [endpoint, CREDENTIALS, chat.channel, chat.alice, content]);
    const told = () => page.evaluate(() => window.told);
    const contents = async () => (await told()).filter(({ type }) => type === 'CREATE_CHANNEL_MESSAGE').map(({ payload }) => JSON.parse(payload).Content);
    const until = (condition, argument) => page.waitForFunction(condition, argument);
    return { server, wire, chat, page, start, send, told, contents, until };
}

const hasMessages = (count) => window.told.filter(({ type }) => type === 'CREATE_CHANNEL_MESSAGE').length >= count;
const hasStarted = (count) => window.told.filter((what) => what === 'started').length >= count;

for (const host of ['localhost', '127.0.0.1']) {
    test(`Bob's session at ${host} hears what Alice sends`, async (t) => {
        const { server, chat, page, start, send, told, contents, until } = await stage(t);
        const endpoint = `http://${host}:${new URL(server.url).port}`;
        assert.equal(await start(endpoint, chat.bob), 'started');
        const sent = await send(endpoint, 'Hello, Bob: "é"');
        await send(endpoint, 'Again');
        await until(hasMessages, 2);
        assert.deepEqual(await contents(), ['Hello, Bob: "é"', 'Again']);
        const [connecting, started, established, message] = await told();
        assert.deepEqual([connecting, started, established.type], ['connecting', 'started', 'SESSION_ESTABLISHED']);
        assert.equal(message.headers['x-amz-chime-message-type'], 'STANDARD');
        const { MessageId, ChannelArn, Sender, Type, Persistence } = JSON.parse(message.payload);
        assert.deepEqual([MessageId, ChannelArn, Sender.Arn, Type, Persistence], [sent, chat.channel, chat.alice, 'STANDARD', 'PERSISTENT']);
        await page.evaluate(() => window.session.stop());
        await until(() => window.told.some((what) => /^stopped/.test(what)));
        // The SDK closes without a code, which is 1005, and 1006 would be a connection that broke off.
        assert.equal((await told()).at(-1), 'stopped 1005');
        assert.deepEqual(await page.evaluate(() => window.ended), { code: 1005, wasClean: true });
    });
}

test('a session that asks for it is told of its channels first', async (t) => {
    const { server, chat, start, send, told, until } = await stage(t);
    await send(server.url, 'before');
    assert.equal(await start(server.url, chat.bob, 'connect'), 'started');
    await send(server.url, 'after');
    await until(hasMessages, 1);
    const events = (await told()).filter(({ type }) => type);
    assert.deepEqual(events.map(({ type }) => type), ['SESSION_ESTABLISHED', 'CHANNEL_DETAILS', 'CREATE_CHANNEL_MESSAGE']);
    const { Channel, ChannelMessages, ChannelMemberships } = JSON.parse(events[1].payload);
    assert.equal(Channel.ChannelArn, chat.channel);
    assert.deepEqual(ChannelMessages.map(({ Content }) => Content), ['before']);
    assert.deepEqual(ChannelMemberships.map(({ Member }) => Member.Arn), [chat.alice, chat.bob]);
    assert.equal(JSON.parse(events[2].payload).Content, 'after');
});

test('a session whose connection is lost comes again', async (t) => {
    const { wire, chat, start, send, told, contents, until } = await stage(t);
    const endpoint = `http://localhost:${wire.port}`;
    assert.equal(await start(endpoint, chat.bob), 'started');
    await send(endpoint, 'before');
    await until(hasMessages, 1);
    wire.cut();
    await until(hasStarted, 2);
    await send(endpoint, 'after');
    await until(hasMessages, 2);
    assert.deepEqual(await contents(), ['before', 'after']);
    assert.ok((await told()).includes('connecting again'));
});

test('a session of nobody is refused once and for all', async (t) => {
    const { server, chat, start, told } = await stage(t);
    const refused = await start(server.url, chat.bob.replace(/bob$/, 'nobody'));
    assert.equal(refused.code, 4003);
    assert.match(refused.reason, /no app-instance user or bot/);
    assert.deepEqual(await told(), ['connecting']);
});
