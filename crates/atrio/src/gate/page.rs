//! The gate's page and its API, on this machine only and behind a key that the start prints. The API
//! is the platform's, as far as a gate needs it, so the page is the same.

use std::sync::Arc;

use atrio_domain::id::{AreaId, CallerUuid, GateId, UnitId, VenueId};
use atrio_domain::redemption::{Asked as Wanted, Direction};
use atrio_runtime::extract::Path;
use atrio_runtime::{Json, Problem};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

use super::Gate;
use super::scan::{Answer, Asked};
use crate::on_site::{dated, keyed};

pub(super) async fn serve(listener: TcpListener, gate: Arc<Gate>) {
    if let Err(error) = axum::serve(listener, router(gate)).await {
        tracing::error!(%error, "the page of the gate stopped");
    }
}

fn router(gate: Arc<Gate>) -> Router {
    let pages = ServeDir::new(&gate.settings.web);
    Router::new()
        .route("/v1/redemptions", post(redeem))
        .route("/v1/redemptions/party", post(show_party))
        .route("/v1/redemptions/{uuid}/undo", post(take_back))
        .route("/v1/gate", get(state))
        .route("/v1/venues/{venue_id}/presence", get(presence))
        .route_layer(middleware::from_fn_with_state(gate.key.clone(), keyed))
        // The page asks for names of venues and does without.
        .route("/v1/venues", get(|| async { axum::Json(json!({"venues": []})) }))
        .with_state(Arc::clone(&gate))
        .fallback_service(pages)
        .layer(middleware::from_fn_with_state(gate, date))
}

/// Answers carry the gate's time.
async fn date(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    dated(response, gate.now())
}

#[derive(Deserialize)]
struct ScanBody {
    uuid: CallerUuid,
    venue_id: VenueId,
    /// The page's idea of the gate's name; the gate knows its own.
    #[serde(default, rename = "gate_id")]
    _gate_id: Option<GateId>,
    /// The gate knows its own; another is a mistake.
    area_id: Option<AreaId>,
    code: String,
    #[serde(default)]
    direction: Direction,
    over_limit_reason: Option<String>,
    /// How many of each unit of the ticket's booking go through; the ticket alone where left out.
    party: Option<Vec<LineBody>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LineBody {
    unit_id: UnitId,
    quantity: u32,
}

impl ScanBody {
    /// Refuses what is meant for another gate.
    fn check(&self, gate: &Gate) -> Result<(), Problem> {
        if &self.venue_id != gate.venue() {
            let message = format!("this gate is at venue `{}`", gate.venue());
            return Err(Problem::new(StatusCode::FORBIDDEN, "other-venue").detail(&message).field(
                "venue_id",
                &message,
                "open the address that the gate printed at its start",
            ));
        }
        if self.area_id.is_some() && self.area_id != gate.settings.area {
            let message = match &gate.settings.area {
                Some(area) => format!("this gate leads into the area `{area}`"),
                None => "this gate leads into the venue, not into an area of it".to_owned(),
            };
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "gate-other-area")
                .detail(&message)
                .field("area_id", &message, "leave it out, or start the gate with `--area`"));
        }
        Ok(())
    }

    fn asked(&self) -> Asked<'_> {
        Asked {
            uuid: self.uuid,
            code: &self.code,
            direction: self.direction,
            over_limit_reason: self.over_limit_reason.as_deref(),
        }
    }
}

async fn redeem(State(gate): State<Arc<Gate>>, Json(body): Json<ScanBody>) -> Answer {
    if let Err(problem) = body.check(&gate) {
        return problem.into();
    }
    let Some(lines) = &body.party else { return gate.scan(&body.asked()).await };
    let wanted: Vec<Wanted> = lines
        .iter()
        .map(|line| Wanted { unit: line.unit_id.clone(), quantity: line.quantity })
        .collect();
    gate.scan_party(&body.asked(), &wanted).await
}

/// Who of a code's booking came and would go through, as far as this gate knows.
async fn show_party(State(gate): State<Arc<Gate>>, Json(body): Json<ScanBody>) -> Answer {
    match body.check(&gate) {
        Ok(()) => gate.look_at(&body.asked()).await,
        Err(problem) => problem.into(),
    }
}

#[derive(Deserialize)]
struct TakeBackBody {
    reason: String,
}

async fn take_back(
    State(gate): State<Arc<Gate>>,
    Path(uuid): Path<String>,
    Json(body): Json<TakeBackBody>,
) -> Answer {
    match uuid.parse::<CallerUuid>() {
        Ok(uuid) => gate.take_back(uuid, &body.reason).await,
        Err(error) => Problem::malformed_id("uuid", error).into(),
    }
}

/// How many people are inside, as the platform knows it: a gate alone does not.
async fn presence(State(gate): State<Arc<Gate>>) -> Answer {
    gate.presence().await
}

async fn state(State(gate): State<Arc<Gate>>) -> axum::Json<Value> {
    axum::Json(gate.state())
}
