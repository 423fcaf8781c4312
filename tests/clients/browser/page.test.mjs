// The chat page, used as people use it. With SCREENSHOTS set to a directory, what it looks like is kept there.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { review, startChromium, startFunction, startServer } from './support.mjs';

const RUDE = 'What the hell is this?';
const CLEAN = 'What the **** is this?';
const DESKTOP = { viewport: { width: 1440, height: 900 }, colorScheme: 'light' };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };

async function open(browser, url, options = DESKTOP) {
    const page = await browser.newPage(options);
    const wrong = [];
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    page.on('request', (request) => {
        if (new URL(request.url()).origin !== new URL(url).origin) wrong.push(`asks ${request.url()}`);
    });
    await page.goto(url);
    await page.getByText('Live', { exact: true }).waitFor();
    return { page, wrong };
}

async function picture(page, name) {
    const directory = process.env.SCREENSHOTS;
    if (!directory) return;
    mkdirSync(directory, { recursive: true });
    await page.screenshot({ path: join(directory, `${name}.png`) });
}

const side = (page, who) => page.getByRole('region', { name: `${who}’s side` });
/** What a message says on somebody's side. */
const said = (page, who, text) => side(page, who).locator('.text').filter({ hasText: text });

async function say(page, who, text) {
    const field = page.getByRole('textbox', { name: `Message from ${who}` });
    await field.fill(text);
    await field.press('Enter');
}

/** The card of the message that says `text`, once its story has come out as `outcome`. */
async function story(page, text, outcome) {
    const card = page.locator('.story').filter({ hasText: text }).filter({ hasText: outcome });
    await card.first().waitFor();
    return card.first();
}

async function setFault(page, title, times = 1) {
    const toggle = page.getByRole('button', { name: /Make things go wrong/ });
    if ((await toggle.getAttribute('aria-expanded')) === 'false') await toggle.click();
    await page.getByRole('spinbutton', { name: `${title}: how many times` }).fill(String(times));
    await page.getByRole('button', { name: title, exact: true }).click();
    await page.getByRole('button', { name: `Unset: ${title}` }).waitFor();
}

test('Alice swears, and Bob sees the clean text', async (t) => {
    const { url } = await startServer(t);
    const { page, wrong } = await open(await startChromium(t), url);
    await page.getByText('Say something rude as Alice').waitFor();
    await picture(page, 'empty');
    const colors = await page.locator('.avatar').evaluateAll((avatars) => avatars.map((avatar) => getComputedStyle(avatar).backgroundColor));
    assert.equal(new Set(colors).size, 2, 'the two people are told apart by color');

    await say(page, 'Alice', RUDE);
    await said(page, 'Bob', CLEAN).waitFor();
    assert.equal(await said(page, 'Bob', RUDE).count(), 0);
    const card = await story(page, RUDE, 'Changed');
    assert.equal(await card.locator('del').textContent(), 'hell');
    assert.equal(await card.locator('ins').textContent(), '****');

    await card.getByRole('button', { name: 'Raw event' }).click();
    const dialog = page.getByRole('dialog');
    const event = JSON.parse(await dialog.locator('pre').textContent());
    assert.equal(event.ChannelMessage.Content, RUDE);
    await page.keyboard.press('Escape');
    await card.getByRole('button', { name: 'Raw callback' }).click();
    const callback = JSON.parse(await dialog.locator('pre').textContent());
    assert.equal(callback.ChannelMessage.Content, CLEAN);
    assert.equal(callback.CallbackId, event.CallbackId);
    await picture(page, 'raw');
    await dialog.getByRole('button', { name: 'Close' }).click();
    assert.deepEqual(wrong, []);
});

test('a message that nobody answers is seen by its sender only', async (t) => {
    const { url } = await startServer(t);
    const { page, wrong } = await open(await startChromium(t), url);
    await setFault(page, 'Answer not allowed', 50);
    await say(page, 'Alice', 'Anybody here?');
    await side(page, 'Alice').getByText('Waiting. Only you see this').waitFor();
    await (await story(page, 'Anybody here?', 'A callback was refused: 403')).waitFor();
    assert.equal(await said(page, 'Bob', 'Anybody here?').count(), 0);
    await picture(page, 'pending');
    await page.getByRole('button', { name: 'Unset: Answer not allowed' }).click();
    await page.getByRole('button', { name: 'Unset: Answer not allowed' }).waitFor({ state: 'detached' });
    assert.deepEqual(wrong, []);
});

