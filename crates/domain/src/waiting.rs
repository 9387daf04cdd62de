//! The waiting list of a slot: who may join it, whose turn it is when places come back, and how long
//! they are kept for whoever has the turn. Places on offer are an ordinary hold, so nobody else can
//! take them and no slot gives more than it has.

#[cfg(test)]
mod tests;

use jiff::{Timestamp, ToSpan};

use crate::booking::{Booking, BookingState, Channel, Origin};
use crate::calendar::SlotTimes;
use crate::hold::{HoldRequest, Offer};
use crate::person::FORGOTTEN;
use crate::quota::Counts;
use crate::risk::{Decision, RiskKeys};
use crate::venue::Venue;

/// How long places are kept for whoever has the turn, in seconds, unless the slot starts before: time
/// to read a mail.
pub const OFFER_TTL_SECONDS: i64 = 2 * 60 * 60;

/// Most parties in the line of one slot: who joins behind them waits in vain.
pub const LINE_MAX: usize = 200;

/// The channel whose places those who wait are offered.
pub const CHANNEL: Channel = Channel::Web;

/// A party that waits for places, or did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What they want. Its uuid becomes that of their booking; its contact is kept while they wait.
    pub request: HoldRequest,
    /// What the request under that uuid was.
    pub fingerprint: String,
    /// The slot with its instants.
    pub slot: SlotTimes,
    /// What the risk rules said when they joined.
    pub decision: Decision,
    /// Under which keys their behaviour is counted.
    pub risk_keys: RiskKeys,
    /// Since when: the order of the line.
    pub joined_at: Timestamp,
    /// Where they stand.
    pub state: WaitingState,
}

/// Where a party stands, with the facts of that state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitingState {
    /// In the line.
    Waiting,
    /// Places are held for them, as the booking under their uuid; it says what became of it.
    Offered {
        /// Since when.
        offered_at: Timestamp,
    },
    /// They left, and are forgotten.
    Left {
        /// When.
        left_at: Timestamp,
    },
    /// The slot started before their turn came.
    Ended {
        /// When.
        ended_at: Timestamp,
    },
}

impl WaitingState {
    /// The state as written in answers and items.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Offered { .. } => "OFFERED",
            Self::Left { .. } => "LEFT",
            Self::Ended { .. } => "ENDED",
        }
    }
}

/// Why a party cannot join a line.
#[expect(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// They need not wait.
    #[error("the slot has {vacancies} places left, {requested} are asked for")]
    PlacesLeft { requested: u32, vacancies: u32 },
    /// They would wait in vain.
    #[error(
        "{requested} places are asked for, the slot never has more than {most} for this channel"
    )]
    NeverFits { requested: u32, most: u32 },
    /// One place in the line is enough.
    #[error("this contact is in the line of the slot already")]
    AlreadyWaiting,
    /// Nobody so far behind gets a place.
    #[error("{LINE_MAX} parties wait for this slot, more are not taken")]
    LineFull,
    /// Nobody waits for a visit that has begun.
    #[error("the slot began at {at}")]
    SlotBegan { at: Timestamp },
}

/// Why a party cannot leave the line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("places are held for this party since {offered_at}")]
pub struct OnOffer {
    /// Since when.
    pub offered_at: Timestamp,
}

impl HoldRequest {
    /// Joins the line of a slot that has no room for the party.
    ///
    /// # Errors
    /// The first reason why they should not wait.
    pub fn join(
        self,
        offer: &Offer,
        counts: &Counts,
        line: &[Waiting],
        (decision, risk_keys): (Decision, RiskKeys),
        now: Timestamp,
    ) -> Result<Waiting, JoinError> {
        let (slot, requested) = (offer.slot, offer.places());
        if slot.start <= now {
            return Err(JoinError::SlotBegan { at: slot.start });
        }
        let most = offer.pools.left(&Counts::default(), self.channel, slot.start);
        if requested > most {
            return Err(JoinError::NeverFits { requested, most });
        }
        let vacancies = offer.pools.left(counts, self.channel, now);
        if requested <= vacancies {
            return Err(JoinError::PlacesLeft { requested, vacancies });
        }
        if line.len() >= LINE_MAX {
            return Err(JoinError::LineFull);
        }
        let contact = risk_keys.contact.as_ref();
        if contact.is_some() && line.iter().any(|other| other.risk_keys.contact.as_ref() == contact)
        {
            return Err(JoinError::AlreadyWaiting);
        }
        let fingerprint = self.fingerprint();
        let state = WaitingState::Waiting;
        Ok(Waiting { request: self, fingerprint, slot, decision, risk_keys, joined_at: now, state })
    }
}

