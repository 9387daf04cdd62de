//! The life of a booking: `ON_HOLD → PAYING → CONFIRMED`, with `EXPIRED` and `CANCELLED` beside
//! it. A state holds the facts of that state and is left only through the methods here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::admission::AdmissionRule;
use crate::calendar::SlotTimes;
use crate::cancellation::Cancellation;
use crate::exchange::{ExchangeError, ExchangeRule, Replaces};
use crate::give_back::Reduced;
use crate::hold::HoldError;
use crate::holder::Holders;
use crate::id::{CallerUuid, OptionId, PaymentId, ProductId, Shelfmark, UnitId, VenueId};
use crate::moving::MoveOffer;
use crate::pass::PassRule;
use crate::payment::share::Share;
use crate::payment::{Payment, PaymentStatus, ProviderOutcome};
use crate::person_limit::Counted;
use crate::quota::Draw;
use crate::resale::Resale;
use crate::resource::{ResourceRef, ResourceUse};
use crate::risk::{Decision, RiskKeys};
use crate::tariff::{Cents, PriceComponent};
use crate::text::{Locale, Text};
use crate::voucher::VoucherUse;

/// Through which channel a booking came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Channel {
    /// The shop's pages.
    #[default]
    Web,
    /// A totem in the hall.
    Totem,
    /// A clerk at a desk.
    Desk,
    /// A business that sells on to its own customers.
    Reseller,
}

impl Channel {
    /// The channel as written in requests and in the lake.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "WEB",
            Self::Totem => "TOTEM",
            Self::Desk => "DESK",
            Self::Reseller => "RESELLER",
        }
    }
}

/// How a hold came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Origin {
    /// Somebody asked for it and got it at once.
    #[default]
    Asked,
    /// The turn came to somebody in the line of a sold-out slot.
    WaitingList,
    /// A manager took a group's request.
    Group,
}

/// Whom to write to about a booking. Personal data: it never leaves the operational table.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Full name.
    pub full_name: String,
    /// Mail address.
    pub email: String,
    /// Telephone, where given.
    pub phone: Option<String>,
}

impl std::fmt::Debug for Contact {
    /// Prints nothing of the person, so that no log can.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contact(…)")
    }
}

impl Contact {
    /// Checks that a person can be reached.
    ///
    /// # Errors
    /// The first field that cannot be right.
    pub fn check(&self) -> Result<(), HoldError> {
        let length = self.full_name.trim().chars().count();
        if !(1..=120).contains(&length) {
            return Err(HoldError::BadName { length });
        }
        if !is_mail_address(&self.email) {
            return Err(HoldError::BadEmail);
        }
        let phone = self.phone.as_deref().is_none_or(|phone| {
            (6..=20).contains(&phone.len())
                && phone
                    .char_indices()
                    .all(|(at, c)| c.is_ascii_digit() || c == ' ' || (c == '+' && at == 0))
        });
        if phone { Ok(()) } else { Err(HoldError::BadPhone) }
    }
}

/// Whether mail can be sent there, as far as the text tells.
#[must_use]
pub fn is_mail_address(text: &str) -> bool {
    let domain = text.split_once('@').map(|(_, domain)| domain);
    text.len() <= 254
        && !text.starts_with('@')
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
        && domain.is_some_and(|d| {
            d.contains('.') && !d.contains('@') && !d.starts_with('.') && !d.ends_with('.')
        })
}

/// So many of one unit, with the price and reason of the day it was held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitLine {
    /// The unit.
    pub unit_id: UnitId,
    /// What it is called.
    pub name: Text,
    /// How many.
    pub quantity: u32,
    /// Price of one.
    pub price_cents: Cents,
    /// Its parts, which sum up to it; empty where nothing is paid.
    #[serde(default)]
    pub components: Vec<PriceComponent>,
    /// Why it costs that.
    pub reason: Text,
    /// What the gate looks at, where it looks at anything: documents, and who comes along.
    pub document: Option<Text>,
}

