//! Refusals of this function as problem documents.

use atrio_domain::id::{CallerUuid, CampaignId, ProductId, TemplateId, VenueId};
use atrio_domain::moving::MOVE_MAX_DAYS;
use atrio_domain::offer::OfferError;
use atrio_domain::premises::PremisesError;
use atrio_domain::reseller::ResellerError;
use atrio_domain::staff::StaffError;
use atrio_domain::template::TemplateError;
use atrio_domain::voucher::CampaignError;
use atrio_domain::webhook::{ENDPOINTS_MAX, SettingsError};
use atrio_runtime::Problem;
use axum::http::StatusCode;
use jiff::civil::Date;

/// The offer cannot be booked by.
pub(crate) fn offer(error: &OfferError) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-offer").detail(error).field(
        error.field(),
        error,
        error.fix(),
    )
}

/// The venue cannot be divided like this, or the product opens what is not there.
pub(crate) fn premises(error: &PremisesError) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-offer").detail(error).field(
        error.field(),
        error,
        error.fix(),
    )
}

/// The campaigns cannot be given codes for.
pub(crate) fn campaign(error: &CampaignError) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-offer").detail(error).field(
        error.field(),
        error,
        error.fix(),
    )
}

/// There is no such campaign.
pub(crate) fn unknown_campaign(id: &CampaignId) -> Problem {
    let fix = "take an id from `GET /v1/venues/{venue_id}/campaigns`";
    Problem::not_found("unknown-campaign", "campaign_id", id.as_str(), fix)
}

/// No such codes can be made.
pub(crate) fn codes(field: &str, what: &str, fix: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-codes")
        .detail(format_args!("`{field}` {what}"))
        .field(field, what, fix)
}

/// The uuid stands for other codes.
pub(crate) fn codes_uuid_reused(uuid: CallerUuid) -> Problem {
    Problem::new(StatusCode::CONFLICT, "uuid-reused")
        .detail(format_args!("`{uuid}` was used for other codes before"))
        .field("uuid", "stands for other codes", "make a fresh uuid for each batch")
}

/// The code that the venue chose is given out already.
pub(crate) fn code_taken() -> Problem {
    Problem::new(StatusCode::CONFLICT, "code-taken").detail("the code was given out before").field(
        "code",
        "was given out before",
        "choose another code",
    )
}

/// The product in the body is another than that of the address.
pub(crate) fn other_product(address: &ProductId, body: &ProductId) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-offer")
        .detail(format_args!("the address names product `{address}`, the body `{body}`"))
        .field("id", "is another product's", format!("write `{address}`, or change the address"))
}

/// All that the venue offers does not fit its record.
pub(crate) fn too_large(bytes: usize, most: usize) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "venue-too-large")
        .detail(format_args!("hours and products of the venue are {bytes} bytes of JSON"))
        .field("body", "does not fit", format!("keep all of them together under {most} bytes"))
}

/// There is no such product.
pub(crate) fn unknown_product(id: &ProductId) -> Problem {
    Problem::not_found(
        "unknown-product",
        "product_id",
        id.as_str(),
        "take an id from `GET /v1/venues/{venue_id}`",
    )
}

/// The directory of staff cannot be changed like this.
pub(crate) fn staff(error: &StaffError) -> Problem {
    let (status, kind) = match error {
        StaffError::NoRole | StaffError::Nobody | StaffError::OfPlatform { .. } => {
            (StatusCode::UNPROCESSABLE_ENTITY, "invalid-member")
        }
        StaffError::OtherPerson { .. } => (StatusCode::CONFLICT, "uuid-reused"),
        StaffError::MemberAlready { .. } => (StatusCode::CONFLICT, "member-already"),
        StaffError::TooMany => (StatusCode::CONFLICT, "too-many-members"),
        StaffError::LastManager => (StatusCode::CONFLICT, "last-manager"),
        StaffError::NotTheirs { .. } | StaffError::Themselves { .. } => {
            (StatusCode::FORBIDDEN, "role-not-yours")
        }
    };
    Problem::new(status, kind).detail(error).field(error.field(), error, error.fix())
}

/// There is no such member.
pub(crate) fn unknown_member(id: CallerUuid) -> Problem {
    let fix = "take an id from `GET /v1/venues/{venue_id}/staff`";
    Problem::not_found("unknown-member", "member_id", &id.to_string(), fix)
}

/// The days are reversed or too many.
pub(crate) fn days(from: Date, to: Date, most: i32) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-field")
        .detail(format_args!("{from} to {to} is no span of 1 to {most} days"))
        .field("to", "ends no such span", format!("write `from` or a day up to {} later", most - 1))
}

