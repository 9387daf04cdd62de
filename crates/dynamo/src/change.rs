//! What a record of the table's stream says happened, in the words of the domain.

use atrio_domain::device::StoredObservation;

use crate::booking::Stored;
use crate::count::{is_observation, stored_observation};
use crate::decision::DecisionRecord;
use crate::redemption::Entry;
use crate::resale::REHEARSED;
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

/// The items whose changes somebody downstream hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Booking,
    Redemption,
    Decision,
    Observation,
}

impl Kind {
    fn of(pk: &str, sk: &str) -> Option<Self> {
        match pk.split_once('#')?.0 {
            "BOOKING" if sk == "BOOKING" => Some(Self::Booking),
            "REDEMPTION" => Some(Self::Redemption),
            "DECISIONS" => Some(Self::Decision),
            "DEVICE" if is_observation(pk, sk) => Some(Self::Observation),
            _ => None,
        }
    }
}

/// Whether an item is a booking that is only rehearsed.
#[must_use]
pub fn is_rehearsal(pk: &str, sk: &str) -> bool {
    pk.strip_prefix(REHEARSED).is_some_and(|pk| Kind::of(pk, sk) == Some(Kind::Booking))
}

/// A step of a booking that is only rehearsed: no [`Change`], for whoever follows the table would take it for a sale.
///
/// # Errors
/// A malformed item.
pub fn rehearsed(
    old: Option<&Item>,
    new: Option<&Item>,
) -> Result<Option<(Option<Stored>, Stored)>, Error> {
    let Some(new) = new else { return Ok(None) };
    Ok(Some((old.map(Stored::try_from).transpose()?, Stored::try_from(new)?)))
}

impl Change {
    /// Whether a change of the item with this key can be anything but [`Change::Other`]. Most are not, and
    /// need not be read.
    #[must_use]
    pub fn is_heard(pk: &str, sk: &str) -> bool {
        Kind::of(pk, sk).is_some()
    }

    /// Reads the images of a stream record.
    ///
    /// # Errors
    /// A malformed item.
    pub fn from_images(old: Option<&Item>, new: Option<&Item>) -> Result<Self, Error> {
        let Some(new) = new else { return Ok(Self::Other) };
        let part = |name: &str| {
            new.get(name).and_then(|value| value.as_s().ok()).map_or("", String::as_str)
        };
        let Some(kind) = Kind::of(part(PK), part(SK)) else { return Ok(Self::Other) };
        Ok(match kind {
            Kind::Booking => Self::Booking {
                old: old.map(Stored::try_from).transpose()?.map(Box::new),
                new: Box::new(Stored::try_from(new)?),
            },
            Kind::Redemption => {
                let entry = Box::new(Entry::try_from(new)?);
                match old.map(Entry::try_from).transpose()? {
                    None if entry.undone.is_none() => Self::Entry(entry),
                    // Taken back before anyone was told of it.
                    None => Self::Other,
                    Some(old) if old.undone.is_none() && entry.undone.is_some() => {
                        Self::EntryUndone(entry)
                    }
                    Some(_) => Self::Other,
                }
            }
            Kind::Decision if old.is_none() => {
                Self::Decision(Box::new(DecisionRecord::try_from(new)?))
            }
            Kind::Decision => Self::Other,
            Kind::Observation => Self::Observation(Box::new(stored_observation(new)?)),
        })
    }
}
