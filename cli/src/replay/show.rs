//! Results for people: changes, a summary, what came of reasons, labels and rules.

mod shadow;
mod tally;
mod threshold;

use self::shadow::render_shadow;
use self::tally::render_tally;
use self::threshold::render_category;
use super::rules::Judgement;
use super::step::{Outcome, Replayed, Verdict};
use super::summary::Summary;
use super::tally::{Tallies, Tally};
use super::totals::Totals;
use crate::show::{Rows, reason, sender, times};
use crate::step_line::step_line;
use crate::text::{BAD, DIM, GOOD, NEUTRAL, printable, styled};
use anstyle::Style;
use channel_flow_emulator::{Decision, Delivered, MessageFields};
use std::io::{self, Write};

/// Writes the result of a step that differs from the recording.
pub(super) fn replayed(replayed: &Replayed<'_>) -> io::Result<()> {
    let Some(now) = replayed.now.as_ref().filter(|_| matches!(replayed.outcome, Outcome::Changed | Outcome::Undecided))
    else {
        return Ok(());
    };
    let colored = anstream::stdout().current_choice() != anstream::ColorChoice::Never;
    write(&(render(replayed, now, colored) + "\n"))
}

fn render(replayed: &Replayed<'_>, now: &Delivered, colored: bool) -> String {
    let mut rows = Rows::default();
    let content = now.event.fields().content.as_deref();
    rows.changed(&sender(&now.event), content, content, NEUTRAL);
    let verdict = Verdict::of(now);
    let mut decision = decided(verdict.decision);
    if let Some(before) = &replayed.before {
        decision += &format!(", {}", styled(DIM, format!("was {}", name(before.decision))));
    }
    rows.add("decision", &decision);
    rows.decided_by(now, &now.returned());
    let (reasons, recorded) = (replayed.reasons(), replayed.recorded_reasons());
    if !(reasons.is_empty() && recorded.is_empty()) {
        let was = if reasons == recorded {
            String::new()
        } else {
            format!(", {}", styled(DIM, format!("was {}", codes(recorded))))
        };
        rows.add("reasons", &(codes(&reasons) + &was));
    }
    if let Some(before) = &replayed.before {
        released(&mut rows, "before", verdict.released.as_ref(), before.released.as_ref(), BAD);
    }
    let before = replayed.before.as_ref().and_then(|before| before.released.as_ref());
    released(&mut rows, "now", before, verdict.released.as_ref(), GOOD);
    if let (Some(before), Some(now)) = (before, &verdict.released) {
        if !colored {
            rows.carets(before.content.as_deref(), now.content.as_deref());
        }
        rows.other_changes(before, now);
    }
    if let Some(reason) = reason(now) {
        rows.add("because", &reason);
    }
    for refusal in now.callbacks.iter().filter_map(|callback| callback.verdict().err()) {
        rows.add("refused", &printable(&refusal.to_string()));
    }
    let outcome = now.invocation.outcome();
    if !outcome.is_success() {
        let label = if now.is_decided() { "function" } else { "because" };
        rows.add(label, &printable(&outcome.to_string()));
    }
    let line = format!("{}:{}", printable(&replayed.line.source), replayed.line.number);
    let steps = now.invocation.outcome().returned().steps;
    for (step, label) in steps.iter().zip(std::iter::once("steps").chain(std::iter::repeat(""))) {
        rows.add(label, &step_line(step));
    }
    rows.add("recorded", &format!("{line}, {}", styled(DIM, printable(&replayed.step.time))));
    rows.add("took", &times(now));
    rows.render()
}

/// The message that everyone sees, with the parts marked that differ from `other`.
fn released(
    rows: &mut Rows,
    label: &str,
    other: Option<&MessageFields>,
    released: Option<&MessageFields>,
    mark: Style,
) {
    match released {
        None => rows.add(label, &styled(DIM, "nobody sees it").to_string()),
        Some(released) => {
            let content = released.content.as_deref();
            // Without another message there is nothing to mark.
            let other = other.map_or(content, |other| other.content.as_deref());
            rows.changed(label, other, content, mark);
        }
    }
}

