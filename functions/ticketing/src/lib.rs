//! Tickets as visitors carry them: signed codes, QR pictures, a PDF, an entry for the calendar, a new
//! ticket for a lost one, and the published keys with which any gate verifies a code offline.

mod problem;
mod reissue;
mod wallet;

use std::sync::Arc;

use atrio_domain::booking::Booking;
use atrio_domain::calendar::SlotTimes;
use atrio_domain::id::{CallerUuid, SupplierId, TicketId, UnitId, VenueId};
use atrio_domain::mail::{MailKind, MailState, masked};
use atrio_domain::supplier::SuppliedBy;
use atrio_domain::text::{Locale, Text};
use atrio_domain::ticket::{KeyRing, PublishedKey, Ticket, TicketState, WithdrawnKey};
use atrio_domain::venue::Venue;
use atrio_dynamo::Store;
use atrio_dynamo::booking::Stored;
use atrio_paper::{CodePicture, Paper};
use atrio_runtime::environment::EnvironmentError;
use atrio_runtime::{Clock, Path, Problem, Query, Shared};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use crate::wallet::Wallets;

/// What the function works with.
#[derive(Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// The keys that sign the codes.
    pub keys: Shared<KeyRing>,
    /// The wallets that it makes passes for.
    pub wallets: Arc<Wallets>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Context {
    /// Works on what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        Ok(Self {
            store: atrio_runtime::aws::store_from_environment()?,
            clock: Clock::system(),
            keys: atrio_runtime::ticket_keys::from_environment()?,
            wallets: Arc::new(Wallets::from_environment()?),
        })
    }
}

/// The routes of this function.
pub fn router(context: Context) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_tickets))
        .routes(routes!(print_tickets))
        .routes(routes!(print_receipt))
        .routes(routes!(enter_in_calendar))
        .routes(routes!(wallet::apple_pass))
        .routes(routes!(wallet::google_link))
        .routes(routes!(reissue::reissue_ticket))
        .routes(routes!(publish_keys))
        .with_state(context)
}

/// The tickets of a booking.
#[derive(Debug, Serialize, ToSchema)]
struct TicketListView {
    tickets: Vec<TicketView>,
    /// The mail with the tickets, if one went or will go.
    mail: Option<MailView>,
    /// Wallets that take these tickets: `apple`, `google`.
    wallets: Vec<&'static str>,
}

/// A mail to the visitor.
#[derive(Debug, Serialize, ToSchema)]
struct MailView {
    /// Where it goes, the first letters only.
    to: String,
    /// When it was taken for delivery; null while it waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    sent_at: Option<Timestamp>,
}

/// A ticket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TicketView {
    #[schema(value_type = String)]
    id: TicketId,
    /// The id in groups of four, for reading out and typing.
    typed_code: String,
    unit: UnitBrief,
    #[schema(value_type = Object)]
    slot: SlotTimes,
    /// Where and until when a pass admits, and what is left of it; null for a ticket of a visit.
    pass: Option<PassHeldView>,
    venue: VenueName,
    /// `VALID`, `REDEEMED` or `REVOKED`.
    status: &'static str,
    #[schema(value_type = Option<String>, format = DateTime)]
    redeemed_at: Option<Timestamp>,
    /// The text of the QR code.
    code: String,
    /// The QR code as SVG.
    qr_svg: String,
    #[schema(value_type = Object)]
    reason: Text,
    #[schema(value_type = Option<Object>)]
    document: Option<Text>,
}

/// What a pass is good for, and what is left of it.
#[derive(Debug, Serialize, ToSchema)]
struct PassHeldView {
    /// Until when it holds, in words.
    #[schema(value_type = Object)]
    validity: Text,
    /// The last instant at which it admits, as it stands.
    #[schema(value_type = String, format = DateTime)]
    admits_until: Timestamp,
    opens: Vec<OpensView>,
}

/// A venue that a pass opens.
#[derive(Debug, Serialize, ToSchema)]
struct OpensView {
    #[schema(value_type = String)]
    venue_id: VenueId,
    /// The venue and how often it is opened, in words.
    #[schema(value_type = Object)]
    words: Text,
    /// Entries made there.
    entries: u32,
    /// Entries left there; null where they are not counted.
    entries_left: Option<u32>,
}

