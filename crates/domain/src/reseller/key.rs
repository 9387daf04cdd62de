//! The keys of resellers: random, told once, and kept as a hash that only the installation can make.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Mode;
use crate::id::CallerUuid;
use crate::risk::keyed_bytes;

/// What is kept of a key: a hash that only the installation can make.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyHash(String);

impl KeyHash {
    /// The hash of a key as a reseller shows it.
    #[must_use]
    pub fn of(secret: &[u8], key: &str) -> Self {
        let bytes = keyed_bytes(secret, "reseller-key", key.trim());
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The hash as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key as it is told to a reseller, once.
#[derive(Clone, PartialEq, Eq)]
pub struct FreshKey(String);

impl FreshKey {
    /// The key made of these random bytes. It says whether it is one for trying out.
    #[must_use]
    pub fn new(mode: Mode, random: &[u8; 32]) -> Self {
        Self(format!("atrio_{}_{}", mode.name(), URL_SAFE_NO_PAD.encode(random)))
    }

    /// The key itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn term(&self, secret: &[u8], now: Timestamp) -> KeyTerm {
        let begins = self.0.chars().take(16).collect();
        KeyTerm {
            hash: KeyHash::of(secret, &self.0),
            begins,
            from: now,
            until: None,
            made_by: None,
        }
    }
}

impl fmt::Debug for FreshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FreshKey(…)")
    }
}

/// A key, and for how long it is good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyTerm {
    /// What is kept of it.
    pub hash: KeyHash,
    /// How it begins, so that people can tell keys apart.
    pub begins: String,
    /// Since when.
    pub from: Timestamp,
    /// Until when; none until it is rotated or revoked.
    pub until: Option<Timestamp>,
    /// The request that made it, where that had a key of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<CallerUuid>,
}

impl KeyTerm {
    /// Names it, to people and in addresses: the beginning of its hash, from which no key follows.
    #[must_use]
    pub fn id(&self) -> &str {
        self.hash.as_str().get(..12).unwrap_or_default()
    }

    /// Whether it sells or rehearses, as it says itself.
    #[must_use]
    pub fn mode(&self) -> Mode {
        if self.begins.starts_with("atrio_test_") { Mode::Test } else { Mode::Live }
    }

    /// Whether it is good at `now`.
    #[must_use]
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// Which keys end when another is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending<'k> {
    /// None.
    Nothing,
    /// All others of its mode, after this time.
    All(SignedDuration),
    /// This one, after this time.
    Own(&'k KeyHash, SignedDuration),
}

impl Ending<'_> {
    /// For how long keys that end go on.
    pub(super) fn overlap(self) -> SignedDuration {
        match self {
            Self::Nothing => SignedDuration::ZERO,
            Self::All(overlap) | Self::Own(_, overlap) => overlap,
        }
    }

    pub(super) fn ends(self, term: &KeyTerm, mode: Mode) -> bool {
        match self {
            Self::Nothing => false,
            Self::All(_) => term.mode() == mode,
            Self::Own(own, _) => term.hash == *own,
        }
    }
}
