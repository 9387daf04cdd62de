//! Passes of several venues, as each of them has its say: which passes of other venues a venue lets in
//! with. A pass that opens a venue is offered and sold only while that venue honours it; one that was sold
//! holds as it was sold.

use atrio_domain::id::{ProductId, VenueId};
use atrio_domain::pass::{HONOURED_MAX, PassRef, PassRule};
use atrio_domain::venue::Venue;
use atrio_runtime::{Json, Path, Problem, Query, Role, Staff};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

use crate::view::ChangedView;
use crate::{
    Change, ChangeQuery, Context, Tagged, Wanted, entity_tag, internal, json as written, load,
    tagged,
};

/// Passes of other venues that a venue lets in with.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Honoured {
    honours: Vec<PassRef>,
}

/// The passes of other venues that a venue lets in with, as its staff set them.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/passes", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path)),
    responses((status = 200, body = Object), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_passes(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
) -> Result<Tagged<Honoured>, Problem> {
    let honours = load(&context, &staff, &venue_id).await?.venue.honoured_passes;
    let body = Honoured { honours };
    Ok(tagged((entity_tag(&written(&body)?), body)))
}

/// Sets the passes of other venues that a venue lets in with, by `venue_id` and `product_id`. A pass that is
/// taken away is sold no more until it opens the venue no more; those that were sold still admit.
#[utoipa::path(put, path = "/v1/venues/{venue_id}/passes", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path), ("If-Match" = Option<String>, Header),
        ("If-None-Match" = Option<String>, Header), ChangeQuery),
    request_body(content = Object, description = "`honours`, as read"),
    responses((status = 200, body = ChangedView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem)))]
pub(crate) async fn change_passes(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Query(query): Query<ChangeQuery>,
    headers: HeaderMap,
    Json(wanted): Json<Honoured>,
) -> Result<Tagged<ChangedView>, Problem> {
    staff.at_venue(&venue_id, &[Role::Manager])?;
    check(&wanted.honours)?;
    let after = written(&wanted)?;
    let change = |venue: &Venue| {
        let before = Some(written(&Honoured { honours: venue.honoured_passes.clone() })?);
        let to = Venue { honoured_passes: wanted.honours.clone(), ..venue.clone() };
        Ok(Change { part: "passes".to_owned(), before, after: after.clone(), to })
    };
    Wanted { context, staff, venue_id, headers, is_rehearsal: query.dry_run }.make(change).await
}

fn check(honours: &[PassRef]) -> Result<(), Problem> {
    if honours.len() > HONOURED_MAX {
        let what = format!("{} passes are more than {HONOURED_MAX}", honours.len());
        return Err(invalid("honours", &what, "honour fewer passes"));
    }
    let repeated = honours.iter().enumerate().find(|(at, pass)| honours[..*at].contains(pass));
    match repeated {
        Some((at, pass)) => {
            let what =
                format!("pass `{}` of venue `{}` is named twice", pass.product_id, pass.venue_id);
            Err(invalid(&format!("honours[{at}]"), &what, "name each pass once"))
        }
        None => Ok(()),
    }
}

fn invalid(field: &str, what: &str, fix: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-offer")
        .detail(what)
        .field(field, what, fix)
}

/// Refuses a pass that opens a venue which has not said that it honours it: no venue gives away what is
/// another's.
pub(crate) async fn must_be_honoured(
    context: &Context,
    seller: &VenueId,
    pass: &ProductId,
    rule: &PassRule,
) -> Result<(), Problem> {
    for (index, other) in rule.others(seller) {
        let venue = context.store.venue(other).await.map_err(internal)?;
        if !venue.is_some_and(|venue| venue.honours(seller, pass)) {
            let what = format!("venue `{other}` does not honour pass `{pass}` of venue `{seller}`");
            let fix =
                "let a manager of that venue honour it first: `PUT /v1/venues/{venue_id}/passes`";
            let field = format!("pass.opens[{index}].venue_id");
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "pass-not-honoured")
                .detail(&what)
                .field(field, &what, fix)
                .fact("venue_id", other));
        }
    }
    Ok(())
}
