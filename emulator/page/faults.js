// The switchboard: what goes wrong with the next messages.

import { setFault } from './api.js';
import { h, icon, unseen } from './dom.js';
import { REPEATED, SWITCHES, titleOf } from './words.js';

export class Faults {
    #panel;
    #toggle;
    #strip;
    #count;
    #rows = new Map();
    #repeated;
    #page;

    /** `page` has `complain(error)`. */
    constructor({ panel, toggle, strip, count }, page) {
        this.#panel = panel;
        this.#toggle = toggle;
        this.#strip = strip;
        this.#count = count;
        this.#page = page;
        this.#build();
        toggle.addEventListener('click', () => this.#open(panel.hidden));
        panel.addEventListener('keydown', (event) => {
            if (event.key === 'Escape') this.#open(false);
        });
    }

    #open(open) {
        this.#panel.hidden = !open;
        this.#toggle.setAttribute('aria-expanded', String(open));
        document.body.classList.toggle('with-faults', open);
        if (open) this.#panel.querySelector('h2').focus();
        else this.#toggle.focus();
    }

    #build() {
        this.#repeated = h(
            'select',
            { id: 'repeated', onchange: () => this.#set({ repeatedCallback: this.#repeated.value }) },
            REPEATED.map(({ value, title }) => h('option', { value }, title)),
        );
        const groups = SWITCHES.map(({ group, switches }) => h('section', { class: 'fault-group' }, h('h3', {}, group), switches.map((one) => this.#row(one))));
        this.#panel.replaceChildren(
            h(
                'div',
                { class: 'part-head' },
                h('div', {}, h('h2', { id: 'faults-title', tabindex: '-1' }, 'Make things go wrong'), h('p', { class: 'muted' }, 'Set a fault, then send a message.')),
                h('button', { type: 'button', class: 'button square', 'aria-label': 'Close', onclick: () => this.#open(false) }, icon('cross')),
            ),
            h('div', { class: 'scroll' }, groups),
        );
    }

    #row({ switch: name, title, text }) {
        const times = h('input', { type: 'number', min: 1, max: 100, value: '1', id: `times-${name}`, 'aria-label': `${title}: how many times` });
        const button = h('button', { type: 'button', class: 'button', 'aria-pressed': 'false', 'aria-label': title }, 'Set');
        const left = h('span', { class: 'left', role: 'status' });
        button.addEventListener('click', () => {
            const armed = button.getAttribute('aria-pressed') === 'true';
            const number = Math.min(100, Math.max(1, Math.round(Number(times.value)) || 1));
            this.#set({ switch: name, times: armed ? 0 : number });
        });
        const also =
            name === 'duplicate' &&
            h('label', { class: 'field' }, h('span', {}, 'The second answer gets'), this.#repeated);
        const row = h(
            'div',
            { class: 'fault', 'data-switch': name },
            h('div', { class: 'fault-text' }, h('h4', {}, title), h('p', {}, text), also),
            h('div', { class: 'fault-set' }, h('label', {}, 'next ', times), button),
            left,
        );
        this.#rows.set(name, { row, button, left });
        return row;
    }

    async #set(change) {
        try {
            this.show(await setFault(change));
        } catch (error) {
            this.#page.complain(error);
        }
    }

    /** Shows what is set. */
    show({ armed, repeatedCallback }) {
        this.#repeated.value = repeatedCallback;
        const set = armed.filter(({ times }) => times > 0);
        for (const { switch: name, times } of armed) {
            const { row, button, left } = this.#rows.get(name) ?? {};
            if (!row) continue;
            row.classList.toggle('on', times > 0);
            button.setAttribute('aria-pressed', String(times > 0));
            button.textContent = times > 0 ? 'Unset' : 'Set';
            left.textContent = times > 0 ? `Set: ${times} to go` : '';
        }
        this.#count.hidden = set.length === 0;
        this.#count.replaceChildren(String(set.length), unseen(' set'));
        this.#strip.hidden = set.length === 0;
        const key = this.#strip.contains(document.activeElement);
        this.#strip.replaceChildren(
            ...set.map(({ switch: name, times }) =>
                h(
                    'li',
                    {},
                    icon('alert'),
                    `${titleOf(name)} × ${times}`,
                    h('button', { type: 'button', 'aria-label': `Unset: ${titleOf(name)}`, onclick: () => this.#set({ switch: name, times: 0 }) }, icon('cross')),
                ),
            ),
        );
        if (key) (this.#strip.querySelector('button') ?? this.#toggle).focus();
    }
}
