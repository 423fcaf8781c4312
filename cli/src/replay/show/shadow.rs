//! A shadow step, judged.

use super::tally::{add_messages, render_tally};
use crate::replay::shadow::{Differing, Overlap, Shadow, ShadowSide};
use crate::show::Rows;
use crate::text::{DIM, NEUTRAL, printable, styled};
use std::collections::BTreeMap;

pub(super) fn render_shadow(name: &str, shadow: &Shadow) -> String {
    let Shadow { now, recorded, gained, lost, reasons } = shadow;
    let mut rows = Rows::default();
    rows.add("shadow", &styled(NEUTRAL, printable(name)).to_string());
    let was = |count: u64| styled(DIM, format!("was {count}"));
    rows.add("ran on", &format!("{}, {}", messages(now.ran), was(recorded.ran)));
    let counts = [(now.denies.sum(), "to deny"), (now.updates.sum(), "to update"), (now.holds.sum(), "to hold")];
    rows.add("would act", &format!("{}, {}", total(now.acts(), &counts), was(recorded.acts())));
    if now.acts() > 0 {
        let anyway = |of: fn(Overlap) -> u64| of(now.denies) + of(now.updates) + of(now.holds);
        let (denied, updated) = (anyway(|overlap| overlap.denied_anyway), anyway(|overlap| overlap.updated_anyway));
        let held = anyway(|overlap| overlap.held_anyway);
        let counts = [(denied, "denied"), (updated, "updated"), (held, "held")];
        rows.add("anyway", &total(denied + updated + held, &counts));
        rows.add("alone", &anyway(|overlap| overlap.alone).to_string());
    }
    if !now.with.is_empty() {
        rows.add("with", &counted(&now.with));
    }
    if !now.failed.is_empty() {
        rows.add("failed", &counted(&now.failed));
    }
    add_messages(&mut rows, "gained", gained);
    add_messages(&mut rows, "lost", lost);
    add_differing(&mut rows, now);
    let reasons = reasons.iter().map(|(code, tally)| format!("\n{}", render_tally("shadow's reason", code, tally)));
    rows.render() + &reasons.collect::<String>()
}

/// The messages that would be decided differently: their ids or, with their contents, a line for each.
fn add_differing(rows: &mut Rows, side: &ShadowSide) {
    if side.differ.iter().all(|differing| differing.content.is_none()) {
        let ids: Vec<_> = side.differ.iter().map(|differing| differing.id.clone()).collect();
        return add_messages(rows, "differ", &ids);
    }
    for (Differing { id, line, content }, label) in
        side.differ.iter().zip(["differ"].into_iter().chain(std::iter::repeat("")))
    {
        let content = content.as_deref().map_or("no content".to_owned(), printable);
        rows.add(label, &format!("{}, line {line}: {content}", printable(id)));
    }
}

/// `3: 2 to deny, 1 to update`, or 0.
fn total(sum: u64, counts: &[(u64, &str)]) -> String {
    let parts: Vec<_> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, text)| format!("{count} {text}")).collect();
    if parts.is_empty() { sum.to_string() } else { format!("{sum}: {}", parts.join(", ")) }
}

fn counted(counts: &BTreeMap<String, u64>) -> String {
    counts.iter().map(|(name, count)| format!("{} {count}", printable(name))).collect::<Vec<_>>().join(", ")
}

fn messages(count: u64) -> String {
    format!("{count} {}", if count == 1 { "message" } else { "messages" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(shadow: &Shadow) -> String {
        anstream::adapter::strip_str(&render_shadow("long", shadow)).to_string()
    }

    #[test]
    fn a_shadow_that_ran_now_is_shown_beside_what_was_recorded() {
        let differing = |id: &str, content: Option<&str>| Differing {
            id: id.to_owned(),
            line: 7,
            content: content.map(str::to_owned),
        };
        let mut now = ShadowSide {
            ran: 12,
            denies: Overlap { denied_anyway: 1, updated_anyway: 1, held_anyway: 0, alone: 2 },
            holds: Overlap { held_anyway: 1, ..Overlap::default() },
            updates: Overlap { alone: 1, ..Overlap::default() },
            with: [("links".to_owned(), 1), ("cursing".to_owned(), 2)].into(),
            failed: [("PANIC".to_owned(), 1)].into(),
            differ: vec![differing("m2", None), differing("m3", None)],
        };
        let recorded = ShadowSide { ran: 1, ..ShadowSide::default() };
        let expected = "\
shadow     long
ran on     12 messages, was 1
would act  6: 4 to deny, 1 to update, 1 to hold, was 0
anyway     3: 1 denied, 1 updated, 1 held
alone      3
with       cursing 2, links 1
failed     PANIC 1
gained     m2
differ     m2, m3
";
        let gained = vec!["m2".to_owned()];
        let shadow = Shadow { now, recorded, gained, ..Shadow::default() };
        assert_eq!(plain(&shadow), expected);

        now = ShadowSide { ran: 1, ..ShadowSide::default() };
        now.differ = vec![differing("m2", Some("long\u{1b}")), differing("m3", None)];
        let expected = "\
shadow     long
ran on     1 message, was 0
would act  0, was 0
differ     m2, line 7: long\\u{1b}
           m3, line 7: no content
";
        assert_eq!(plain(&Shadow { now, ..Shadow::default() }), expected);
    }
}
