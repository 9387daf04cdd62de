//! Tickets as visitors carry them: signed codes, QR pictures, a PDF, and the published keys with
//! which any gate verifies a code offline. Only this function holds the signing key.

mod pdf;
mod problem;

use std::sync::Arc;

use atrio_domain::calendar::SlotTimes;
use atrio_domain::id::{CallerUuid, TicketId, UnitId, VenueId};
use atrio_domain::text::{Locale, Text};
use atrio_domain::ticket::{PublishedKey, Ticket, TicketState, sign};
use atrio_domain::venue::Venue;
use atrio_dynamo::Store;
use atrio_runtime::environment::{self, EnvironmentError};
use atrio_runtime::{Clock, Path, Problem};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the function works with.
#[derive(Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Signs the codes.
    pub signing_key: Arc<SigningKey>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("store", &self.store).finish_non_exhaustive()
    }
}

const KEY: &str = "ATRIO_TICKET_SIGNING_KEY";

impl Context {
    /// Works on what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        let text = environment::text(KEY, "the Ed25519 seed of the tickets, 32 bytes in base 64")?;
        let seed: Option<[u8; 32]> = base64::engine::general_purpose::STANDARD
            .decode(text)
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        let seed = seed.ok_or_else(|| environment::bad(KEY, "it is not 32 bytes in base 64"))?;
        Ok(Self {
            store: atrio_runtime::aws::store_from_environment()?,
            clock: Clock::system(),
            signing_key: Arc::new(SigningKey::from_bytes(&seed)),
        })
    }
}

/// The routes of this function.
pub fn router(context: Context) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_tickets))
        .routes(routes!(print_tickets))
        .routes(routes!(publish_keys))
        .with_state(context)
}

/// The tickets of a booking.
#[derive(Debug, Serialize, ToSchema)]
struct TicketListView {
    tickets: Vec<TicketView>,
}

/// A ticket.
#[derive(Debug, Serialize, ToSchema)]
struct TicketView {
    #[schema(value_type = String)]
    id: TicketId,
    /// The id in groups of four, for reading out and typing.
    typed_code: String,
    unit: UnitBrief,
    #[schema(value_type = Object)]
    slot: SlotTimes,
    venue: VenueBrief,
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

#[derive(Debug, Serialize, ToSchema)]
struct UnitBrief {
    #[schema(value_type = String)]
    id: UnitId,
    #[schema(value_type = Object)]
    name: Text,
}

#[derive(Debug, Serialize, ToSchema)]
struct VenueBrief {
    #[schema(value_type = String)]
    id: VenueId,
    name: String,
}

/// What a booking's tickets are shown with.
struct Issued {
    venue: Venue,
    locale: Locale,
    tickets: Vec<Ticket>,
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
    Ok(Json(TicketListView { tickets: tickets? }))
}

/// All tickets of a confirmed booking, a page each, ready to print.
#[utoipa::path(get, path = "/v1/bookings/{uuid}/tickets.pdf", tag = "shop", params(("uuid" = String, Path)),
    responses((status = 200, content_type = "application/pdf"), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn print_tickets(
    State(context): State<Context>,
    Path(uuid): Path<String>,
) -> Result<Response, Problem> {
    let issued = issued(&context, &uuid).await?;
    let mut pages = Vec::with_capacity(issued.tickets.len());
    for ticket in &issued.tickets {
        let code = signed(&context, ticket)?;
        pages.push(pdf::Page { ticket, qr: qr(&code)? });
    }
    let document = pdf::document(&issued.venue, issued.locale, &pages);
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("inline; filename=\"atrio-{uuid}.pdf\"")),
    ];
    Ok((headers, document).into_response())
}

/// The keys with which codes are verified, as a JSON Web Key Set.
#[derive(Debug, Serialize, ToSchema)]
struct KeySetView {
    #[schema(value_type = Vec<Object>)]
    keys: Vec<PublishedKey>,
}

/// What an offline gate needs to verify codes.
#[utoipa::path(get, path = "/v1/ticket-keys", tag = "gate", responses((status = 200, body = KeySetView)))]
async fn publish_keys(State(context): State<Context>) -> Json<KeySetView> {
    Json(KeySetView { keys: vec![PublishedKey::of(&context.signing_key.verifying_key())] })
}

async fn issued(context: &Context, uuid: &str) -> Result<Issued, Problem> {
    let uuid: CallerUuid = uuid.parse().map_err(|error| Problem::malformed_id("uuid", error))?;
    let internal = |error: atrio_dynamo::Error| Problem::internal(&error);
    let stored = context.store.booking(uuid).await.map_err(internal)?;
    let stored = stored.ok_or_else(|| problem::unknown_booking(uuid))?;
    if stored.tickets.is_empty() {
        let status = stored.booking.seen_at(context.clock.now()).state.name();
        return Err(problem::no_tickets_yet(status));
    }
    let tickets = context.store.tickets(&stored.tickets).await.map_err(internal)?;
    let venue = context.store.venue(&stored.booking.venue_id).await.map_err(internal)?;
    let venue = venue.ok_or_else(|| problem::venue_gone(&stored.booking.venue_id))?;
    Ok(Issued { venue, locale: stored.booking.locale, tickets })
}

fn view(context: &Context, venue: &Venue, ticket: Ticket) -> Result<TicketView, Problem> {
    let code = signed(context, &ticket)?;
    let qr_svg = qr(&code)?
        .render::<svg::Color<'_>>()
        .min_dimensions(240, 240)
        .quiet_zone(true)
        .build()
        .replace(r#"<?xml version="1.0" standalone="yes"?>"#, "");
    let redeemed_at = match &ticket.state {
        TicketState::Redeemed { at, .. } => Some(*at),
        TicketState::Valid | TicketState::Revoked { .. } => None,
    };
    Ok(TicketView {
        id: ticket.entitlement.ticket,
        typed_code: ticket.entitlement.ticket.typed_code(),
        unit: UnitBrief { id: ticket.entitlement.unit, name: ticket.unit_name },
        slot: ticket.entitlement.slot,
        venue: VenueBrief { id: venue.id.clone(), name: venue.name.clone() },
        status: ticket.state.name(),
        redeemed_at,
        code,
        qr_svg,
        reason: ticket.reason,
        document: ticket.document,
    })
}

fn signed(context: &Context, ticket: &Ticket) -> Result<String, Problem> {
    sign(&ticket.entitlement, &context.signing_key).map_err(|error| Problem::internal(&error))
}

/// Level M: a fold or a smudge on paper still reads, and the code stays small enough for a phone.
fn qr(code: &str) -> Result<QrCode, Problem> {
    QrCode::with_error_correction_level(code, EcLevel::M).map_err(|error| Problem::internal(&error))
}
