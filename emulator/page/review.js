// The reviewer's view: the messages that are held for a person, and what became of them.

import { review } from './api.js';
import { h, icon, renew, unseen } from './dom.js';
import { VERDICTS, clock, when } from './words.js';

/** How many resolved messages stay in view. */
const LATELY = 3;

export class Review {
    #page;
    #items = new Map();
    #held = new Map();
    #known = new Map();
    #title;
    #list;
    #lately;
    #told;
    #trouble;
    #badge;

    /** `page` has `channel()`, `told(messageId)`, and `complain(error)`. */
    constructor({ element, badge }, page) {
        this.element = element;
        this.#page = page;
        this.#badge = badge;
        this.#title = h('h2', { id: 'review-title', tabindex: '-1' }, 'Held for a reviewer');
        this.#trouble = h('p', { class: 'problem', role: 'alert', hidden: true });
        this.#list = h('ol', { class: 'held-list', 'aria-labelledby': 'review-title' });
        this.#told = h('p', { class: 'hidden', role: 'status' });
        this.#lately = h('ul', { class: 'lately', 'aria-label': 'Reviewed lately', hidden: true });
        element.replaceChildren(this.#title, this.#trouble, this.#list, this.#lately, this.#told);
    }

    /** Takes in what the desk says: `null` if there is none, else the messages or an error. */
    show(desk) {
        const { held = [], error = '' } = desk ?? {};
        this.#trouble.textContent = error;
        this.#trouble.hidden = !error;
        if (!error) this.#take(held);
        this.#arrange();
    }

    /** Who resolved the message with this ticket, how and when; `undefined` if nobody has, or if that is long ago. */
    resolution(id) {
        return this.#known.get(id)?.resolution ?? undefined;
    }

    /** What is known of the ticket with this id. */
    ticket(id) {
        return this.#known.get(id);
    }

    #take(held) {
        const before = this.#known;
        this.#known = new Map(held.map((one) => [one.id, one]));
        this.#held = new Map(held.filter((one) => !one.resolution).map((one) => [one.id, one]));
        for (const one of held) {
            const known = before.get(one.id);
            if (known && !known.resolution && one.resolution) this.#told.textContent = `${who(one)}: ${resolved(one.resolution)}`;
            if (!known || Boolean(known.resolution) !== Boolean(one.resolution)) this.#page.told(one.messageId);
        }
    }

