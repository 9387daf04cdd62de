//! Campaigns of discount codes: what they take off, and the codes that are given out for them. A code
//! is shown to who makes it and kept nowhere; the table holds keyed hashes.

use atrio_domain::id::{CallerUuid, CampaignId};
use atrio_domain::staff::Reach;
use atrio_domain::venue::Venue;
use atrio_domain::voucher::{
    CODES_MAX, Campaign, VoucherKey, batch_name, check_campaigns, random_code,
};
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::voucher::{Batch, BatchMade};
use atrio_runtime::{Json, Path, Problem, Query, Role, Staff};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::view::ChangedView;
use crate::{
    Change, ChangeQuery, Context, Tagged, Wanted, entity_tag, internal, json as written, load,
    problem, tagged,
};

/// What a venue takes off for who has a code.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Campaigns {
    campaigns: Vec<Campaign>,
}

/// The campaigns of a venue, as its staff set them; without their codes, which nobody can read.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/campaigns", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path)),
    responses((status = 200, body = Object), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_campaigns(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
) -> Result<Tagged<Campaigns>, Problem> {
    let venue = load(&context, &staff, &venue_id).await?.venue;
    let body = Campaigns { campaigns: venue.campaigns };
    Ok(tagged((entity_tag(&written(&body)?), body)))
}

/// Sets the campaigns of a venue. What was sold keeps its price; the codes of a campaign that is taken
/// away are good no more.
#[utoipa::path(put, path = "/v1/venues/{venue_id}/campaigns", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path), ("If-Match" = Option<String>, Header),
        ("If-None-Match" = Option<String>, Header), ChangeQuery),
    request_body(content = Object, description = "`campaigns`, as read"),
    responses((status = 200, body = ChangedView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem)))]
pub(crate) async fn change_campaigns(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Query(query): Query<ChangeQuery>,
    headers: HeaderMap,
    Json(wanted): Json<Campaigns>,
) -> Result<Tagged<ChangedView>, Problem> {
    staff.at_venue(&venue_id, &[Role::Manager])?;
    let after = written(&wanted)?;
    let change = |venue: &Venue| {
        let before = Some(written(&Campaigns { campaigns: venue.campaigns.clone() })?);
        let to = Venue { campaigns: wanted.campaigns.clone(), ..venue.clone() };
        check_campaigns(&to).map_err(|error| problem::campaign(&error))?;
        Ok(Change { part: "campaigns".to_owned(), before, after: after.clone(), to })
    };
    Wanted { context, staff, venue_id, headers, is_rehearsal: query.dry_run }.make(change).await
}

/// Codes to be made: one that the venue chose, or so many random ones.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodesBody {
    /// Made by the caller; its idempotency key. The random codes follow from it: it is as secret as they
    /// are.
    #[schema(value_type = String)]
    uuid: CallerUuid,
    /// A code of 8 to 40 letters and digits, for many bookings.
    code: Option<String>,
    /// How many random codes, 1 to 1000.
    count: Option<u32>,
    /// How many bookings each code reduces. Without it, a random code reduces one and a chosen one any
    /// number.
    uses: Option<u32>,
}

impl CodesBody {
    fn codes(&self, secret: &[u8]) -> Result<Vec<String>, Problem> {
        if self.uses == Some(0) {
            return Err(problem::codes("uses", "is 0", "write 1 or more, or leave it out"));
        }
        match (&self.code, self.count) {
            (Some(code), None) => Ok(vec![code.trim().to_uppercase()]),
            (None, Some(count)) if (1..=CODES_MAX).contains(&count) => {
                Ok((0..count).map(|number| random_code(secret, self.uuid, number)).collect())
            }
            (None, Some(_)) => {
                Err(problem::codes("count", "is out of range", "ask for 1 to 1000 codes"))
            }
            (Some(_), Some(_)) | (None, None) => {
                Err(problem::codes("code", "is one of two ways", "write either `code` or `count`"))
            }
        }
    }
}

/// Makes codes of a campaign and answers them as CSV. They are kept as hashes only, so this answer alone
/// shows them; repeated under the same uuid, it shows the same.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/campaigns/{campaign_id}/codes", tag = "staff",
    security(("staff" = [])),
    params(("venue_id" = String, Path), ("campaign_id" = String, Path)), request_body = CodesBody,
    responses((status = 201, content_type = "text/csv", body = String), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn make_codes(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, campaign_id)): Path<(String, String)>,
    Json(body): Json<CodesBody>,
) -> Result<(StatusCode, [(HeaderName, String); 2], String), Problem> {
    let from = load(&context, &staff, &venue_id).await?;
    let campaign = campaign_of(&from.venue, campaign_id)?;
    let secret = &context.contact_hash_key;
    let codes = body.codes(secret)?;
    let keys: Option<Vec<VoucherKey>> =
        codes.iter().map(|code| VoucherKey::of(secret, code)).collect();
    let fix = "write 8 to 40 letters and digits; spaces and dashes do not count";
    let keys = keys.ok_or_else(|| problem::codes("code", "is no code", fix))?;
    let uses = body.uses.or(body.count.map(|_| 1));
    let batch = Batch {
        venue: from.venue.id.clone(),
        name: batch_name(secret, body.uuid),
        campaign: campaign.id.clone(),
        uses,
        keys,
    };
    let role = staff.must_be_at(&batch.venue, &[Role::Manager])?;
    let record = AuditRecord {
        reach: Reach::Venue(batch.venue.clone()),
        actor: staff.subject.to_string(),
        role: role.name().to_owned(),
        at: context.clock.now(),
        version: from.version,
        part: format!("campaigns/{}/codes", campaign.id),
        before: None,
        after: json!({"codes": codes.len(), "uses": uses}),
    };
    match context.store.make_codes(&batch, &record).await.map_err(internal)? {
        BatchMade::Done => {
            let name = format!("attachment; filename=\"codes-{}.csv\"", campaign.id);
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
                (header::CONTENT_DISPOSITION, name),
            ];
            Ok((StatusCode::CREATED, headers, format!("code\n{}\n", codes.join("\n"))))
        }
        BatchMade::NameReused => Err(problem::codes_uuid_reused(body.uuid)),
        BatchMade::CodeTaken => Err(problem::code_taken()),
    }
}

/// How the codes of a campaign are used.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageView {
    /// Codes given out.
    codes: u32,
    /// Bookings that are held or bought with one of them now.
    used: u32,
}

/// How many codes of a campaign were given out, and how many bookings are reduced by them now.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/campaigns/{campaign_id}/codes", tag = "staff",
    security(("staff" = [])),
    params(("venue_id" = String, Path), ("campaign_id" = String, Path)),
    responses((status = 200, body = UsageView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_usage(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, campaign_id)): Path<(String, String)>,
) -> Result<axum::Json<UsageView>, Problem> {
    let venue = load(&context, &staff, &venue_id).await?.venue;
    let campaign = campaign_of(&venue, campaign_id)?;
    let usage = context.store.usage(&venue.id, &campaign.id).await.map_err(internal)?;
    Ok(axum::Json(UsageView { codes: usage.codes, used: usage.used }))
}

fn campaign_of(venue: &Venue, id: String) -> Result<&Campaign, Problem> {
    let malformed = |error| Problem::malformed_id("campaign_id", error);
    let id = CampaignId::new(id).map_err(malformed)?;
    let found = venue.campaigns.iter().find(|campaign| campaign.id == id);
    found.ok_or_else(|| problem::unknown_campaign(&id))
}
