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

/// Accepts every callback. Returns its port.
async fn service() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // A callback this small arrives in one piece.
            let _ = stream.read(&mut [0; 8192]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}").await;
        }
    });
    port
}

#[tokio::test]
async fn a_name_that_does_not_resolve_at_first_is_looked_up_again() {
    for failures in [1, 7] {
        let resolver = FailingAtFirst(Arc::new(AtomicU32::new(failures)));
        let http_client = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_with_resolver(resolver.clone());
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
            .endpoint_url(format!("http://messaging.example:{}", service().await))
            .http_client(http_client);
        let callbacks = Callbacks::new(
            Client::from_conf(crate::callback::client::for_callbacks(config).build()),
            MayAsk::default(),
        );
        let ids = CallbackIds {
            callback_id: "0b9e1c52-7a64-4d0e-9f3b-2c1d0e9f8a7b".to_owned(),
            message_id: "m".to_owned(),
            channel_arn: "arn:aws:chime:us-east-1:111122223333:app-instance/a/channel/c".to_owned(),
        };
        let decision = Decision::no_change();
        let header = Header { ids, provenance: Provenance::default() };
        let callback = Callback {
            header: &header,
            decision: &decision,
            decided_by: DecidedBy::Processor,
            fallback_action: Some(FallbackAction::Continue),
            xray_trace_id: None,
        };
        let settlement = callbacks.settle(callback, Some(Instant::now() + Duration::from_secs(20))).await.unwrap();
        assert_eq!(settlement.outcome, Outcome::Accepted, "after {failures}");
        assert_eq!(resolver.0.load(Ordering::Relaxed), 0, "it was asked too seldom");
    }
}
