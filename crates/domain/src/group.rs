//! Visits of groups and school classes: what a product takes, who asks for what, what a manager decides.
//! An approved request holds its places as an ordinary booking does, one ticket for each person, until
//! a deadline; the request's uuid becomes the booking's.

mod list;
mod rule;
#[cfg(test)]
mod tests;

use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::list::{
    LIST_COLUMNS, ListError, ListedName, ListedRole, RowFault, read_list, write_list,
};
pub use self::rule::{GroupRule, GroupSurcharge, QuotaPer, SchoolQuota, SchoolRule};
use crate::admission::AdmissionRule;
use crate::booking::{Booking, BookingState, Channel, Contact, Origin};
use crate::calendar::SlotTimes;
use crate::hold::{HoldError, HoldRequest, Offer, UnitQuantity, find_slot, find_tariff, uses_of};
use crate::id::{CallerUuid, OptionId, ProductId, SlotId, VenueId};
use crate::person::FORGOTTEN;
use crate::quota::{Counts, Pools};
use crate::risk::{Features, RiskKeys, decide};
use crate::text::Locale;
use crate::venue::Venue;

/// Days that an approved group has for the rest, unless the manager says otherwise.
const HELD_DAYS: i64 = 7;

/// Hours before the slot by which an approved group has done it, likewise: the places can still be sold.
const HELD_UNTIL_HOURS_BEFORE: i64 = 48;

/// Longest name of a school or group, in characters.
const ORGANISATION_MAX_CHARS: usize = 120;

/// Longest note, and longest reason of a refusal, in characters.
const NOTE_MAX_CHARS: usize = 500;

/// Who comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum GroupKind {
    /// People who pay.
    Group,
    /// A class, which enters free within the director's quota.
    School,
}

/// What somebody asks for in the name of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupAsk {
    /// The caller's key.
    pub uuid: CallerUuid,
    /// Where.
    pub venue_id: VenueId,
    /// What.
    pub product_id: ProductId,
    /// Which way.
    pub option_id: OptionId,
    /// When.
    pub slot_id: SlotId,
    /// Who comes.
    pub kind: GroupKind,
    /// What the school or group is called.
    pub organisation: String,
    /// Whom to write to; none once forgotten.
    pub contact: Option<Contact>,
    /// In which language.
    pub locale: Locale,
    /// How many, without those who lead them.
    pub people: u32,
    /// How many lead them, free.
    pub leaders: u32,
    /// What the venue should know.
    pub note: Option<String>,
}

/// Why a group cannot be taken.
#[expect(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// What anyone must meet who asks for places.
    #[error(transparent)]
    Hold(#[from] HoldError),
    /// The product takes single visitors only.
    #[error("product `{product}` takes no groups")]
    NoGroups { product: ProductId },
    /// The director has set no quota for schools.
    #[error("product `{product}` takes no school classes")]
    NoSchools { product: ProductId },
    /// Too few or too many.
    #[error("{people} people are not {min} to {max}")]
    People { people: u32, min: u32, max: u32 },
    /// Nobody leads them, or more than enter free.
    #[error("{leaders} lead {people} people, 1 to {most} enter free with so many")]
    Leaders { leaders: u32, people: u32, most: u32 },
    /// The slot is too small.
    #[error(
        "{requested} places are asked for, the slot never has more than {most} for this channel"
    )]
    NeverFits { requested: u32, most: u32 },
    /// The name is missing or too long.
    #[error("the name has {length} characters, 1 to {ORGANISATION_MAX_CHARS} are taken")]
    BadOrganisation { length: usize },
    /// The note is too long.
    #[error("the note has {length} characters, at most {NOTE_MAX_CHARS} are taken")]
    LongNote { length: usize },
}

impl GroupAsk {
    /// Checks the request against what the venue takes, and prices it.
    ///
    /// # Errors
    /// The first rule that is not met: product, kind, heads, words, contact, then day and slot.
    pub fn offer(&self, venue: &Venue, now: Timestamp) -> Result<Offer, GroupError> {
        let day = self.slot_id.day();
        let (product, tariff) = find_tariff(venue, &self.product_id, &self.option_id, day)?;
        let rule = product
            .groups
            .as_ref()
            .ok_or_else(|| GroupError::NoGroups { product: product.id.clone() })?;
        if self.kind == GroupKind::School && rule.schools.is_none() {
            return Err(GroupError::NoSchools { product: product.id.clone() });
        }
        self.check_heads(rule)?;
        self.check_words()?;
        self.contact.as_ref().ok_or(HoldError::NoContact)?.check()?;
        let slot = find_slot(venue, product, self.slot_id, now)?;
        if let Some(free) = product.free_day(day).filter(|free| !free.takes_booking(Channel::Web)) {
            return Err(HoldError::TakesNoBooking { day, reason: free.reason.clone() }.into());
        }
        let units = rule.lines(self, product, tariff, day)?;
        let uses = uses_of(venue, product, day, self.heads(), &[])?;
        let pools = Pools::of(product, slot.start);
        let cancellation = product.cancellation;
        // A group's names are those of its list.
        let admission = AdmissionRule { holder_names: None, ..product.admission.clone() };
        let offer = Offer {
            slot,
            pools,
            units,
            uses,
            cancellation,
            exchange: None,
            pass: None,
            admission,
            person_limit: None,
            voucher: None,
        };
        let most = offer.pools.left(&Counts::default(), Channel::Web, slot.start);
        if self.heads() > most {
            return Err(GroupError::NeverFits { requested: self.heads(), most });
        }
        Ok(offer)
    }

