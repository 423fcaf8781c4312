//! A decision, a reason or a shadow's reason, measured.

use crate::replay::tally::Tally;
use crate::show::Rows;
use crate::text::{DIM, NEUTRAL, printable, styled};

pub(super) fn render_tally(kind: &str, name: &str, tally: &Tally) -> String {
    let Tally { now, recorded, gained, lost, with } = tally;
    let mut rows = Rows::default();
    rows.add(kind, &styled(NEUTRAL, printable(name)).to_string());
    let was = styled(DIM, format!("was {}", recorded.count));
    let messages = if now.count == 1 { "message" } else { "messages" };
    rows.add("given", &format!("{} {messages}, {was}", now.count));
    if !with.is_empty() {
        let with: Vec<_> = with.iter().map(|(other, count)| format!("{} {count}", printable(other))).collect();
        rows.add("with", &with.join(", "));
    }
    add_messages(&mut rows, "gained", gained);
    add_messages(&mut rows, "lost", lost);
    if now.is_labelled() || recorded.is_labelled() {
        let (right, wrong, missed) = (now.right, now.wrong.len() as u64, now.missed.len() as u64);
        for (label, now, was, all) in [
            ("precision", now.precision(), recorded.precision(), right + wrong),
            ("recall", now.recall(), recorded.recall(), right + missed),
        ] {
            let was = styled(DIM, format!("was {}", percentage(was)));
            rows.add(label, &format!("{}, {right} of {all}, {was}", percentage(now)));
        }
        add_messages(&mut rows, "wrong", &now.wrong);
        add_messages(&mut rows, "missed", &now.missed);
    }
    rows.render()
}

/// Ids of messages, as many as can be read.
pub(super) fn add_messages(rows: &mut Rows, label: &str, ids: &[String]) {
    const SHOWN: usize = 10;
    let mut text: Vec<_> = ids.iter().take(SHOWN).map(|id| printable(id)).collect();
    match ids.len() {
        0 => return,
        all if all > SHOWN => text.push(format!("and {} more, which --json lists", all - SHOWN)),
        _ => {}
    }
    rows.add(label, &text.join(", "));
}

/// In whole percent, rounded down, so that only all are 100 %.
pub(super) fn percentage(part: Option<f64>) -> String {
    part.map_or("unknown".to_owned(), |part| format!("{} %", (part * 100.0 + 1e-9).floor()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::tally::Side;

    #[test]
    fn a_reason_is_measured_and_its_messages_are_named() {
        let ids = |ids: std::ops::Range<u32>| ids.map(|id| format!("m{id}")).collect::<Vec<_>>();
        let now = Side { count: 16, right: 5, wrong: ids(1..12), missed: ids(0..0) };
        let recorded = Side { count: 1, right: 0, wrong: ids(0..0), missed: ids(0..1) };
        let with = [("spam".to_owned(), 2), ("pii".to_owned(), 1)].into();
        let tally = Tally { now, recorded, gained: ids(1..3), lost: ids(0..0), with };
        let expected = "\
reason     links
given      16 messages, was 1
with       pii 1, spam 2
gained     m1, m2
precision  31 %, 5 of 16, was unknown
recall     100 %, 5 of 5, was 0 %
wrong      m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, and 1 more, which --json lists
";
        assert_eq!(anstream::adapter::strip_str(&render_tally("reason", "links", &tally)).to_string(), expected);
    }
}
