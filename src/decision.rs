//! The decision of a processor.

pub(crate) mod hold;
pub(crate) mod reason;
pub(crate) mod reasons_in;
pub(crate) mod step_report;
pub(crate) mod trace;
pub(crate) mod update;

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use serde::Serialize;

use self::hold::Hold;
use self::reason::Reason;
use self::trace::Trace;
use self::update::Update;
use crate::LimitError;
use crate::scores::Scores;

/// What happens to a message, and why: one of the three answers that the service knows, or a [hold](Self::hold) until a
/// person has one of them, with [reasons](Reason).
///
/// ```
/// use channel_flow::{Decision, DecisionKind, LimitError, Message};
///
/// fn decide(message: &Message) -> Result<Decision, LimitError> {
///     match message.content() {
///         "" => Ok(Decision::deny().because("empty")),
///         content if content.contains("darn") => Decision::update(content.replace("darn", "****")),
///         _ => Ok(Decision::no_change()),
///     }
/// }
/// # let denied = decide(&channel_flow::testing::message("").build())?;
/// # assert_eq!(denied.kind(), DecisionKind::Deny);
/// # Ok::<_, LimitError>(())
/// ```
/// Two decisions are equal if their answers and their reasons are. Their scores do not matter.
#[derive(Clone)]
pub struct Decision {
    answer: Answer,
    reasons: Vec<Reason>,
    /// How a flow came to the decision.
    trace: Option<Arc<Trace>>,
    /// Shared, so that a decision without scores pays a pointer for them.
    scores: Option<Arc<Scores>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Answer {
    Update(Box<Update>),
    Deny,
    NoChange,
    Hold(Box<Hold>),
}

impl Decision {
    /// Everyone in the channel gets the message with this content. To change anything else, use [`Update`].
    ///
    /// # Errors
    ///
    /// Returns a [`LimitError`] if `content` is empty or longer than [`limits::CONTENT`](crate::limits::CONTENT)
    /// allows.
    pub fn update(content: impl Into<String>) -> Result<Self, LimitError> {
        Update::builder().content(content).build().map(Self::from)
    }

    /// Nobody gets the message, and its sender is told that it was denied.
    pub const fn deny() -> Self {
        Self { answer: Answer::Deny, reasons: Vec::new(), trace: None, scores: None }
    }

    /// Everyone in the channel gets the message unchanged.
    pub const fn no_change() -> Self {
        Self { answer: Answer::NoChange, reasons: Vec::new(), trace: None, scores: None }
    }

    /// The message waits for a person: the adapter stores a [`Ticket`](crate::Ticket) in place of a callback.
    ///
    /// The function needs a [store for tickets](crate::AdapterBuilder::tickets). Without one, or if the store is away, the
    /// fallback action decides.
    pub fn hold(hold: Hold) -> Self {
        Self { answer: Answer::Hold(Box::new(hold)), reasons: Vec::new(), trace: None, scores: None }
    }

    /// Adds a reason, unless the decision has it already. A decision can have several.
    #[must_use]
    pub fn because(mut self, reason: impl Into<Reason>) -> Self {
        let reason = reason.into();
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
        self
    }

    /// Adds several reasons, such as those of a [`Verdict`](crate::Verdict). Each is added as by
    /// [`because`](Self::because).
    #[must_use]
    pub fn because_all<R: Into<Reason>>(self, reasons: impl IntoIterator<Item = R>) -> Self {
        reasons.into_iter().fold(self, Self::because)
    }

    /// Sets the scores of the judge that the decision follows, in place of earlier ones.
    ///
    /// They appear in the log line and in [`Settled::scores`](crate::Settled::scores); those of a flow's step appear in
    /// the report of the step.
    #[must_use]
    pub fn with_scores(self, scores: Scores) -> Self {
        Self { scores: (!scores.is_empty()).then(|| Arc::new(scores)), ..self }
    }

    /// Returns which of the decisions this is.
    pub fn kind(&self) -> DecisionKind {
        match self.answer {
            Answer::Update(_) => DecisionKind::Update,
            Answer::Deny => DecisionKind::Deny,
            Answer::NoChange => DecisionKind::NoChange,
            Answer::Hold(_) => DecisionKind::Hold,
        }
    }

