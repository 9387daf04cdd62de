//! The desk's page and its API, on this machine only and behind a key that the start prints.

use std::sync::Arc;

use atrio_domain::id::{CallerUuid, OptionId, ProductId, SlotId};
use atrio_domain::tariff::Cents;
use atrio_domain::text::Locale;
use atrio_paper::{Heading, Paper, receipt_of_signed};
use atrio_runtime::extract::Path;
use atrio_runtime::{Json, Problem, Query};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

use super::journal::{LeaseRecord, Stage};
use super::{Asked, Desk};
use crate::on_site::{dated, keyed};

pub(super) async fn serve(listener: TcpListener, desk: Arc<Desk>) {
    if let Err(error) = axum::serve(listener, router(desk)).await {
        tracing::error!(%error, "the page of the desk stopped");
    }
}

fn router(desk: Arc<Desk>) -> Router {
    let pages = ServeDir::new(&desk.settings.web);
    Router::new()
        .route("/v1/desk", get(state))
        .route("/v1/desk/leases", post(lease))
        .route("/v1/desk/returns", post(give_back))
        .route("/v1/desk/shift", post(open_shift))
        .route("/v1/desk/shift/close", post(close_shift))
        .route("/v1/desk/sales", post(sell))
        .route("/v1/desk/sales/{uuid}", get(sale))
        .route("/v1/desk/sales/{uuid}/tickets.escpos", get(receipt))
        .route_layer(middleware::from_fn_with_state(desk.key.clone(), keyed))
        // The page asks for names of venues and does without.
        .route("/v1/venues", get(|| async { axum::Json(json!({"venues": []})) }))
        .with_state(Arc::clone(&desk))
        .fallback_service(pages)
        .layer(middleware::from_fn_with_state(desk, date))
}

/// Answers carry the desk's time.
async fn date(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    dated(response, desk.now())
}

async fn state(State(desk): State<Arc<Desk>>) -> axum::Json<Value> {
    axum::Json(desk.state())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeaseBody {
    uuid: CallerUuid,
    product_id: ProductId,
    option_id: OptionId,
    slot_id: SlotId,
    places: u32,
}

async fn lease(
    State(desk): State<Arc<Desk>>,
    Json(body): Json<LeaseBody>,
) -> Result<StatusCode, Problem> {
    let LeaseBody { uuid, product_id, option_id, slot_id, places } = body;
    let (asked_at, stage) = (desk.now(), Stage::Asked);
    desk.ask_for(LeaseRecord { uuid, product_id, option_id, slot_id, places, asked_at, stage })?;
    Ok(StatusCode::ACCEPTED)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReturnBody {
    product_id: ProductId,
    slot_id: SlotId,
}

async fn give_back(
    State(desk): State<Arc<Desk>>,
    Json(body): Json<ReturnBody>,
) -> Result<(StatusCode, axum::Json<Value>), Problem> {
    let leases = desk.give_back(&body.product_id, body.slot_id).await?;
    Ok((StatusCode::ACCEPTED, axum::Json(json!({"leases": leases}))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShiftBody {
    uuid: CallerUuid,
    float_cents: Cents,
}

async fn open_shift(
    State(desk): State<Arc<Desk>>,
    Json(body): Json<ShiftBody>,
) -> Result<(StatusCode, axum::Json<Value>), Problem> {
    desk.open_shift(body.uuid, body.float_cents)?;
    Ok((StatusCode::CREATED, axum::Json(desk.state()["shift"].clone())))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CountBody {
    counted_cents: Cents,
}

async fn close_shift(
    State(desk): State<Arc<Desk>>,
    Json(body): Json<CountBody>,
) -> Result<axum::Json<Value>, Problem> {
    desk.close_shift(body.counted_cents)?;
    Ok(axum::Json(desk.state()["shift"].clone()))
}

async fn sell(
    State(desk): State<Arc<Desk>>,
    Json(asked): Json<Asked>,
) -> Result<(StatusCode, axum::Json<Value>), Problem> {
    let (status, sold) = desk.sell(&asked).await?;
    Ok((status, axum::Json(sold)))
}

async fn sale(
    State(desk): State<Arc<Desk>>,
    Path(uuid): Path<String>,
) -> Result<axum::Json<Value>, Problem> {
    let uuid = uuid.parse().map_err(|error| Problem::malformed_id("uuid", error))?;
    Ok(axum::Json(desk.sale(uuid)?))
}

/// How a roll is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Roll {
    lang: Option<Locale>,
    /// The paper's width in millimetres.
    paper: Option<String>,
}

/// The tickets of a sale for a thermal printer.
async fn receipt(
    State(desk): State<Arc<Desk>>,
    Path(uuid): Path<String>,
    Query(roll): Query<Roll>,
) -> Result<Response, Problem> {
    let uuid = uuid.parse().map_err(|error| Problem::malformed_id("uuid", error))?;
    let printed = desk.printed(uuid)?;
    let heading = Heading { venue_name: &printed.venue_name, municipality: &printed.municipality };
    let paper = if roll.paper.as_deref() == Some("58") { Paper::Narrow } else { Paper::Wide };
    let locale = roll.lang.unwrap_or(printed.locale);
    let bytes = receipt_of_signed(heading, locale, &printed.tickets, paper)
        .map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}
