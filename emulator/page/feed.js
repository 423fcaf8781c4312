// The stream of what happens: opened again whenever it ends.

const EVENTS = ['hello', 'session', 'story', 'behind', 'faults', 'held'];
const FIRST_WAIT = 300;
const LONGEST_WAIT = 3000;

/** Calls `listener.hello(data)` and so on for each event, and `listener.lost()` when the stream ends. */
export class Feed {
    #listener;
    #source = null;
    #timer = 0;
    #wait = FIRST_WAIT;
    #query = '';

    constructor(listener) {
        this.#listener = listener;
    }

    /** Opens the stream for a channel and the two people that are shown, in the place of an earlier one. */
    open(channel, left, right) {
        this.#query = String(new URLSearchParams({ channel, left, right }));
        this.#connect();
    }

    close() {
        clearTimeout(this.#timer);
        this.#source?.close();
        this.#source = null;
    }

    #connect() {
        this.close();
        const source = new EventSource(`/page/stream?${this.#query}`);
        this.#source = source;
        for (const name of EVENTS) {
            source.addEventListener(name, (event) => {
                if (name === 'hello') this.#wait = FIRST_WAIT;
                this.#listener[name](JSON.parse(event.data));
            });
        }
        // The browser's own second try does not come after every kind of failure.
        source.onerror = () => {
            this.close();
            this.#listener.lost();
            this.#timer = setTimeout(() => this.#connect(), this.#wait);
            this.#wait = Math.min(this.#wait * 1.5, LONGEST_WAIT);
        };
    }
}
