// What one person sees of a channel: the messages of a list, and how the events of a session change them.

/**
 * One message: `shown` is what everybody sees, `pending` a version that waits for the flow, and `unsent` one that came to
 * nothing. The last two only its sender has.
 */
function entry(message) {
    return {
        id: message.MessageId,
        created: time(message.CreatedTimestamp),
        sender: message.Sender ?? {},
        control: message.Type === 'CONTROL',
        kept: message.Persistence !== 'NON_PERSISTENT',
        shown: null,
        pending: null,
        unsent: null,
    };
}

/** Times are seconds in lists and text in sessions. */
function time(value) {
    return typeof value === 'number' ? value * 1000 : Date.parse(value ?? '') || Date.now();
}

function version(message) {
    return {
        content: message.Content ?? '',
        metadata: message.Metadata,
        edited: Boolean(message.LastEditedTimestamp),
        redacted: Boolean(message.Redacted),
    };
}

const EVENT = /^(PENDING_|DENIED_|FAILED_)?(CREATE|UPDATE|REDACT|DELETE)_CHANNEL_MESSAGE$/;

export class Conversation {
    #entries = new Map();

    clear() {
        this.#entries.clear();
    }

    /** In the order in which they were created. */
    all() {
        return [...this.#entries.values()].sort((one, other) => one.created - other.created);
    }

    get(id) {
        return this.#entries.get(id);
    }

    /** Takes in messages of a list. */
    load(messages) {
        for (const message of messages) {
            const status = message.Status?.Value ?? 'SENT';
            const known = entry(message);
            if (status === 'SENT') known.shown = version(message);
            else if (status === 'PENDING') known.pending = { ...version(message), update: Boolean(message.LastEditedTimestamp) };
            else known.unsent = { ...version(message), status };
            this.#entries.set(known.id, known);
        }
    }

    /** Takes in what a session was told. Returns the id of the message that it changed, if any. */
    take(eventType, message) {
        const [, prefix, what] = EVENT.exec(eventType) ?? [];
        if (!what || !message?.MessageId) return null;
        const id = message.MessageId;
        if (what === 'DELETE') {
            this.#entries.delete(id);
            return id;
        }
        const known = this.#entries.get(id) ?? entry(message);
        this.#entries.set(id, known);
        switch (prefix) {
            case 'PENDING_':
                known.pending = { ...version(message), update: what === 'UPDATE' };
                known.unsent = null;
                break;
            case 'DENIED_':
            case 'FAILED_':
                known.pending = null;
                known.unsent = { ...version(message), status: prefix.slice(0, -1) };
                break;
            default:
                known.shown = version(message);
                known.pending = null;
                known.unsent = null;
        }
        return id;
    }
}
