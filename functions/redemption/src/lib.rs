//! Admitting a visitor: a scanned or typed code, checked and used up once. The gate's nonce makes a
//! repeated scan of a lost answer the same entry. Gates get here what they need to decide by
//! themselves, send in what they did while their line was down, and take an entry back when the
//! turnstile did not turn.

mod bundle;
mod offline;
pub mod problem;
pub mod undo;

use atrio_domain::gate::offline::read;
use atrio_domain::id::{CallerUuid, GateId, TicketId, UnitId, VenueId};
use atrio_domain::redemption::{Redemption, admit};
use atrio_domain::text::Text;
use atrio_domain::ticket::Ticket;
use atrio_dynamo::Store;
use atrio_dynamo::redemption::Redeemed;
use atrio_runtime::environment::EnvironmentError;
use atrio_runtime::{Access, Clock, Json, Problem, Role, Shared, Staff};
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use ed25519_dalek::VerifyingKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How often a ticket is read again when another gate had it at the same moment.
const ATTEMPTS: u32 = 4;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Checks the tokens of gates.
    pub access: Access,
    /// The keys that tickets may be signed with.
    pub ticket_keys: Shared<Vec<VerifyingKey>>,
}

impl FromRef<Context> for Access {
    fn from_ref(context: &Context) -> Self {
        context.access.clone()
    }
}

impl Context {
    /// Works on what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        let clock = Clock::system();
        Ok(Self {
            store: atrio_runtime::aws::store_from_environment()?,
            clock,
            access: Access::from_environment(clock)?,
            ticket_keys: atrio_runtime::ticket_keys::published_from_environment()?,
        })
    }
}

/// The routes of this function.
pub fn router(context: Context) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(redeem))
        .routes(routes!(undo::undo_redemption))
        .routes(routes!(bundle::show_bundle))
        .routes(routes!(offline::file_offline))
        .routes(routes!(offline::list_conflicts))
        .routes(routes!(offline::close_conflict))
        .with_state(context)
}

/// A code shown at a gate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RedemptionBody {
    /// The gate's nonce: fresh for every scan, the same for a repeat of one.
    #[schema(value_type = String)]
    uuid: CallerUuid,
    #[schema(value_type = String)]
    venue_id: VenueId,
    #[schema(value_type = String)]
    gate_id: GateId,
    /// The text of the QR code, or the code as typed.
    code: String,
}

/// An entry.
#[derive(Debug, Serialize, ToSchema)]
struct RedemptionView {
    #[schema(value_type = String)]
    uuid: CallerUuid,
    /// Always `ADMITTED`.
    outcome: &'static str,
    #[schema(value_type = String)]
    ticket_id: TicketId,
    unit: UnitBrief,
    #[schema(value_type = Object)]
    slot: atrio_domain::calendar::SlotTimes,
    #[schema(value_type = String, format = DateTime)]
    redeemed_at: Timestamp,
    /// What the visitor must show, where something must be shown.
    #[schema(value_type = Option<Object>)]
    show: Option<Text>,
}

#[derive(Debug, Serialize, ToSchema)]
struct UnitBrief {
    #[schema(value_type = String)]
    id: UnitId,
    #[schema(value_type = Object)]
    name: Text,
}

/// Admits a visitor once.
#[utoipa::path(post, path = "/v1/redemptions", tag = "gate", request_body = RedemptionBody,
    security(("staff" = [])),
    responses((status = 201, body = RedemptionView), (status = 200, body = RedemptionView),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn redeem(
    State(context): State<Context>,
    staff: Staff,
    Json(body): Json<RedemptionBody>,
) -> Result<(StatusCode, axum::Json<RedemptionView>), Problem> {
    staff.must_be(&[Role::Gate, Role::Desk, Role::Manager])?;
    staff.must_see(&body.venue_id)?;
    let id = ticket_id(&body.code, &context.ticket_keys.current())?;
    for _ in 0..ATTEMPTS {
        let ticket = load(&context, id).await?;
        let known = ticket.state.clone();
        let redemption =
            admit(ticket, &body.venue_id, &body.gate_id, body.uuid, context.clock.now())
                .map_err(|refusal| problem::refusal(&refusal))?;
        if redemption.ticket.state == known {
            return Ok((StatusCode::OK, axum::Json(view(redemption))));
        }
        if context.store.redeem(&redemption).await.map_err(internal)? == Redeemed::Done {
            return Ok((StatusCode::CREATED, axum::Json(view(redemption))));
        }
        // The entry that stands under this nonce is another ticket's, for this one would have
        // been read as redeemed by it.
        if let Some(entry) = context.store.entry(body.uuid).await.map_err(internal)? {
            if entry.ticket != id {
                return Err(problem::nonce_reused(body.uuid));
            }
            if entry.undone.is_some() {
                return Err(problem::nonce_undone(body.uuid));
            }
        }
        // Otherwise another gate used the ticket just now, which the next reading shows.
    }
    Err(Problem::busy())
}

/// The ticket that a code names: signed codes are checked, typed ones looked up.
fn ticket_id(code: &str, keys: &[VerifyingKey]) -> Result<TicketId, Problem> {
    read(code, keys).map(|shown| shown.ticket()).map_err(|unread| problem::unread(&unread))
}

async fn load(context: &Context, id: TicketId) -> Result<Ticket, Problem> {
    context.store.ticket(id).await.map_err(internal)?.ok_or_else(|| problem::unknown_ticket(id))
}

fn view(redemption: Redemption) -> RedemptionView {
    let ticket = redemption.ticket;
    RedemptionView {
        uuid: redemption.uuid,
        outcome: "ADMITTED",
        ticket_id: ticket.entitlement.ticket,
        unit: UnitBrief { id: ticket.entitlement.unit, name: ticket.unit_name },
        slot: ticket.entitlement.slot,
        redeemed_at: redemption.redeemed_at,
        show: ticket.document,
    }
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
