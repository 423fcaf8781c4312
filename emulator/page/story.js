// The story of one message, as a card.

import { diff, elide } from './diff.js';
import { h, icon, unseen } from './dom.js';
import { resolved } from './review.js';
import { fallbacks, fellBack, reasons, steps as stepsOf } from './steps.js';
import { DECISIONS, FALLBACK_OUTCOMES, OUTCOMES, VERDICTS, clock, count, duration, lastPart, when } from './words.js';

/** The parts of a story's card. `page.raw` opens the raw texts, and `page.ticket` knows what a reviewer did. */
export function card(story, page) {
    const show = page.raw;
    const { title, icon: drawing, tone, more } = (fellBack(story) && FALLBACK_OUTCOMES[story.outcome]) || OUTCOMES[story.outcome];
    const steps = story.steps;
    const refused = steps.flatMap((step) => step.callbacks).filter((callback) => callback.refusal);
    return [
        h(
            'header',
            { class: 'story-head' },
            h('h3', { class: `outcome ${tone}` }, icon(drawing), title),
            h('p', { class: 'muted' }, `${story.senderName}${story.update ? ' edited' : ''} · ${clock(story.sentAt)}`),
        ),
        fallbacks(story),
        h('div', { class: 'said' }, texts(story)),
        more && h('p', { class: 'more' }, more),
        steps.filter((step) => step.heldUntil !== null).map((step) => h('p', { class: 'more' }, held(step, page.ticket(step.callbackId)))),
        story.redacted && h('p', { class: 'more' }, 'Taken back since.'),
        story.deleted && h('p', { class: 'more' }, 'Deleted since.'),
        reasons(story),
        stepsOf(story).flat(),
        h('p', { class: 'figures' }, figures(story)),
        refused.length > 0 && h('ul', { class: 'refusals' }, refused.map(refusal)),
        steps.length > 0 &&
            h(
                'div',
                { class: 'card-foot' },
                h('details', { 'data-key': 'steps' }, h('summary', {}, 'Step by step'), h('ol', { class: 'timeline' }, timeline(story))),
                h('button', { type: 'button', class: 'link', 'data-key': 'event', onclick: () => show(story, 'event') }, 'Raw event'),
                steps.some((step) => step.callbacks.length > 0) &&
                    h('button', { type: 'button', class: 'link', 'data-key': 'callback', onclick: () => show(story, 'callback') }, 'Raw callback'),
            ),
    ];
}

/** Before and after with the changes marked, or what it said where nothing changed. */
function texts(story) {
    const before = story.before.Content ?? '';
    const after = story.after?.Content ?? '';
    if (story.outcome !== 'update' || before === after) {
        const gone = story.outcome === 'deny' || story.outcome === 'failed';
        return [h('p', { class: gone ? 'line gone' : 'line', dir: 'auto' }, before), ...others(story)];
    }
    const parts = diff(before, after);
    const line = (label, list, mark) => [
        h('dt', {}, label),
        h('dd', { dir: 'auto' }, elide(list).map(({ text, changed }) => (changed ? h(mark, {}, text) : text))),
    ];
    return [h('dl', { class: 'diff' }, line('Before', parts.before, 'del'), line('After', parts.after, 'ins')), ...others(story)];
}

/** What else the flow has changed: not seen by people, but there. */
function others(story) {
    if (!story.after || story.outcome !== 'update') return [];
    const names = ['Metadata', 'PushNotification', 'MessageAttributes', 'SubChannelId', 'ContentType'];
    const changed = names.filter((name) => JSON.stringify(story.before[name]) !== JSON.stringify(story.after[name]));
    return changed.length > 0 ? [h('p', { class: 'more' }, `Changed as well: ${changed.join(', ')}`)] : [];
}

function figures(story) {
    const attempts = story.steps.flatMap((step) => step.attempts);
    const cold = attempts.find((attempt) => attempt.coldStartMilliseconds !== null);
    const parts = [];
    if (story.settledAt !== null && story.steps.length > 0) {
        parts.push([h('strong', {}, duration(story.settledAt - story.sentAt)), ' in all']);
    }
    if (attempts.length > 0) parts.push([h('strong', {}, count(attempts.length, 'try', 'tries'))]);
    if (cold) parts.push(['cold start ', h('strong', {}, duration(cold.coldStartMilliseconds))]);
    if (story.steps.length > 1) parts.push([h('strong', {}, count(story.steps.length, 'processor', 'processors'))]);
    return parts.map((part) => h('span', {}, part));
}

function refusal({ refusal: { status, exception, reason }, fault }) {
    const answer = status ? `${status} ${exception}`.trim() : 'without an answer';
    return h('li', {}, icon('alert'), h('span', {}, 'A callback was refused: ', h('strong', {}, answer), h('br'), h('small', {}, fault ? 'You asked for this fault.' : reason)));
}

/** What a reviewer has done, or has time for. */
function held(step, ticket) {
    if (ticket?.resolution) return `It was held for a reviewer, and ${resolved(ticket.resolution)}.`;
    if (step.callbacks.some((callback) => callback.decision)) return 'It was held for a reviewer.';
    return `It is ${ticket ? VERDICTS[ticket.defaultDecision].default : 'decided'} at ${when(step.heldUntil)}, if nobody reviews it before.`;
}

/** Everything that happened, in order. */
function timeline(story) {
    const events = [[story.sentAt, `${story.senderName} ${story.update ? 'changed' : 'sent'} it`]];
    for (const step of story.steps) {
        events.push([step.invokedAt, `${step.processor} was given it`, lastPart(step.functionArn)]);
        for (const { receivedAt, decision, refusal: refused, fault } of step.callbacks) {
            const processor = step.returned?.fallback ? `The fallback action of ${step.processor}` : step.processor;
            const who = step.heldUntil === null || !decision ? processor : 'The review';
            if (decision) events.push([receivedAt, `${who} ${DECISIONS[decision]}`, fault && `fault: ${fault}`]);
            else events.push([receivedAt, `${who} was refused`, refused.status ? `${refused.status} ${refused.exception}` : 'no answer']);
        }
        step.attempts.forEach((attempt, position) => {
            const cold = attempt.coldStartMilliseconds === null ? '' : `, after a cold start of ${duration(attempt.coldStartMilliseconds)}`;
            const other = attempt.functionArn === step.functionArn ? '' : ` of ${lastPart(attempt.functionArn)}`;
            const ended = attempt.success ? 'Success' : attempt.outcome;
            events.push([attempt.endedAt, `Try ${position + 1}${other} ended`, `${ended}, ${duration(attempt.milliseconds)}${cold}`]);
        });
        if (step.unreachable) {
            events.push([step.invokedAt, `${step.processor} could not be reached`, `${step.unreachable.reason}; fallback ${step.unreachable.fallbackAction}`]);
        }
        if (step.unlisted) events.push([Infinity, `and ${step.unlisted} more that are not listed`]);
    }
    const ends = { SENT: 'Everybody sees it', DENIED: 'It is gone', FAILED: 'It was not sent' };
    if (story.settledAt !== null && ends[story.status]) events.push([story.settledAt, ends[story.status]]);
    events.sort(([one], [other]) => one - other);
    return events.map(([at, text, detail]) =>
        h(
            'li',
            {},
            h('span', { class: 'at' }, Number.isFinite(at) ? `+${Math.max(0, at - story.sentAt)} ms` : ''),
            h('span', {}, text, detail && [unseen(', '), h('small', {}, detail)]),
        ),
    );
}
