//! The files of the page.

use axum::http::StatusCode;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::response::{IntoResponse, Response};

/// One file of the page.
pub(super) struct File {
    path: &'static str,
    content_type: &'static str,
    text: &'static str,
}

/// What every answer has, so that a page holds nothing but itself, and nobody else holds it.
pub(super) const HEADERS: [(HeaderName, &str); 6] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! file {
    ($path:literal, $name:literal, $type:expr) => {
        File { path: $path, content_type: $type, text: include_str!(concat!("../../../page/", $name)) }
    };
}

const FILES: [File; 26] = [
    file!("/", "index.html", HTML),
    file!("/page/icon.svg", "icon.svg", SVG),
    file!("/page/base.css", "base.css", CSS),
    file!("/page/layout.css", "layout.css", CSS),
    file!("/page/chat.css", "chat.css", CSS),
    file!("/page/story.css", "story.css", CSS),
    file!("/page/steps.css", "steps.css", CSS),
    file!("/page/review.css", "review.css", CSS),
    file!("/page/panels.css", "panels.css", CSS),
    file!("/page/theme.js", "theme.js", JS),
    file!("/page/main.js", "main.js", JS),
    file!("/page/api.js", "api.js", JS),
    file!("/page/composer.js", "composer.js", JS),
    file!("/page/conversation.js", "conversation.js", JS),
    file!("/page/diff.js", "diff.js", JS),
    file!("/page/dom.js", "dom.js", JS),
    file!("/page/faults.js", "faults.js", JS),
    file!("/page/feed.js", "feed.js", JS),
    file!("/page/flow.js", "flow.js", JS),
    file!("/page/look.js", "look.js", JS),
    file!("/page/pane.js", "pane.js", JS),
    file!("/page/raw.js", "raw.js", JS),
    file!("/page/review.js", "review.js", JS),
    file!("/page/steps.js", "steps.js", JS),
    file!("/page/story.js", "story.js", JS),
    file!("/page/words.js", "words.js", JS),
];

/// The file at this path, if there is one.
pub(super) fn find(path: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.path == path)
}

impl File {
    pub(super) fn response(&self) -> Response {
        (StatusCode::OK, [(CONTENT_TYPE, self.content_type)], self.text).into_response()
    }
}
