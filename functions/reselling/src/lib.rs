//! Resellers: the platform as an OCTO supplier. A reseller's own client reads products and places, holds,
//! confirms and gives up, by the rules and in the words of every other channel; only the form is OCTO's.

mod availability;
mod booking;
mod caller;
mod catalogue;
mod change;
mod error;
mod portal;
mod request;
mod servers;
mod webhooks;

use std::sync::Arc;

use atrio_domain::text::Locale;
use atrio_domain::ticket::KeyRing;
use atrio_domain::venue::Venue;
use atrio_domain::webhook::address::Destinations;
use atrio_dynamo::Store;
use atrio_octo::product::OctoProduct;
use atrio_octo::supplier::{OctoCapability, OctoSupplier};
use atrio_runtime::environment::{self, EnvironmentError};
use atrio_runtime::{Clock, Shared};
use axum::Json;
use axum::extract::State;
use axum::middleware;
use axum::routing::{any, delete, get, post};
use jiff::ToSpan;
use tokio::sync::Mutex;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::error::{OctoError, OctoErrorView};
use crate::request::Id;

/// How long the list of venues may be old, in seconds.
const VENUES_TTL_SECONDS: i64 = 30;

/// What the function works with.
#[derive(Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Hashes the keys of resellers.
    pub contact_hash_key: Arc<[u8]>,
    /// The keys that sign the codes of tickets.
    pub ticket_keys: Shared<KeyRing>,
    /// Where the platform is reached.
    pub public_url: String,
    /// How far resellers' servers are sent to.
    pub destinations: Destinations,
    /// What the supplier is called.
    pub supplier_name: String,
    venues: Arc<Mutex<Option<Cached>>>,
}

struct Cached {
    until: jiff::Timestamp,
    venues: Arc<Vec<Venue>>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("store", &self.store).finish_non_exhaustive()
    }
}

/// What the supplier is called where the installation has no name of its own.
const SUPPLIER_NAME: &str = "atrio";

impl Context {
    /// Works on this table by this clock.
    #[must_use]
    pub fn new(
        store: Store,
        clock: Clock,
        contact_hash_key: Arc<[u8]>,
        ticket_keys: Shared<KeyRing>,
        public_url: String,
        destinations: Destinations,
    ) -> Self {
        let (supplier_name, venues) = (SUPPLIER_NAME.to_owned(), Arc::default());
        Self {
            store,
            clock,
            contact_hash_key,
            ticket_keys,
            public_url,
            destinations,
            supplier_name,
            venues,
        }
    }

    /// Works on what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        let key = environment::text(
            "ATRIO_CONTACT_HASH_KEY",
            "the secret under which the keys of resellers are hashed",
        )?;
        let context = Self::new(
            atrio_runtime::aws::store_from_environment()?,
            Clock::system(),
            key.into_bytes().into(),
            atrio_runtime::ticket_keys::from_environment()?,
            environment::text("ATRIO_PUBLIC_URL", "where the pages stand")?,
            Destinations::Public,
        );
        let name = environment::optional("ATRIO_SUPPLIER_NAME");
        Ok(Self { supplier_name: name.unwrap_or(context.supplier_name), ..context })
    }

    async fn venues(&self) -> Result<Arc<Vec<Venue>>, OctoError> {
        let now = self.clock.now();
        let mut cached = self.venues.lock().await;
        if let Some(fresh) = cached.as_ref().filter(|cached| now < cached.until) {
            return Ok(Arc::clone(&fresh.venues));
        }
        let venues = Arc::new(self.store.venues().await?);
        *cached =
            Some(Cached { until: now + VENUES_TTL_SECONDS.seconds(), venues: Arc::clone(&venues) });
        Ok(venues)
    }
}