/// A visit that someone asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// The caller's key.
    pub uuid: CallerUuid,
    /// What the request under that key was.
    pub fingerprint: String,
    /// The order it was bought in, together with others; none for one bought by itself.
    pub order: Option<CallerUuid>,
    /// Where.
    pub venue_id: VenueId,
    /// What.
    pub product_id: ProductId,
    /// Which way.
    pub option_id: OptionId,
    /// When.
    pub slot: SlotTimes,
    /// Who, by unit.
    pub units: Vec<UnitLine>,
    /// Whom to write to; none for a sale at a desk that asked for nobody's name.
    pub contact: Option<Contact>,
    /// In which language.
    pub locale: Locale,
    /// Through which channel.
    pub channel: Channel,
    /// How the hold came about.
    pub origin: Origin,
    /// When it was held.
    pub created_at: Timestamp,
    /// What the risk rules said of it.
    pub decision: Decision,
    /// Under which keys its behaviour is counted.
    pub risk_keys: RiskKeys,
    /// From which pools its places came; empty where the slot has none.
    pub draws: Vec<Draw>,
    /// What it occupies beside its places.
    pub uses: Vec<ResourceUse>,
    /// What goes back when it is given up.
    pub cancellation: Cancellation,
    /// How its tickets admit.
    pub admission: AdmissionRule,
    /// What its tickets are good for, where they are passes.
    pub pass: Option<PassRule>,
    /// Who enters with its tickets, where they name somebody.
    pub holders: Holders,
    /// Under whom its places are counted, where the product limits what one person takes.
    pub counted: Option<Counted>,
    /// The discount code that it was reduced by.
    pub voucher: Option<VoucherUse>,
    /// Until when it may be exchanged for another slot; none where the venue exchanges nothing.
    pub exchange: Option<ExchangeRule>,
    /// That the venue cannot keep its word for it and offered a move.
    pub moving: Option<MoveOffer>,
    /// The booking in whose place it comes, or came.
    pub replaces: Option<Replaces>,
    /// What was paid for bookings before it and pays for this one, what was paid last first.
    pub carried: Vec<Share>,
    /// That some of its tickets were given back.
    pub reduced: Option<Reduced>,
    /// What its reseller says of it, where one sold it.
    pub resale: Option<Box<Resale>>,
    /// Attempts to pay so far.
    pub payment_attempts: u32,
    /// Where it stands.
    pub state: BookingState,
}

/// Where a booking stands, with the facts of that state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookingState {
    /// Places are kept until the instant given.
    OnHold {
        /// The places go back then.
        expires_at: Timestamp,
        /// The attempt that was declined, if one was.
        declined: Option<PaymentId>,
    },
    /// The visitor is with the payment provider; only reconciliation ends this.
    Paying {
        /// The attempt.
        payment: PaymentId,
        /// When it began.
        started_at: Timestamp,
        /// When the hold would have ended, for the time left after a decline.
        hold_expires_at: Timestamp,
    },
    /// Paid, or free.
    Confirmed {
        /// When.
        confirmed_at: Timestamp,
        /// The attempt that paid; none for a free booking.
        payment: Option<PaymentId>,
    },
    /// Nobody confirmed in time; the places went back.
    Expired {
        /// When.
        expired_at: Timestamp,
    },
    /// Given up by the visitor, or taken back by the venue; the places went back.
    Cancelled {
        /// When.
        cancelled_at: Timestamp,
        /// The attempt that had paid for it; none for what was free or on hold.
        payment: Option<PaymentId>,
        /// What goes back of it.
        refund: Cents,
        /// The booking that came in its place; none where it was given up or called off.
        exchanged_for: Option<CallerUuid>,
    },
}

impl BookingState {
    /// The state as written in answers and items.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::OnHold { .. } => "ON_HOLD",
            Self::Paying { .. } => "PAYING",
            Self::Confirmed { .. } => "CONFIRMED",
            Self::Expired { .. } => "EXPIRED",
            Self::Cancelled { .. } => "CANCELLED",
        }
    }
}

/// Why a booking cannot make a step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// The hold ended before the step.
    #[error("the hold ended at {expired_at}")]
    HoldExpired {
        /// When.
        expired_at: Timestamp,
    },
    /// There is something to pay first.
    #[error("{} cents are to be paid first", .amount.0)]
    PaymentRequired {
        /// How much.
        amount: Cents,
    },
    /// Its tickets must name who enters.
    #[error("the booking has no names yet for its {places} tickets")]
    HoldersMissing {
        /// How many.
        places: u32,
    },
    /// There is nothing to pay.
    #[error("the booking is free, there is nothing to pay")]
    NothingToPay,
    /// A desk sold it, and a desk takes it back.
    #[error("the booking was sold at a desk, which takes it back")]
    SoldAtDesk,
    /// A reseller sold it, and its reseller changes it.
    #[error("the booking was sold by a reseller, who changes it")]
    Resold,
    /// The slot has begun.
    #[error("the visit began at {at}, it cannot be given up any more")]
    VisitBegan {
        /// When.
        at: Timestamp,
    },
    /// Somebody entered with a ticket of it.
    #[error("a ticket of the booking was used at {at}")]
    TicketUsed {
        /// When.
        at: Timestamp,
    },
    /// Another amount goes back than the visitor was shown.
    #[error("{} cents go back now, not {}", .refund.0, .shown.0)]
    RefundChanged {
        /// What was shown.
        shown: Cents,
        /// What goes back.
        refund: Cents,
    },
    /// Until it is confirmed, only its whole order takes the step.
    #[error("the booking is part of the order `{order}`, which goes on or is given up as a whole")]
    PartOfOrder {
        /// The order.
        order: CallerUuid,
    },
    /// It cannot be exchanged.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// The state does not allow the step.
    #[error("the booking is {state}, it cannot be {step}")]
    WrongState {
        /// Where it stands.
        state: &'static str,
        /// What was asked.
        step: &'static str,
    },
}