    /** Only what has come or gone is drawn: somebody may be writing in the rest. */
    #arrange() {
        let focus = null;
        for (const [id, item] of this.#items) {
            if (this.#held.has(id)) continue;
            if (item.contains(document.activeElement)) focus = item.nextElementSibling ?? item.previousElementSibling ?? this.#title;
            item.remove();
            this.#items.delete(id);
        }
        for (const one of this.#held.values()) {
            if (this.#items.has(one.id)) continue;
            const item = h('li', { class: 'held', 'data-id': one.id });
            this.#items.set(one.id, item);
            this.#draw(item, one);
        }
        // In the order of the list, which is that of time.
        [...this.#held.keys()].forEach((id, position) => {
            const item = this.#items.get(id);
            if (this.#list.children[position] !== item) this.#list.insertBefore(item, this.#list.children[position] ?? null);
        });
        const lately = [...this.#known.values()].filter((one) => one.resolution);
        lately.sort((one, other) => other.resolution.at - one.resolution.at);
        this.#lately.replaceChildren(
            ...lately.slice(0, LATELY).map((one) => h('li', {}, h('strong', { dir: 'auto' }, who(one)), ` · ${resolved(one.resolution)}, ${clock(one.resolution.at)}`)),
        );
        this.#lately.hidden = lately.length === 0;
        this.#list.hidden = this.#held.size === 0;
        this.element.hidden = this.#held.size === 0 && lately.length === 0 && this.#trouble.hidden;
        this.#badge.hidden = this.#held.size === 0;
        this.#badge.replaceChildren(String(this.#held.size), unseen(' held'));
        this.#title.replaceChildren('Held for a reviewer', ...(this.#held.size > 0 ? [' ', h('span', { class: 'count' }, String(this.#held.size))] : []));
        (focus?.querySelector?.('button') ?? focus)?.focus();
    }

    #draw(item, one) {
        const label = about(one);
        const button = (key, text, drawing, kind, onclick) =>
            h('button', { type: 'button', class: `button ${kind}`, 'data-key': key, onclick }, icon(drawing), text, unseen(` ${label}`));
        const elsewhere = one.channelArn !== this.#page.channel() && ' · in another channel';
        renew(
            item,
            h('p', { class: 'held-head' }, h('strong', { dir: 'auto' }, who(one)), h('span', { class: 'muted' }, ' · since ', when(one.heldAt), elsewhere)),
            one.content === null
                ? h('p', { class: 'more' }, 'The function does not let a reviewer see what it says.')
                : h('p', { class: 'line', dir: 'auto' }, one.content),
            one.approvedContent !== null && h('p', { class: 'more' }, 'Approved, it says: ', h('span', { dir: 'auto' }, one.approvedContent)),
            one.reasons.length > 0 && h('p', { class: 'because' }, h('span', { class: 'muted' }, 'Because of '), one.reasons.map((code) => [h('code', { class: 'tag' }, code), ' ']).flat()),
            h('p', { class: 'more' }, `At ${when(one.deadline)} at the latest, it is ${VERDICTS[one.defaultDecision].default}.`),
            h(
                'div',
                { class: 'held-buttons' },
                button('approve', 'Approve', 'check', 'strong', () => this.#do(item, one, { action: 'approve' })),
                button('edit', 'Edit', 'pen', '', () => this.#edit(item, one)),
                button('deny', 'Deny', 'stop', 'deny', () => this.#do(item, one, { action: 'deny' })),
            ),
        );
    }

    #edit(item, one) {
        const back = () => {
            this.#draw(item, one);
            item.querySelector('[data-key="edit"]').focus();
        };
        const text = h('textarea', {
            class: 'edit',
            dir: 'auto',
            'aria-label': `What ${about(one)} shall say`,
            value: one.approvedContent ?? one.content ?? '',
            onkeydown: (event) => {
                if (event.key === 'Escape') back();
            },
        });
        const save = () => {
            if (text.value.trim()) this.#do(item, one, { action: 'update', content: text.value });
            else text.focus();
        };
        item.querySelector('.held-buttons').replaceWith(
            text,
            h(
                'div',
                { class: 'held-buttons' },
                h('button', { type: 'button', class: 'button strong', onclick: save }, 'Approve this text'),
                h('button', { type: 'button', class: 'button', onclick: back }, 'Cancel'),
            ),
        );
        text.focus();
    }

    async #do(item, one, action) {
        const controls = () => item.querySelectorAll('button, textarea');
        // Disabled, they would lose the focus.
        for (const control of controls()) control.setAttribute('aria-disabled', 'true');
        if (item.dataset.busy) return;
        item.dataset.busy = '1';
        try {
            const { first, resolution } = await review({ id: one.id, ...action });
            if (!first) this.#page.complain(new Error(`Somebody came first: ${resolved(resolution)} at ${clock(resolution.at)}.`));
        } catch (error) {
            this.#page.complain(error);
        } finally {
            delete item.dataset.busy;
            for (const control of controls()) control.removeAttribute('aria-disabled');
        }
    }
}

const who = (one) => one.senderName ?? one.senderArn.split('/').at(-1);

/** Which message a button is about. */
function about(one) {
    const said = one.content ?? '';
    return said ? `${who(one)}’s message: ${said.length > 40 ? `${said.slice(0, 40)}…` : said}` : `${who(one)}’s message`;
}

/** `approved by mary`, or `denied at its deadline`. */
export function resolved({ decision, by }) {
    return `${VERDICTS[decision].done} ${by === null ? 'at its deadline' : `by ${by}`}`;
}
