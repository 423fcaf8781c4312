// What was changed in a text: words first, then the characters that changed words have in common.

/** More steps than this, and the texts are compared as wholes but for their ends. */
const MOST_STEPS = 1_000_000;

const words = new Intl.Segmenter(undefined, { granularity: 'word' });
const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const split = (segmenter, text) => Array.from(segmenter.segment(text), ({ segment }) => segment);

/**
 * Parts of both texts in order: `{ text, changed }`, for `before` and for `after`. Joined, each is its text again.
 */
export function diff(before, after) {
    const parts = { before: [], after: [] };
    for (const { same, removed, added } of changes(split(words, before), split(words, after))) {
        if (same) {
            add(parts.before, same, false);
            add(parts.after, same, false);
            continue;
        }
        const [start, from, to, end] = trim(split(characters, removed), split(characters, added));
        for (const [side, middle] of [[parts.before, from], [parts.after, to]]) {
            add(side, start, false);
            add(side, middle, true);
            add(side, end, false);
        }
    }
    return parts;
}

function add(parts, text, changed) {
    if (!text) return;
    const last = parts.at(-1);
    if (last?.changed === changed) last.text += text;
    else parts.push({ text, changed });
}

/** What two lists have in common at their ends is cut off: `[start, from, to, end]`. */
function trim(from, to) {
    let start = 0;
    while (start < from.length && start < to.length && from[start] === to[start]) start += 1;
    let end = 0;
    while (end < from.length - start && end < to.length - start && from.at(-1 - end) === to.at(-1 - end)) end += 1;
    const middle = (list) => list.slice(start, list.length - end).join('');
    return [from.slice(0, start).join(''), middle(from), middle(to), from.slice(from.length - end).join('')];
}

/** Runs of words: `{ same }`, or `{ removed, added }`. */
function changes(from, to) {
    if (from.length * to.length > MOST_STEPS) return [{ removed: from.join(''), added: to.join('') }];
    // lengths[i][j]: the longest list of words that the rests of both, from i and from j, have in common.
    const lengths = Array.from({ length: from.length + 1 }, () => new Uint32Array(to.length + 1));
    for (let i = from.length - 1; i >= 0; i -= 1) {
        for (let j = to.length - 1; j >= 0; j -= 1) {
            lengths[i][j] = from[i] === to[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
        }
    }
    const runs = [];
    let change = null;
    let [i, j] = [0, 0];
    while (i < from.length || j < to.length) {
        if (i < from.length && j < to.length && from[i] === to[j]) {
            change = null;
            runs.push({ same: from[i] });
            i += 1;
            j += 1;
            continue;
        }
        if (!change) runs.push((change = { removed: '', added: '' }));
        const removes = j >= to.length || (i < from.length && lengths[i + 1][j] >= lengths[i][j + 1]);
        if (removes) change.removed += from[i++];
        else change.added += to[j++];
    }
    return runs;
}

/** So much of what is unchanged is left at each side of a change. */
const CONTEXT = 40;

/** Parts of a text without most of what is unchanged, where that is long. */
export function elide(parts) {
    return parts.map(({ text, changed }, position) => {
        const all = split(characters, text);
        const [first, last] = [position === 0, position === parts.length - 1];
        const kept = (first ? 0 : CONTEXT) + (last ? 0 : CONTEXT);
        if (changed || (first && last) || all.length <= kept + CONTEXT) return { text, changed };
        const start = first ? '' : all.slice(0, CONTEXT).join('');
        const end = last ? '' : all.slice(-CONTEXT).join('');
        return { text: `${start}…${end}`, changed };
    });
}
