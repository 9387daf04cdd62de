//! A booking as written on the wire: nothing of the contact, which the caller knows, and nothing of
//! the risk decision, which is for staff.

use atrio_domain::booking::{Booking, BookingState, Channel, UnitLine};
use atrio_domain::calendar::SlotTimes;
use atrio_domain::id::{CallerUuid, OptionId, PaymentId, ProductId, Shelfmark, UnitId, VenueId};
use atrio_domain::pass::{Opens, Used};
use atrio_domain::payment::{Payment, PaymentStatus};
use atrio_domain::tariff::{CURRENCY, Cents, PriceComponent};
use atrio_domain::text::Text;
use atrio_domain::venue::Venue;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::exchange::{ExchangeRuleView, ReplacesView};
use crate::holder::HoldersView;

/// A booking.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BookingView {
    #[schema(value_type = String)]
    uuid: CallerUuid,
    /// The order it was bought in with others; until it is confirmed, only the order moves.
    #[schema(value_type = Option<String>)]
    order: Option<CallerUuid>,
    /// `ON_HOLD`, `PAYING`, `CONFIRMED`, `EXPIRED` or `CANCELLED`.
    status: &'static str,
    venue: VenueBrief,
    #[schema(value_type = String)]
    product_id: ProductId,
    #[schema(value_type = String)]
    option_id: OptionId,
    #[schema(value_type = Object)]
    slot: SlotTimes,
    /// What its tickets are good for, where they are passes; null for visits of a slot.
    pass: Option<PassBookedView>,
    units: Vec<UnitLineView>,
    /// Pieces to be brought, by shelfmark.
    #[schema(value_type = Vec<String>)]
    pieces: Vec<Shelfmark>,
    #[schema(value_type = i64)]
    total_cents: Cents,
    currency: &'static str,
    #[schema(value_type = String)]
    channel: Channel,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Only while on hold.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    confirmed_at: Option<Timestamp>,
    payment: Option<PaymentView>,
    /// That its tickets name who enters; null where whoever carries them does.
    holders: Option<HoldersView>,
    /// What giving the booking up means; null where the visitor cannot do it.
    cancellation: Option<CancellationView>,
    /// Whether it may be exchanged for another slot; null where the venue exchanges nothing.
    exchange: Option<ExchangeRuleView>,
    /// That the venue cannot keep its word for the visit: until when it may be moved at no cost, or given up
    /// for all of the money, and why; null for most.
    moving: Option<MovingView>,
    /// The booking in whose place it comes, with what that leaves to pay; null for most.
    replaces: Option<ReplacesView>,
    /// The booking that came in its place; null where none did.
    #[schema(value_type = Option<String>)]
    exchanged_for: Option<CallerUuid>,
    /// Why it is in this state, where that needs saying.
    #[schema(value_type = Option<Object>)]
    message: Option<Text>,
}

/// A move on offer.
#[derive(Debug, Serialize, ToSchema)]
struct MovingView {
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    #[schema(value_type = Object)]
    reason: Text,
}

impl MovingView {
    fn of(booking: &Booking) -> Option<Self> {
        let is_open = matches!(booking.state, BookingState::Confirmed { .. });
        let offer = booking.moving.as_ref().filter(|_| is_open)?;
        Some(Self { until: offer.until, reason: offer.reason.clone() })
    }
}

/// What a pass is good for.
#[derive(Debug, Serialize, ToSchema)]
struct PassBookedView {
    /// The venues that it opens: `venue_id`, `name`, `entries`, `areas`.
    #[schema(value_type = Vec<Object>)]
    opens: Vec<Opens>,
    /// Until when it holds, in words.
    #[schema(value_type = Object)]
    validity: Text,
    /// By when it must be used for the first time.
    #[schema(value_type = String, format = DateTime)]
    first_use_before: Timestamp,
}

