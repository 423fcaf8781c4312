//! Tests of cases that cannot be staged from outside the process: a name that does not resolve at first.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aws_sdk_chimesdkmessaging::config::{BehaviorVersion, Config, Credentials, Region};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;
use crate::event::ids::CallbackIds;
use crate::event::provenance::Provenance;

/// Fails a number of times, then resolves to the loopback address.
#[derive(Clone, Debug)]
struct FailingAtFirst(Arc<AtomicU32>);

impl ResolveDns for FailingAtFirst {
    fn resolve_dns<'a>(&'a self, _: &'a str) -> DnsFuture<'a> {
        let fails = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        DnsFuture::ready(match fails {
            true => Err(ResolveDnsError::new("temporary failure in name resolution")),
            false => Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]),
        })
    }
}

/// Accepts every callback. Returns its port, and the requests.
async fn service() -> (u16, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // A callback this small arrives in one piece.
            let mut request = [0; 8192];
            let length = stream.read(&mut request).await.unwrap_or_default();
            let _ = sender.send(String::from_utf8_lossy(&request[..length]).into_owned());
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}").await;
        }
    });
    (port, requests)
}

fn callbacks(port: u16, resolver: &FailingAtFirst) -> Callbacks {
    let http_client = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_with_resolver(resolver.clone());
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
        .endpoint_url(format!("http://messaging.example:{port}"))
        .http_client(http_client);
    Callbacks::new(Client::from_conf(crate::callback::client::for_callbacks(config).build()), MayAsk::default())
}

async fn settle(callbacks: &Callbacks, xray_trace_id: Option<&str>) -> Settled {
    let ids = CallbackIds {
        callback_id: "0b9e1c52-7a64-4d0e-9f3b-2c1d0e9f8a7b".to_owned(),
        message_id: "m".to_owned(),
        channel_arn: "arn:aws:chime:us-east-1:111122223333:app-instance/a/channel/c".to_owned(),
    };
    let header = Header { ids, provenance: Provenance::default() };
    let callback = Callback {
        header: &header,
        decision: &Decision::no_change(),
        by: &By::Processor,
        fallback_action: Some(FallbackAction::Continue),
        xray_trace_id,
    };
    callbacks.settle(callback, Some(Instant::now() + Duration::from_secs(20))).await.unwrap()
}

#[tokio::test]
async fn a_name_that_does_not_resolve_at_first_is_looked_up_again() {
    for failures in [1, 7] {
        let resolver = FailingAtFirst(Arc::new(AtomicU32::new(failures)));
        let (port, _requests) = service().await;
        let settled = settle(&callbacks(port, &resolver), None).await;
        assert_eq!(settled.outcome, Outcome::Accepted, "after {failures}");
        assert_eq!(settled.attempts, failures + 1);
        assert_eq!(resolver.0.load(Ordering::Relaxed), 0, "it was asked too seldom");
    }
}

#[tokio::test]
async fn the_callback_continues_the_trace() {
    let (port, mut requests) = service().await;
    let callbacks = callbacks(port, &FailingAtFirst(Arc::default()));
    let trace_id = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1";
    for (trace_id, header) in [(Some(trace_id), true), (Some("forged\r\nx-a: b"), false), (None, false)] {
        settle(&callbacks, trace_id).await;
        let request = requests.recv().await.unwrap();
        assert_eq!(request.contains("x-amzn-trace-id: "), header, "{request}");
        assert_eq!(request.contains("Root=1-67891233-abcdef012345678912345678;"), header);
        assert!(!request.contains("x-a: b"));
    }
}
