//! A line of a recording.

use crate::assumptions::Assumptions;
use crate::messaging::callback::Callback;
use crate::model::callback_record::CallbackRecord;
use crate::model::code::is_code;
use crate::model::decision::{Decision, decision_named};
use crate::model::event::Event;
use crate::model::fallback::Fallback;
use crate::model::invocation::REPORTED;
use crate::model::message::MessageFields;
use crate::model::scores::Scores;
use crate::model::step_report::StepReport;
use crate::recording::label::Label;
use crate::recording::mask;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;
use std::time::SystemTime;

/// What happened to a message at one processor: a line of a recording, as JSON.
///
/// ```json
/// {"version":1,"masked":false,"time":"2026-08-14T09:31:02.113Z","processor":"filter","function_arn":"arn:…","event":{…},
///  "callbacks":[{"after_ms":3.2,"accepted":true,"body":{…}}],"decision":"UPDATE","outcome":"SENT",
///  "attempts":[{"function_arn":"arn:…","request_id":"…","success":true,"outcome":"the function answered",
///               "duration_ms":4.1,"cold_start_ms":12.0}],
///  "decided_ms":3.2,"total_ms":16.4}
/// ```
///
/// A message that goes through several processors has a line for each. One that was thought to hang, and is decided after
/// all, has two with the same ids: the later one counts. Callbacks and tries that come after the line are not in it. Fields
/// can be added within a version; who reads lines ignores those it does not know.
///
/// A masked line has the ids, and ARNs up to the id of the user or bot at their end; timestamps, types, times, outcomes,
/// scores, reasons, who decided and why, which are codes, and the place of a panic in the code. It has the names of the function's steps as far as they are codes.
/// All that people or their programs wrote is masked, in the event and in callbacks alike: content, metadata, push
/// notifications, message attributes and their names, names of senders, and fields that nobody knows. Letters became `x`,
/// `X`, and digits `0`, each by one that takes as many bytes; other characters stay, and what is JSON is JSON still.
///
/// It holds what messages say: keep it out of logs. `Debug` shows ids and lengths.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecordedStep {
    /// [`VERSION`](Self::VERSION).
    pub version: u32,
    /// Whether what people wrote is masked.
    pub masked: bool,
    /// When the processor was invoked, such as `2026-08-14T09:31:02.113Z`.
    pub time: String,
    /// The processor's name.
    #[serde(default)]
    pub processor: String,
    /// Its function.
    #[serde(default)]
    pub function_arn: String,
    /// The event; a string where it is not JSON.
    pub event: Box<RawValue>,
    /// The callbacks that came for it, in order.
    #[serde(default)]
    pub callbacks: Vec<RecordedCallback>,
    /// Whether the function held the message for a reviewer. The decision is that of the reviewer then, or the one by default.
    /// Left out if it did not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
    /// `UPDATE`, `DENY` or `NO_CHANGE`; `None` where no callback was accepted.
    #[serde(default)]
    pub decision: Option<String>,
    /// Who made the decision, as the function returned it: `PROCESSOR`, `FALLBACK_ACTION` or `RESCUE`. Left out if it
    /// returned none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// Why the processor did not decide, if a fallback action did. Left out if the function did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
    /// `UPDATE`, `DENY` or `NO_CHANGE`: the decision that was not sent, if the function was in a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<String>,
    /// Why: the codes of the reasons that the function returned, such as `links`. Left out if there are none; recordings
    /// that are older than reasons have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// The scores of the decision, as the function returned them. Left out if there are none.
    #[serde(default, skip_serializing_if = "Scores::is_empty")]
    pub scores: Scores,
    /// What the steps of the function's flow did, shadows included, as the function returned it. Left out if there are
    /// none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<StepReport>,
    /// What should have been decided. A recorder never writes it: a person adds it to the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// That the processor was not reached, and what was done instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<RecordedUnreachable>,
    /// Where the message went.
    pub outcome: StepOutcome,
    /// The tries of its function.
    #[serde(default)]
    pub attempts: Vec<RecordedAttempt>,
    /// From the invocation to the accepted callback, in milliseconds.
    #[serde(default)]
    pub decided_ms: Option<f64>,
    /// From the invocation to the last that happened, in milliseconds.
    #[serde(default)]
    pub total_ms: f64,
}

/// Where a message went from a processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum StepOutcome {
    /// To everyone in the channel.
    Sent,
    /// Nowhere: it was denied.
    Denied,
    /// Nowhere: the processor could not be reached, and its fallback action is to abort.
    Failed,
    /// To the next processor of the flow.
    Next,
    /// Nowhere yet: nobody has called back.
    Pending,
}

/// A callback of a [`RecordedStep`].
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecordedCallback {
    /// From the invocation to the callback, in milliseconds.
    #[serde(default)]
    pub after_ms: f64,
    /// Whether it decided the message.
    pub accepted: bool,
    /// How it was refused, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RecordedRefusal>,
    /// The scripted fault that it met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Its body; a string where it is not JSON.
    pub body: Box<RawValue>,
}

/// How a callback was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecordedRefusal {
    /// The HTTP status; 0 where there was no answer.
    pub status: u16,
    /// The exception.
    #[serde(default)]
    pub exception: String,
    /// What was wrong.
    #[serde(default)]
    pub reason: String,
}