    /// Returns the changes, if the decision is an update.
    pub fn changes(&self) -> Option<&Update> {
        match &self.answer {
            Answer::Update(update) => Some(update),
            Answer::Deny | Answer::NoChange | Answer::Hold(_) => None,
        }
    }

    /// Returns how long the message waits for a person, if the decision is to hold it.
    pub fn held(&self) -> Option<&Hold> {
        match &self.answer {
            Answer::Hold(hold) => Some(hold),
            Answer::Update(_) | Answer::Deny | Answer::NoChange => None,
        }
    }

    /// Returns the reasons, in the order in which they were added.
    pub fn reasons(&self) -> &[Reason] {
        &self.reasons
    }

    /// Returns the scores of the judge that the decision follows, if it has any.
    pub fn scores(&self) -> Option<&Scores> {
        self.scores.as_deref()
    }

    /// Adds how a flow came to the decision.
    pub(crate) fn traced(self, trace: Arc<Trace>) -> Self {
        Self { trace: Some(trace), ..self }
    }

    /// Adds how a flow came to another decision, in whose place this one is sent.
    pub(crate) fn traced_as(self, other: &Self) -> Self {
        Self { trace: other.trace.clone(), ..self }
    }

    /// Leaves out how a flow came to the decision.
    pub(crate) fn untraced(self) -> Self {
        Self { trace: None, ..self }
    }

    /// Returns how a flow came to the decision.
    pub(crate) fn trace(&self) -> Option<&Arc<Trace>> {
        self.trace.as_ref()
    }

    /// Takes how a flow came to the decision.
    pub(crate) fn into_trace(self) -> Option<Arc<Trace>> {
        self.trace
    }

    /// Remembers the processor that some policies chose, so that it also does the work after the callback.
    pub(crate) fn with_processor(mut self, policies: usize, processor: Arc<dyn Any + Send + Sync>) -> Self {
        // A trace is shared if the processor keeps its decisions. It then does without.
        if let Some(trace) = Arc::get_mut(self.trace.get_or_insert_default()) {
            trace.processors.push((policies, AssertUnwindSafe(processor)));
        }
        self
    }

    /// Returns the processor that these policies chose.
    pub(crate) fn processor<P: Any + Send + Sync>(&self, policies: usize) -> Option<Arc<P>> {
        let processors = &self.trace.as_ref()?.processors;
        let (_, processor) = processors.iter().find(|(key, _)| *key == policies)?;
        processor.0.clone().downcast().ok()
    }

    /// Returns the decision with these changes in place of its own.
    pub(crate) fn with_changes(self, update: Update) -> Self {
        Self { answer: Answer::Update(Box::new(update)), ..self }
    }

    /// Returns the decision as it is sent: with the message's own content in an update that leaves it as it was.
    pub(crate) fn with_content(mut self, content: &str) -> Self {
        match &mut self.answer {
            Answer::Update(update) => update.set_missing_content(content),
            Answer::Hold(hold) => {
                if let Some(update) = hold.changes_mut() {
                    update.set_missing_content(content);
                }
            }
            Answer::Deny | Answer::NoChange => {}
        }
        self
    }

    /// Takes the decision apart, for a flow that makes one of several.
    pub(crate) fn into_parts(self) -> Parts {
        let denied = self.answer == Answer::Deny;
        let (changes, hold) = match self.answer {
            Answer::Update(update) => (Some(update), None),
            Answer::Hold(mut hold) => (hold.take_changes().map(Box::new), Some(hold)),
            Answer::Deny | Answer::NoChange => (None, None),
        };
        Parts { denied, changes, hold, reasons: self.reasons, trace: self.trace }
    }

    /// Puts a decision together, without scores. A denial needs neither changes nor a hold.
    pub(crate) fn from_parts(parts: Parts) -> Self {
        let Parts { denied, changes, hold, reasons, trace } = parts;
        let answer = match (changes, hold) {
            _ if denied => Answer::Deny,
            (Some(changes), Some(hold)) => Answer::Hold(Box::new(hold.approval(*changes))),
            (None, Some(hold)) => Answer::Hold(hold),
            (Some(changes), None) => Answer::Update(changes),
            (None, None) => Answer::NoChange,
        };
        Self { answer, reasons, trace, scores: None }
    }