test('faults show in the stories of the messages that meet them', async (t) => {
    const { url } = await startServer(t);
    const { page, wrong } = await open(await startChromium(t), url);
    await setFault(page, 'Deliver it twice');
    await page.getByRole('combobox', { name: 'The second answer gets' }).selectOption('403, forbidden');
    await picture(page, 'faults');
    await say(page, 'Alice', 'Twice, dammit');
    const twice = await story(page, 'Twice', 'Changed');
    await twice.getByText('403 ForbiddenException').first().waitFor();
    await twice.getByText('2 tries').waitFor();
    await page.getByRole('button', { name: 'Unset: Deliver it twice' }).waitFor({ state: 'detached' });

    await setFault(page, 'Too busy for the answer');
    await say(page, 'Bob', 'Hello, once more');
    await (await story(page, 'Hello, once more', 'Let through as it is')).getByText('429 ThrottledClientException').first().waitFor();

    await setFault(page, 'Function out of reach');
    await say(page, 'Alice', 'Is anybody checking?');
    await (await story(page, 'Is anybody checking?', /Not sent|Sent unchecked/)).waitFor();
    assert.deepEqual(wrong, []);
});

test('a story lists what each step of a flow did, and marks shadows', async (t) => {
    const { url } = await startServer(t, ['--processor', process.env.CHANNEL_FLOW_RULES]);
    const { page, wrong } = await open(await startChromium(t), url);
    const steps = async (card) => {
        const all = await card.getByRole('list', { name: /^Steps of/ }).getByRole('listitem').allTextContents();
        return all.map((text) => text.replace(/(under )?[\d.]+ ms$/, '').replace(/\s+/g, ' ').trim());
    };
    await say(page, 'Alice', 'damn, a long message it is');
    const changed = await story(page, 'a long message', 'would have blocked it');
    assert.deepEqual(await steps(changed), [
        'worker let it through',
        'cursing changed it, because of cursing',
        'judge let it through',
        'links let it through',
        'long would have blocked it shadow, because of long',
    ]);
    assert.equal((await changed.locator('.because').textContent()).trim(), 'Because of cursing');
    await say(page, 'Alice', 'See https://example.com');
    // The steps come with what the function returns, which is after the callback: wait for one of them.
    const blocked = await story(page, 'example.com', 'links blocked it');
    assert.deepEqual((await steps(blocked)).slice(3), ['links blocked it, because of links']);
    await say(page, 'Bob', 'the judge hangs');
    const failed = await story(page, 'the judge hangs', 'ran out of time');
    assert.equal((await steps(failed))[2], 'judge ran out of time; fallback CONTINUE');
    await picture(page, 'steps');
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await picture(page, 'steps-dark');
    assert.deepEqual(wrong, []);
});

test('in a dry run, a story says what would have been done', async (t) => {
    const dryRun = ['--env', 'CHANNEL_FLOW_DRY_RUN=true'];
    const { url } = await startServer(t, ['--processor', process.env.CHANNEL_FLOW_RULES, ...dryRun]);
    const { page, wrong } = await open(await startChromium(t), url);
    await say(page, 'Alice', 'See https://example.com');
    const card = await story(page, 'example.com', 'Let through as it is');
    await card.getByText('A dry run: rules would have blocked it.').waitFor();
    await card.getByText('links would have blocked it').waitFor();
    await picture(page, 'dry-run');
    assert.deepEqual(wrong, []);
});

test('scores are shown, of a function behind an Invoke endpoint too', async (t) => {
    const scores = { INSULT: 0.83, HATE_SPEECH: 0.02 };
    const judge = { Name: 'toxicity', Decision: 'NO_CHANGE', Scores: scores, DurationMs: 80 };
    const hostile = { Name: '<b>bold</b>', Failure: 'ERROR', Shadow: true, DurationMs: 1.5 };
    const returned = { Outcome: 'ACCEPTED', Reasons: ['checked'], Scores: { SPAM: 0.5 }, Steps: [judge, hostile] };
    const endpoint = await startFunction(t, returned);
    endpoint.server = await startServer(t, ['--function', `judge=${endpoint.url}`]);
    const { page, wrong } = await open(await startChromium(t), endpoint.server.url, PHONE);
    await say(page, 'Alice', 'You fool');
    await said(page, 'Alice', 'You fool').waitFor();
    await page.getByRole('navigation', { name: 'Views' }).getByRole('button', { name: 'What happened' }).click();
    const card = await story(page, 'You fool', 'toxicity');
    const listed = await card.getByRole('list', { name: 'Scores' }).allTextContents();
    assert.deepEqual(listed, ['SPAM0.50', 'INSULT0.83HATE_SPEECH0.02']);
    await card.getByText('<b>bold</b> failed').waitFor();
    await card.getByText('checked', { exact: true }).waitFor();
    const [width, most] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(width <= most, `${width} of ${most} pixels`);
    await picture(page, 'phone-steps');
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await picture(page, 'phone-steps-dark');
    assert.deepEqual(wrong, []);
});

