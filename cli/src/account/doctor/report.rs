//! The findings of the checks, for people and for programs.

use crate::account::doctor::finding::{Finding, Severity};
use crate::exit::Exit;
use crate::text::{BAD, DIM, GOOD, NEUTRAL, printable, styled};
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Groups findings by subject, and sorts each group with the worst first.
pub(crate) fn text(findings: &[Finding]) -> String {
    let mut subjects: Vec<&str> = Vec::new();
    for finding in findings {
        if !subjects.contains(&finding.subject.as_str()) {
            subjects.push(&finding.subject);
        }
    }
    let mut text = String::new();
    for subject in subjects {
        text += &format!("{}\n", printable(subject));
        let mut of_subject: Vec<_> = findings.iter().filter(|finding| finding.subject == subject).collect();
        of_subject.sort_by_key(|finding| finding.severity);
        for finding in of_subject {
            let (style, word) = match finding.severity {
                Severity::Error => (BAD, "error"),
                Severity::Warning => (WARNING, "warning"),
                Severity::Unknown => (NEUTRAL, "unknown"),
                Severity::Hint => (NEUTRAL, "hint"),
                Severity::Ok => (GOOD, "ok"),
            };
            let (gap, finding_text) = (" ".repeat(9 - word.len()), printable(&finding.text));
            text += &format!("  {}{gap}{:<22} {finding_text}\n", styled(style, word), finding.check);
            if let Some(remedy) = &finding.remedy {
                text += &format!("{:34}{} {}\n", "", styled(DIM, "→"), printable(remedy));
            }
        }
        text.push('\n');
    }
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings, unknown) = (count(Severity::Error), count(Severity::Warning), count(Severity::Unknown));
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let hints = match count(Severity::Hint) {
        0 => String::new(),
        hints => format!(", {hints} hint{}", plural(hints)),
    };
    text += &match (errors, warnings, unknown) {
        (0, 0, 0) => format!("Nothing is wrong{hints}.\n"),
        _ => format!(
            "{errors} error{}, {warnings} warning{}, {unknown} unknown{hints}.\n",
            plural(errors),
            plural(warnings)
        ),
    };
    text
}

pub(crate) fn json(findings: &[Finding]) -> String {
    let finding = |finding: &Finding| {
        json!({
            "check": finding.check,
            "severity": finding.severity,
            "subject": finding.subject,
            "finding": finding.text,
            "remedy": finding.remedy,
        })
    };
    let findings: Vec<Value> = findings.iter().map(finding).collect();
    format!("{}\n", json!({ "findings": findings }))
}

/// The exit status: that of the worst finding.
pub(crate) fn exit(findings: &[Finding]) -> Exit {
    match findings.iter().map(|finding| finding.severity).min() {
        Some(Severity::Error) => Exit::Wrong,
        Some(Severity::Warning | Severity::Unknown) => Exit::Questionable,
        Some(Severity::Hint | Severity::Ok) | None => Exit::Decided,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(subject: &str, severity: Severity) -> Finding {
        let (subject, text) = (subject.to_owned(), "it is\u{1b} so".to_owned());
        let remedy = (severity != Severity::Ok).then(|| "fix it".to_owned());
        Finding { check: "check", severity, subject, text, remedy }
    }

    #[test]
    fn the_worst_comes_first_and_decides_how_it_ends() {
        let findings = [finding("a", Severity::Ok), finding("b", Severity::Warning), finding("a", Severity::Error)];
        let text = anstream::adapter::strip_str(&text(&findings)).to_string();
        assert!(text.starts_with("a\n  error    check                  it is\\u{1b} so\n"), "{text}");
        assert!(text.contains("→ fix it\n  ok       check"), "{text}");
        assert!(text.ends_with("1 error, 1 warning, 0 unknown.\n"), "{text}");
        assert_eq!(exit(&findings), Exit::Wrong);
        assert_eq!(exit(&findings[..2]), Exit::Questionable);
        assert_eq!(exit(&findings[..1]), Exit::Decided);
        assert_eq!(exit(&[finding("a", Severity::Unknown)]), Exit::Questionable);
    }

    #[test]
    fn a_hint_is_told_and_nothing_is_wrong_with_it() {
        let findings = [finding("a", Severity::Ok), finding("a", Severity::Hint)];
        let told = anstream::adapter::strip_str(&text(&findings)).to_string();
        assert!(told.starts_with("a\n  hint     check "), "{told}");
        assert!(told.ends_with("Nothing is wrong, 1 hint.\n"), "{told}");
        assert_eq!(exit(&findings), Exit::Decided);
        let told = text(&[finding("a", Severity::Hint), finding("b", Severity::Warning), finding("b", Severity::Hint)]);
        assert!(told.ends_with("0 errors, 1 warning, 0 unknown, 2 hints.\n"), "{told}");
    }

    #[test]
    fn programs_get_all_of_it() {
        let text = json(&[finding("a", Severity::Unknown)]);
        let value: Value = serde_json::from_str(&text).unwrap();
        let expected = json!({
            "check": "check", "severity": "unknown", "subject": "a", "finding": "it is\u{1b} so", "remedy": "fix it",
        });
        assert_eq!(value["findings"][0], expected);
    }
}
