//! AWS's Signature Version 4 of the one request that this filter makes.

use std::env;
use std::fmt::Write;
use std::time::UNIX_EPOCH;

use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use ring::digest::{SHA256, digest};
use ring::hmac::{HMAC_SHA256, Key, Tag, sign};

use crate::Error;

const SIGNED_HEADERS: &str = "content-type;host;x-amz-date;x-amz-security-token";

/// The function's credentials, and the key of the day.
pub(crate) struct Signer {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    region: String,
    key: Option<(String, Key)>,
}

impl Signer {
    pub(crate) fn from_environment(region: String) -> Result<Self, Error> {
        Ok(Self {
            access_key_id: env::var("AWS_ACCESS_KEY_ID")?,
            secret_access_key: env::var("AWS_SECRET_ACCESS_KEY")?,
            session_token: env::var("AWS_SESSION_TOKEN")?,
            region,
            key: None,
        })
    }

    /// The signed request of a callback with this body.
    pub(crate) fn sign(&mut self, host: &str, channel_arn: &str, body: Vec<u8>) -> Result<Request<Vec<u8>>, Error> {
        let time = amz_date(UNIX_EPOCH.elapsed()?.as_secs());
        let path = format!("/channels/{}", encoded(channel_arn));
        let canonical = format!(
            "POST\n{}\noperation=channel-flow-callback\ncontent-type:application/json\nhost:{host}\nx-amz-date:{time}\n\
             x-amz-security-token:{}\n\n{SIGNED_HEADERS}\n{}",
            path.replace('%', "%25"),
            self.session_token,
            hex(digest(&SHA256, &body).as_ref()),
        );
        let scope = format!("{}/{}/chime/aws4_request", &time[..8], self.region);
        let to_sign =
            format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(digest(&SHA256, canonical.as_bytes()).as_ref()));
        let signature = hex(sign(self.key(&time[..8]), to_sign.as_bytes()).as_ref());
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={SIGNED_HEADERS}, Signature={signature}",
            self.access_key_id
        );
        let request = Request::builder()
            .method(Method::POST)
            .uri(path + "?operation=channel-flow-callback")
            .header(HOST, host)
            .header(CONTENT_TYPE, "application/json")
            .header("x-amz-date", &time)
            .header("x-amz-security-token", &self.session_token)
            .header(AUTHORIZATION, authorization);
        Ok(request.body(body)?)
    }

    fn key(&mut self, day: &str) -> &Key {
        if self.key.as_ref().is_none_or(|(of, _)| of != day) {
            let secret = Key::new(HMAC_SHA256, format!("AWS4{}", self.secret_access_key).as_bytes());
            let parts = [day, &self.region, "chime", "aws4_request"];
            let key = parts.iter().fold(secret, |key, part| as_key(&sign(&key, part.as_bytes())));
            self.key = Some((day.to_owned(), key));
        }
        let (_, key) = self.key.as_ref().expect("it was made above");
        key
    }
}

fn as_key(tag: &Tag) -> Key {
    Key::new(HMAC_SHA256, tag.as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// An ARN as one segment of a path.
fn encoded(arn: &str) -> String {
    arn.replace(':', "%3A").replace('/', "%2F")
}

/// Seconds since 1970 as `YYYYMMDD'T'hhmmss'Z'`.
fn amz_date(seconds: u64) -> String {
    // Years that begin in March have their leap day last; the era of 400 years began on 1 March 0000.
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (day, month_of_calendar) =
        (of_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = era * 400 + year + u64::from(month_of_calendar <= 2);
    let second = seconds % 86_400;
    format!("{year:04}{month_of_calendar:02}{day:02}T{:02}{:02}{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(amz_date(0), "19700101T000000Z");
        assert_eq!(amz_date(951_868_799), "20000229T235959Z");
        assert_eq!(amz_date(1_790_000_000), "20260921T141320Z");
        assert_eq!(amz_date(4_107_542_400), "21000301T000000Z");
    }
}