test('a processor that fails is not taken for one that denies', async (t) => {
    const { url } = await startServer(t, ['--processor', process.env.CHANNEL_FLOW_TROUBLEMAKER]);
    const { page, wrong } = await open(await startChromium(t), url);
    await say(page, 'Alice', 'deny');
    const denied = await story(page, 'deny', 'Blocked');
    await denied.getByText('1 try').waitFor();
    await say(page, 'Alice', 'panic');
    const panicked = await story(page, 'panic', 'The processor failed: blocked');
    await panicked.getByText(/^Decided by the fallback action: the processor \S+ panicked at \S+troublemaker\.rs:\d+:\d+\.$/).waitFor();
    await say(page, 'Alice', 'fail');
    await (await story(page, 'fail', 'The processor failed: blocked')).getByText(/^Decided by the fallback action: .* returned an error\.$/).waitFor();
    assert.equal(await denied.locator('.failure').count(), 0);
    assert.ok(!(await page.textContent('body')).includes('private'), 'no message of a panic');
    // Not by its color alone, and in one that the others do not have.
    const color = (card) => card.locator('.outcome').evaluate((element) => getComputedStyle(element).backgroundColor);
    for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        assert.notEqual(await color(panicked), await color(denied), colorScheme);
        await picture(page, `failed-${colorScheme}`);
    }
    assert.deepEqual(wrong, []);
});

test('a step whose fallback action applied is told on the card', async (t) => {
    const { url } = await startServer(t, ['--processor', process.env.CHANNEL_FLOW_RULES]);
    const { page } = await open(await startChromium(t), url);
    await say(page, 'Alice', 'the judge fails');
    const card = await story(page, 'the judge fails', 'Let through as it is');
    await card.getByText('The fallback action of the step judge, CONTINUE, applies: it returned an error.').waitFor();
    await picture(page, 'failed-step');
});

const held = (page, text) => page.getByRole('region', { name: 'Held for a reviewer' }).getByRole('listitem').filter({ hasText: text });

test('a held message is approved, changed or denied on the page, and both people see what becomes of it', async (t) => {
    const { url } = await startServer(t, ['--processor', process.env.CHANNEL_FLOW_HOLDER]);
    const { page, wrong } = await open(await startChromium(t), url);
    await say(page, 'Alice', 'See https://one.example');
    await say(page, 'Alice', 'See https://two.example');
    await say(page, 'Bob', 'A secret: https://three.example');
    const one = held(page, 'one.example');
    await one.getByText('Because of links').waitFor();
    await one.getByText(/^At .* at the latest, it is denied\.$/).waitFor();
    await held(page, 'does not let a reviewer see').waitFor();
    await (await story(page, 'one.example', 'Held for a reviewer')).getByText('if nobody reviews it before').waitFor();
    await side(page, 'Alice').getByText('Held for a reviewer. Only you see this').first().waitFor();
    assert.equal(await said(page, 'Bob', 'one.example').count(), 0);
    await picture(page, 'held');

    await one.getByRole('button', { name: /^Approve Alice’s message/ }).click();
    await said(page, 'Bob', 'See https://one.example').waitFor();
    await one.waitFor({ state: 'detached' });
    // Whose message went keeps the keyboard where it was.
    assert.match(await page.evaluate(() => document.activeElement.textContent), /^Approve /);
    await (await story(page, 'one.example', 'Let through as it is')).getByText(/It was held for a reviewer, and approved by/).waitFor();

    const two = held(page, 'two.example');
    await two.getByRole('button', { name: /^Edit/ }).click();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
    const field = two.getByRole('textbox', { name: /^What Alice’s message/ });
    await field.fill('See the second one');
    await picture(page, 'held-edit');
    await two.getByRole('button', { name: 'Approve this text' }).click();
    await said(page, 'Bob', 'See the second one').waitFor();
    await (await story(page, 'two.example', 'Changed')).getByText(/changed and approved by/).waitFor();

    await held(page, 'does not let a reviewer see').getByRole('button', { name: /^Deny/ }).click();
    await side(page, 'Bob').getByText('Blocked. Nobody else saw it.').waitFor();
    assert.equal(await said(page, 'Alice', 'three.example').count(), 0);
    const lately = page.getByRole('list', { name: 'Reviewed lately' }).getByRole('listitem');
    // The list is told by the table, and may come after the message.
    await lately.filter({ hasText: 'Bob · denied by' }).waitFor();
    assert.equal(await lately.count(), 3);
    await picture(page, 'reviewed');
    assert.deepEqual(wrong, []);
});

