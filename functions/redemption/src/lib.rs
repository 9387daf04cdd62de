//! Letting a visitor in and out: a scanned or typed code, checked, and used up unless its product lets
//! in again after an exit. The gate's nonce makes a repeated scan of a lost answer the same entry. A
//! place with a limit lets nobody in when it is full, unless a steward says why. Gates get here what
//! they need to decide by themselves, send in what they did while their line was down, and take an
//! entry back when the turnstile did not turn.

mod bundle;
mod offline;
mod party;
pub mod problem;
mod scan;
pub mod undo;

pub use scan::outcome;

use atrio_domain::gate::offline::{Shown, read};
use atrio_domain::id::{TicketId, UnitId, VenueId};
use atrio_domain::ticket::Ticket;
use atrio_domain::venue::Venue;
use atrio_dynamo::Store;
use atrio_runtime::environment::EnvironmentError;
use atrio_runtime::{Access, Clock, Problem, Shared};
use axum::extract::FromRef;
use ed25519_dalek::VerifyingKey;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How often a ticket is read again when another gate had it at the same moment.
const ATTEMPTS: u32 = 4;

/// Longest reason for what a gate does beside the rule, in characters.
pub const REASON_MAX_CHARS: usize = 200;

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
        let store = atrio_runtime::aws::store_from_environment()?;
        Ok(Self {
            access: Access::from_environment(clock, store.clone())?,
            store,
            clock,
            ticket_keys: atrio_runtime::ticket_keys::published_from_environment()?,
        })
    }
}

/// The routes of this function.
pub fn router(context: Context) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(scan::redeem))
        .routes(routes!(party::show_party))
        .routes(routes!(undo::undo_redemption))
        .routes(routes!(bundle::show_bundle))
        .routes(routes!(offline::file_offline))
        .routes(routes!(offline::list_conflicts))
        .routes(routes!(offline::close_conflict))
        .with_state(context)
}

/// What a code names: signed codes are checked, typed ones looked up.
fn shown(code: &str, keys: &[VerifyingKey]) -> Result<Shown, Problem> {
    read(code, keys).map_err(|unread| problem::unread(&unread))
}

/// As whom a signed code admits; a typed one does not say it.
fn unit_of(shown: &Shown) -> Option<&UnitId> {
    match shown {
        Shown::Signed(entitlement) => Some(&entitlement.unit),
        Shown::Typed(_) => None,
    }
}

async fn load(context: &Context, id: TicketId) -> Result<Ticket, Problem> {
    context.store.ticket(id).await.map_err(internal)?.ok_or_else(|| problem::unknown_ticket(id))
}

async fn load_venue(context: &Context, id: &VenueId) -> Result<Venue, Problem> {
    context.store.venue(id).await.map_err(internal)?.ok_or_else(|| problem::unknown_venue(id))
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
