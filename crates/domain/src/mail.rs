//! Mail to visitors: which step of a booking is told to whom, and when a mail that nobody took is
//! tried again. What a mail says is written elsewhere.

use jiff::{SignedDuration, Timestamp};

use crate::booking::{Booking, BookingState, Contact, Origin};
use crate::id::CallerUuid;

/// What a mail tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailKind {
    /// The booking is confirmed: here are the tickets.
    Confirmed,
    /// The turn in a line has come: places are held for a while.
    Offered,
    /// A manager took a group's request: places are held until a deadline.
    Approved,
    /// The venue cannot keep its word for the visit: it may be moved until a deadline.
    MoveOffered,
    /// The confirmed booking was given up or called off: nobody need come, and what goes back.
    Cancelled,
}

impl MailKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Offered, Self::Approved, Self::Confirmed, Self::MoveOffered, Self::Cancelled];

    /// The kind as written in items.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Offered => "OFFERED",
            Self::Approved => "APPROVED",
            Self::Confirmed => "CONFIRMED",
            Self::MoveOffered => "MOVE_OFFERED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// One mail: a booking is told of each kind at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// About which booking.
    pub booking: CallerUuid,
    /// What it tells.
    pub kind: MailKind,
    /// How often it was, or is being, handed over.
    pub attempts: u32,
    /// Where it stands.
    pub state: MailState,
}

/// Where a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    /// It is being handed over; one that was not taken is tried again then.
    Waiting {
        /// When.
        due_at: Timestamp,
    },
    /// It was taken.
    Sent {
        /// When.
        at: Timestamp,
    },
    /// Nobody took it, often enough.
    GivenUp {
        /// When.
        at: Timestamp,
    },
    /// It has nothing to tell any more.
    Needless {
        /// Since when.
        at: Timestamp,
    },
}

/// How long the first attempt may take before the next one begins; each later pause is twice the one
/// before.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(1);

/// The longest pause.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// After so many attempts, about a day, it is given up: the tickets are on the booking's page.
const ATTEMPTS_MAX: u32 = 30;

/// The end of addresses that are nobody's (RFC 2606), such as those of the sample traffic.
const NOBODYS: &str = ".invalid";

/// The mail that a step of a booking asks for. Whoever holds places by themselves sees them on the page;
/// whoever waited for them, or for a manager's word, is told. A sale at a desk that asked for nobody's address has
/// none.
#[must_use]
pub fn told(old: Option<&Booking>, new: &Booking) -> Option<MailKind> {
    let is_confirmed = |booking: &Booking| matches!(booking.state, BookingState::Confirmed { .. });
    let kind = match (&new.state, old.is_some_and(is_confirmed)) {
        (BookingState::OnHold { .. }, _) if old.is_none() => match new.origin {
            Origin::Asked => return None,
            Origin::WaitingList => MailKind::Offered,
            Origin::Group => MailKind::Approved,
        },
        (BookingState::Confirmed { .. }, false) => MailKind::Confirmed,
        (BookingState::Confirmed { .. }, true)
            if new.moving.is_some() && old.is_some_and(|old| old.moving.is_none()) =>
        {
            MailKind::MoveOffered
        }
        (BookingState::Cancelled { .. }, true) => MailKind::Cancelled,
        _ => return None,
    };
    has_address(new).then_some(kind)
}

fn has_address(booking: &Booking) -> bool {
    let is_someones = |contact: &Contact| !contact.email.to_ascii_lowercase().ends_with(NOBODYS);
    booking.contact.as_ref().is_some_and(is_someones)
}

impl Mail {
    /// The first attempt.
    #[must_use]
    pub fn begun(booking: CallerUuid, kind: MailKind, now: Timestamp) -> Self {
        let waiting = MailState::Waiting { due_at: saturating(now, FIRST_PAUSE) };
        Self { booking, kind, attempts: 1, state: waiting }
    }

