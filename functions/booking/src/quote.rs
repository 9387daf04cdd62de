//! What a visit would cost, with the discount code where there is one, before anybody holds anything.

use atrio_domain::booking::Channel;
use atrio_domain::hold::HoldRequest;
use atrio_domain::tariff::{CURRENCY, Cents};
use atrio_runtime::{ClientAddress, Json, Problem};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::view::UnitLineView;
use crate::{Context, Desk, HoldBody, load_venue, problem, voucher};

/// What a visit would cost now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct QuoteView {
    units: Vec<UnitLineView>,
    #[schema(value_type = i64)]
    total_cents: Cents,
    currency: &'static str,
}

/// Prices a visit as it would be held, and holds nothing. The contact may be left out.
#[utoipa::path(post, path = "/v1/quotes", tag = "shop", request_body = HoldBody,
    responses((status = 200, body = QuoteView), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 429, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn quote(
    State(context): State<Context>,
    ClientAddress(address): ClientAddress,
    staff: Option<Desk>,
    Json(mut body): Json<HoldBody>,
) -> Result<axum::Json<QuoteView>, Problem> {
    let code = body.voucher_code.take();
    let voucher = voucher::key(&context, code.as_deref(), "")?;
    let request = HoldRequest { voucher, ..HoldRequest::from(body) };
    match request.channel {
        Channel::Desk => staff.ok_or_else(problem::desk_only)?.must_sell_at(&request.venue_id)?,
        Channel::Reseller => return Err(problem::reseller_only()),
        Channel::Web | Channel::Totem => {}
    }
    let venue = load_venue(&context, &request.venue_id).await?;
    let now = context.clock.now();
    let mut offer = request.quote(&venue, now).map_err(|error| problem::hold(&error))?;
    let network = address.as_deref();
    voucher::reduce(&context, &request, &mut offer, &venue, network, "", now).await?;
    Ok(axum::Json(QuoteView {
        units: offer.units.iter().map(UnitLineView::of).collect(),
        total_cents: offer.units.iter().map(|line| line.price_cents.times(line.quantity)).sum(),
        currency: CURRENCY,
    }))
}
