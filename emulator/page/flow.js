// The stories of a channel, the latest first.

import { stories as load } from './api.js';
import { h, renew } from './dom.js';
import { card } from './story.js';

export class Flow {
    #stories = new Map();
    #cards = new Map();
    #latest = new Map();
    #list;
    #empty;
    #older;
    #channel = null;
    #page;

    /** `page` has `raw(story, what)`, `ticket(id)`, `told(messageId)` and `complain(error)`. */
    constructor(element, page) {
        this.#page = page;
        this.element = element;
        this.#list = element.querySelector('#stories');
        this.#empty = element.querySelector('#flow-empty');
        this.#older = element.querySelector('#older-stories');
        this.#older.addEventListener('click', () => this.#loadOlder());
    }

    show(channel) {
        this.#channel = channel;
        this.#stories.clear();
        this.#cards.clear();
        this.#latest.clear();
        this.#list.replaceChildren();
        this.#older.hidden = true;
        this.#empty.hidden = false;
        const flow = channel.flow;
        const names = flow?.processors.map((processor) => processor.name).join(', then ');
        this.element.querySelector('#flow-name').textContent = flow ? `Checked by ${names}` : 'No flow: everything is sent directly';
    }

    async load() {
        const channel = this.#channel;
        const { stories, more } = await load(channel.arn);
        if (this.#channel !== channel) return;
        // What the stream has told meanwhile is newer.
        for (const story of stories.reverse()) if (!this.#stories.has(story.number)) this.take(story);
        this.#older.hidden = !more;
    }

    async #loadOlder() {
        try {
            const oldest = Math.min(...this.#stories.keys());
            const { stories, more } = await load(this.#channel.arn, oldest);
            for (const story of stories) this.take(story);
            this.#older.hidden = !more;
        } catch (error) {
            this.#page.complain(error);
        }
    }

    /** Takes in a story that begins or goes on. */
    take(story) {
        this.#stories.set(story.number, story);
        if (story.number >= (this.#latest.get(story.messageId) ?? -1)) this.#latest.set(story.messageId, story.number);
        let item = this.#cards.get(story.number);
        if (!item) {
            item = h('li', { class: 'story', tabindex: '-1', 'data-number': story.number });
            this.#cards.set(story.number, item);
            const older = [...this.#list.children].find((other) => Number(other.dataset.number) < story.number);
            this.#list.insertBefore(item, older ?? null);
        }
        item.dataset.outcome = story.outcome;
        renew(item, ...card(story, this.#page));
        this.#empty.hidden = true;
        this.#page.told(story.messageId);
    }

    /** Draws the stories of a message again, since a reviewer has seen it. */
    again(messageId) {
        for (const story of this.#stories.values()) if (story.messageId === messageId) this.take(story);
    }

    /** The latest story of a message, if there is one. */
    of(messageId) {
        return this.#stories.get(this.#latest.get(messageId));
    }

    /** Brings the latest story of a message into view. */
    reveal(messageId) {
        const item = this.#cards.get(this.#latest.get(messageId));
        if (!item) return;
        for (const other of this.#list.querySelectorAll('.chosen')) other.classList.remove('chosen');
        item.classList.add('chosen');
        const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
        item.scrollIntoView({ block: 'nearest', behavior: calm ? 'auto' : 'smooth' });
        item.focus({ preventScroll: true });
    }
}
