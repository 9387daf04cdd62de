//! What resellers owe: the operator of the platform sets what is agreed with each, who invoices for each supplier,
//! and puts in the books what came in; a month makes a signed statement, and an invoice for the exchange system of
//! the revenue agency. A reseller reads its own by its key. Nothing here names a customer.

mod account;
mod caller;
mod file;
mod invoicer;
mod invoices;
mod problem;
mod statements;
mod terms;

use std::sync::Arc;

use atrio_domain::id::ResellerId;
use atrio_domain::reseller::Reseller;
use atrio_domain::ticket::KeyRing;
use atrio_dynamo::Store;
use atrio_runtime::environment::{self, EnvironmentError};
use atrio_runtime::{Access, Clock, Problem, Shared};
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the function works with.
#[derive(Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Checks the tokens of staff.
    pub access: Access,
    /// Hashes the keys of resellers.
    pub contact_hash_key: Arc<[u8]>,
    /// The keys that sign statements, as they sign tickets.
    pub keys: Shared<KeyRing>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("store", &self.store).finish_non_exhaustive()
    }
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
        let access = Access::from_environment(clock, store.clone())?;
        let key = environment::text(
            "ATRIO_CONTACT_HASH_KEY",
            "the secret under which the keys of resellers are hashed",
        )?;
        let keys = atrio_runtime::ticket_keys::from_environment()?;
        Ok(Self { store, clock, access, contact_hash_key: key.into_bytes().into(), keys })
    }
}

/// The routes of this function.
pub fn router(context: Context) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(terms::show_terms, terms::change_terms))
        .routes(routes!(account::record_payment))
        .routes(routes!(account::show_account))
        .routes(routes!(statements::show_statement))
        .routes(routes!(statements::show_own_statement))
        .routes(routes!(invoices::issue_invoices))
        .routes(routes!(invoices::list_invoices))
        .routes(routes!(invoices::list_own_invoices))
        .routes(routes!(invoices::show_invoice))
        .routes(routes!(invoices::show_own_invoice))
        .routes(routes!(invoicer::show_invoicer, invoicer::change_invoicer))
        .with_state(context)
}

/// The reseller of that id.
async fn known(context: &Context, id: &str) -> Result<Reseller, Problem> {
    let id = ResellerId::new(id).map_err(|error| Problem::malformed_id("reseller_id", error))?;
    let found = context.store.reseller(&id).await.map_err(problem::internal)?;
    let fix = "take an id from `atrio reseller list`";
    found
        .map(|stored| stored.reseller)
        .ok_or_else(|| Problem::not_found("unknown-reseller", "reseller_id", id.as_str(), fix))
}