    /// All who enter, those who lead them included.
    #[must_use]
    pub fn heads(&self) -> u32 {
        self.people.saturating_add(self.leaders)
    }

    fn check_heads(&self, rule: &GroupRule) -> Result<(), GroupError> {
        let (people, leaders) = (self.people, self.leaders);
        let (min, max) = (rule.min_people, rule.max_people);
        if !(min..=max).contains(&people) {
            return Err(GroupError::People { people, min, max });
        }
        let most = rule.free_leaders(self.kind, people);
        if !(1..=most).contains(&leaders) {
            return Err(GroupError::Leaders { leaders, people, most });
        }
        Ok(())
    }

    fn check_words(&self) -> Result<(), GroupError> {
        let length = self.organisation.trim().chars().count();
        if !(1..=ORGANISATION_MAX_CHARS).contains(&length) {
            return Err(GroupError::BadOrganisation { length });
        }
        let length = self.note.as_deref().unwrap_or_default().chars().count();
        if length > NOTE_MAX_CHARS { Err(GroupError::LongNote { length }) } else { Ok(()) }
    }

    /// What makes two requests under one uuid the same request.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        // Every field, in the order of the type; none of ours fails to be written.
        let written = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(written)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A request of a group, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What was asked for.
    pub ask: GroupAsk,
    /// What the request under that uuid was.
    pub fingerprint: String,
    /// The slot with its instants.
    pub slot: SlotTimes,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// How many names the list has that was sent in, if one was.
    pub listed: Option<u32>,
    /// Where it stands.
    pub state: GroupState,
}

/// Where a request stands, with the facts of that state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupState {
    /// Nobody has decided yet.
    Requested,
    /// The places are held, as the booking under its uuid.
    Approved {
        /// When.
        at: Timestamp,
        /// By whom, as the identity provider numbers staff.
        by: String,
        /// Until when the group pays or confirms.
        hold_until: Timestamp,
    },
    /// The venue does not take the group.
    Refused {
        /// When.
        at: Timestamp,
        /// By whom, as the identity provider numbers staff.
        by: String,
        /// Why, as told to who asked.
        reason: String,
    },
    /// Who asked took it back, and is forgotten.
    Withdrawn {
        /// When.
        at: Timestamp,
    },
}

impl GroupState {
    /// The state as written in answers and items.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Requested => "REQUESTED",
            Self::Approved { .. } => "APPROVED",
            Self::Refused { .. } => "REFUSED",
            Self::Withdrawn { .. } => "WITHDRAWN",
        }
    }
}

/// School people who were approved for a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolVisit {
    /// Their request and booking.
    pub uuid: CallerUuid,
    /// Their slot.
    pub slot_id: SlotId,
    /// How many.
    pub heads: u32,
}

/// Why a manager's decision is not taken.
#[expect(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecisionError {
    /// The group cannot be taken any more.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// It was decided otherwise, or taken back.
    #[error("the request is {status}, it cannot be {step}")]
    Decided { status: &'static str, step: &'static str },
    /// The director's quota does not suffice.
    #[error(
        "{requested} school people are asked for, {left} of the director's quota are left that {per}"
    )]
    OverQuota { requested: u32, left: u32, per: QuotaPer },
    /// Nobody could keep that deadline.
    #[error("the places cannot be held until {hold_until}: it is not between now and {start}")]
    HoldUntil { hold_until: Timestamp, start: Timestamp },
    /// Who is refused learns why.
    #[error("the reason has {length} characters, 1 to {NOTE_MAX_CHARS} are taken")]
    BadReason { length: usize },
    /// Places are held for the group.
    #[error("places are held for the group")]
    PlacesHeld,
}

/// What an approval does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    /// Places are to be held by this booking.
    New(Box<Booking>, Box<Group>),
    /// It was approved so before.
    Before,
}

impl Group {
    /// A request that meets every rule.
    #[must_use]
    pub fn asked(ask: GroupAsk, offer: &Offer, now: Timestamp) -> Self {
        let fingerprint = ask.fingerprint();
        let (slot, state) = (offer.slot, GroupState::Requested);
        Self { ask, fingerprint, slot, asked_at: now, listed: None, state }
    }

