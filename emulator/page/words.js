// What things are called on the page.

/** How a story came out: the words for it, a drawing, and the tone that colors it. */
export const OUTCOMES = {
    waiting: { title: 'Waiting for an answer', icon: 'clock', tone: 'quiet' },
    held: { title: 'Held for a reviewer', icon: 'clock', tone: 'warn', more: 'Only its sender sees it.' },
    undecided: { title: 'Never answered', icon: 'alert', tone: 'warn', more: 'It stays unseen: nobody will answer any more.' },
    passedBy: { title: 'Sent directly', icon: 'arrow', tone: 'quiet', more: 'No processor looks at messages like this one.' },
    update: { title: 'Changed', icon: 'pen', tone: 'change' },
    noChange: { title: 'Let through as it is', icon: 'check', tone: 'good' },
    deny: { title: 'Blocked', icon: 'stop', tone: 'bad', more: 'Only its sender knows of it.' },
    fallback: { title: 'Sent unchecked', icon: 'skip', tone: 'warn', more: 'The function could not be reached; the fallback is to continue.' },
    failed: { title: 'Not sent', icon: 'cross', tone: 'bad', more: 'The function could not be reached; the fallback is to abort.' },
};

/** The same if a fallback action decided, since the processor failed. */
export const FALLBACK_OUTCOMES = {
    deny: { title: 'The processor failed: blocked', icon: 'alert', tone: 'failure', more: 'Only its sender knows of it.' },
    noChange: { title: 'The processor failed: let through', icon: 'alert', tone: 'failure' },
    update: { title: 'A processor failed: changed', icon: 'alert', tone: 'failure' },
};

/** The decisions of the API, as a callback says them. */
export const DECISIONS = { UPDATE: 'changed it', NO_CHANGE: 'let it through', DENY: 'blocked it' };

/** The same of a reviewer, or of the deadline in the place of one. */
export const VERDICTS = {
    UPDATE: { done: 'changed and approved', default: 'changed and sent' },
    NO_CHANGE: { done: 'approved', default: 'sent' },
    DENY: { done: 'denied', default: 'denied' },
};

/** What a step of a flow did, and a shadow would have done. */
export const STEP_DECISIONS = {
    UPDATE: { did: 'changed it', would: 'would have changed it', icon: 'pen', tone: 'change' },
    NO_CHANGE: { did: 'let it through', would: 'would have let it through', icon: 'check', tone: 'quiet' },
    HOLD: { did: 'held it', would: 'would have held it', icon: 'clock', tone: 'warn' },
    DENY: { did: 'blocked it', would: 'would have blocked it', icon: 'stop', tone: 'bad' },
};

/** Why a step gave no decision. */
export const FAILURES = { ERROR: 'failed', PANIC: 'panicked', OUT_OF_TIME: 'ran out of time' };

/** Why a processor or a step did not decide, so that a fallback action did. `subject` is what failed. */
const CAUSES = {
    ERROR: (subject) => `${subject} returned an error`,
    NO_TIME_FOR_RETRY: (subject) => `${subject} asked for a retry, and there was no time for one`,
    OUT_OF_TIME: (subject) => `${subject} ran out of time`,
    BLOCKED: (subject) => `${subject} did not return: it blocks its thread`,
    UNREADABLE: () => 'the message in the event cannot be read',
    NOT_HELD: () => 'the message could not be held: no ticket was stored',
    DECISION_REFUSED: (subject) => `the service refused the decision of ${subject} as invalid`,
    FAILED_BEFORE: () => 'earlier invocations for the event had failed',
};

/** Says why, with the place of a panic in the code. */
export function cause(code, subject, panickedAt) {
    if (code === 'PANIC') return panickedAt ? `${subject} panicked at ${panickedAt}` : `${subject} panicked`;
    return CAUSES[code]?.(subject) ?? code;
}

/** The switches, in the order in which a message meets them. */
export const SWITCHES = [
    {
        group: 'On the way to the function',
        switches: [
            { switch: 'duplicate', title: 'Deliver it twice', text: 'The function gets the same message two times.' },
            { switch: 'crash', title: 'Crash the function', text: 'It dies with the message in its hands, and Lambda tries again.' },
            { switch: 'unreachable', title: 'Function out of reach', text: 'Nobody takes the message, so the fallback decides.' },
        ],
    },
    {
        group: 'On the way back',
        switches: [
            { switch: 'throttle', title: 'Too busy for the answer', text: 'The callback is turned away with 429; a good function tries again.' },
            { switch: 'forbid', title: 'Answer not allowed', text: 'The callback is refused with 403, as if a permission were missing.' },
            { switch: 'loseAnswer', title: 'Lose the receipt', text: 'The callback counts, but the function never hears that it does.' },
        ],
    },
];

export const REPEATED = [
    { value: 'nonPending', title: '400, no longer pending' },
    { value: 'conflict', title: '409, conflict' },
    { value: 'forbidden', title: '403, forbidden' },
];

export const titleOf = (name) => SWITCHES.flatMap((group) => group.switches).find((one) => one.switch === name)?.title ?? name;

/** `340 ms`, `1.2 s`, `2 min 5 s`. */
export function duration(milliseconds) {
    if (milliseconds < 1) return 'under 1 ms';
    if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
    if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
    return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}

/** The same for what is often far below a millisecond: `0.02 ms`. */
export function fineDuration(milliseconds) {
    if (milliseconds < 0.01) return 'under 0.01 ms';
    return milliseconds < 10 ? `${milliseconds.toFixed(2)} ms` : duration(milliseconds);
}

export const clock = (milliseconds) =>
    new Date(milliseconds).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

/** The time of day, and the day if it is another one. */
export function when(milliseconds) {
    const day = (time) => new Date(time).toDateString();
    if (day(milliseconds) === day(Date.now())) return clock(milliseconds);
    return `${clock(milliseconds)} on ${new Date(milliseconds).toLocaleDateString([], { weekday: 'long' })}`;
}

export const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;

/** The last part of an ARN, after the last colon or slash. */
export const lastPart = (arn) => arn.split(/[:/]/).at(-1);
