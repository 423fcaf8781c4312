//! A table of what each threshold for a score would give.

use super::tally::percentage;
use crate::replay::tally::Side;
use crate::replay::threshold::{Category, Threshold};
use crate::show::Rows;
use crate::text::{NEUTRAL, printable, styled};

pub(super) fn render_category(category: &Category) -> String {
    let mut rows = Rows::default();
    let of = category.step.as_deref().map(|step| format!(", {}", printable(step))).unwrap_or_default();
    rows.add("scores", &format!("{}{of}", styled(NEUTRAL, printable(&category.name))));
    let columns = if category.is_labelled() { 3 } else { 1 };
    let titles = ["acted on", "precision", "recall"].map(str::to_owned);
    let cells: Vec<_> = category.thresholds.iter().map(cells).collect();
    let width = |column: usize| {
        let cells = cells.iter().map(|cells| cells[column].len());
        cells.chain([titles[column].len()]).max().unwrap_or_default()
    };
    let line = |cells: &[String; 3]| {
        let padded = cells.iter().take(columns).enumerate().map(|(column, cell)| format!("{cell:<0$}", width(column)));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.add("threshold", &line(&titles));
    for (Threshold { score, .. }, cells) in category.thresholds.iter().zip(&cells) {
        rows.add(&format!("{score:.1}"), &line(cells));
    }
    rows.render()
}

/// How many would be acted on, the precision and the recall: now, and as recorded if there were scores.
fn cells(threshold: &Threshold) -> [String; 3] {
    let cell = |text: fn(&Side) -> String| {
        let of = |side: &Option<Side>| side.as_ref().map(text);
        match (of(&threshold.now), of(&threshold.recorded)) {
            (now, None) => now.unwrap_or_default(),
            (now, Some(recorded)) => format!("{}, was {recorded}", now.unwrap_or("unknown".to_owned())),
        }
    };
    [
        cell(|side| side.count.to_string()),
        cell(|side| percentage(side.precision())),
        cell(|side| percentage(side.recall())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_threshold_is_a_line() {
        let side =
            |count, right| Side { count, right, wrong: vec!["m".to_owned(); (count - right) as usize], missed: vec![] };
        let threshold = |score, now, recorded| Threshold { score, now, recorded };
        let thresholds =
            vec![threshold(0.1, Some(side(12, 3)), Some(side(9, 9))), threshold(0.2, None, Some(side(0, 0)))];
        let mut category = Category { step: Some("judge".to_owned()), name: "INSULT".to_owned(), thresholds };
        let plain = |category: &Category| anstream::adapter::strip_str(&render_category(category)).to_string();
        let expected = "\
scores     INSULT, judge
threshold  acted on        precision             recall
0.1        12, was 9       25 %, was 100 %       100 %, was 100 %
0.2        unknown, was 0  unknown, was unknown  unknown, was unknown
";
        assert_eq!(plain(&category), expected);
        category.step = None;
        category.thresholds = vec![threshold(0.1, Some(side(0, 0)), None)];
        assert_eq!(plain(&category), "scores     INSULT\nthreshold  acted on\n0.1        0\n");
    }
}