impl Waiting {
    /// The party as it stands at `now`: nobody waits for a slot that has started, whether or not that
    /// was written down yet.
    #[must_use]
    pub fn seen_at(&self, now: Timestamp) -> Self {
        match self.state {
            WaitingState::Waiting if self.slot.start <= now => Self {
                request: HoldRequest { contact: None, ..self.request.clone() },
                state: WaitingState::Ended { ended_at: self.slot.start },
                ..self.clone()
            },
            _ => self.clone(),
        }
    }

    /// Leaves the line and is forgotten. Repeated, it answers the same.
    ///
    /// # Errors
    /// [`OnOffer`] when places are held for them: those are given back as any booking is.
    pub fn leave(&self, now: Timestamp) -> Result<Self, OnOffer> {
        match self.state {
            WaitingState::Offered { offered_at } => Err(OnOffer { offered_at }),
            WaitingState::Left { .. } => Ok(self.clone()),
            WaitingState::Waiting | WaitingState::Ended { .. } => {
                Ok(Self { state: WaitingState::Left { left_at: now }, ..self.forget_person() })
            }
        }
    }

    /// The party without its person, wherever it stands.
    #[must_use]
    pub fn forget_person(&self) -> Self {
        Self {
            request: HoldRequest { contact: None, ..self.request.clone() },
            fingerprint: FORGOTTEN.to_owned(),
            risk_keys: RiskKeys { contact: None, client: None },
            ..self.clone()
        }
    }

    /// The booking that keeps the places for them, and the party with the turn behind it: the contact
    /// is the booking's from now on.
    #[must_use]
    pub fn offered(&self, offer: Offer, now: Timestamp) -> (Booking, Self) {
        let expires_at = self.slot.start.min(now + OFFER_TTL_SECONDS.seconds());
        let (decision, keys) = (self.decision.clone(), self.risk_keys.clone());
        let booking = Booking {
            origin: Origin::WaitingList,
            state: BookingState::OnHold { expires_at, declined: None },
            ..self.request.clone().hold(offer, decision, keys, now)
        };
        let behind = Self {
            request: HoldRequest { contact: None, ..self.request.clone() },
            risk_keys: RiskKeys { contact: None, client: None },
            state: WaitingState::Offered { offered_at: now },
            ..self.clone()
        };
        (booking, behind)
    }
}

/// Whose turn it is when a slot has `left` places for those who wait, and what each is offered. First
/// come, first served; but a party that does not fit lets those behind it pass, for places that stay
/// empty until a large party fits would serve nobody. It keeps its place in the line. Whoever can be
/// offered nothing, as when their unit is no longer sold, is passed over too.
#[must_use]
pub fn in_turn<'a>(
    line: &'a [Waiting],
    venue: &Venue,
    left: u32,
    now: Timestamp,
) -> Vec<(&'a Waiting, Offer)> {
    let mut left = left;
    let mut turns = Vec::new();
    for waiting in line {
        let is_waiting = waiting.seen_at(now).state == WaitingState::Waiting;
        let Some(offer) = waiting.request.offer(venue, now).ok().filter(|_| is_waiting) else {
            continue;
        };
        if let Some(after) = left.checked_sub(offer.places()) {
            left = after;
            turns.push((waiting, offer));
        }
    }
    turns
}
