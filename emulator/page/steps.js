// Why it was decided so, and what each step of the function's flow did, as far as the function says it.

import { h, icon, unseen } from './dom.js';
import { FAILURES, STEP_DECISIONS, cause, fineDuration } from './words.js';

/** The reasons of all processors, what a dry run would have done, and the scores of the decisions themselves. */
export function reasons(story) {
    const processors = story.steps.filter((processor) => processor.returned);
    const dryRuns = processors.filter(({ returned }) => returned.dryRun);
    const codes = [...new Set(processors.flatMap(({ returned }) => returned.reasons))];
    return [
        ...dryRuns.map(({ processor, returned }) => h('p', { class: 'more' }, `A dry run: ${processor} ${STEP_DECISIONS[returned.dryRun].would}.`)),
        codes.length > 0 && h('p', { class: 'because' }, h('span', { class: 'muted' }, 'Because of '), tags(codes)),
        ...processors.map(({ returned }) => scores(returned.scores)),
    ];
}

/** Whether a fallback action decided about the message in place of a processor. */
export const fellBack = (story) => story.steps.some((processor) => processor.returned?.fallback);

/** That fallback actions decided, and why: of the processors, and of the steps of their flows. */
export function fallbacks(story) {
    return story.steps.filter((processor) => processor.returned).flatMap(({ processor, returned }) => {
        const { fallback } = returned;
        if (fallback) {
            const who = fallback.isRescue ? 'the fallback action of the rescue' : 'the fallback action';
            const subject = fallback.step ? `the step ${fallback.step}` : `the processor ${processor}`;
            const why = fallback.cause ? `: ${cause(fallback.cause, subject, fallback.panickedAt)}` : '';
            return [failure(`Decided by ${who}${why}.`)];
        }
        const failed = returned.steps.filter((step) => step.failure && !step.shadow);
        return failed.map(({ name, failure: code, fallbackAction, panickedAt }) =>
            failure(`The fallback action of the step ${name}${fallbackAction ? `, ${fallbackAction},` : ''} applies: ${cause(code, 'it', panickedAt)}.`),
        );
    });
}

const failure = (text) => h('p', { class: 'failure' }, icon('alert'), h('span', { dir: 'auto' }, text));

/** A list of steps for each processor that has a flow. */
export function steps(story) {
    const flows = story.steps.filter((processor) => processor.returned?.steps.length > 0);
    return flows.map((processor) => [
        flows.length > 1 && h('h4', { class: 'steps-of' }, processor.processor),
        h('ol', { class: 'steps', 'aria-label': `Steps of ${processor.processor}` }, processor.returned.steps.map((report) => step(report, processor.returned.dryRun !== null))),
    ]);
}

function step(report, isDryRun) {
    const { icon: drawing, tone, did } = outcome(report, isDryRun);
    return h(
        'li',
        { class: report.shadow ? 'step shadow' : 'step' },
        h('span', { class: `step-mark ${tone}` }, icon(drawing)),
        h(
            'span',
            { class: 'step-text' },
            h('strong', { dir: 'auto' }, report.name),
            ' ',
            h('span', {}, did),
            report.shadow && [' ', h('span', { class: 'badge', title: 'A shadow has no effect on the message' }, 'shadow')],
            report.reasons.length > 0 && [unseen(', because of '), ' ', tags(report.reasons)],
            scores(report.scores),
        ),
        h('span', { class: 'step-took' }, fineDuration(report.milliseconds)),
    );
}

function outcome({ decision, failure, fallbackAction, panickedAt, shadow }, isDryRun) {
    if (decision) {
        const { did, would, ...look } = STEP_DECISIONS[decision];
        return { ...look, did: shadow || isDryRun ? would : did };
    }
    const failed = (FAILURES[failure] ?? failure) + (panickedAt ? ` at ${panickedAt}` : '');
    return { icon: 'alert', tone: 'bad', did: fallbackAction ? `${failed}; fallback ${fallbackAction}` : failed };
}

const tags = (codes) => codes.map((code) => [h('code', { class: 'tag' }, code), ' ']).flat();

/** The highest first. */
function scores(all) {
    const sorted = Object.entries(all).sort(([, one], [, other]) => other - one);
    if (sorted.length === 0) return null;
    return h(
        'ul',
        { class: 'scores', 'aria-label': 'Scores' },
        sorted.map(([category, score]) =>
            h('li', {}, h('span', { class: 'score-name' }, category), h('meter', { min: 0, max: 1, value: score, 'aria-hidden': 'true' }), h('span', { class: 'score' }, score.toFixed(2))),
        ),
    );
}
