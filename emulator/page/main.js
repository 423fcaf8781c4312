// The page as a whole: which channel and which two people it shows, and what the emulator tells of them.

import * as api from './api.js';
import { h, icon } from './dom.js';
import { Faults } from './faults.js';
import { Feed } from './feed.js';
import { Flow } from './flow.js';
import { Pane } from './pane.js';
import { show as showRaw } from './raw.js';
import { Review } from './review.js';
import { startTheme } from './look.js';

const $ = (id) => document.getElementById(id);
const SIDES = ['left', 'right'];
const CHOICE = 'channel-flow-choice';

let overview = null;
let channel = null;
let instance = null;
let lost = false;
let generation = 0;

const page = {
    choose(side, arn) {
        const people = { left: panes.left.person.arn, right: panes.right.person.arn, [side]: arn };
        start(channel.arn, people);
    },
    story: (messageId) => flow.of(messageId),
    show(messageId) {
        view('flow');
        flow.reveal(messageId);
    },
    channel: () => channel?.arn,
    ticket: (id) => review.ticket(id),
    told: (messageId) => SIDES.forEach((side) => panes[side].storyOf(messageId)),
    raw: (story, what) => showRaw($('raw'), story, what).catch(page.complain),
    complain: (error) => notice(error.message),
};

const panes = { left: new Pane('left', $('left'), page), right: new Pane('right', $('right'), page) };
const flow = new Flow($('flow'), page);
const faults = new Faults({ panel: $('faults'), toggle: $('faults-toggle'), strip: $('armed'), count: $('armed-count') }, page);

const review = new Review(
    { element: $('review'), badge: $('held-count') },
    { channel: page.channel, told: (messageId) => flow.again(messageId), complain: page.complain },
);

const feed = new Feed({
    hello: (data) => welcome(data).catch(page.complain),
    session({ to, eventType, payload }) {
        for (const side of SIDES) if (panes[side].person?.arn === to) panes[side].take(eventType, payload);
        if (/MEMBERSHIP|_CHANNEL$/.test(eventType)) refresh().catch(page.complain);
    },
    story: (story) => flow.take(story),
    behind: () => reload().catch(page.complain),
    faults: (state) => faults.show(state),
    held: (desk) => review.show(desk),
    lost() {
        lost = true;
        connection('lost', 'Not connected');
        banner('The emulator does not answer. This page connects again as soon as it does.');
    },
});

/** The stream is open. Whatever happens from now on is told, so what was before can be loaded. */
async function welcome(data) {
    connection('live', 'Live');
    banner('');
    const another = instance !== null && instance !== data.instance;
    instance = data.instance;
    if (another) notice('The emulator was restarted. You see what it knows now.');
    else if (lost) notice('Connected again.');
    const again = another || lost;
    lost = false;
    if (again) {
        await refresh();
        SIDES.forEach((side) => panes[side].show(channel, panes[side].person, channel.members));
        flow.show(channel);
    }
    await reload();
}

async function reload() {
    await Promise.all([flow.load(), panes.left.load(), panes.right.load()]);
}

/** Asks which channels and people there are. */
async function refresh() {
    overview = await api.overview();
    const before = channel?.arn;
    $('nothing').hidden = overview.channels.some(usable);
    document.querySelector('.stage').hidden = !overview.channels.some(usable);
    $('channel').replaceChildren(...overview.channels.filter(usable).map(({ arn, name }) => h('option', { value: arn }, name)));
    faults.show(overview.faults);
    channel = overview.channels.find(({ arn }) => arn === before) ?? channel;
    if (channel) $('channel').value = channel.arn;
}

const usable = ({ members }) => members.length > 0;

/** Shows a channel and two of its people: those that are asked for, else Alice and Bob, else the first two. */
function start(arn, asked = {}) {
    const usables = overview.channels.filter(usable);
    channel = usables.find((one) => one.arn === arn) ?? usables[0];
    if (!channel) return;
    const { members } = channel;
    const named = (name) => members.find((member) => member.name === name);
    const people = members.filter((member) => !member.bot);
    const known = (wanted) => members.find((member) => member.arn === wanted);
    const left = known(asked.left) ?? named('Alice') ?? people[0] ?? members[0];
    const others = people.filter((member) => member !== left);
    const right = known(asked.right) ?? (left.name === 'Bob' ? undefined : named('Bob')) ?? others[0] ?? left;
    $('channel').value = channel.arn;
    remember({ channel: channel.arn, left: left.arn, right: right.arn });
    panes.left.show(channel, left, members);
    panes.right.show(channel, right, members);
    flow.show(channel);
    for (const side of SIDES) document.querySelector(`[data-view="${side}"]:not(main)`).textContent = panes[side].person.name;
    feed.open(channel.arn, left.arn, right.arn);
}

function remember(choice) {
    try {
        sessionStorage.setItem(CHOICE, JSON.stringify(choice));
    } catch {
        // Without storage the page begins with the first channel.
    }
}

function remembered() {
    try {
        return JSON.parse(sessionStorage.getItem(CHOICE)) ?? {};
    } catch {
        return {};
    }
}

function connection(state, text) {
    const element = $('connection');
    element.dataset.state = state;
    if (element.textContent !== text) element.textContent = text;
}

function banner(text) {
    $('banner').textContent = text;
    $('banner').hidden = !text;
}

/** Says something that stays until it is read, or for a while. */
function notice(text) {
    const close = () => item.remove();
    const item = h('div', { class: 'notice' }, h('p', {}, text), h('button', { type: 'button', 'aria-label': 'Dismiss', onclick: close }, icon('cross')));
    $('notices').append(item);
    setTimeout(close, 12_000);
}

/** On a phone, one part at a time. */
function view(name) {
    $('main').dataset.view = name;
    panes[name]?.appear();
    for (const button of document.querySelectorAll('.views button')) {
        if (button.dataset.view === name) button.setAttribute('aria-current', 'true');
        else button.removeAttribute('aria-current');
    }
}

/** Waits until the emulator answers and has a channel to show. */
async function begin() {
    const mine = (generation += 1);
    try {
        await refresh();
        connection('live', 'Live');
        banner('');
        const choice = remembered();
        if (overview.channels.some(usable)) {
            start(choice.channel, choice);
            return;
        }
    } catch {
        connection('lost', 'Not connected');
    }
    setTimeout(() => mine === generation && begin(), 1500);
}

startTheme($('theme'));
$('channel').addEventListener('change', () => start($('channel').value));
for (const button of document.querySelectorAll('.views button')) button.addEventListener('click', () => view(button.dataset.view));
begin();
