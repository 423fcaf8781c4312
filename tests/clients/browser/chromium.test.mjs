// A page of this machine may ask the emulator; a page of anybody else's may not.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import { startChromium, startServer } from './support.mjs';

/** An empty page, on a port that the system chooses. */
async function startPage(t) {
    const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<title>page</title>'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => {
        server.closeAllConnections();
        server.close();
    });
    return server.address().port;
}

/** What a page gets from the emulator: the answer's error type, or that the browser keeps it from the page. */
const ask = (page, url) =>
    page.evaluate(async (url) => {
        const headers = { 'x-amz-chime-bearer': 'arn:aws:chime:us-east-1:123456789012:app-instance/none/user/none' };
        try {
            const response = await fetch(`${url}/nothing-here`, { headers });
            return response.headers.get('x-amzn-errortype');
        } catch (error) {
            return error.name;
        }
    }, url);

test('a page of this machine reads the answers, a page of another name does not', async (t) => {
    const server = await startServer(t);
    const port = await startPage(t);
    const browser = await startChromium(t, ['--host-resolver-rules=MAP example.com 127.0.0.1']);

    const ours = await browser.newPage();
    await ours.goto(`http://localhost:${port}/`);
    assert.equal(await ask(ours, server.url), 'UnknownOperationException');

    const theirs = await browser.newPage();
    await theirs.goto(`http://example.com:${port}/`);
    assert.equal(await ask(theirs, server.url), 'TypeError');
});

test('a name that somebody has pointed at this machine is refused', async (t) => {
    const server = await startServer(t);
    const browser = await startChromium(t, ['--host-resolver-rules=MAP example.com 127.0.0.1']);
    const page = await browser.newPage();
    const response = await page.goto(`http://example.com:${new URL(server.url).port}/`);
    assert.equal(response.status(), 403);
});
