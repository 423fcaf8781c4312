//! Tells which parts of a text are written for people, and a little about the words around a word.

use std::ops::Range;

/// Small words by which English is known, and by which other languages are known.
#[rustfmt::skip]
const ENGLISH: &[&str] = &[
    "and", "are", "but", "can", "did", "from", "get", "have", "how", "if", "is", "it", "like", "my", "not", "of", "oh",
    "out", "she", "some", "that", "the", "their", "they", "this", "up", "what", "when", "who", "why", "with", "you", "your",
];
#[rustfmt::skip]
const FOREIGN: &[&str] = &[
    "aan", "att", "au", "auch", "auf", "av", "avec", "ce", "cu", "das", "de", "dem", "der", "det", "di", "dla", "du",
    "ein", "eine", "el", "en", "er", "es", "est", "et", "för", "før", "für", "har", "het", "ich", "ihr", "ikke", "il",
    "inte", "ist", "jag", "je", "jeg", "jest", "ket", "la", "le", "les", "los", "mai", "mit", "nicht", "noch", "nu",
    "não", "och", "og", "på", "que", "sehr", "sie", "som", "sunt", "sur", "så", "tar", "til", "till", "tog", "tok", "un",
    "und", "une", "wie", "zu", "är", "și", "że",
];

/// First names and surnames, and set phrases, with a profane word in them.
const NAMES: &[&str] = &["Boner", "Cumming", "Dick"];
#[rustfmt::skip]
const PHRASES: &[&str] = &["cum laude", "cum grano", "hell's kitchen", "moby dick", "pussy riot", "pussy willow", "tit for tat"];

/// What an address without a scheme, or a file's name, ends in.
#[rustfmt::skip]
const SUFFIXES: &[&str] = &[
    "app", "biz", "br", "c", "ca", "cc", "ch", "cn", "co", "com", "cpp", "cs", "css", "csv", "de", "dev",
    "doc", "docx", "edu", "eu", "exe", "fr", "gg", "gif", "gov", "gz", "h", "html", "ie", "info", "io",
    "java", "jp", "jpeg", "jpg", "js", "json", "log", "md", "mil", "mov", "mp3", "mp4", "net", "nl", "nz",
    "org", "pdf", "php", "pl", "png", "ppt", "py", "rb", "rs", "ru", "se", "sh", "sql", "svg", "tar", "toml", "ts",
    "tsx", "tv", "txt", "uk", "wav", "xls", "xlsx", "xml", "yaml", "yml", "zip",
];

/// The byte ranges of the parts that people read as words: not code between backticks, nor what looks like
/// an address, a path or an expression of a program.
pub(crate) fn parts(text: &str) -> impl Iterator<Item = Range<usize>> {
    let code = code(text);
    let gap = |c: char| c.is_whitespace() || "<>[]\"“”„«»".contains(c);
    let mut next = 0;
    text.split_inclusive(gap)
        .map(move |part| {
            let start = next;
            next += part.len();
            start..start + part.trim_end_matches(gap).len()
        })
        .filter(|part| !part.is_empty() && !is_technical(&text[part.clone()]))
        .filter(move |part| !code.iter().any(|code| part.start < code.end && code.start < part.end))
}

/// Whether the words that tell English are at least as many as those that tell another language.
pub(crate) fn is_english(text: &str) -> bool {
    let mut english = 0;
    let mut foreign = 0;
    for word in text.split(|c: char| !c.is_alphabetic()).map(str::to_lowercase) {
        english += usize::from(ENGLISH.contains(&word.as_str()));
        foreign += usize::from(FOREIGN.contains(&word.as_str()));
    }
    english >= foreign
}