/// What the provider's word does to a booking, or to all that are paid with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement<B = Booking> {
    /// The money is there: confirm.
    Confirm(B),
    /// No money, time left: back on hold.
    Retry(B),
    /// No money, no time left: the places go back.
    Release(B),
    /// Money for a booking that is no more: it goes back.
    Refund,
    /// Already settled that way, or superseded by a later attempt without money: nothing to do.
    Nothing,
}

impl Booking {
    /// What the whole party pays.
    #[must_use]
    pub fn total(&self) -> Cents {
        self.units.iter().map(|line| line.price_cents.times(line.quantity)).sum()
    }

    /// What is to be paid for it: what was paid for the booking that it replaces is taken off.
    #[must_use]
    pub fn due(&self) -> Cents {
        let credit = self.replaces.as_ref().map_or(Cents::ZERO, |replaced| replaced.credit_cents);
        Cents((self.total().0 - credit.0).max(0))
    }

    /// Places it takes in its slot.
    #[must_use]
    pub fn places(&self) -> u32 {
        self.units.iter().map(|line| line.quantity).sum()
    }

    /// The pieces it asks for.
    pub fn pieces(&self) -> impl Iterator<Item = &Shelfmark> {
        self.uses.iter().filter_map(|used| match &used.resource {
            ResourceRef::Piece(shelfmark) => Some(shelfmark),
            ResourceRef::Resource(_) => None,
        })
    }

    /// Whether its places are still counted in the slot as stored.
    #[must_use]
    pub fn takes_places(&self) -> bool {
        matches!(
            self.state,
            BookingState::OnHold { .. }
                | BookingState::Paying { .. }
                | BookingState::Confirmed { .. }
        )
    }

    /// The booking as it stands at `now`: expiry is a rule, not a job, so a hold past its time is
    /// expired wherever it is read, whether or not its places went back yet.
    #[must_use]
    pub fn seen_at(&self, now: Timestamp) -> Self {
        match self.state {
            BookingState::OnHold { expires_at, .. } if expires_at <= now => {
                self.moved_to(BookingState::Expired { expired_at: expires_at })
            }
            _ => self.clone(),
        }
    }

    /// Begins an attempt to pay, see [`crate::order::start_payment`] for what is paid together.
    /// Repeated while one runs, it answers that one.
    ///
    /// # Errors
    /// An ended hold, or a state that is not open.
    pub fn start_payment(&self, payment: PaymentId, now: Timestamp) -> Result<Self, StepError> {
        let seen = self.seen_at(now);
        self.must_be_the_visitors()?;
        match seen.state {
            BookingState::OnHold { expires_at, .. } => {
                self.must_name_holders()?;
                Ok(Self {
                    payment_attempts: self.payment_attempts + 1,
                    ..self.moved_to(BookingState::Paying {
                        payment,
                        started_at: now,
                        hold_expires_at: expires_at,
                    })
                })
            }
            BookingState::Paying { .. } => Ok(seen),
            BookingState::Expired { expired_at } => Err(StepError::HoldExpired { expired_at }),
            other => Err(StepError::WrongState { state: other.name(), step: "paid" }),
        }
    }

    /// Confirms a booking where `amount`, what it costs with all that is bought together, is
    /// nothing. Repeated, it answers the same.
    ///
    /// # Errors
    /// An amount to pay, an ended hold, or a state that is not open.
    pub fn confirm_free(&self, amount: Cents, now: Timestamp) -> Result<Self, StepError> {
        let seen = self.seen_at(now);
        self.must_be_the_visitors()?;
        match seen.state {
            BookingState::Confirmed { .. } => Ok(seen),
            BookingState::OnHold { .. } if amount > Cents::ZERO => {
                Err(StepError::PaymentRequired { amount })
            }
            BookingState::OnHold { .. } => {
                self.must_name_holders()?;
                Ok(self.moved_to(BookingState::Confirmed { confirmed_at: now, payment: None }))
            }
            BookingState::Expired { expired_at } => Err(StepError::HoldExpired { expired_at }),
            other => Err(StepError::WrongState { state: other.name(), step: "confirmed" }),
        }
    }

