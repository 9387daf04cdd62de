//! What a record of the table's stream says happened, in the words of the domain.

use atrio_domain::device::StoredObservation;

use crate::booking::Stored;
use crate::count::{is_observation, stored_observation};
use crate::decision::DecisionRecord;
use crate::redemption::Entry;
use crate::{Error, Item, PK, SK};

/// One change of the table.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A booking was held or moved on.
    Booking {
        /// Before, if it existed.
        old: Option<Box<Stored>>,
        /// Now.
        new: Box<Stored>,
    },
    /// Someone entered, or went out.
    Entry(Box<Entry>),
    /// A gate took an entry back.
    EntryUndone(Box<Entry>),
    /// The risk rules spoke.
    Decision(Box<DecisionRecord>),
    /// A device observed something, or corrected what it had observed.
    Observation(Box<StoredObservation>),
    /// Something nobody downstream needs, such as a slot's places or an item tidied away.
    Other,
}

impl Change {
    /// Reads the images of a stream record.
    ///
    /// # Errors
    /// A malformed item.
    pub fn from_images(old: Option<&Item>, new: Option<&Item>) -> Result<Self, Error> {
        let Some(new) = new else { return Ok(Self::Other) };
        let part = |name: &str| {
            new.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
        };
        let (pk, sk) = (part(PK), part(SK));
        if pk.starts_with("BOOKING#") && sk == "BOOKING" {
            let old = old.map(Stored::try_from).transpose()?.map(Box::new);
            return Ok(Self::Booking { old, new: Box::new(Stored::try_from(new)?) });
        }
        if pk.starts_with("REDEMPTION#") {
            let entry = Box::new(Entry::try_from(new)?);
            return Ok(match old.map(Entry::try_from).transpose()? {
                None if entry.undone.is_none() => Self::Entry(entry),
                // Taken back before anyone was told of it.
                None => Self::Other,
                Some(old) if old.undone.is_none() && entry.undone.is_some() => {
                    Self::EntryUndone(entry)
                }
                Some(_) => Self::Other,
            });
        }
        if old.is_none() && pk.starts_with("DECISIONS#") {
            return Ok(Self::Decision(Box::new(DecisionRecord::try_from(new)?)));
        }
        if is_observation(pk, sk) {
            return Ok(Self::Observation(Box::new(stored_observation(new)?)));
        }
        Ok(Self::Other)
    }
}