    /// Approves the request: the places are held until `hold_until`, or for a week and until two days
    /// before the slot, whichever ends sooner, or until the slot starts where that has passed. School
    /// people stay within the director's quota, of which `visits` hold their places. Repeated, it
    /// answers the same.
    ///
    /// # Errors
    /// A request that was decided otherwise, a rule that is no longer met, or a quota that is used up.
    pub fn approve(
        &self,
        venue: &Venue,
        hold_until: Option<Timestamp>,
        by: &str,
        visits: &[SchoolVisit],
        now: Timestamp,
    ) -> Result<Approval, DecisionError> {
        match &self.state {
            GroupState::Requested => {}
            GroupState::Approved { hold_until: known, .. }
                if hold_until.is_none_or(|until| until == *known) =>
            {
                return Ok(Approval::Before);
            }
            other => {
                return Err(DecisionError::Decided { status: other.name(), step: "approved" });
            }
        }
        let offer = self.ask.offer(venue, now)?;
        let start = offer.slot.start;
        let hold_until = hold_until.unwrap_or_else(|| usual_deadline(start, now));
        if hold_until <= now || hold_until > start {
            return Err(DecisionError::HoldUntil { hold_until, start });
        }
        self.check_quota(venue, visits)?;
        let approved = Self {
            state: GroupState::Approved { at: now, by: by.to_owned(), hold_until },
            ..self.clone()
        };
        Ok(Approval::New(Box::new(self.booking(offer, hold_until, now)), Box::new(approved)))
    }

    fn check_quota(&self, venue: &Venue, visits: &[SchoolVisit]) -> Result<(), DecisionError> {
        let rule = venue.product(&self.ask.product_id).and_then(|product| product.groups.as_ref());
        let schools = rule.and_then(|rule| rule.schools.as_ref());
        let Some(quota) = schools.filter(|_| self.ask.kind == GroupKind::School).map(|s| s.quota)
        else {
            return Ok(());
        };
        let (left, requested) = (quota.left(visits, self.ask.slot_id), self.ask.heads());
        if requested > left {
            return Err(DecisionError::OverQuota { requested, left, per: quota.per });
        }
        Ok(())
    }

    /// A manager decided on it, not the rules of risk, and it is counted for nobody.
    fn booking(&self, offer: Offer, hold_until: Timestamp, now: Timestamp) -> Booking {
        let ask = &self.ask;
        let request = HoldRequest {
            uuid: ask.uuid,
            venue_id: ask.venue_id.clone(),
            product_id: ask.product_id.clone(),
            option_id: ask.option_id.clone(),
            slot_id: ask.slot_id,
            units: offer
                .units
                .iter()
                .map(|line| UnitQuantity { unit_id: line.unit_id.clone(), quantity: line.quantity })
                .collect(),
            pieces: Vec::new(),
            voucher: None,
            contact: ask.contact.clone(),
            locale: ask.locale,
            channel: Channel::Web,
            replaces: None,
        };
        let keys = RiskKeys { contact: None, client: None };
        Booking {
            origin: Origin::Group,
            state: BookingState::OnHold { expires_at: hold_until, declined: None },
            ..request.hold(offer, decide(&Features::default(), now), keys, now)
        }
    }

    /// Refuses the request. Repeated with the same reason, it answers the same.
    ///
    /// # Errors
    /// No reason, or a request that was decided otherwise.
    pub fn refuse(&self, reason: &str, by: &str, now: Timestamp) -> Result<Self, DecisionError> {
        let reason = reason.trim();
        let length = reason.chars().count();
        if !(1..=NOTE_MAX_CHARS).contains(&length) {
            return Err(DecisionError::BadReason { length });
        }
        match &self.state {
            GroupState::Requested => Ok(Self {
                state: GroupState::Refused {
                    at: now,
                    by: by.to_owned(),
                    reason: reason.to_owned(),
                },
                ..self.clone()
            }),
            GroupState::Refused { reason: known, .. } if known == reason => Ok(self.clone()),
            other => Err(DecisionError::Decided { status: other.name(), step: "refused" }),
        }
    }

    /// Takes the request back; nothing is kept of who asked. Repeated, it answers the same.
    ///
    /// # Errors
    /// An approved request whose `booking` takes places: those are given back first.
    pub fn withdraw(
        &self,
        booking: Option<&Booking>,
        now: Timestamp,
    ) -> Result<Self, DecisionError> {
        if let GroupState::Withdrawn { .. } = self.state {
            return Ok(self.clone());
        }
        if booking.is_some_and(|booking| booking.seen_at(now).takes_places()) {
            return Err(DecisionError::PlacesHeld);
        }
        let state = GroupState::Withdrawn { at: now };
        Ok(Self { listed: None, state, ..self.forget_person() })
    }

    /// The request without who asked, wherever it stands.
    #[must_use]
    pub fn forget_person(&self) -> Self {
        Self {
            ask: GroupAsk { contact: None, note: None, ..self.ask.clone() },
            fingerprint: FORGOTTEN.to_owned(),
            ..self.clone()
        }
    }
}

fn usual_deadline(start: Timestamp, now: Timestamp) -> Timestamp {
    let before_slot = start.saturating_sub(HELD_UNTIL_HOURS_BEFORE.hours()).unwrap_or_default();
    let deadline = before_slot.min(now + (HELD_DAYS * 24).hours());
    if deadline > now { deadline } else { start }
}
