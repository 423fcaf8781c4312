//! Writes each event as a line of JSON.

use std::cell::Cell;
use std::io::Write;

use lambda_runtime::tracing::subscriber::Layer;
use lambda_runtime::tracing::subscriber::fmt::MakeWriter;
use lambda_runtime::tracing::subscriber::fmt::format::Writer;
use lambda_runtime::tracing::subscriber::fmt::time::{FormatTime, SystemTime};
use lambda_runtime::tracing::subscriber::layer::Context;
use lambda_runtime::tracing::subscriber::registry::{LookupSpan, SpanRef};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};

use super::json_fields::{Contents, JsonFields, SpanFields, push_string};
use crate::error::one_line::OneLine;

/// A line that has become longer does not stay in memory.
const KEPT_BYTES: usize = 16 * 1024;

thread_local! {
    /// The memory of the line before. While a line is written, it is away: a value that logs while it is shown has another.
    static LINE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A layer that writes each event as a line of JSON, with the fields of the spans that it is in. A span's fields become
/// JSON once, and are in a line once: the innermost span as `span`, those around it as `spans`.
pub(super) struct JsonLines<F>(OneLine<F>);

impl<F> JsonLines<F> {
    pub(super) fn new(writer: F) -> Self {
        Self(OneLine(writer))
    }
}

impl<S, F, W> Layer<S> for JsonLines<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    F: Fn() -> W + 'static,
    W: Write,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        // Another layer of this kind may have been here.
        if extensions.get_mut::<SpanFields>().is_none() {
            extensions.insert(SpanFields::of(|visit| attributes.record(visit)));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        // Before the span is locked: a value that logs while it is shown reads the span.
        let added = SpanFields::of(|visit| values.record(visit));
        if let Some(fields) = span.extensions_mut().get_mut::<SpanFields>() {
            fields.add(added);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = LINE.take();
        line.clear();
        write_event(&mut line, event, &context);
        // A line that cannot be written is lost: the answers matter, not the log.
        let _ = self.0.make_writer().write_all(&line);
        if line.capacity() <= KEPT_BYTES {
            LINE.set(line);
        }
    }
}

fn write_event<S>(line: &mut Vec<u8>, event: &Event<'_>, context: &Context<'_, S>)
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    line.extend_from_slice(b"{\"timestamp\":\"");
    // Without it, Lambda treats every line as level INFO, and drops errors if INFO is not wanted.
    let _ = SystemTime.format_time(&mut Writer::new(&mut Contents(line)));
    line.extend_from_slice(b"\",\"level\":\"");
    line.extend_from_slice(event.metadata().level().as_str().as_bytes());
    line.extend_from_slice(b"\",\"fields\":{");
    event.record(&mut JsonFields::new(line));
    line.push(b'}');
    if let Some(span) = context.event_span(event) {
        line.extend_from_slice(b",\"span\":");
        write_span(line, &span);
        if let Some(parent) = span.parent() {
            let mut before = b",\"spans\":[".as_slice();
            for span in parent.scope().from_root() {
                line.extend_from_slice(before);
                write_span(line, &span);
                before = b",";
            }
            line.push(b']');
        }
    }
    line.extend_from_slice(b"}\n");
}

fn write_span<S: for<'a> LookupSpan<'a>>(line: &mut Vec<u8>, span: &SpanRef<'_, S>) {
    line.push(b'{');
    if let Some(fields) = span.extensions().get::<SpanFields>() {
        fields.write(line);
    }
    line.extend_from_slice(b"\"name\":");
    push_string(line, span.name());
    line.push(b'}');
}

#[cfg(test)]
mod tests;