impl PassHeldView {
    fn of(ticket: &Ticket) -> Option<Self> {
        let pass = ticket.pass.as_ref()?;
        let slot = &ticket.entitlement.slot;
        let opens = pass.rule.opens.iter().map(|opens| OpensView {
            venue_id: opens.venue_id.clone(),
            words: opens.in_words(),
            entries: pass.used.at(&opens.venue_id).map_or(0, |visits| visits.entries),
            entries_left: pass.entries_left(opens),
        });
        Some(Self {
            validity: pass.rule.validity_in_words(slot, &pass.used),
            admits_until: pass.rule.window(slot, pass.used.first_at).until,
            opens: opens.collect(),
        })
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct UnitBrief {
    #[schema(value_type = String)]
    id: UnitId,
    #[schema(value_type = Object)]
    name: Text,
}

#[derive(Debug, Serialize, ToSchema)]
struct VenueName {
    #[schema(value_type = String)]
    id: VenueId,
    name: String,
}

/// What a booking's tickets are shown with.
struct Issued {
    venue: Venue,
    stored: Stored,
    tickets: Vec<Ticket>,
}

/// In which language a document is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Language {
    /// The language of the booking where none is named.
    lang: Option<Locale>,
}

/// The tickets of a confirmed booking, each with its code.
#[utoipa::path(get, path = "/v1/bookings/{uuid}/tickets", tag = "shop", params(("uuid" = String, Path)),
    responses((status = 200, body = TicketListView), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn list_tickets(
    State(context): State<Context>,
    Path(uuid): Path<String>,
) -> Result<Json<TicketListView>, Problem> {
    let issued = issued(&context, &uuid).await?;
    let tickets: Result<_, _> =
        issued.tickets.into_iter().map(|ticket| view(&context, &issued.venue, ticket)).collect();
    let mail = mail(&context, &issued.stored.booking).await?;
    let wallets = context.wallets.names();
    Ok(Json(TicketListView { tickets: tickets?, mail, wallets }))
}

/// The mail about a booking, if one went or will go.
async fn mail(context: &Context, booking: &Booking) -> Result<Option<MailView>, Problem> {
    let Some(contact) = &booking.contact else { return Ok(None) };
    let known = context.store.mail(booking.uuid, MailKind::Confirmed).await.map_err(internal)?;
    let sent_at = match known.map(|known| known.mail.state) {
        Some(MailState::Sent { at }) => Some(at),
        Some(MailState::Waiting { .. }) => None,
        Some(MailState::GivenUp { .. } | MailState::Needless { .. }) | None => return Ok(None),
    };
    Ok(Some(MailView { to: masked(&contact.email), sent_at }))
}

/// All tickets of a confirmed booking, a page each, ready to print.
#[utoipa::path(get, path = "/v1/bookings/{uuid}/tickets.pdf", tag = "shop",
    params(("uuid" = String, Path), ("lang" = Option<String>, Query, description = "`it` or `en`")),
    responses((status = 200, content_type = "application/pdf"), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn print_tickets(
    State(context): State<Context>,
    Path(uuid): Path<String>,
    Query(language): Query<Language>,
) -> Result<Response, Problem> {
    let issued = issued(&context, &uuid).await?;
    let locale = language.lang.unwrap_or(issued.stored.booking.locale);
    let keys = context.keys.current();
    let key = keys.signing(&issued.venue.supplied_by, context.clock.now());
    let document = atrio_paper::printed(&issued.venue, locale, &issued.tickets, key)
        .map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"atrio-{uuid}.pdf\"")),
    ];
    Ok((headers, document).into_response())
}

/// How a roll is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Roll {
    lang: Option<Locale>,
    /// The paper's width in millimetres.
    #[serde(default)]
    paper: PaperWidth,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
enum PaperWidth {
    #[serde(rename = "58")]
    Narrow,
    #[default]
    #[serde(rename = "80")]
    Wide,
}

/// All tickets of a confirmed booking for a thermal printer, in its language (ESC/POS).
#[utoipa::path(get, path = "/v1/bookings/{uuid}/tickets.escpos", tag = "shop",
    params(("uuid" = String, Path), ("lang" = Option<String>, Query, description = "`it` or `en`"),
        ("paper" = Option<String>, Query, description = "millimetres of its width, `58` or `80`")),
    responses((status = 200, content_type = "application/octet-stream"), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn print_receipt(
    State(context): State<Context>,
    Path(uuid): Path<String>,
    Query(roll): Query<Roll>,
) -> Result<Response, Problem> {
    let issued = issued(&context, &uuid).await?;
    let locale = roll.lang.unwrap_or(issued.stored.booking.locale);
    let paper = match roll.paper {
        PaperWidth::Narrow => Paper::Narrow,
        PaperWidth::Wide => Paper::Wide,
    };
    let keys = context.keys.current();
    let key = keys.signing(&issued.venue.supplied_by, context.clock.now());
    let bytes = atrio_paper::receipt(&issued.venue, locale, &issued.tickets, key, paper)
        .map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"atrio-{uuid}.escpos\"")),
    ];
    Ok((headers, bytes).into_response())
}