/// That a processor was not reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecordedUnreachable {
    /// Why.
    pub reason: String,
    /// `CONTINUE` or `ABORT`.
    pub fallback_action: String,
}

/// A try of a function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecordedAttempt {
    /// The function, which is another one where the event went to an on-failure destination.
    #[serde(default)]
    pub function_arn: String,
    /// Lambda's id of the request.
    #[serde(default)]
    pub request_id: String,
    /// Whether Lambda counts it as a success.
    pub success: bool,
    /// In words; those of the function itself are not in a masked line.
    #[serde(default)]
    pub outcome: String,
    /// How long it took, in milliseconds.
    #[serde(default)]
    pub duration_ms: f64,
    /// How long the start of a new environment took, in milliseconds.
    #[serde(default)]
    pub cold_start_ms: Option<f64>,
}

/// Why a line is no [`RecordedStep`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableStep(String);

impl RecordedStep {
    /// The version of the format that this crate writes, and the latest that it reads.
    pub const VERSION: u32 = 1;

    /// Reads a line.
    ///
    /// # Errors
    ///
    /// It is not a line of a recording, or is one of a later version.
    pub fn read(line: &[u8]) -> Result<Self, UnreadableStep> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }

        match serde_json::from_slice::<Versioned>(line) {
            Ok(Versioned { version: 1..=Self::VERSION }) => {}
            Ok(Versioned { version }) => {
                return Err(UnreadableStep(format!(
                    "its version is {version}, and this reads versions up to {}",
                    Self::VERSION
                )));
            }
            Err(error) if error.is_data() => return Err(UnreadableStep("it has no version".to_owned())),
            Err(error) => return Err(UnreadableStep(format!("it is not JSON: see column {}", error.column()))),
        }
        // The reader's own words can hold a piece of the line.
        serde_json::from_slice(line)
            .map_err(|error| UnreadableStep(format!("it is not a recorded step: see column {}", error.column())))
    }

    /// What the function got. An event that is not JSON is delivered as the string that it was recorded as.
    pub fn event(&self) -> Event {
        Event::raw(self.event.get().to_owned())
    }

    /// The processor's decision: that of the accepted callback, or [`Decision::Hold`] if the function held the message, whoever
    /// decided it then.
    pub fn decision(&self) -> Option<Decision> {
        if self.held {
            return Some(Decision::Hold);
        }
        decision_named(self.decision.as_deref()?)
    }

    /// The decision that was not sent; `None` if the function was not in a dry run.
    pub fn dry_run(&self) -> Option<Decision> {
        decision_named(self.dry_run.as_deref()?)
    }

    /// What the message says after this processor: as its event has it, with what the accepted callback changed. `None`
    /// where it was denied, held, or not decided.
    pub fn released(&self) -> Option<MessageFields> {
        if self.held {
            return None;
        }
        let event = self.event();
        let accepted = self.callbacks.iter().find(|callback| callback.accepted)?;
        let assumptions = Assumptions::default();
        let channel_arn = &event.ids().ok()?.channel_arn;
        let callback = Callback::parse(channel_arn, accepted.body.get().as_bytes(), &assumptions).ok()?;
        if callback.decision == Decision::Deny {
            return None;
        }
        let mut fields = event.fields().clone();
        fields.apply(callback.changes, assumptions.absent_fields_are_kept);
        Some(fields)
    }

    pub(super) fn masked(mut self) -> Self {
        self.masked = true;
        self.event = mask::line(self.event.get().as_bytes(), true);
        for callback in &mut self.callbacks {
            callback.body = mask::line(callback.body.get().as_bytes(), true);
        }
        for attempt in &mut self.attempts {
            if attempt.outcome.starts_with(REPORTED) {
                attempt.outcome = format!("{REPORTED} an error");
            }
        }
        let steps = self.steps.iter_mut().map(|step| &mut step.name);
        let step = self.fallback.iter_mut().filter_map(|fallback| fallback.step.as_mut());
        for name in steps.chain(step).filter(|name| !is_code(name)) {
            *name = mask::text(name);
        }
        self
    }
}

impl RecordedCallback {
    pub(super) fn new(callback: &CallbackRecord, since: impl Fn(SystemTime) -> f64) -> Self {
        let refusal = callback.verdict().err().map(|refusal| RecordedRefusal {
            status: refusal.status(),
            exception: refusal.exception().to_owned(),
            reason: refusal.reason().to_owned(),
        });
        Self {
            after_ms: since(callback.received_at()),
            accepted: callback.is_accepted(),
            refusal,
            fault: callback.fault().map(str::to_owned),
            body: mask::line(callback.body(), false),
        }
    }
}

impl fmt::Display for UnreadableStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnreadableStep {}

impl fmt::Debug for RecordedStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedStep")
            .field("time", &self.time)
            .field("processor", &self.processor)
            .field("masked", &self.masked)
            .field("event_bytes", &self.event.get().len())
            .field("callbacks", &self.callbacks)
            .field("held", &self.held)
            .field("decision", &self.decision)
            .field("decided_by", &self.decided_by)
            .field("fallback", &self.fallback)
            .field("reasons", &self.reasons)
            .field("scores", &self.scores)
            .field("steps", &self.steps)
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RecordedCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedCallback")
            .field("accepted", &self.accepted)
            .field("refusal", &self.refusal)
            .field("body_bytes", &self.body.get().len())
            .finish_non_exhaustive()
    }
}
