//! A body of any length that takes no memory.

use axum::body::{Bytes, HttpBody};
use hyper::body::Frame;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

const BEGIN: &[u8] = br#"{"Message":""#;
const END: &[u8] = br#""}"#;
const FILLING: &[u8] = &[b'x'; 64 * 1024];

/// An object with one long text; blanks if the length is too short for one.
pub(crate) struct LongBody {
    /// The parts to come, the last first.
    parts: Vec<(&'static [u8], u64)>,
}

impl LongBody {
    pub(crate) fn new(bytes: u64) -> Self {
        let around = (BEGIN.len() + END.len()) as u64;
        let parts = match bytes.checked_sub(around) {
            Some(filling) => vec![(END, END.len() as u64), (FILLING, filling), (BEGIN, BEGIN.len() as u64)],
            None => vec![(&b"             "[..], bytes)],
        };
        Self { parts }
    }
}

impl HttpBody for LongBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let parts = &mut self.get_mut().parts;
        while let Some((filling, left)) = parts.last_mut() {
            let take = usize::try_from(*left).map_or(filling.len(), |left| left.min(filling.len()));
            if take > 0 {
                *left -= take as u64;
                return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&filling[..take])))));
            }
            parts.pop();
        }
        Poll::Ready(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};

    #[tokio::test]
    async fn it_has_the_length_it_was_asked_for_and_is_json_where_that_is_possible() {
        for length in [0, 1, 13, 14, 15, 1000, 200_000] {
            let body = to_bytes(Body::new(LongBody::new(length)), usize::MAX).await.unwrap();
            assert_eq!(body.len() as u64, length);
            assert_eq!(serde_json::from_slice::<serde_json::Value>(&body).is_ok(), length >= 14, "{length}");
        }
    }
}