/// Visitors cannot be given so many days to choose.
pub(crate) fn move_days(days: u32) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-field")
        .detail(format_args!("{days} days to choose are not 1 to {MOVE_MAX_DAYS}"))
        .field(
            "offer_move_days",
            "is not 1 to 28",
            "write 1 to 28 days, or leave it out to call off at once",
        )
}

/// The template cannot be kept.
pub(crate) fn template(error: &TemplateError) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-template").detail(error).field(
        error.field(),
        error,
        error.fix(),
    )
}

/// The template in the body is another than that of the address.
pub(crate) fn other_template(address: &TemplateId, body: &TemplateId) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-template")
        .detail(format_args!("the address names template `{address}`, the body `{body}`"))
        .field("id", "is another template's", format!("write `{address}`, or change the address"))
}

/// Nobody follows a template without a name.
pub(crate) fn template_unnamed() -> Problem {
    let what = "no template is named";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-field").detail(what).field(
        "template_id",
        what,
        "name the template, or write `kind` NONE",
    )
}

/// The page of records cannot be that long.
pub(crate) fn limit(given: i32, most: i32) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "invalid-query")
        .detail(format_args!("`limit` is {given}, 1 to {most} are answered"))
        .field("limit", "is out of range", format!("ask for at most {most}"))
}

/// The endpoint cannot be told at like this.
pub(crate) fn webhook(error: &SettingsError) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-webhook").detail(error).field(
        error.field(),
        error,
        error.fix(),
    )
}

/// There is no such endpoint.
pub(crate) fn unknown_webhook(id: CallerUuid) -> Problem {
    let fix = "take an id from `GET /v1/venues/{venue_id}/webhooks`";
    Problem::not_found("unknown-webhook", "webhook_id", &id.to_string(), fix)
}

/// The venue has endpoints enough.
pub(crate) fn too_many_webhooks() -> Problem {
    Problem::new(StatusCode::CONFLICT, "too-many-webhooks")
        .detail(format_args!("the venue has {ENDPOINTS_MAX} endpoints already"))
        .field("webhook_id", "would be one more", "remove one that is not needed any more")
}

/// An endpoint that is off is sent nothing.
pub(crate) fn webhook_off() -> Problem {
    Problem::new(StatusCode::CONFLICT, "webhook-off")
        .detail("the endpoint is off, so nothing is sent to it")
        .field("webhook_id", "is off", "set `enabled` first")
}

/// Events are being sent once more already.
pub(crate) fn replay_running(next: u64, to: u64) -> Problem {
    Problem::new(StatusCode::CONFLICT, "replay-running")
        .detail(format_args!("the events {next} to {to} are being sent once more"))
        .field("from", "has to wait", "ask again when those are sent")
        .fact("replay", serde_json::json!({"next": next, "to": to}))
}

/// The events to send once more are none, or too many.
pub(crate) fn replay(field: &str, what: impl std::fmt::Display, fix: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-replay")
        .detail(format_args!("`{field}` {what}"))
        .field(field, what, fix)
}

/// The reseller cannot be kept, or given a key, like this.
pub(crate) fn reseller(error: &ResellerError) -> Problem {
    let (status, kind) = match error {
        ResellerError::BadName { .. }
        | ResellerError::Nameless { .. }
        | ResellerError::LongContact { .. }
        | ResellerError::BadEmail
        | ResellerError::NoVenue => (StatusCode::UNPROCESSABLE_ENTITY, "invalid-reseller"),
        ResellerError::Overlap => (StatusCode::UNPROCESSABLE_ENTITY, "invalid-field"),
        ResellerError::Revoked { .. } => (StatusCode::CONFLICT, "reseller-revoked"),
        ResellerError::Suspended { .. } => (StatusCode::CONFLICT, "reseller-suspended"),
        ResellerError::TooManyKeys => (StatusCode::CONFLICT, "too-many-keys"),
        ResellerError::KeyToldBefore => (StatusCode::CONFLICT, "uuid-reused"),
    };
    Problem::new(status, kind).detail(error).field(error.field(), error, error.fix())
}

/// The reseller would sell for a venue that is none.
pub(crate) fn scope(venue: &VenueId) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-reseller")
        .detail(format_args!("there is no venue `{venue}`"))
        .field(
            "scope",
            format_args!("names `{venue}`, which is no venue"),
            "take ids from `GET /v1/venues`",
        )
}

/// For so long both secrets do not sign.
pub(crate) fn overlap(hours: u32, most: u32) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-field")
        .detail(format_args!("`overlap_hours` is {hours}, 0 to {most} are taken"))
        .field("overlap_hours", "is out of range", format!("write at most {most}"))
}

/// The uuid made a secret before, which is not shown any more.
pub(crate) fn secret_shown_before() -> Problem {
    Problem::new(StatusCode::CONFLICT, "uuid-reused")
        .detail("the secret of this request was shown, and is not shown again")
        .field("uuid", "made a secret before", "make a fresh uuid to rotate once more")
}