    /// Returns whether the service is told the same.
    pub(crate) fn has_same_answer(&self, other: &Self) -> bool {
        self.answer == other.answer
    }
}

/// What a decision is made of.
pub(crate) struct Parts {
    pub(crate) denied: bool,
    /// The changes of an update, or of an approval.
    pub(crate) changes: Option<Box<Update>>,
    /// The hold, without the changes of its approval.
    pub(crate) hold: Option<Box<Hold>>,
    pub(crate) reasons: Vec<Reason>,
    pub(crate) trace: Option<Arc<Trace>>,
}

/// A [`Decision`] without its changes and reasons, as logs and the value that is returned to Lambda show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DecisionKind {
    /// `UPDATE`: everyone gets the message with changes.
    Update,
    /// `DENY`: nobody gets the message.
    Deny,
    /// `NO_CHANGE`: everyone gets the message unchanged.
    NoChange,
    /// `HOLD`: the message waits for a person.
    Hold,
}

impl DecisionKind {
    /// Returns the name of the decision: `UPDATE`, `DENY`, `NO_CHANGE` or `HOLD`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Update => "UPDATE",
            Self::Deny => "DENY",
            Self::NoChange => "NO_CHANGE",
            Self::Hold => "HOLD",
        }
    }
}

impl PartialEq for Decision {
    fn eq(&self, other: &Self) -> bool {
        self.answer == other.answer && self.reasons == other.reasons
    }
}

impl Eq for Decision {}

impl Hash for Decision {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.answer.hash(state);
        self.reasons.hash(state);
    }
}

impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision").field("answer", &self.answer).field("reasons", &self.reasons).finish()
    }
}

/// An update that changes nothing is no change.
impl From<Update> for Decision {
    fn from(update: Update) -> Self {
        let answer = if update.is_empty() { Answer::NoChange } else { Answer::Update(Box::new(update)) };
        Self { answer, reasons: Vec::new(), trace: None, scores: None }
    }
}

/// What happens to a message if its processor returns an error, panics or times out.
///
/// The names are those of the channel flow's own setting and have the same meaning. The flow's setting applies if the
/// service cannot *reach* the function. This setting applies if the service reached the function and the function
/// failed, which the service does not notice. Set both to the same value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FallbackAction {
    /// `ABORT`: the message is denied. A message that could not be checked is not released. This is the default.
    #[default]
    Abort,
    /// `CONTINUE`: the message is released unchanged.
    Continue,
}

impl FallbackAction {
    /// Returns the service's name for the action: `ABORT` or `CONTINUE`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Abort => "ABORT",
            Self::Continue => "CONTINUE",
        }
    }

    pub(crate) fn decision(self) -> Decision {
        match self {
            Self::Abort => Decision::deny(),
            Self::Continue => Decision::no_change(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_has_each_reason_once() {
        let decision = Decision::deny().because("links").because("spam").because("links");
        assert_eq!(decision.reasons(), [Reason::new("links"), Reason::new("spam")]);
        assert!(Decision::no_change().reasons().is_empty());
        assert!(decision.has_same_answer(&Decision::deny()) && decision != Decision::deny());
    }

    #[test]
    fn scores_come_with_a_decision_and_are_no_part_of_it() {
        let scores: Scores = [("INSULT", crate::Score::MAX)].into_iter().collect();
        let decision = Decision::deny().because_all(["INSULT", "SPAM", "INSULT"]).with_scores(scores.clone());
        assert_eq!(decision.scores(), Some(&scores));
        assert_eq!(decision, Decision::deny().because("INSULT").because("SPAM"));
        assert_eq!(decision.with_scores(Scores::new()).scores(), None);
    }

    #[test]
    fn only_an_update_has_changes() {
        assert_eq!(Decision::update("a").unwrap().changes().unwrap().content(), Some("a"));
        assert_eq!(Decision::deny().changes(), None);
    }
}
