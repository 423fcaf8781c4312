// Elements, made without ever reading text as HTML.

/**
 * An element. Properties that begin with `on` are listeners, `class` and names with a dash are attributes, and a value of
 * `true` or `false` switches an attribute. Children that are null or false are left out; text stays text.
 */
export function h(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (value === null || value === undefined) continue;
        if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
        else if (name === 'value') element.value = value;
        else if (typeof value === 'boolean' && !name.startsWith('aria-')) element.toggleAttribute(name, value);
        else element.setAttribute(name, String(value));
    }
    element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
    return element;
}

/** Text for screen readers alone. */
export const unseen = (text) => h('span', { class: 'hidden' }, text);

const PATHS = {
    check: 'M5 12.5l4.500 4.500L19 7.500',
    pen: 'M4 20l1-4L16 5l3 3L8 19l-4 1z',
    stop: 'M6 6l12 12M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z',
    skip: 'M4 12h12M12 7l5 5-5 5M20 6v12',
    cross: 'M6 6l12 12M18 6L6 18',
    clock: 'M12 7v5l3 2M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z',
    alert: 'M12 8v5M12 16.500v.01M12 3L2.500 20h19L12 3z',
    sun: 'M12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.400 1.400M17.600 17.600L19 19M5 19l1.400-1.400M17.600 6.400L19 5',
    moon: 'M20 14A8.500 8.500 0 0 1 10 4a8.500 8.500 0 1 0 10 10z',
    send: 'M4 12l16-8-6 16-3-7-7-1z',
    copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
    trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
    blank: 'M3 12c3-5 6-7 9-7s6 2 9 7c-3 5-6 7-9 7s-6-2-9-7zM4 20L20 4',
    arrow: 'M5 12h14M13 6l6 6-6 6',
};

/** A small drawing, which says nothing that the text beside it does not say. */
export function icon(name) {
    const namespace = 'http://www.w3.org/2000/svg';
    const svg = document.createElementNS(namespace, 'svg');
    for (const [key, value] of Object.entries({ viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true' })) {
        svg.setAttribute(key, value);
    }
    const path = document.createElementNS(namespace, 'path');
    path.setAttribute('d', PATHS[name]);
    svg.append(path);
    return svg;
}

/** Puts other children into an element. Who had the focus on one with a `data-key` has it on that of the same key. */
export function renew(element, ...children) {
    const key = element.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    const open = [...element.querySelectorAll('details[data-key][open]')].map((details) => details.dataset.key);
    element.replaceChildren(...children.flat(2).filter(Boolean));
    for (const details of element.querySelectorAll('details[data-key]')) {
        if (open.includes(details.dataset.key)) details.open = true;
    }
    if (key) element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}