/// Whether the word is part of a set phrase, or is a name beside another: `Dick Tracy`, `Philip K. Dick`.
pub(crate) fn is_name(text: &str, at: Range<usize>) -> bool {
    let (before, word, after) = (&text[..at.start], &text[at.clone()], &text[at.end..]);
    let phrase = PHRASES.iter().any(|phrase| {
        phrase.match_indices(&word.to_lowercase()).any(|(offset, _)| {
            let start = at.start.checked_sub(offset);
            let around = start.and_then(|start| text.get(start..start + phrase.len()));
            around.is_some_and(|around| around.replace('-', " ").eq_ignore_ascii_case(phrase))
        })
    });
    let name = |word: &str| {
        let ordinary = NAMES.contains(&word) || ENGLISH.contains(&word.to_lowercase().as_str());
        word.starts_with(char::is_uppercase) && !ordinary
    };
    let next = || after.strip_prefix(' ').and_then(|after| after.split(|c: char| !c.is_alphabetic()).next());
    let previous = || {
        before.strip_suffix(' ').and_then(|before| before.split(|c: char| !c.is_alphabetic() && c != '.').next_back())
    };
    // `Dick and Jane`, `Jane & Dick`, `Tom, Dick, and Harry`
    let is_and = |word: &str| matches!(word, "and" | "or" | "&");
    let words_after = || after.trim_start_matches(',').split(' ').skip(1).map(letters);
    let words_before = || before.trim_end_matches(' ').rsplit(' ');
    let joined_after = || words_after().next().is_some_and(is_and) && words_after().nth(1).is_some_and(name);
    let joined_before =
        || words_before().next().is_some_and(is_and) && words_before().nth(1).map(letters).is_some_and(name);
    let beside = || next().is_some_and(name) || previous().is_some_and(name);
    phrase || NAMES.contains(&word) && (beside() || joined_after() || joined_before())
}

/// A word without the signs at its ends; `&` stays.
fn letters(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphabetic() && c != '&')
}

/// The byte ranges from a run of backticks to the next run of the same length, as in Markdown.
fn code(text: &str) -> Vec<Range<usize>> {
    let starts = text.match_indices('`').map(|(at, _)| at).filter(|&at| !text[..at].ends_with('`'));
    let runs: Vec<Range<usize>> =
        starts.map(|at| at..at + text[at..].bytes().take_while(|&b| b == b'`').count()).collect();
    let mut code = Vec::new();
    let mut rest = &runs[..];
    while let Some((open, later)) = rest.split_first() {
        rest = later;
        if let Some(close) = later.iter().position(|run| run.len() == open.len()) {
            code.push(open.start..later[close].end);
            rest = &later[close + 1..];
        }
    }
    code
}

fn is_technical(whole: &str) -> bool {
    let part = whole.trim_matches(|c: char| ".,;:!?()'’…".contains(c));
    let among_letters = |sign: &str| {
        part.match_indices(sign).any(|(at, _)| {
            let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            is_letter(part[..at].chars().next_back()) && is_letter(part[at + sign.len()..].chars().next())
        })
    };
    let letters_apart = || part.split(|c: char| !c.is_alphanumeric()).all(|letter| letter.chars().count() < 2);
    let ends_like_address =
        || part.rsplit_once('.').is_some_and(|(_, end)| SUFFIXES.contains(&end.to_ascii_lowercase().as_str()));
    let is_hex = |c: char| c.is_ascii_hexdigit() || c == '-';
    let is_long_hex = || part.len() > 15 && part.chars().all(is_hex);
    // Nearly every word has letters only, and none of the signs that the rest is about.
    if part.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return whole.contains("()") || is_long_hex();
    }
    part.contains("://")
        || is_long_hex()
        // One at the start is not enough: with it every word would pass.
        || part.strip_prefix('\\').unwrap_or(part).contains('\\')
        || whole.contains("()")
        || part.contains("::")
        || part.starts_with("www.")
        || part.starts_with("--")
        || part.starts_with('/')
        || part.starts_with("~/")
        || part.matches('/').count() > 1
        || among_letters("=")
        || part.contains('/') && part.contains('.')
        || part.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
        || (among_letters("_") || among_letters(".") && ends_like_address()) && !letters_apart()
}
