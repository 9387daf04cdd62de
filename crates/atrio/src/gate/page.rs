//! The gate's page and its API, on this machine only and behind a key that the start prints. The API
//! is the platform's, as far as a gate needs it, so the page is the same.

use std::sync::Arc;

use atrio_domain::id::{AreaId, CallerUuid, GateId, VenueId};
use atrio_domain::redemption::Direction;
use atrio_runtime::extract::Path;
use atrio_runtime::{Json, Problem};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

use super::Gate;
use super::scan::{Answer, Asked};

pub(super) async fn serve(listener: TcpListener, gate: Arc<Gate>) {
    if let Err(error) = axum::serve(listener, router(gate)).await {
        tracing::error!(%error, "the page of the gate stopped");
    }
}

fn router(gate: Arc<Gate>) -> Router {
    let pages = ServeDir::new(&gate.settings.web);
    Router::new()
        .route("/v1/redemptions", post(redeem))
        .route("/v1/redemptions/{uuid}/undo", post(take_back))
        .route("/v1/gate", get(state))
        .route("/v1/venues/{venue_id}/presence", get(presence))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&gate), keyed))
        // The page asks for names of venues and does without.
        .route("/v1/venues", get(|| async { axum::Json(json!({"venues": []})) }))
        .with_state(Arc::clone(&gate))
        .fallback_service(pages)
        .layer(middleware::from_fn_with_state(gate, date))
}

/// Admits who shows the key.
async fn keyed(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let shown = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if shown == Some(gate.key.as_str()) {
        return next.run(request).await;
    }
    let message = "the key of this gate did not come with the request";
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized")
        .detail(message)
        .field("Authorization", message, "open the address that the gate printed at its start")
        .into_response()
}

/// Answers carry the gate's time, by which the page shows hours.
async fn date(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let now = gate.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(value) = HeaderValue::from_str(&now) {
        response.headers_mut().insert(header::DATE, value);
    }
    response
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
    /// This gate claims one ticket at a time among its neighbours.
    party: Option<IgnoredAny>,
}

async fn redeem(State(gate): State<Arc<Gate>>, Json(body): Json<ScanBody>) -> Answer {
    if &body.venue_id != gate.venue() {
        let message = format!("this gate is at venue `{}`", gate.venue());
        return Problem::new(StatusCode::FORBIDDEN, "other-venue")
            .detail(&message)
            .field("venue_id", &message, "open the address that the gate printed at its start")
            .into();
    }
    if body.area_id.is_some() && body.area_id != gate.settings.area {
        let message = match &gate.settings.area {
            Some(area) => format!("this gate leads into the area `{area}`"),
            None => "this gate leads into the venue, not into an area of it".to_owned(),
        };
        return Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "gate-other-area")
            .detail(&message)
            .field("area_id", &message, "leave it out, or start the gate with `--area`")
            .into();
    }
    if body.party.is_some() {
        let message = "this gate lets one ticket through by each scan";
        return Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "gate-one-by-one")
            .detail(message)
            .field("party", message, "leave it out and scan each ticket")
            .into();
    }
    let ScanBody { uuid, code, direction, over_limit_reason, .. } = &body;
    let over_limit_reason = over_limit_reason.as_deref();
    gate.scan(&Asked { uuid: *uuid, code, direction: *direction, over_limit_reason }).await
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
