//! The names of metrics that come from a function's reasons and steps, and a limit on how many there are.

use std::borrow::Cow;

use crate::Reason;

/// How many reasons of an environment have a metric of their own. CloudWatch bills each metric, and a reason may come from
/// a setting.
const MOST_REASONS: usize = 50;

/// The reasons that have a metric of their own.
#[derive(Clone, Debug, Default)]
pub(super) struct ReasonNames(Vec<(Reason, String)>);

impl ReasonNames {
    /// Returns the name of the reason's metric: `Reason.links`, or `Reason.other` if there are too many.
    pub(super) fn name(&mut self, reason: &Reason) -> &str {
        let position = self.0.iter().position(|(known, _)| known == reason);
        let position = match position {
            Some(position) => position,
            None if self.0.len() == MOST_REASONS => return "Reason.other",
            None => {
                self.0.push((reason.clone(), format!("Reason.{reason}")));
                self.0.len() - 1
            }
        };
        &self.0[position].1
    }
}

/// Returns the name of a step's metric, such as `Step.links.Time`.
pub(super) fn of_step(shadow: bool, name: &str, metric: &str) -> Cow<'static, str> {
    let kind = if shadow { "Shadow" } else { "Step" };
    format!("{kind}.{name}.{metric}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_reasons_is_limited() {
        let mut names = ReasonNames::default();
        for reason in 0..MOST_REASONS {
            let code = format!("r{reason}");
            assert_eq!(names.name(&Reason::from_setting(&code).unwrap()), format!("Reason.{code}"));
        }
        assert_eq!(names.name(&Reason::new("one-more")), "Reason.other");
        assert_eq!(names.name(&Reason::new("r7")), "Reason.r7");
    }
}
