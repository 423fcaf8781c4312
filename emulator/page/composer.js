// Where a person writes a message.

import { h, icon, unseen } from './dom.js';

/** A stored message holds so many bytes. */
const MOST_BYTES = 4096;
/** A CONTROL message holds so many. */
const MOST_CONTROL_BYTES = 30;

const bytes = (text) => new TextEncoder().encode(text).length;

/** What a list of people has for one of them. */
export const option = (member, chosen) =>
    h('option', { value: member.arn, selected: member.arn === chosen.arn }, member.bot ? `${member.name} (bot)` : member.name);

export class Composer {
    #send;
    #text;
    #problem;
    #hint;
    #as;
    #control;
    #unkept;
    #metadata;
    #label;

    /** `send` sends `{ by, content, metadata, control, nonPersistent }`, or throws why not. */
    constructor(side, send) {
        this.#send = send;
        const id = (name) => `${side}-${name}`;
        this.#text = h('textarea', {
            id: id('text'),
            rows: 1,
            dir: 'auto',
            enterkeyhint: 'send',
            'aria-describedby': `${id('hint')} ${id('problem')}`,
            oninput: () => this.measure(),
            onkeydown: (event) => {
                if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
                event.preventDefault();
                this.#submit();
            },
        });
        this.#problem = h('p', { id: id('problem'), class: 'problem', role: 'alert', hidden: true });
        this.#hint = h('span', { id: id('hint'), class: 'hint' });
        this.#as = h('select', { id: id('as') });
        this.#control = h('input', { type: 'checkbox', onchange: () => this.measure() });
        this.#unkept = h('input', { type: 'checkbox' });
        this.#metadata = h('input', { id: id('metadata'), type: 'text', maxlength: 1024, autocomplete: 'off' });
        this.#label = h('label', { class: 'hidden', for: id('text') });
        const options = h(
            'details',
            { class: 'options' },
            h('summary', {}, 'Options'),
            h(
                'div',
                { class: 'option-list' },
                h('label', { class: 'field' }, h('span', {}, 'Send as'), this.#as),
                h('label', { class: 'field' }, h('span', {}, 'Metadata'), this.#metadata),
                h('label', { class: 'tick' }, this.#unkept, h('span', {}, 'Do not keep it ', h('small', {}, 'NON_PERSISTENT'))),
                h('label', { class: 'tick' }, this.#control, h('span', {}, 'Pass by the flow ', h('small', {}, `CONTROL, up to ${MOST_CONTROL_BYTES} bytes`))),
            ),
        );
        this.element = h(
            'form',
            {
                class: 'composer',
                onsubmit: (event) => {
                    event.preventDefault();
                    this.#submit();
                },
            },
            this.#label,
            h('div', { class: 'say' }, this.#text, h('button', { type: 'submit', class: 'send' }, icon('send'), unseen('Send'))),
            this.#problem,
            h('div', { class: 'below' }, options, this.#hint),
        );
    }

    /** From now on `person` writes, who may do so for these bots, too. */
    show(person, bots) {
        this.#as.replaceChildren(...[person, ...bots].map((member) => option(member, person)));
        this.#label.textContent = `Message from ${person.name}`;
        this.#text.placeholder = `Say something as ${person.name}`;
        this.measure();
    }

    /** Writes what the person may send, or change before. */
    suggest(content) {
        this.#text.value = content;
        this.measure();
        this.focus();
    }

    focus() {
        this.#text.focus();
    }

    /** The field grows with its text, and says when that is too much. */
    measure() {
        this.#text.style.height = 'auto';
        // What is not shown has no height.
        if (this.#text.scrollHeight > 0) this.#text.style.height = `${Math.min(this.#text.scrollHeight, 180)}px`;
        const used = bytes(this.#text.value);
        const most = this.#most();
        const close = used > most * 0.8;
        this.#hint.textContent = close ? `${used} of ${most} bytes` : 'Enter sends';
        this.#hint.classList.toggle('over', used > most);
    }

    #most() {
        return this.#control.checked ? MOST_CONTROL_BYTES : MOST_BYTES;
    }

    async #submit() {
        const content = this.#text.value;
        if (!content.trim()) {
            this.focus();
            return;
        }
        if (bytes(content) > this.#most()) return;
        const [control, nonPersistent] = [this.#control.checked, this.#unkept.checked];
        const metadata = this.#metadata.value && !control ? this.#metadata.value : undefined;
        this.#text.value = '';
        this.measure();
        this.focus();
        try {
            await this.#send({ by: this.#as.value, content, metadata, control, nonPersistent });
            this.#complain('');
        } catch (error) {
            // What was typed is not lost.
            if (!this.#text.value) this.#text.value = content;
            this.measure();
            this.#complain(`It was not taken: ${error.message}`);
        }
    }

    #complain(text) {
        this.#problem.textContent = text;
        this.#problem.hidden = !text;
    }
}
