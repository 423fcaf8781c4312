use std::io;
use std::sync::{Arc, Mutex};

use lambda_runtime::tracing::subscriber::layer::SubscriberExt;
use lambda_runtime::tracing::subscriber::{fmt as subscriber_fmt, registry};
use proptest::prelude::*;
use serde_json::{Value, json};
use tracing::Span;
use tracing::field::Empty;
use tracing::subscriber::with_default;

use super::*;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<Vec<u8>>>>);

impl Lines {
    fn take(&self) -> Vec<Value> {
        let lines = std::mem::take(&mut *self.0.lock().unwrap());
        let value = |line: Vec<u8>| {
            assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1), "one write is one line");
            serde_json::from_slice(&line).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&line)))
        };
        lines.into_iter().map(value).collect()
    }
}

/// Each write is a line.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push(line.to_owned());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(f: impl FnOnce()) -> Vec<Value> {
    let lines = Lines::default();
    let writer = lines.clone();
    with_default(registry().with(JsonLines::new(move || writer.clone())), f);
    lines.take()
}

/// Values of each kind that a field can have.
#[derive(Clone, Debug)]
struct Fields {
    text: String,
    shown: String,
    signed: i64,
    unsigned: u64,
    wide: u128,
    real: f64,
    flag: bool,
    perhaps: Option<String>,
}

/// Numbers that the default log does not round.
fn real() -> impl Strategy<Value = f64> {
    prop_oneof![8 => any::<i32>().prop_map(|number| f64::from(number) / 8.0), 1 => Just(f64::NAN), 1 => Just(f64::INFINITY)]
}

fn fields() -> impl Strategy<Value = Fields> {
    let text = || prop_oneof![any::<String>(), "[\"\\\\\u{0}-\u{7f}\u{85}\u{2028}\u{202e}é世]{0,12}", "[a-z ]{0,40}"];
    let numbers = (any::<i64>(), any::<u64>(), any::<u128>(), real(), any::<bool>());
    (text(), text(), numbers, prop::option::of(text())).prop_map(|(text, shown, numbers, perhaps)| {
        let (signed, unsigned, wide, real, flag) = numbers;
        Fields { text, shown, signed, unsigned, wide, real, flag, perhaps }
    })
}

/// A span, and what is recorded in it later.
type Entered = (u8, Fields, Vec<(u8, Fields)>);

fn span((kind, fields, later): &Entered) -> Span {
    let Fields { text, shown, signed, unsigned, wide, real, flag, perhaps } = fields;
    let span = match kind % 3 {
        0 => tracing::info_span!("bare", text = Empty, number = Empty, a.key = Empty),
        1 => {
            tracing::info_span!("full", text, shown = ?shown, number = signed, unsigned, a.key = wide, real, flag)
        }
        _ => {
            tracing::debug_span!("a \"name\"", %text, perhaps, number = unsigned, error = &io::Error::other(shown.clone()) as &(dyn std::error::Error + 'static))
        }
    };
    for (kind, Fields { text, unsigned, shown, .. }) in later {
        match kind % 3 {
            0 => drop(span.record("text", text)),
            1 => drop(span.record("number", unsigned)),
            _ => drop(span.record("a.key", tracing::field::debug(shown))),
        }
    }
    span
}

fn log(event: &Fields, spans: &[Entered]) {
    let Some((first, others)) = spans.split_first() else {
        let Fields { text, shown, signed, unsigned, wide, real, flag, perhaps } = event;
        tracing::warn!(text, ?shown, signed, unsigned, wide, real, flag, perhaps, "a message: {text}");
        tracing::error!("a \"key\"" = %shown, "a constant message");
        tracing::trace!(real);
        return;
    };
    span(first).in_scope(|| log(event, others));
}

proptest! {
    #[test]
    fn a_line_has_the_values_of_the_default_log(
        event in fields(),
        spans in prop::collection::vec((any::<u8>(), fields(), prop::collection::vec((any::<u8>(), fields()), 0..4)), 0..4),
    ) {
        let lines = logged(|| log(&event, &spans));
        let theirs = Lines::default();
        let writer = theirs.clone();
        let default = subscriber_fmt::layer().json().with_target(false).with_writer(OneLine(move || writer.clone()));
        with_default(registry().with(default), || log(&event, &spans));
        let theirs = theirs.take();
        prop_assert_eq!(lines.len(), 3);
        prop_assert_eq!(theirs.len(), 3);
        for (mut line, mut theirs) in lines.into_iter().zip(theirs) {
            let timestamp = |line: &mut Value| line["timestamp"].take().as_str().map(|time| time.replace(|c: char| c.is_ascii_digit(), "0"));
            prop_assert_eq!(timestamp(&mut line), timestamp(&mut theirs));
            // Theirs has the innermost span twice.
            if let Some(spans) = theirs.get_mut("spans").and_then(Value::as_array_mut) {
                spans.pop();
            }
            if theirs["spans"] == json!([]) {
                theirs.as_object_mut().unwrap().remove("spans");
            }
            prop_assert_eq!(line, theirs);
        }
    }
}

/// A value may log while it is shown, which must not get into the line that it is shown in.
#[test]
fn the_memory_of_a_line_belongs_to_it_while_it_is_written() {
    struct Watchful;
    impl std::fmt::Debug for Watchful {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "{}", LINE.take().capacity())
        }
    }

    let lines = logged(|| {
        tracing::info!("before");
        tracing::info!(field = ?Watchful, "told");
    });
    assert_eq!(lines[1]["fields"], json!({ "message": "told", "field": "0" }));
    assert_ne!(LINE.take().capacity(), 0);
}

#[test]
fn a_value_that_cannot_be_shown_costs_no_line() {
    struct Broken;
    impl std::fmt::Debug for Broken {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("so far")?;
            Err(std::fmt::Error)
        }
    }

    let lines = logged(|| tracing::info!(field = ?Broken, "told"));
    assert_eq!(lines[0]["fields"], json!({ "message": "told", "field": "so far" }));
}

#[test]
fn an_event_names_its_span() {
    let lines = logged(|| {
        let (one, other) = (tracing::info_span!("one"), tracing::info_span!("other"));
        one.in_scope(|| {
            tracing::info!(parent: &other, "elsewhere");
            tracing::info!(parent: None, "nowhere");
        });
    });
    assert_eq!(lines[0]["span"], json!({ "name": "other" }));
    assert_eq!(lines[1].get("span"), None);
}

#[test]
fn a_long_line_does_not_stay_in_memory() {
    logged(|| tracing::info!(field = "x".repeat(KEPT_BYTES)));
    let kept = LINE.take();
    assert!(kept.capacity() <= KEPT_BYTES, "{}", kept.capacity());
    logged(|| tracing::info!("short"));
    assert_ne!(LINE.take().capacity(), 0);
}