    /// The next attempt, given the booking as it stands; or the end of the mail, when the visit is
    /// over or was called off, or it was tried often enough. A mail that has ended stays as it is.
    #[must_use]
    pub fn again(&self, booking: Option<&Booking>, now: Timestamp) -> Self {
        let MailState::Waiting { .. } = self.state else { return self.clone() };
        if !booking.is_some_and(|booking| is_news(booking, self.kind, now)) {
            return self.ended(MailState::Needless { at: now });
        }
        if self.attempts >= ATTEMPTS_MAX {
            return self.ended(MailState::GivenUp { at: now });
        }
        let doubled = 1_i32 << self.attempts.min(10);
        let pause = FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE);
        let waiting = MailState::Waiting { due_at: saturating(now, pause) };
        Self { attempts: self.attempts + 1, ..self.ended(waiting) }
    }

    /// It was taken.
    #[must_use]
    pub fn sent(&self, now: Timestamp) -> Self {
        self.ended(MailState::Sent { at: now })
    }

    fn ended(&self, state: MailState) -> Self {
        Self { state, ..self.clone() }
    }
}

/// Whether there is something to tell of a booking as it stands.
#[must_use]
pub fn is_news(booking: &Booking, kind: MailKind, now: Timestamp) -> bool {
    let stands = match kind {
        MailKind::Offered | MailKind::Approved => {
            matches!(booking.state, BookingState::OnHold { expires_at, .. } if expires_at > now)
        }
        MailKind::Confirmed => matches!(booking.state, BookingState::Confirmed { .. }),
        MailKind::MoveOffered => {
            matches!(booking.state, BookingState::Confirmed { .. })
                && booking.moving.as_ref().is_some_and(|offer| offer.until > now)
        }
        MailKind::Cancelled => matches!(booking.state, BookingState::Cancelled { .. }),
    };
    // Whoever was offered a move may be told of it after the visit that was not.
    let is_to_come = booking.slot.end > now || booking.moving.is_some();
    stands && has_address(booking) && is_to_come
}

fn saturating(at: Timestamp, pause: SignedDuration) -> Timestamp {
    at.saturating_add(pause).unwrap_or(Timestamp::MAX)
}

