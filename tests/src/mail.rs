//! Mail as its receiver reads it: with Python's own reader, which is not ours.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// A mail that was received.
#[derive(Debug, Clone)]
pub struct Mail(Value);

impl Mail {
    /// The mails of an outbox, oldest booking first.
    ///
    /// # Panics
    /// When they do not read, or one is not well formed.
    #[must_use]
    pub fn of(outbox: &Path) -> Vec<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("mail.py");
        let output = Command::new("python3").arg(script).arg(outbox).output().expect("python3");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let mails: Vec<Value> = serde_json::from_slice(&output.stdout).expect("a list of mails");
        for mail in &mails {
            assert_eq!(mail["defects"], serde_json::json!([]), "{mail}");
        }
        mails.into_iter().map(Self).collect()
    }

    /// The addresses that it goes to.
    #[must_use]
    pub fn to(&self) -> Vec<&str> {
        self.0["to"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.0["headers"][name].as_str().unwrap_or_default()
    }

    /// What a reader of plain text sees.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0["text"].as_str().unwrap_or_default()
    }

    /// What a reader of pages sees.
    #[must_use]
    pub fn html(&self) -> &str {
        self.0["html"].as_str().unwrap_or_default()
    }

    /// The attached file of this type.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn attached(&self, kind: &str) -> Vec<u8> {
        let files = self.0["attachments"].as_array().into_iter().flatten();
        let file = files.into_iter().find(|file| file["type"] == kind);
        let content = file.and_then(|file| file["content"].as_str());
        STANDARD.decode(content.expect("an attached file of that type")).expect("base 64")
    }
}
