//! Where the spans go.

use std::env;

use opentelemetry::trace::TracerProvider;
use opentelemetry_aws::trace::XrayIdGenerator;
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, Tracer};

/// Returns a provider that exports in the background, to the collector that OpenTelemetry's variables name.
pub(crate) fn provider() -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = SpanExporter::builder().with_http().with_protocol(Protocol::HttpJson).build()?;
    let resource = Resource::builder();
    // A name that a variable of OpenTelemetry gives comes first.
    let resource = match (env::var("OTEL_SERVICE_NAME"), env::var("AWS_LAMBDA_FUNCTION_NAME")) {
        (Err(_), Ok(function)) => resource.with_service_name(function),
        _ => resource,
    };
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        // X-Ray takes ids that begin with a time.
        .with_id_generator(XrayIdGenerator::default())
        .with_resource(resource.build())
        .build())
}

pub(crate) fn tracer(provider: &SdkTracerProvider) -> Tracer {
    provider.tracer("channel-flow")
}