/// The routes of this function. Clients write their addresses with and without a slash at the end.
pub fn router(context: Context) -> OpenApiRouter {
    let slashed = axum::Router::new()
        .route("/octo/supplier/", get(show_supplier))
        .route("/octo/capabilities/", get(list_capabilities))
        .route("/octo/products/", get(list_products))
        .route("/octo/products/{id}/", get(show_product))
        .route("/octo/availability/", post(availability::check))
        .route("/octo/availability/calendar/", post(availability::calendar))
        .route("/octo/bookings/", post(booking::reserve).get(booking::list))
        .route("/octo/bookings/{uuid}/", get(booking::show).patch(change::update))
        .route("/octo/bookings/{uuid}/confirm/", post(change::confirm))
        .route("/octo/bookings/{uuid}/cancel/", post(change::cancel))
        .route("/octo/bookings/{uuid}/extend/", post(change::extend))
        .route("/octo/webhooks/", get(webhooks::list).post(webhooks::register))
        .route("/octo/webhooks/{id}/", delete(webhooks::remove))
        .route("/octo/{*unknown}", any(unknown_route));
    OpenApiRouter::new()
        .routes(routes!(show_supplier))
        .routes(routes!(list_capabilities))
        .routes(routes!(list_products))
        .routes(routes!(show_product))
        .routes(routes!(availability::check))
        .routes(routes!(availability::calendar))
        .routes(routes!(booking::reserve, booking::list))
        .routes(routes!(booking::show, change::update))
        .routes(routes!(change::confirm))
        .routes(routes!(change::cancel))
        .routes(routes!(change::extend))
        .routes(routes!(webhooks::list, webhooks::register))
        .routes(routes!(webhooks::remove))
        .routes(routes!(portal::show))
        .routes(routes!(portal::rotate_key))
        .routes(routes!(portal::list_bookings))
        .routes(routes!(servers::list_webhooks))
        .routes(routes!(servers::rotate_secret))
        .routes(routes!(servers::set_webhook))
        .routes(routes!(servers::replay))
        .routes(routes!(servers::list_deliveries))
        .routes(routes!(servers::list_events))
        .merge(slashed.into())
        .layer(middleware::from_fn(caller::say_capabilities))
        .with_state(context)
}

/// The supplier whose products these are.
#[utoipa::path(get, path = "/octo/supplier", tag = "octo", security(("reseller" = [])),
    responses((status = 200, body = OctoSupplier), (status = 401, body = OctoErrorView),
        (status = 403, body = OctoErrorView)))]
async fn show_supplier(State(context): State<Context>, caller: Caller) -> Json<OctoSupplier> {
    Json(OctoSupplier::of(&context.supplier_name, &context.public_url, &caller))
}

/// What the supplier can do beside OCTO's core.
#[utoipa::path(get, path = "/octo/capabilities", tag = "octo", security(("reseller" = [])),
    responses((status = 200, body = Vec<OctoCapability>), (status = 401, body = OctoErrorView),
        (status = 403, body = OctoErrorView)))]
async fn list_capabilities(_: Caller) -> Json<Vec<OctoCapability>> {
    Json(OctoCapability::all())
}

/// The products that the reseller may sell.
#[utoipa::path(get, path = "/octo/products", tag = "octo", security(("reseller" = [])),
    responses((status = 200, body = Vec<OctoProduct>), (status = 401, body = OctoErrorView),
        (status = 403, body = OctoErrorView)))]
async fn list_products(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Json<Vec<OctoProduct>>, OctoError> {
    let venues = context.venues().await?;
    let now = context.clock.now();
    let sold = catalogue::products(&venues, &caller.reseller);
    let shown = |(venue, product)| OctoProduct::of(venue, product, &caller, now);
    Ok(Json(sold.into_iter().map(shown).collect()))
}

/// One product.
#[utoipa::path(get, path = "/octo/products/{id}", tag = "octo", security(("reseller" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = OctoProduct), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
async fn show_product(
    State(context): State<Context>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<OctoProduct>, OctoError> {
    let sold = catalogue::product(&context, &caller.reseller, Some(&id)).await?;
    Ok(Json(OctoProduct::of(&sold.venue, sold.product(), &caller, context.clock.now())))
}

async fn unknown_route(request: axum::extract::Request) -> OctoError {
    OctoError::UnknownRoute(request.uri().path().to_owned())
}

/// The language in which texts are answered where nobody asks for one.
const USUAL_LOCALE: Locale = Locale::It;