test('a message that is approved from a second terminal appears without a reload', async (t) => {
    const server = await startServer(t, ['--processor', process.env.CHANNEL_FLOW_HOLDER]);
    const { page, wrong } = await open(await startChromium(t), server.url, PHONE);
    await say(page, 'Alice', 'See https://one.example?tracking=7');
    const views = page.getByRole('navigation', { name: 'Views' });
    await views.getByRole('button', { name: /^What happened.*1 held/ }).click();
    await held(page, 'one.example').getByText('Approved, it says: See https://one.example').waitFor();
    const [width, most] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(width <= most, `${width} of ${most} pixels`);
    await picture(page, 'phone-held');
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await picture(page, 'phone-held-dark');

    const [ticket] = (await review(server, 'list', '--json')).text.trim().split('\n').map((line) => JSON.parse(line));
    const approved = await review(server, 'approve', ticket.id.slice(0, 8), '--by', 'mary');
    assert.deepEqual([approved.status, approved.text], [0, `${ticket.id}  changed and approved by mary\n`]);
    await page.getByRole('list', { name: 'Reviewed lately' }).getByText('changed and approved by mary').waitFor();
    await held(page, 'one.example').waitFor({ state: 'detached' });
    assert.equal((await review(server, 'deny', ticket.id, '--by', 'bob')).status, 8);
    await views.getByRole('button', { name: 'Bob' }).click();
    await said(page, 'Bob', 'See https://one.example').waitFor();
    assert.equal(await said(page, 'Bob', 'tracking').count(), 0);
    assert.deepEqual(wrong, []);
});

test('a held message that nobody reviews gets its default decision', async (t) => {
    const soon = ['--env', 'HOLD_SECONDS=1', '--sweep-every', '1'];
    const { url } = await startServer(t, ['--processor', process.env.CHANNEL_FLOW_HOLDER, ...soon]);
    const { page, wrong } = await open(await startChromium(t), url);
    await say(page, 'Alice', 'See https://one.example');
    await side(page, 'Alice').getByText('Blocked. Nobody else saw it.').waitFor();
    await (await story(page, 'one.example', 'Blocked')).getByText('It was held for a reviewer, and denied at its deadline.').waitFor();
    assert.equal(await said(page, 'Bob', 'one.example').count(), 0);
    assert.deepEqual(wrong, []);
});

test('what people say is text, in any direction', async (t) => {
    const { url } = await startServer(t);
    const { page, wrong } = await open(await startChromium(t), url);
    const markup = '<img src=x onerror="document.title=1"> & <b>bold</b>';
    await say(page, 'Alice', markup);
    await said(page, 'Bob', markup).waitFor();
    assert.equal(await page.locator('main img, main b').count(), 0);
    await say(page, 'Bob', 'مرحبًا أليس 🌙');
    await said(page, 'Alice', 'مرحبًا').waitFor();
    // All of them at one time: what is drawn again meanwhile has no direction.
    const directions = await page.locator('.text').evaluateAll((all) =>
        all.map((element) => [element.textContent.includes('مرحبًا'), getComputedStyle(element).direction]),
    );
    assert.deepEqual(new Set(directions.map(String)), new Set(['true,rtl', 'false,ltr']));
    await picture(page, 'directions');
    assert.deepEqual(wrong, []);
});

