// What the page asks of the emulator.

/** The emulator said no. `name` is the exception's name in the API. */
export class Refused extends Error {
    constructor({ name, message }) {
        super(message);
        this.name = name;
    }
}

async function ask(path, options) {
    const response = await fetch(`/page/${path}`, options);
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Refused(answer.error ?? { name: `${response.status}`, message: 'no reason was given' });
    return answer;
}

const get = (path, query = {}) => {
    const known = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    return ask(`${path}?${new URLSearchParams(known)}`);
};

const post = (path, body) =>
    ask(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-channel-flow-page': '1' },
        body: JSON.stringify(body),
    });

export const overview = () => get('overview');
export const messages = (channel, by, nextToken) => get('messages', { channel, by, nextToken });
export const stories = (channel, before) => get('stories', { channel, before });
export const raw = (number) => get('story', { number });
export const act = (action) => post('messages', action);
export const review = (verdict) => post('review', verdict);
export const setFault = (change) => post('faults', change);