    /// Confirms a booking whose money a desk has taken. Repeated, it answers the same.
    ///
    /// # Errors
    /// An ended hold, or a state that is not open.
    pub fn sell(&self, payment: Option<PaymentId>, now: Timestamp) -> Result<Self, StepError> {
        let seen = self.seen_at(now);
        match seen.state {
            BookingState::Confirmed { .. } => Ok(seen),
            BookingState::OnHold { .. } => {
                self.must_name_holders()?;
                Ok(Self {
                    payment_attempts: self.payment_attempts + u32::from(payment.is_some()),
                    ..self.moved_to(BookingState::Confirmed { confirmed_at: now, payment })
                })
            }
            BookingState::Expired { expired_at } => Err(StepError::HoldExpired { expired_at }),
            other => Err(StepError::WrongState { state: other.name(), step: "sold" }),
        }
    }

    /// Takes back a sale whose money a desk gives back.
    ///
    /// # Errors
    /// A state other than confirmed.
    pub fn void(&self, now: Timestamp) -> Result<Self, StepError> {
        match &self.state {
            BookingState::Confirmed { payment, .. } => Ok(self.moved_to(BookingState::Cancelled {
                cancelled_at: now,
                payment: payment.clone(),
                refund: self.total(),
                exchanged_for: None,
            })),
            other => Err(StepError::WrongState { state: other.name(), step: "voided" }),
        }
    }

    /// Gives a hold up. Repeated, it answers the same.
    ///
    /// # Errors
    /// A booking that is paying or confirmed: the first waits for the provider, the second has tickets
    /// and money to take back, see [`Booking::give_up`].
    pub fn cancel(&self, now: Timestamp) -> Result<Self, StepError> {
        let seen = self.seen_at(now);
        self.must_be_the_visitors()?;
        match seen.state {
            BookingState::OnHold { .. } => Ok(self.moved_to(BookingState::Cancelled {
                cancelled_at: now,
                payment: None,
                refund: Cents::ZERO,
                exchanged_for: None,
            })),
            // It goes on as another booking: whoever gives up means that one.
            BookingState::Cancelled { exchanged_for: Some(_), .. } => {
                Err(StepError::WrongState { state: "exchanged", step: "cancelled" })
            }
            BookingState::Cancelled { .. } => Ok(seen),
            BookingState::Expired { expired_at } => Err(StepError::HoldExpired { expired_at }),
            other => Err(StepError::WrongState { state: other.name(), step: "cancelled" }),
        }
    }

    /// Ends a hold whose time is over, so that its places can go back; nothing for any other.
    #[must_use]
    pub fn expire(&self, now: Timestamp) -> Option<Self> {
        let seen = self.seen_at(now);
        let ended = matches!(
            (&self.state, &seen.state),
            (BookingState::OnHold { .. }, BookingState::Expired { .. })
        );
        ended.then_some(seen)
    }

    /// What the provider's word about the attempt `payment` does.
    #[must_use]
    pub fn settle(
        &self,
        payment: &PaymentId,
        outcome: ProviderOutcome,
        now: Timestamp,
    ) -> Settlement {
        match (&self.state, outcome) {
            (BookingState::Paying { payment: current, .. }, ProviderOutcome::Paid)
                if current == payment =>
            {
                let state =
                    BookingState::Confirmed { confirmed_at: now, payment: Some(payment.clone()) };
                Settlement::Confirm(self.moved_to(state))
            }
            (BookingState::Paying { payment: current, hold_expires_at, .. }, _)
                if current == payment =>
            {
                if *hold_expires_at > now {
                    let declined = Some(payment.clone());
                    Settlement::Retry(
                        self.moved_to(BookingState::OnHold {
                            expires_at: *hold_expires_at,
                            declined,
                        }),
                    )
                } else {
                    Settlement::Release(self.moved_to(BookingState::Expired { expired_at: now }))
                }
            }
            (
                BookingState::Confirmed { payment: Some(current), .. }
                | BookingState::Cancelled { payment: Some(current), .. },
                ProviderOutcome::Paid,
            ) if current == payment => Settlement::Nothing,
            (_, ProviderOutcome::Paid) => Settlement::Refund,
            (_, ProviderOutcome::Declined | ProviderOutcome::Expired) => Settlement::Nothing,
        }
    }

    /// The record of one of its attempts to pay, with its status at `now`: of an order's, its part.
    #[must_use]
    pub fn payment(
        &self,
        id: PaymentId,
        status: PaymentStatus,
        started_at: Timestamp,
        now: Timestamp,
    ) -> Payment {
        Payment {
            id,
            of: None,
            booking: self.uuid,
            order: self.order,
            attempt: self.payment_attempts,
            venue: self.venue_id.clone(),
            amount_cents: self.due(),
            received_cents: None,
            parts: 0,
            parted_cents: Cents::ZERO,
            status,
            started_at,
            updated_at: now,
        }
    }

    pub(crate) fn moved_to(&self, state: BookingState) -> Self {
        Self { state, ..self.clone() }
    }
}
