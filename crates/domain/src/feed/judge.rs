//! Whether a row is new, says what is known, or corrects it. It is judged by what the lake holds and by
//! nothing else, so a load that was cut off goes on where it was when the same file comes again.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use crate::pseudonym::pseudonym;

/// What tells the rows of a feed apart: a keyed hash of what is written in the key's columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey(pub u128);

/// A keyed hash of what a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Content(pub u64);

impl RowKey {
    /// The key of a row under a key that is secret.
    #[must_use]
    pub fn of(secret: &[u8; 32], words: &str) -> Self {
        // 32 hexadecimal digits always are a number.
        Self(u128::from_str_radix(&pseudonym(secret, words.as_bytes()), 16).unwrap_or_default())
    }

    /// The key as it stands in the lake.
    #[must_use]
    pub fn hex(self) -> String {
        format!("{:032x}", self.0)
    }

    /// The key that stands in the lake.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        u128::from_str_radix(text, 16).ok().map(Self)
    }
}

impl Content {
    /// The hash of what a row says.
    #[must_use]
    pub fn of(secret: &[u8; 32], words: &str) -> Self {
        let hash = pseudonym(secret, words.as_bytes());
        Self(u64::from_str_radix(hash.get(..16).unwrap_or_default(), 16).unwrap_or_default())
    }

    /// The hash as it stands in the lake.
    #[must_use]
    pub fn hex(self) -> String {
        format!("{:016x}", self.0)
    }

    /// The hash that stands in the lake.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        u64::from_str_radix(text, 16).ok().map(Self)
    }
}

/// What becomes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is to be written under this version: 1 is new, more corrects what was there.
    Write {
        /// The version.
        version: u32,
    },
    /// This file brought it before, in a load that was cut off.
    Written {
        /// Its version.
        version: u32,
    },
    /// Another file said the same before.
    Unchanged,
    /// It stands in the file already.
    Repeats {
        /// The line.
        line: u64,
    },
    /// Its key stands in the file already, with something else.
    Contradicts {
        /// The line.
        line: u64,
    },
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    content: Content,
    version: u32,
    of_this_file: bool,
    /// The line of this file; none for what only the lake has.
    line: Option<std::num::NonZeroU64>,
}

/// Judges the entries of one file. It keeps a few dozen bytes for each entry of the months that the file
/// touches.
#[derive(Debug, Default)]
pub struct Judge {
    seen: HashMap<RowKey, Seen>,
}

impl Judge {
    /// Takes in what the lake holds, in any order.
    pub fn learn(&mut self, key: RowKey, content: Content, version: u32, of_this_file: bool) {
        match self.seen.entry(key) {
            Slot::Vacant(slot) => {
                slot.insert(Seen { content, version, of_this_file, line: None });
            }
            Slot::Occupied(mut slot) if slot.get().version < version => {
                let line = slot.get().line;
                slot.insert(Seen { content, version, of_this_file, line });
            }
            Slot::Occupied(_) => {}
        }
    }

    /// What becomes of an entry of a line; the line is remembered.
    pub fn judge(&mut self, key: RowKey, content: Content, line: u64) -> Verdict {
        let line = std::num::NonZeroU64::new(line);
        match self.seen.entry(key) {
            Slot::Vacant(slot) => {
                slot.insert(Seen { content, version: 1, of_this_file: true, line });
                Verdict::Write { version: 1 }
            }
            Slot::Occupied(mut slot) => {
                let seen = slot.get_mut();
                if let Some(line) = seen.line {
                    let line = line.get();
                    return if seen.content == content {
                        Verdict::Repeats { line }
                    } else {
                        Verdict::Contradicts { line }
                    };
                }
                seen.line = line;
                if seen.content != content {
                    let version = seen.version + 1;
                    (seen.content, seen.version, seen.of_this_file) = (content, version, true);
                    Verdict::Write { version }
                } else if seen.of_this_file {
                    Verdict::Written { version: seen.version }
                } else {
                    Verdict::Unchanged
                }
            }
        }
    }

    /// Forgets all but what lines before this one brought: the lake changed under the batch that begins
    /// there, and is to be learned again before the batch is.
    pub fn forget_from(&mut self, line: u64) {
        self.seen.retain(|_, seen| seen.line.is_some_and(|seen| seen.get() < line));
    }
}