fn decided(decision: Option<Decision>) -> String {
    let style = match decision {
        Some(Decision::Update) => GOOD,
        Some(Decision::Deny) | None => BAD,
        Some(_) => NEUTRAL,
    };
    let text = decision.map_or("none, the message stays undecided".to_owned(), |decision| decision.to_string());
    styled(style, text).to_string()
}

fn name(decision: Option<Decision>) -> String {
    decision.map_or("none".to_owned(), |decision| decision.to_string())
}

fn codes(reasons: &[String]) -> String {
    if reasons.is_empty() { "none".to_owned() } else { printable(&reasons.join(", ")) }
}

/// Writes the summary, and what is measured.
pub(super) fn totals(totals: &Totals, judgements: Option<&[Judgement<'_>]>) -> io::Result<()> {
    let Totals { summary, tallies, shadows, categories } = totals;
    let shadows = shadows.iter().map(|(name, shadow)| format!("\n{}", render_shadow(name, shadow)));
    let categories = categories.iter().map(|category| format!("\n{}", render_category(category)));
    let mut text = render_summary(summary) + &render_tallies(tallies);
    text.extend(shadows.chain(categories));
    write(&(text + &render_judgements(judgements.unwrap_or_default())))
}

/// Of decisions, only if there are labels that they can be measured by: what changed is shown above.
fn render_tallies(tallies: &Tallies) -> String {
    let is_labelled = |tally: &Tally| tally.now.is_labelled() || tally.recorded.is_labelled();
    let labelled = tallies.decisions.values().any(is_labelled);
    let decisions =
        tallies.decisions.iter().filter(|_| labelled).map(|(name, tally)| render_tally("decision", name, tally));
    let reasons = tallies.reasons.iter().map(|(code, tally)| render_tally("reason", code, tally));
    decisions.chain(reasons).map(|rendered| format!("\n{rendered}")).collect()
}

fn render_judgements(judgements: &[Judgement<'_>]) -> String {
    let mut rows = Rows::default();
    for judgement in judgements {
        let verdict = match judgement.is_met() {
            true => styled(GOOD, "met").to_string(),
            false => styled(BAD, "not met").to_string(),
        };
        let rule = judgement.rule;
        rows.add(&printable(&rule.subject()), &format!("{}, {}: {verdict}", judgement.count, rule.bound()));
    }
    match judgements {
        [] => String::new(),
        _ => format!("\n{}", rows.render()),
    }
}

fn render_summary(summary: &Summary) -> String {
    let Summary { same, changed, undecided, decided, skipped, unusable } = *summary;
    let counted = |count: u64, style: Style, text: &str| {
        let text = format!("{count} {text}");
        if count == 0 { text } else { styled(style, text).to_string() }
    };
    let all = [
        counted(same, GOOD, "same"),
        counted(changed, BAD, "changed"),
        counted(undecided, BAD, "undecided"),
        counted(skipped, NEUTRAL, "skipped"),
    ];
    let mut text = all.join(", ") + "\n";
    if decided > 0 {
        text += &format!("{decided} decided, but masked, so the decisions cannot be compared\n");
    }
    if skipped > 0 {
        text += "Skipped messages never reached their processor when they were recorded.\n";
    }
    if unusable > 0 {
        text += &counted(unusable, BAD, "unusable: see the errors above\n");
    }
    text
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_says_what_there_is() {
        let plain = |summary| anstream::adapter::strip_str(&render_summary(&summary)).to_string();
        let all_same = Summary { same: 7, ..Summary::default() };
        assert_eq!(plain(all_same), "7 same, 0 changed, 0 undecided, 0 skipped\n");
        let mixed = Summary { same: 1, changed: 2, undecided: 3, decided: 4, skipped: 5, unusable: 6 };
        assert_eq!(
            plain(mixed),
            "1 same, 2 changed, 3 undecided, 5 skipped\n\
             4 decided, but masked, so the decisions cannot be compared\n\
             Skipped messages never reached their processor when they were recorded.\n\
             6 unusable: see the errors above\n"
        );
    }
}
