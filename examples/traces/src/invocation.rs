//! The span of an invocation, which continues the trace that Lambda began.

use std::collections::HashMap;
use std::pin::Pin;
use std::task::{Context, Poll};

use channel_flow::lambda_runtime::tower::{Layer, Service};
use channel_flow::lambda_runtime::{self, LambdaInvocation};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_aws::trace::XrayPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Instrument, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The name under which the propagator looks for the trace.
const TRACE_HEADER: &str = "x-amzn-trace-id";

/// Puts each invocation into a span, and exports what it left before Lambda freezes the environment.
#[derive(Clone)]
pub(crate) struct InvocationLayer(SdkTracerProvider);

impl InvocationLayer {
    pub(crate) fn new(provider: SdkTracerProvider) -> Self {
        Self(provider)
    }
}

impl<S> Layer<S> for InvocationLayer {
    type Service = InvocationService<S>;

    fn layer(&self, inner: S) -> InvocationService<S> {
        InvocationService { inner, provider: self.0.clone() }
    }
}

#[derive(Clone)]
pub(crate) struct InvocationService<S> {
    inner: S,
    provider: SdkTracerProvider,
}

impl<S> Service<LambdaInvocation> for InvocationService<S>
where
    S: Service<LambdaInvocation, Response = (), Error = lambda_runtime::Error>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = lambda_runtime::Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), lambda_runtime::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), lambda_runtime::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let context = &invocation.context;
        let span = info_span!(
            "invocation",
            otel.name = context.env_config.function_name,
            otel.kind = "consumer",
            faas.invocation_id = context.request_id,
        );
        if let Some(trace_id) = &context.xray_trace_id {
            let carrier = HashMap::from([(TRACE_HEADER.to_owned(), trace_id.clone())]);
            // Without the layer that makes spans of it, there is no trace to continue.
            let _ = span.set_parent(XrayPropagator::default().extract(&carrier));
        }
        let invoking = span.in_scope(|| self.inner.call(invocation)).instrument(span);
        let provider = self.provider.clone();
        Box::pin(async move {
            // The span ends with the invocation, before the export.
            let invoked = invoking.await;
            if let Err(error) = provider.force_flush() {
                tracing::warn!(%error, "spans were not exported");
            }
            invoked
        })
    }
}
