//! Recording: what flowed, as JSON lines.

mod label;
mod mask;
mod recorder;
mod step;
mod steps;

pub use label::Label;
pub use recorder::{Recorder, RecorderSettings};
pub use step::{
    RecordedAttempt, RecordedCallback, RecordedRefusal, RecordedStep, RecordedUnreachable, StepOutcome, UnreadableStep,
};
