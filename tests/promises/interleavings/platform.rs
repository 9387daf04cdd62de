//! The functions, as a request finds them: each on the table and the clock of its caller.

use std::sync::Arc;

use atrio::appointments::appoint;
use atrio::data_dir::DataDir;
use atrio::keys::Secrets;
use atrio_domain::id::VenueId;
use atrio_domain::staff::Reach;
use atrio_dynamo::Store;
use atrio_runtime::provider::sandbox::Sandbox;
use atrio_runtime::provider::{Provider, SIGNATURE, signature};
use atrio_runtime::{Clock, Shared};
use axum::body::Body;
use axum::http::{Request as HttpRequest, header};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;
use utoipa_axum::router::OpenApiRouter;

use super::request::{Function, Request, VENUE, Wire};

/// What every function works with.
#[derive(Clone)]
pub(super) struct Platform {
    provider: Arc<Provider>,
    secrets: Arc<Secrets>,
    /// Where staff are looked up: not by the line, so that no call of theirs counts as a caller's.
    directory: Store,
    _folder: Arc<TempDir>,
}

impl Platform {
    /// With keys of its own, staff in that table, and the bank at that address.
    pub(super) fn new(bank: &str, directory: &Store) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(&DataDir::open(folder.path()).unwrap()).unwrap();
        let secret = secrets.payment_secret.as_bytes();
        let sandbox = Sandbox::new(bank, "http://127.0.0.1", secret).unwrap();
        Self {
            provider: Arc::new(Provider::Sandbox(sandbox)),
            secrets: Arc::new(secrets),
            directory: directory.clone(),
            _folder: Arc::new(folder),
        }
    }

    /// Does what is asked, as the functions do it; 0 and nothing for what answers nobody.
    pub(super) async fn answer(
        &self,
        request: &Request,
        store: Store,
        clock: Clock,
    ) -> (u16, Value) {
        match request {
            Request::Upkeep => {
                let provider = Arc::clone(&self.provider);
                let context = atrio_upkeep::Context { store, clock, provider };
                match atrio_upkeep::handle(&context).await {
                    Ok(done) => (200, serde_json::to_value(done).unwrap()),
                    Err(error) => (503, json!(error.to_string())),
                }
            }
            Request::CallOff(uuid) => match store.call_off(*uuid, clock.now()).await {
                Ok(_) => (200, Value::Null),
                Err(atrio_dynamo::settlement::StepFailure::Store(error)) => {
                    (503, json!(error.to_string()))
                }
                Err(refused) => (409, json!(refused.to_string())),
            },
            _ => match request.wire() {
                Some(wire) => self.over_http(wire, store, clock).await,
                None => (404, Value::Null),
            },
        }
    }

    async fn over_http(&self, wire: Wire, store: Store, clock: Clock) -> (u16, Value) {
        let body = if wire.body.is_null() { String::new() } else { wire.body.to_string() };
        let secret = self.secrets.payment_secret.as_bytes();
        let mut request = HttpRequest::post(&wire.path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(SIGNATURE, signature(secret, body.as_bytes()));
        if let Some(role) = wire.role {
            let reach = Reach::Venue(VenueId::new(VENUE).unwrap());
            let who = appoint(&self.directory, &clock, (role, &reach), None).await.unwrap();
            let token = self.secrets.issuer().token(&who, &clock).unwrap();
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let router: axum::Router = self.function(wire.function, store, clock).into();
        let answer = router.oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    fn function(&self, function: Function, store: Store, clock: Clock) -> OpenApiRouter {
        let access = self.secrets.issuer().access(clock, self.directory.clone()).unwrap();
        let keys = self.secrets.ticket_keys().unwrap();
        match function {
            Function::Booking => atrio_booking::router(atrio_booking::Context {
                store,
                clock,
                access,
                contact_hash_key: self.secrets.contact_hash_key.as_bytes().into(),
            }),
            Function::Payment => atrio_payment::router(atrio_payment::Context {
                store,
                clock,
                provider: Arc::clone(&self.provider),
                receipts: None,
                access,
            }),
            Function::Redemption => atrio_redemption::router(atrio_redemption::Context {
                store,
                clock,
                access,
                ticket_keys: Shared::new(keys.published(clock.now())),
            }),
            Function::Ticketing => atrio_ticketing::router(atrio_ticketing::Context {
                store,
                clock,
                keys: Shared::new(keys),
                wallets: Arc::default(),
            }),
            Function::Desk => atrio_desk::router(atrio_desk::Context {
                store,
                clock,
                access,
                keys: Shared::new(keys),
            }),
            Function::Venue => atrio_venue::router(atrio_venue::Context {
                store,
                clock,
                access,
                contact_hash_key: self.secrets.contact_hash_key.as_bytes().into(),
                destinations: atrio_domain::webhook::address::Destinations::Public,
            }),
        }
    }
}
