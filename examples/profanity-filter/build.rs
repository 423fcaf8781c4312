//! Makes the filter's two tables while the function is compiled.
//!
//! rustrict's word list is the best kept there is, but the crate needs 12 ms and 18 MiB to build its
//! tables in a new process, and matches inside words. So it does its part here, where it costs the
//! function nothing: its list gives the stems, and its verdict decides which forms of them are kept
//! (it knows `butter` and `cumin`, for instance). What it writes, `src/words.rs` reads in place.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::{env, error::Error, fs, path::Path};

use rustrict::{Censor, Replacements, Trie, Type};
use serde::{Deserialize, de::DeserializeOwned};

/// The letters a word of the table can have, and the zero that ends it.
const WIDTH: usize = 16;

/// What turns a stem into another word of the same kind; `src/words.rs` reads `shitting` as `shiting`.
const ENDINGS: [&str; 9] = ["s", "z", "es", "ed", "er", "ers", "ing", "in", "y"];

/// The stems that people build new words with, and what they put before and after them.
const CORE: [&str; 9] = ["arse", "ass", "bitch", "cock", "cunt", "dick", "fuck", "piss", "shit"];
const BEFORE: [&str; 16] = [
    "bull", "butt", "cluster", "dip", "dumb", "fat", "goddamn", "holy", "horse", "jack", "lame", "mind", "mother",
    "smart", "stupid", "the",
];
const AFTER: [&str; 52] = [
    "able", "bag", "bite", "block", "blocker", "boy", "brain", "breath", "eater", "face", "faced", "fest", "hat",
    "head", "hole", "holster", "house", "iest", "ier", "juice", "less", "lick", "licker", "licking", "list", "load",
    "lover", "me", "monger", "muncher", "nugget", "nut", "nuts", "off", "post", "rag", "show", "slap", "stain",
    "stick", "storm", "suck", "sucker", "sucking", "tard", "this", "up", "wad", "waffle", "weed", "wit", "you",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=words");
    // At a fixed address, a program needs no relocations: 0.4 MB less to load and to change when the function starts.
    if env::var("PROFILE")? == "release" && env::var("CARGO_CFG_TARGET_ENV")? == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
    let out = env::var("OUT_DIR")?;
    let pass = lines("words/pass.txt")?;
    fs::write(Path::new(&out).join("pass.in"), table(&pass))?;
    fs::write(Path::new(&out).join("homographs.in"), table(&lines("words/homographs.txt")?))?;
    fs::write(Path::new(&out).join("profane.in"), table(&words(&pass)?))?;
    fs::write(Path::new(&out).join("letters.in"), letters_table()?)?;
    Ok(())
}

/// Every word that is profane as a whole word.
fn words(pass: &BTreeSet<String>) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let stems: BTreeSet<String> = rustrict_words()?.into_iter().filter(|stem| !pass.contains(stem)).collect();
    let mut words: BTreeSet<String> = stems.iter().flat_map(|stem| forms(stem)).collect();
    for core in CORE {
        words.extend(BEFORE.iter().chain(&CORE).flat_map(|before| forms(&format!("{before}{core}"))));
        words.extend(AFTER.iter().flat_map(|after| [format!("{core}{after}"), format!("{core}{after}s")]));
    }
    words.retain(|word| stems.contains(word) || is_profane(word));
    words.extend(lines("words/add.txt")?);
    words.retain(|word| !pass.contains(word));
    Ok(words)
}

/// The words as the source of an array, each padded with zeros.
fn table(words: &BTreeSet<String>) -> String {
    let rows: Vec<String> = words
        .iter()
        .filter(|word| word.len() < WIDTH)
        .map(|word| format!("*b\"{word}{}\"", "\\0".repeat(WIDTH - word.len())))
        .collect();
    format!("[{}]", rows.join(",\n"))
}

/// The words of rustrict's list that are profane, obscene or slurs, without the spellings that evade
/// a filter: `src/words.rs` reads those in any word.
fn rustrict_words() -> Result<Vec<String>, Box<dyn Error>> {
    let trie: SavedTrie = saved(&Trie::default())?;
    let mut words = Vec::new();
    trie.root.collect(&mut String::new(), &mut words);
    Ok(words)
}

/// How rustrict saves its trie with the feature `serde`.
#[derive(Deserialize)]
struct SavedTrie {
    root: SavedNode,
}

#[derive(Deserialize)]
struct SavedNode {
    children: HashMap<char, SavedNode>,
    word: bool,
    typ: Type,
}

impl SavedNode {
    fn collect(&self, prefix: &mut String, words: &mut Vec<String>) {
        let is = |threshold| self.typ.is(threshold);
        let profane = is(Type::PROFANE)
            || is((Type::OFFENSIVE | Type::SEXUAL) & Type::SEVERE)
            || is(Type::OFFENSIVE & Type::MODERATE_OR_HIGHER) && is(Type::SEXUAL & Type::MODERATE_OR_HIGHER);
        if self.word
            && profane
            && self.typ.isnt(Type::EVASIVE)
            && prefix.len() > 2
            && prefix.bytes().all(|b| b.is_ascii_lowercase())
        {
            words.push(prefix.clone());
        }
        for (letter, child) in &self.children {
            prefix.push(*letter);
            child.collect(prefix, words);
            prefix.pop();
        }
    }
}

/// The word itself and with each ending.
fn forms(word: &str) -> Vec<String> {
    [""].iter().chain(&ENDINGS).map(|ending| format!("{word}{ending}")).collect()
}

fn is_profane(word: &str) -> bool {
    Censor::from_str(word).analyze().is(Type::INAPPROPRIATE)
}

/// The letter that a character beyond ASCII stands for to the eye, in order: `('ü', b'u')`.
fn letters_table() -> Result<String, Box<dyn Error>> {
    let alike: BTreeMap<char, String> = saved(&Replacements::default())?;
    let letters = ALPHABETS.into_iter().flatten().filter(|c| c.is_alphabetic()).filter_map(|c| {
        // rustrict hands text back without accents.
        let bare = Censor::from_str(&c.to_string()).with_censor_threshold(Type::NONE).censor().chars().next()?;
        let letter = |c: char| c.is_ascii_alphabetic().then(|| c.to_ascii_lowercase());
        let letter = letter(bare).or_else(|| alike.get(&bare)?.chars().find_map(letter))?;
        Some(format!("('\\u{{{:x}}}', b'{letter}')", u32::from(c)))
    });
    Ok(format!("[{}]", letters.collect::<Vec<_>>().join(",\n")))
}

/// Where look-alikes are taken from; other alphabets are never read as Latin.
const ALPHABETS: [std::ops::RangeInclusive<char>; 8] = [
    '\u{aa}'..='\u{2af}',      // Latin
    '\u{370}'..='\u{52f}',     // Greek, Cyrillic
    '\u{1d00}'..='\u{1dbf}',   // Latin, small capitals
    '\u{1e00}'..='\u{1eff}',   // Latin with more accents
    '\u{2100}'..='\u{214f}',   // letter-like symbols
    '\u{24b6}'..='\u{24e9}',   // circled
    '\u{ff21}'..='\u{ff5a}',   // full width
    '\u{1d400}'..='\u{1d6a3}', // mathematical
];

fn saved<T: DeserializeOwned>(table: &impl serde::Serialize) -> Result<T, Box<dyn Error>> {
    serde_json::from_value(serde_json::to_value(table)?)
        .map_err(|error| format!("rustrict saves its tables in another form now: {error}; adapt build.rs").into())
}

/// The words of a file, one a line, without comments.
fn lines(path: &str) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let file = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    Ok(file
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect())
}