/// The visit of a confirmed booking, for the visitor's calendar.
#[utoipa::path(get, path = "/v1/bookings/{uuid}/visit.ics", tag = "shop",
    params(("uuid" = String, Path), ("lang" = Option<String>, Query, description = "`it` or `en`")),
    responses((status = 200, content_type = "text/calendar"), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn enter_in_calendar(
    State(context): State<Context>,
    Path(uuid): Path<String>,
    Query(language): Query<Language>,
) -> Result<Response, Problem> {
    let issued = issued(&context, &uuid).await?;
    let booking = &issued.stored.booking;
    let locale = language.lang.unwrap_or(booking.locale);
    let entry = atrio_paper::calendar_entry(booking, &issued.venue, locale);
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"atrio-visit.ics\""),
    ];
    Ok((headers, entry).into_response())
}

/// The keys with which codes are verified, as a JSON Web Key Set.
#[derive(Debug, Serialize, ToSchema)]
struct KeySetView {
    /// Each with the supplier that it signs for and its term: `kid`, `x`, `supplier_id` (null for the
    /// installation's own), `signs_from`, `published_until`.
    #[schema(value_type = Vec<Object>)]
    keys: Vec<PublishedKey>,
    /// Keys that prove nothing any more: `kid`, `supplier_id`, `withdrawn_at`.
    #[schema(value_type = Vec<Object>)]
    withdrawn_keys: Vec<WithdrawnKey>,
}

/// Whose keys.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct KeysQuery {
    /// Only those that count at the venues of this supplier: its own, and the installation's where it has
    /// none, or had none when tickets were signed that may still be shown.
    #[param(value_type = Option<String>)]
    supplier_id: Option<SupplierId>,
}

/// What an offline gate needs to verify codes: every key a ticket may be shown with, of each owner the newest
/// first, and those that were withdrawn.
#[utoipa::path(get, path = "/v1/ticket-keys", tag = "gate", params(KeysQuery),
    responses((status = 200, body = KeySetView), (status = 400, body = Problem)))]
async fn publish_keys(
    State(context): State<Context>,
    Query(query): Query<KeysQuery>,
) -> Json<KeySetView> {
    let now = context.clock.now();
    let mut set = context.keys.current().published(now);
    if let Some(supplier) = query.supplier_id {
        set = set.counting_at(&SuppliedBy::one(Some(supplier)), now);
    }
    Json(KeySetView { keys: set.keys, withdrawn_keys: set.withdrawn_keys })
}

async fn issued(context: &Context, uuid: &str) -> Result<Issued, Problem> {
    let uuid: CallerUuid = uuid.parse().map_err(|error| Problem::malformed_id("uuid", error))?;
    let stored = context.store.booking(uuid).await.map_err(internal)?;
    let stored = stored.ok_or_else(|| problem::unknown_booking(uuid))?;
    if stored.tickets.is_empty() {
        let status = stored.booking.seen_at(context.clock.now()).state.name();
        return Err(problem::no_tickets_yet(status));
    }
    let tickets = async { context.store.tickets(&stored.tickets).await.map_err(internal) };
    let (venue, tickets) = tokio::try_join!(venue(context, &stored.booking.venue_id), tickets)?;
    let named = |ticket| stored.booking.named(ticket, &stored.tickets);
    let tickets = tickets.into_iter().map(named).collect();
    Ok(Issued { venue, stored, tickets })
}

async fn venue(context: &Context, id: &VenueId) -> Result<Venue, Problem> {
    let venue = context.store.venue(id).await.map_err(internal)?;
    venue.ok_or_else(|| problem::venue_gone(id))
}

fn view(context: &Context, venue: &Venue, ticket: Ticket) -> Result<TicketView, Problem> {
    let keys = context.keys.current();
    let key = keys.signing(&venue.supplied_by, context.clock.now());
    let code = CodePicture::of(&ticket, key).map_err(|error| Problem::internal(&error))?;
    let redeemed_at = match &ticket.state {
        TicketState::Redeemed { at, .. } => Some(*at),
        TicketState::Valid | TicketState::Revoked { .. } | TicketState::Replaced { .. } => None,
    };
    let pass = PassHeldView::of(&ticket);
    Ok(TicketView {
        id: ticket.entitlement.ticket,
        typed_code: ticket.entitlement.ticket.typed_code(),
        unit: UnitBrief { id: ticket.entitlement.unit, name: ticket.unit_name },
        slot: ticket.entitlement.slot,
        pass,
        venue: VenueName { id: venue.id.clone(), name: venue.name.clone() },
        status: ticket.state.name(),
        redeemed_at,
        qr_svg: code.svg(),
        code: code.text,
        reason: ticket.reason,
        document: ticket.document,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "the shape `map_err` asks for")]
fn internal(error: atrio_dynamo::Error) -> Problem {
    match error {
        atrio_dynamo::Error::Stale { .. } => Problem::busy(),
        atrio_dynamo::Error::Malformed { .. } | atrio_dynamo::Error::Service { .. } => {
            Problem::internal(&error)
        }
    }
}