test('one’s own message can be changed and taken back', async (t) => {
    const { url } = await startServer(t);
    const { page, wrong } = await open(await startChromium(t), url);
    await say(page, 'Alice', 'See you at six');
    await said(page, 'Bob', 'See you at six').waitFor();
    await side(page, 'Alice').getByRole('button', { name: 'Edit: See you at six' }).click();
    const field = page.getByRole('textbox', { name: 'Edit the message' });
    await field.fill('See you at seven');
    await field.press('Enter');
    await said(page, 'Bob', 'See you at seven').waitFor();
    await side(page, 'Bob').getByText('edited').waitFor();
    await side(page, 'Alice').getByRole('button', { name: 'Take back: See you at seven' }).click();
    await said(page, 'Bob', 'This message was taken back').waitFor();
    assert.deepEqual(wrong, []);
});

test('the keyboard reaches everything, and is never caught', async (t) => {
    const { url } = await startServer(t);
    const { page, wrong } = await open(await startChromium(t), url);
    const focused = () =>
        page.evaluate(() => {
            const element = document.activeElement;
            const style = getComputedStyle(element.closest('.say') ?? element);
            const shown = style.outlineStyle !== 'none' || style.boxShadow !== 'none';
            return { name: element.id || element.textContent.trim(), body: element === document.body, shown };
        });
    const seen = [];
    for (let presses = 0; presses < 60; presses += 1) {
        await page.keyboard.press('Tab');
        const now = await focused();
        if (now.body) break;
        assert.ok(now.shown, `the focus on ${now.name} is seen`);
        seen.push(now.name);
    }
    for (const name of ['channel', 'faults-toggle', 'theme', 'left-person', 'left-text', 'right-person', 'right-text']) {
        assert.ok(seen.includes(name), `${name} is among ${seen}`);
    }
    assert.ok(seen.indexOf('left-text') < seen.indexOf('right-text'));
    // From the top: skip to the conversation, say something, and look at what happened, without a mouse.
    await page.reload();
    await page.getByText('Live', { exact: true }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.type(RUDE);
    await page.keyboard.press('Enter');
    await said(page, 'Bob', CLEAN).waitFor();
    // Bob may see it before its story says so.
    await story(page, RUDE, 'Changed');
    await side(page, 'Alice').getByRole('button', { name: /^What happened/ }).focus();
    await page.keyboard.press('Enter');
    assert.match((await focused()).name, /^Changed/);
    await page.locator('#faults-toggle').focus();
    await page.keyboard.press('Enter');
    assert.equal((await focused()).name, 'faults-title');
    await page.keyboard.press('Escape');
    assert.equal((await focused()).name, 'faults-toggle');
    assert.deepEqual(wrong, []);
});

test('light and dark, as the system wishes or as chosen', async (t) => {
    const { url } = await startServer(t);
    const { page } = await open(await startChromium(t), url, { ...DESKTOP, colorScheme: 'dark' });
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const dark = await ground();
    await picture(page, 'dark');
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await ground();
    assert.notEqual(dark, light);
    await page.locator('#theme').click();
    assert.equal(await ground(), dark);
    await page.reload();
    assert.equal(await ground(), dark);
});

test('on a phone there is one side at a time, and nothing is cut off', async (t) => {
    const { url } = await startServer(t);
    const { page, wrong } = await open(await startChromium(t), url, PHONE);
    await say(page, 'Alice', RUDE);
    await said(page, 'Alice', CLEAN).waitFor();
    assert.equal(await side(page, 'Bob').isVisible(), false);
    await picture(page, 'phone');
    const views = page.getByRole('navigation', { name: 'Views' });
    for (const name of ['What happened', 'Bob']) {
        await views.getByRole('button', { name }).click();
        const [width, most] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.ok(width <= most, `${name}: ${width} of ${most} pixels`);
        await picture(page, `phone-${name.toLowerCase().replace(' ', '-')}`);
    }
    await said(page, 'Bob', CLEAN).waitFor();
    assert.deepEqual(wrong, []);
});

test('the page connects again when the emulator was restarted, and says so', async (t) => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const port = String(probe.address().port);
    probe.close();
    await once(probe, 'close');
    const first = await startServer(t, ['--port', port]);
    const { page } = await open(await startChromium(t), first.url);
    await say(page, 'Alice', 'Before');
    await said(page, 'Bob', 'Before').waitFor();
    first.process.kill('SIGINT');
    await page.getByText('The emulator does not answer.').waitFor();
    await startServer(t, ['--port', port]);
    await page.getByText('The emulator was restarted.').waitFor();
    await say(page, 'Alice', RUDE);
    await said(page, 'Bob', CLEAN).waitFor();
    assert.equal(await said(page, 'Bob', 'Before').count(), 0);
});