impl PassBookedView {
    fn of(booking: &Booking) -> Option<Self> {
        let rule = booking.pass.as_ref()?;
        Some(Self {
            opens: rule.opens.clone(),
            validity: rule.validity_in_words(&booking.slot, &Used::default()),
            first_use_before: rule.first_use_before(&booking.slot),
        })
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VenueBrief {
    #[schema(value_type = String)]
    id: VenueId,
    name: String,
    municipality: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnitLineView {
    #[schema(value_type = String)]
    unit_id: UnitId,
    #[schema(value_type = Object)]
    name: Text,
    quantity: u32,
    #[schema(value_type = i64)]
    price_cents: Cents,
    /// The parts of the price of one: `name`, `price_cents` and `beneficiary`, which is null for the
    /// body that runs the venue.
    #[schema(value_type = Vec<Object>)]
    components: Vec<PriceComponent>,
    #[schema(value_type = i64)]
    total_cents: Cents,
    #[schema(value_type = Object)]
    reason: Text,
    /// What the gate looks at.
    #[schema(value_type = Option<Object>)]
    document: Option<Text>,
}

/// What giving a booking up means now, and until when.
#[derive(Debug, Serialize, ToSchema)]
struct CancellationView {
    /// The places can be given back until then.
    #[schema(value_type = String, format = DateTime)]
    until: Timestamp,
    /// All of the money goes back until then; null when it never does.
    #[schema(value_type = Option<String>, format = DateTime)]
    refund_until: Option<Timestamp>,
    /// What goes back of what was paid, or will be.
    #[schema(value_type = i64)]
    refund_cents: Cents,
}

#[derive(Debug, Serialize, ToSchema)]
struct PaymentView {
    #[schema(value_type = String)]
    id: PaymentId,
    attempt: u32,
    #[schema(value_type = String)]
    status: PaymentStatus,
}

impl BookingView {
    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    pub(crate) fn has_payment(&self) -> bool {
        self.payment.is_some()
    }

    /// Why it is in its state, where that needs saying.
    pub(crate) fn message(&self) -> Option<&Text> {
        self.message.as_ref()
    }

    pub(crate) fn of(
        booking: &Booking,
        payment: Option<&Payment>,
        venue: &Venue,
        now: Timestamp,
    ) -> Self {
        let (expires_at, confirmed_at) = match &booking.state {
            BookingState::OnHold { expires_at, .. } => (Some(*expires_at), None),
            BookingState::Confirmed { confirmed_at, .. } => (None, Some(*confirmed_at)),
            BookingState::Paying { .. }
            | BookingState::Expired { .. }
            | BookingState::Cancelled { .. } => (None, None),
        };
        Self {
            uuid: booking.uuid,
            order: booking.order,
            status: booking.state.name(),
            venue: VenueBrief::of(venue),
            product_id: booking.product_id.clone(),
            option_id: booking.option_id.clone(),
            slot: booking.slot,
            pass: PassBookedView::of(booking),
            units: booking.units.iter().map(UnitLineView::of).collect(),
            pieces: booking.pieces().cloned().collect(),
            total_cents: booking.total(),
            currency: CURRENCY,
            channel: booking.channel,
            created_at: booking.created_at,
            expires_at,
            confirmed_at,
            payment: payment.map(|payment| PaymentView {
                id: payment.id.clone(),
                attempt: payment.attempt,
                status: payment.status,
            }),
            holders: HoldersView::of(booking),
            cancellation: booking.terms(now).map(|terms| CancellationView {
                until: terms.until,
                refund_until: terms.refund_until,
                refund_cents: terms.refund,
            }),
            exchange: ExchangeRuleView::of(booking),
            moving: MovingView::of(booking),
            replaces: ReplacesView::of(booking),
            exchanged_for: match booking.state {
                BookingState::Cancelled { exchanged_for, .. } => exchanged_for,
                _ => None,
            },
            message: message(booking, payment),
        }
    }
}

impl VenueBrief {
    pub(crate) fn of(venue: &Venue) -> Self {
        let (id, name) = (venue.id.clone(), venue.name.clone());
        Self { id, name, municipality: venue.municipality.clone() }
    }
}

impl UnitLineView {
    pub(crate) fn of(line: &UnitLine) -> Self {
        Self {
            unit_id: line.unit_id.clone(),
            name: line.name.clone(),
            quantity: line.quantity,
            price_cents: line.price_cents,
            components: line.components.clone(),
            total_cents: line.price_cents.times(line.quantity),
            reason: line.reason.clone(),
            document: line.document.clone(),
        }
    }
}

/// The attempt to pay that the state speaks of.
pub(crate) fn payment_id(booking: &Booking) -> Option<&PaymentId> {
    match &booking.state {
        BookingState::OnHold { declined, .. } => declined.as_ref(),
        BookingState::Paying { payment, .. } => Some(payment),
        BookingState::Confirmed { payment, .. } | BookingState::Cancelled { payment, .. } => {
            payment.as_ref()
        }
        BookingState::Expired { .. } => None,
    }
}

fn message(booking: &Booking, payment: Option<&Payment>) -> Option<Text> {
    let came_otherwise = payment.is_some_and(|payment| payment.received_cents.is_some());
    match &booking.state {
        BookingState::OnHold { declined: Some(_), .. } if came_otherwise => Some(Text::new(
            "È arrivato un importo diverso da quello dovuto: ti sarà restituito. Puoi pagare di nuovo finché i posti sono riservati",
            "Another amount than the price arrived: it goes back to you. You can pay again while the places are held",
        )),
        // What became of the money, the order says.
        BookingState::OnHold { declined: Some(_), .. } if booking.order.is_some() => {
            Some(Text::new(
                "Il pagamento dell'ordine non è riuscito: puoi riprovare finché i posti sono riservati",
                "The payment of the order did not succeed: you can try again while the places are held",
            ))
        }
        BookingState::OnHold { declined: Some(_), .. } => Some(Text::new(
            "Il pagamento non è riuscito e nulla è stato addebitato: puoi riprovare finché i posti sono riservati",
            "The payment did not succeed and nothing was charged: you can try again while the places are held",
        )),
        BookingState::OnHold { .. } | BookingState::Confirmed { .. } => None,
        BookingState::Paying { .. } => Some(Text::new(
            "Attendiamo l'esito dal prestatore di pagamento; i posti restano riservati",
            "We are waiting for the payment provider's outcome; the places stay held",
        )),
        BookingState::Expired { .. } if booking.replaces.is_some() => Some(Text::new(
            "Lo spostamento non è avvenuto: la prenotazione di prima resta com'era, e quanto fosse stato pagato per la differenza è rimborsato",
            "The exchange was not made: the booking before stands as it was, and whatever was paid of the difference goes back",
        )),
        BookingState::Expired { .. } => Some(Text::new(
            "Il tempo è scaduto e i posti sono tornati disponibili; nulla è dovuto",
            "The time ran out and the places are on sale again; nothing is owed",
        )),
        BookingState::Cancelled { exchanged_for: Some(_), .. } => Some(Text::new(
            "La visita è stata spostata: i biglietti di questa prenotazione non valgono più, quelli nuovi sono della prenotazione che l'ha sostituita",
            "The visit was moved: the tickets of this booking admit no more, the new ones are those of the booking in its place",
        )),
        BookingState::Cancelled { payment, .. }
            if (payment.is_none() && booking.carried.is_empty())
                || booking.total() == Cents::ZERO =>
        {
            Some(Text::new(
                "La prenotazione è stata annullata; nulla è dovuto",
                "The booking was cancelled; nothing is owed",
            ))
        }
        BookingState::Cancelled { refund: Cents::ZERO, .. } => Some(Text::new(
            "La prenotazione è stata annullata dopo il termine: i biglietti non valgono più e l'importo pagato non è rimborsato",
            "The booking was cancelled after the term: the tickets admit no more and what was paid is not given back",
        )),
        BookingState::Cancelled { .. } => Some(Text::new(
            "La prenotazione è stata annullata: i biglietti non valgono più e l'importo pagato è rimborsato",
            "The booking was cancelled: the tickets admit no more and what was paid is given back",
        )),
    }
}
