// One person's side: what their session sees, and where they write.

import { act, messages } from './api.js';
import { Composer, option } from './composer.js';
import { Conversation } from './conversation.js';
import { h, icon, renew, unseen } from './dom.js';
import { fellBack } from './steps.js';
import { clock } from './words.js';

const SUGGESTION = 'What the hell is this?';
const STATES = {
    DENIED: { icon: 'stop', text: 'Blocked. Nobody else saw it.' },
    FAILED: { icon: 'cross', text: 'Not sent. Nobody else saw it.' },
};

export class Pane {
    conversation = new Conversation();
    person = null;
    #side;
    #page;
    #channel = null;
    #items = new Map();
    #editing = null;
    #older = null;
    #loading = null;

    /** `page` has `choose(side, arn)`, `story(messageId)`, `show(messageId)` and `complain(error)`. */
    constructor(side, element, page) {
        this.#side = side;
        this.#page = page;
        this.element = element;
        this.#build();
    }

    #build() {
        const id = (name) => `${this.#side}-${name}`;
        this.#select = h('select', {
            id: id('person'),
            class: 'person',
            onchange: () => this.#page.choose(this.#side, this.#select.value),
        });
        this.#avatar = h('span', { class: 'avatar', 'data-side': this.#side, 'aria-hidden': 'true' });
        this.#olderButton = h('button', { type: 'button', class: 'button wide', hidden: true, onclick: () => this.#loadOlder() }, 'Show earlier messages');
        this.#list = h('ol', { class: 'messages', role: 'log', 'aria-live': 'polite' });
        this.#empty = h('div', { class: 'empty' });
        this.#scroll = h('div', { class: 'scroll', tabindex: '-1' }, this.#empty, this.#olderButton, this.#list);
        this.#composer = new Composer(this.#side, (message) => this.#send(message));
        this.element.replaceChildren(
            h(
                'div',
                { class: 'part-head' },
                this.#avatar,
                h('div', { class: 'who' }, h('label', { class: 'hidden', for: id('person') }, `Who is on the ${this.#side}`), this.#select, (this.#sees = h('p', { class: 'muted' }))),
            ),
            this.#scroll,
            this.#composer.element,
        );
    }

    #select;
    #avatar;
    #sees;
    #list;
    #empty;
    #scroll;
    #olderButton;
    #composer;

    /** Shows the channel as `person` sees it. Whoever calls this loads the messages next. */
    show(channel, person, members) {
        this.#channel = channel;
        this.person = person;
        const name = person.name;
        this.#select.replaceChildren(...members.map((member) => option(member, person)));
        this.#composer.show(
            person,
            members.filter((member) => member.bot && member.arn !== person.arn),
        );
        this.#avatar.textContent = [...name][0] ?? '?';
        this.element.setAttribute('aria-label', `${name}’s side`);
        this.#list.setAttribute('aria-label', `Messages that ${name} sees`);
        this.#sees.textContent = `What ${name} sees`;
        this.#editing = null;
        this.conversation.clear();
        this.#items.clear();
        this.#list.replaceChildren();
        this.#older = null;
        this.#showEmpty();
    }

    /** Loads what the person sees. What the session is told meanwhile waits for it. */
    async load() {
        const { arn } = this.person;
        const told = [];
        this.#loading = told;
        try {
            const answer = await messages(this.#channel.arn, arn);
            if (this.#loading !== told) return;
            this.#older = answer.NextToken;
            this.conversation.load(answer.ChannelMessages);
        } finally {
            if (this.#loading === told) this.#loading = null;
        }
        for (const [eventType, payload] of told) this.conversation.take(eventType, payload);
        this.#drawAll();
        this.#scroll.scrollTop = this.#scroll.scrollHeight;
    }

    async #loadOlder() {
        const height = this.#scroll.scrollHeight;
        try {
            const answer = await messages(this.#channel.arn, this.person.arn, this.#older);
            this.#older = answer.NextToken;
            this.conversation.load(answer.ChannelMessages.filter((message) => !this.conversation.get(message.MessageId)));
            this.#drawAll();
            this.#scroll.scrollTop += this.#scroll.scrollHeight - height;
        } catch (error) {
            this.#page.complain(error);
        }
    }

    /** Takes in what the person's session was told. */
    take(eventType, payload) {
        if (payload?.ChannelArn !== this.#channel?.arn) return;
        if (this.#loading) {
            this.#loading.push([eventType, payload]);
            return;
        }
        const id = this.conversation.take(eventType, payload);
        if (!id) return;
        const atEnd = this.#scroll.scrollHeight - this.#scroll.scrollTop - this.#scroll.clientHeight < 80;
        this.#draw(id);
        this.#showEmpty();
        if (atEnd) this.#scroll.scrollTop = this.#scroll.scrollHeight;
    }

    /** On a phone the side comes into view. */
    appear() {
        this.#composer.measure();
        this.#scroll.scrollTop = this.#scroll.scrollHeight;
    }

    /** Draws a message again, since its story went on. */
    storyOf(id) {
        if (this.#items.has(id)) this.#draw(id);
    }

    #drawAll() {
        this.#items.clear();
        this.#list.replaceChildren();
        for (const { id } of this.conversation.all()) this.#draw(id);
        this.#showEmpty();
    }

    #draw(id) {
        const message = this.conversation.get(id);
        let item = this.#items.get(id);
        if (!message) {
            item?.remove();
            this.#items.delete(id);
            return;
        }
        if (this.#editing === id && item) return;
        if (!item) {
            item = h('li', { class: 'message', 'data-id': id, 'data-created': message.created });
            this.#items.set(id, item);
            const later = [...this.#list.children].reverse().find((other) => Number(other.dataset.created) <= message.created);
            if (later) later.after(item);
            else this.#list.prepend(item);
        }
        const own = message.sender.Arn === this.person.arn;
        item.classList.toggle('own', own);
        item.classList.toggle('pending', Boolean(message.pending));
        item.classList.toggle('unsent', Boolean(message.unsent));
        item.classList.toggle('control', message.control);
        renew(item, this.#bubble(message, own), this.#meta(message, own));
        this.#olderButton.hidden = !this.#older;
    }

    #bubble(message, own) {
        const { shown, pending, unsent } = message;
        const lines = [];
        if (!own) lines.push(h('p', { class: 'sender' }, message.sender.Name ?? 'Somebody'));
        const line = (version, kind) =>
            version.redacted && !version.content
                ? h('p', { class: 'text taken-back' }, 'This message was taken back')
                : h('p', { class: `text ${kind}`, dir: 'auto' }, version.content);
        if (shown && !pending) lines.push(line(shown, ''));
        if (shown && pending) lines.push(line(shown, 'replaced'));
        if (pending) lines.push(line(pending, ''));
        if (unsent) lines.push(line(unsent, 'refused'));
        return h('div', { class: 'bubble' }, lines);
    }

    #meta(message, own) {
        const { id, shown, pending, unsent } = message;
        const parts = [];
        if (pending) parts.push(h('span', { class: 'state' }, icon('clock'), pending.update ? 'Your change waits; the others see what it was' : `${this.#page.story(id)?.outcome === 'held' ? 'Held for a reviewer' : 'Waiting'}. Only you see this`));
        else if (unsent) parts.push(h('span', { class: 'state bad' }, icon(STATES[unsent.status].icon), shown ? 'The change was not taken' : STATES[unsent.status].text, this.#page.story(id) && fellBack(this.#page.story(id)) && ' The processor failed.'));
        else {
            parts.push(h('time', { datetime: new Date(message.created).toISOString() }, clock(message.created)));
            if (shown?.edited) parts.push(h('span', {}, 'edited'));
            if (!message.kept) parts.push(h('span', {}, 'not kept'));
            if (message.control) parts.push(h('span', {}, 'control'));
        }
        const said = (shown ?? pending ?? unsent)?.content ?? '';
        const about = said.length > 40 ? `${said.slice(0, 40)}…` : said;
        const button = (key, label, drawing, onclick) =>
            h('button', { type: 'button', class: 'act', 'data-key': key, title: label, onclick }, icon(drawing), unseen(`${label}: ${about}`));
        const actions = [];
        let story = null;
        if (this.#page.story(id)) {
            story = h('button', { type: 'button', class: 'act story-link', 'data-key': 'story', onclick: () => this.#page.show(id) }, 'What happened', unseen(`: ${about}`));
        }
        if (shown && !pending && !shown.redacted) {
            if (own && !message.control) actions.push(button('edit', 'Edit', 'pen', () => this.#edit(message)));
            if (own || this.person.moderator || this.person.admin) actions.push(button('redact', 'Take back', 'blank', () => this.#do({ action: 'redact' }, id)));
            if (this.person.admin) actions.push(button('delete', 'Delete', 'trash', () => this.#do({ action: 'delete' }, id)));
        }
        // What shows only on demand is on the inner side.
        const tucked = h('span', { class: 'actions' }, actions);
        return h('div', { class: 'meta' }, own ? [tucked, parts, story] : [parts, story, tucked]);
    }

    async #do(action, messageId) {
        try {
            await act({ ...action, channel: this.#channel.arn, by: this.person.arn, messageId });
            return true;
        } catch (error) {
            this.#page.complain(error);
            return false;
        }
    }

    #edit(message) {
        const { id } = message;
        const item = this.#items.get(id);
        this.#editing = id;
        const done = (focus = true) => {
            this.#editing = null;
            this.#draw(id);
            if (focus) (item.querySelector('[data-key="edit"]') ?? this.#composer).focus();
        };
        const text = h('textarea', {
            class: 'edit',
            dir: 'auto',
            'aria-label': 'Edit the message',
            value: message.shown.content,
            onkeydown: (event) => {
                if (event.key === 'Escape') done();
                if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
                    event.preventDefault();
                    save();
                }
            },
        });
        const save = async () => {
            const content = text.value;
            if (content === message.shown.content) return done();
            if (await this.#do({ action: 'update', content }, id)) done();
        };
        const buttons = h('div', { class: 'edit-buttons' }, h('button', { type: 'button', class: 'button', onclick: () => done() }, 'Cancel'), h('button', { type: 'button', class: 'button strong', onclick: save }, 'Save'));
        item.replaceChildren(text, buttons);
        text.focus();
    }

    async #send(message) {
        await act({ action: 'send', channel: this.#channel.arn, ...message });
        this.#scroll.scrollTop = this.#scroll.scrollHeight;
    }

    #showEmpty() {
        const empty = this.#items.size === 0;
        this.#empty.hidden = !empty;
        if (!empty || !this.person) return;
        const { name } = this.person;
        const first = this.#side === 'left';
        const suggestion = h('button', { type: 'button', class: 'button suggestion', onclick: () => this.#composer.suggest(SUGGESTION) }, `“${SUGGESTION}”`);
        const title = first ? `Say something rude as ${name}` : `${name} has not seen anything yet`;
        const more = first ? 'Then watch what becomes of it.' : 'What the flow lets through appears here, the way it lets it through.';
        this.#empty.replaceChildren(h('p', { class: 'empty-title' }, title), h('p', {}, more), ...(first ? [suggestion] : []));
    }
}