/// An address as its owner knows it again and nobody else learns it: the first letters of its parts.
#[must_use]
pub fn masked(address: &str) -> String {
    let (local, domain) = address.split_once('@').unwrap_or((address, ""));
    let (host, end) = domain.rsplit_once('.').unwrap_or((domain, ""));
    let first = |part: &str| part.chars().next().map(String::from).unwrap_or_default();
    format!("{}…@{}….{end}", first(local), first(host))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::admission::AdmissionRule;
    use crate::booking::Channel;
    use crate::calendar::SlotTimes;
    use crate::cancellation::Cancellation;
    use crate::id::{OptionId, ProductId, VenueId};
    use crate::risk::{Decision, Outcome, RiskKeys};
    use crate::tariff::Cents;
    use crate::text::Locale;

    fn at(instant: &str) -> Timestamp {
        instant.parse().unwrap()
    }

    fn booking(state: BookingState) -> Booking {
        Booking {
            uuid: uuid::Uuid::nil().into(),
            fingerprint: String::new(),
            order: None,
            venue_id: VenueId::new("20240").unwrap(),
            product_id: ProductId::new("admission").unwrap(),
            option_id: OptionId::new("standard").unwrap(),
            slot: SlotTimes {
                id: "2026-11-24T10:00".parse().unwrap(),
                start: at("2026-11-24T09:00:00Z"),
                end: at("2026-11-24T10:00:00Z"),
            },
            units: Vec::new(),
            contact: Some(Contact {
                full_name: "Visitor 1".to_owned(),
                email: "visitor-1@example.org".to_owned(),
                phone: None,
            }),
            locale: Locale::It,
            channel: Channel::Web,
            origin: Origin::Asked,
            created_at: at("2026-11-20T09:00:00Z"),
            decision: Decision {
                outcome: Outcome::Allow,
                score: 0,
                reasons: Vec::new(),
                decided_at: at("2026-11-20T09:00:00Z"),
                rules_version: String::new(),
            },
            risk_keys: RiskKeys { contact: None, client: None },
            cancellation: Cancellation::default(),
            admission: AdmissionRule::default(),
            pass: None,
            voucher: None,
            counted: None,
            exchange: None,
            moving: None,
            replaces: None,
            carried: Vec::new(),
            reduced: None,
            resale: None,
            holders: crate::holder::Holders::default(),
            draws: Vec::new(),
            uses: Vec::new(),
            payment_attempts: 0,
            state,
        }
    }

    fn held() -> Booking {
        let expires_at = at("2026-11-20T09:15:00Z");
        booking(BookingState::OnHold { expires_at, declined: None })
    }

    pub(crate) fn confirmed_booking() -> Booking {
        confirmed()
    }

    fn confirmed() -> Booking {
        let confirmed_at = at("2026-11-20T09:05:00Z");
        booking(BookingState::Confirmed { confirmed_at, payment: None })
    }

    #[test]
    fn a_booking_is_told_when_it_becomes_confirmed_and_at_no_other_step() {
        assert_eq!(told(Some(&held()), &confirmed()), Some(MailKind::Confirmed));
        assert_eq!(told(None, &held()), None);
        assert_eq!(told(Some(&confirmed()), &confirmed()), None);
        let nameless = Booking { contact: None, ..confirmed() };
        assert_eq!(told(Some(&held()), &nameless), None);
        let mut nobody = confirmed();
        nobody.contact.as_mut().unwrap().email = "visitor-1@sample.invalid".to_owned();
        assert_eq!(told(Some(&held()), &nobody), None);
    }

    #[test]
    fn a_mail_that_nobody_takes_is_tried_ever_more_rarely_and_then_given_up() {
        let booking = confirmed();
        let mut now = at("2026-11-20T09:05:01Z");
        let mut mail = Mail::begun(booking.uuid, MailKind::Confirmed, now);
        let mut pauses = Vec::new();
        while let MailState::Waiting { due_at } = mail.state {
            pauses.push(due_at.duration_since(now).as_mins());
            now = due_at;
            mail = mail.again(Some(&booking), now);
        }
        assert_eq!(pauses[..7], [1, 2, 4, 8, 16, 32, 60]);
        assert_eq!(mail.attempts, 30);
        assert_eq!(mail.state, MailState::GivenUp { at: now });
        assert_eq!(mail.again(Some(&booking), now), mail);
    }

    #[test]
    fn who_held_a_confirmed_visit_is_told_that_it_is_off_and_who_gave_up_a_hold_is_not() {
        let cancelled = booking(BookingState::Cancelled {
            cancelled_at: at("2026-11-21T09:00:00Z"),
            payment: None,
            refund: Cents::ZERO,
            exchanged_for: None,
        });
        assert_eq!(told(Some(&confirmed()), &cancelled), Some(MailKind::Cancelled));
        assert_eq!(told(Some(&held()), &cancelled), None);
        assert!(is_news(&cancelled, MailKind::Cancelled, at("2026-11-21T09:00:01Z")));
        assert!(!is_news(&cancelled, MailKind::Confirmed, at("2026-11-21T09:00:01Z")));
    }

    #[test]
    fn a_visit_that_was_called_off_or_is_over_is_not_told_any_more() {
        let mail = Mail::begun(confirmed().uuid, MailKind::Confirmed, at("2026-11-20T09:05:01Z"));
        let cancelled_at = at("2026-11-20T09:06:00Z");
        let cancelled = booking(BookingState::Cancelled {
            cancelled_at,
            payment: None,
            refund: Cents::ZERO,
            exchanged_for: None,
        });
        for (booking, now) in [
            (Some(&cancelled), "2026-11-20T09:07:00Z"),
            (Some(&confirmed()), "2026-11-24T10:00:00Z"),
            (None, "2026-11-20T09:07:00Z"),
        ] {
            let ended = mail.again(booking, at(now));
            assert_eq!(ended.state, MailState::Needless { at: at(now) });
        }
    }

    #[test]
    fn a_masked_address_shows_where_to_look_and_no_more() {
        assert_eq!(masked("ermengarda.q+musei@posta-rara.example"), "e…@p….example");
        assert_eq!(masked("a@b.c.it"), "a…@b….it");
    }
}
