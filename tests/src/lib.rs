//! What the tests beside this package's manifest share.

use std::path::{Path, PathBuf};

use channel_flow_emulator::{Delivered, Emulator, Event, Function, FunctionSettings, OutgoingMessage, Settings};

#[cfg(doctest)]
mod pages;
mod table;
mod tls;

pub use table::{LineState, Table};
pub use tls::TlsFront;

/// An emulator with one function.
pub struct Stage {
    /// The emulator.
    pub emulator: Emulator,
    /// The function.
    pub function: Function,
}

impl Stage {
    /// An emulator with `binary` as its function.
    pub async fn new(binary: &str, settings: FunctionSettings) -> Self {
        let emulator = Emulator::start(Settings::new()).await.expect("a loopback port is free");
        let function = emulator.function(binary, settings).expect("the binary is built");
        Self { emulator, function }
    }

    /// Sends a message with this content.
    pub async fn send(&self, content: &str) -> Delivered {
        self.function.send(OutgoingMessage::new(content).expect("content within the limits")).await
    }

    /// Delivers the event in this file.
    pub async fn deliver(&self, file: &Path) -> Delivered {
        let json = std::fs::read(file).expect("the event can be read");
        self.function.deliver(&Event::raw(json)).await
    }

    /// What the function logged.
    pub fn logs(&self) -> String {
        self.function.logs().iter().map(|line| line.text.clone() + "\n").collect()
    }
}

/// The events in a folder of `events/`, in order.
pub fn events(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("events").join(folder);
    let entries = std::fs::read_dir(&folder).expect("the folder is there");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("the folder can be read").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no events in {}", folder.display());
    files
}
