// The dialog that shows events and callbacks as they were.

import { raw } from './api.js';
import { h, icon } from './dom.js';

const TITLES = {
    event: { title: 'The event that the function got', file: 'Event' },
    callback: { title: 'The callback that the function sent', file: 'Callback' },
};

/** Shows the events or the callbacks of a story. */
export async function show(dialog, story, what) {
    const { steps } = await raw(story.number);
    const texts = steps.flatMap((step, position) =>
        (what === 'event' ? [step.event] : step.callbacks).map((text, number) => ({
            name: [story.steps[position]?.processor, what === 'callback' && verdict(story, position, number)].filter(Boolean).join(': '),
            text: pretty(text),
        })),
    );
    const close = h('button', { type: 'button', class: 'button square', 'aria-label': 'Close', onclick: () => dialog.close() }, icon('cross'));
    dialog.replaceChildren(
        h('header', { class: 'raw-head' }, h('h2', { id: 'raw-title' }, TITLES[what].title), close),
        h('div', { class: 'raw-body' }, texts.map(({ name, text }) => block(name, text))),
    );
    dialog.showModal();
}

function verdict(story, step, number) {
    const callback = story.steps[step]?.callbacks[number];
    if (!callback) return '';
    return callback.decision ? 'accepted' : `refused, ${callback.refusal.status || 'no answer'}`;
}

function block(name, text) {
    const said = h('span', { role: 'status' });
    const copy = h(
        'button',
        {
            type: 'button',
            class: 'button',
            onclick: async () => {
                const copied = await navigator.clipboard.writeText(text).then(
                    () => true,
                    () => false,
                );
                said.textContent = copied ? 'Copied' : 'Select the text to copy it';
            },
        },
        icon('copy'),
        'Copy',
    );
    return h(
        'section',
        {},
        h('div', { class: 'raw-bar' }, h('h3', {}, name), said, copy),
        h('pre', { tabindex: '0', role: 'region', 'aria-label': name }, h('code', {}, colored(text))),
    );
}

function pretty(text) {
    try {
        return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
        return text;
    }
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON with its names, texts and values told apart. */
function colored(text) {
    const parts = [];
    let end = 0;
    for (const match of text.matchAll(TOKEN)) {
        parts.push(text.slice(end, match.index));
        const [whole, string, colon] = match;
        if (string) parts.push(h('span', { class: colon ? 'name' : 'string' }, string), colon ?? '');
        else parts.push(h('span', { class: 'value' }, whole));
        end = match.index + whole.length;
    }
    parts.push(text.slice(end));
    return parts;
}
