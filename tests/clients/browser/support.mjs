// What the tests in this folder share: the emulator as `cargo channel-flow dev` starts it, and Chromium.
//
//     import { startServer, startChromium } from './support.mjs';
//
//     test('…', async (t) => {
//         const server = await startServer(t);              // server.url, server.functionArn
//         const browser = await startChromium(t);           // a Browser of Playwright
//         const page = await browser.newPage();
//     });
//
// Both end with the test `t`, whatever becomes of it. `run` sets the variables; see there.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

/** The ARN that `dev` gives its processor. */
export const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:123456789012:function:profanity-filter';

/** Credentials for any client of AWS. The emulator takes any. */
export const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };

/**
 * Starts the emulator on a port that the system chooses, with the profanity filter unless `args`, which go to `cargo
 * channel-flow dev`, name another function.
 */
export async function startServer(t, args = []) {
    const command = process.env.CHANNEL_FLOW_COMMAND;
    const port = args.includes('--port') ? [] : ['--port', '0'];
    const named = args.includes('--processor') || args.includes('--function');
    const processor = named ? [] : ['--processor', process.env.CHANNEL_FLOW_PROCESSOR];
    const all = ['dev', ...port, ...processor, ...args];
    const child = spawn(command, all, { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => end(child));
    for await (const line of createInterface({ input: child.stdout })) {
        const url = line.match(/http:\/\/[^\s/]+/)?.[0];
        if (url) {
            child.stdout.resume();
            return { url, functionArn: FUNCTION_ARN, process: child };
        }
    }
    throw new Error(`${command} ended without telling its URL`);
}

/** Runs `cargo channel-flow review` on a server, and returns its exit status and what it printed. */
export async function review(server, ...args) {
    const child = spawn(process.env.CHANNEL_FLOW_COMMAND, ['review', '--dev', server.url, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const printed = child.stdout.setEncoding('utf8').toArray();
    const [status] = await once(child, 'exit');
    return { status, text: (await printed).join('') };
}

/** Starts Chromium. `args` go to it, beside those that every test needs. */
export async function startChromium(t, args = []) {
    const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM,
        // A container's root has no sandbox; the rest keeps the browser from talking to anybody but the emulator.
        args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
            ...args,
        ],
    });
    t.after(() => browser.close());
    return browser;
}

/** Ends a process as Ctrl-C does, and for good if that does not help. */
async function end(child) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
}

/** Of a request that is signed with keys that the emulator did not issue. */
const HEADERS = {
    'content-type': 'application/json',
    'x-amz-date': '20260101T000000Z',
    authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/chime/aws4_request, ' +
        `SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
};

/**
 * A function behind an `Invoke` endpoint, for `--function NAME=URL`. It releases every message of the emulator at `server`,
 * which is set later, and returns `returned`.
 */
export async function startFunction(t, returned) {
    const endpoint = { server: null };
    const http = createServer(async (request, response) => {
        let body = '';
        for await (const chunk of request) body += chunk;
        const { CallbackId, ChannelMessage } = JSON.parse(body);
        const path = `/channels/${encodeURIComponent(ChannelMessage.ChannelArn)}?operation=channel-flow-callback`;
        const callback = { CallbackId, ChannelMessage: { MessageId: ChannelMessage.MessageId } };
        await fetch(endpoint.server.url + path, { method: 'POST', headers: HEADERS, body: JSON.stringify(callback) });
        response.end(JSON.stringify(returned));
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    t.after(() => {
        http.closeAllConnections();
        http.close();
    });
    endpoint.url = `http://127.0.0.1:${http.address().port}/judge`;
    return endpoint;
}

/** An app instance with Alice, Bob and a channel that both are in, made with plain requests. */
export async function makeChat(server) {
    const made = async (path, body, bearer) => {
        const response = await fetch(server.url + path, {
            method: 'POST',
            headers: { ...HEADERS, ...(bearer && { 'x-amz-chime-bearer': bearer }) },
            body: JSON.stringify({ ClientRequestToken: crypto.randomUUID(), ...body }),
        });
        const answer = await response.json();
        if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
        return Object.values(answer)[0];
    };
    const appInstance = await made('/app-instances', { Name: 'demo' });
    const user = (name) =>
        made('/app-instance-users', { AppInstanceArn: appInstance, AppInstanceUserId: name.toLowerCase(), Name: name });
    const [alice, bob] = [await user('Alice'), await user('Bob')];
    const channel = await made('/channels', { AppInstanceArn: appInstance, Name: 'general', MemberArns: [bob] }, alice);
    return { appInstance, alice, bob, channel };
}
