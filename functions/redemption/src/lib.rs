//! Letting a visitor in and out: a scanned or typed code, checked, and used up unless its product lets
//! in again after an exit. The gate's nonce makes a repeated scan of a lost answer the same entry. A
//! place with a limit lets nobody in when it is full, unless a steward says why. Gates get here what
//! they need to decide by themselves, send in what they did while their line was down, and take an
//! entry back when the turnstile did not turn. A manager corrects here how many are inside.

mod bundle;
mod offline;
mod party;
pub mod problem;
mod recount;
mod scan;
pub mod undo;

pub use scan::outcome;

use atrio_domain::gate::offline::{Shown, read};
use atrio_domain::id::{UnitId, VenueId};
use atrio_domain::ticket::{CodeError, KeySet, Ticket};
use atrio_domain::venue::Venue;
use atrio_dynamo::Store;
use atrio_runtime::environment::EnvironmentError;
use atrio_runtime::{Access, Clock, Problem, Shared};
use axum::extract::FromRef;
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
    /// The keys that tickets may be signed with, of whichever supplier.
    pub ticket_keys: Shared<KeySet>,
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
        .routes(routes!(recount::recount))
        .with_state(context)
}

/// What was shown: signed codes are checked, typed ones read.
fn read_code(context: &Context, code: &str) -> Result<Shown, Problem> {
    read(code, &context.ticket_keys.current()).map_err(|unread| problem::unread(&unread))
}

/// As whom a signed code admits; a typed one does not say it.
fn unit_of(shown: &Shown) -> Option<&UnitId> {
    match shown {
        Shown::Signed(entitlement, _) => Some(&entitlement.unit),
        Shown::Typed(_) | Shown::Withdrawn { .. } => None,
    }
}

/// The ticket that was shown, as it stands now.
async fn load(context: &Context, shown: &Shown) -> Result<Ticket, Problem> {
    let ticket = context.store.ticket(shown.ticket()).await.map_err(internal)?;
    ticket.ok_or_else(|| problem::unknown_shown(shown))
}

/// What was shown, the ticket that it names and the venue of the gate.
async fn load_shown(
    context: &Context,
    code: &str,
    gate_venue: &VenueId,
) -> Result<(Shown, Ticket, Venue), Problem> {
    let shown = read_code(context, code)?;
    let find = async { context.store.ticket(shown.ticket()).await.map_err(internal) };
    let (venue, ticket) = tokio::try_join!(load_venue(context, gate_venue), find)?;
    if let Some(why) = foreign(context, &shown, ticket.as_ref(), &venue).await? {
        return Err(why);
    }
    let ticket = ticket.ok_or_else(|| problem::unknown_shown(&shown))?;
    Ok((shown, ticket, venue))
}

/// Why a code does not count although it was signed: its key is not of the supplier of the venue that it is
/// for, or its ticket is for another. Of a code whose key was withdrawn the number alone counts: who knows it
/// could type it as well, and who has the leaked key still knows no number of somebody else's ticket.
async fn foreign(
    context: &Context,
    shown: &Shown,
    ticket: Option<&Ticket>,
    here: &Venue,
) -> Result<Option<Problem>, Problem> {
    let Shown::Signed(entitlement, signer) = shown else { return Ok(None) };
    let id = &entitlement.venue;
    if ticket.is_some_and(|ticket| ticket.entitlement.venue != *id) {
        return Ok(Some(problem::code(&CodeError::OtherTicket { venue: id.clone() })));
    }
    // A pass is shown at other venues than the one that sold it.
    let seller = match *id == here.id {
        true => None,
        false => context.store.venue(id).await.map_err(internal)?,
    };
    let supplied_by = &seller.as_ref().unwrap_or(here).supplied_by;
    let (keys, now) = (context.ticket_keys.current(), context.clock.now());
    Ok(keys.check_signer(signer, (id, supplied_by), now).err().map(|why| problem::code(&why)))
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
