//! Money that staff pay back by transfer: the list of what is due and what was done, the file for the
//! body's bank, and the mark of what was paid. Every step is on record with who took it and when.

use std::collections::HashMap;

use atrio_domain::id::{CallerUuid, PaymentId, VenueId};
use atrio_domain::payment::refund::{Account, Step, Trail};
use atrio_domain::payment::{Payment, PaymentStatus};
use atrio_domain::tariff::Cents;
use atrio_runtime::provider::Provider;
use atrio_runtime::{Json, Path, Problem, Role, Staff};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Context, problem, sepa};

/// Longest reference of a transfer, as the format has it.
const REFERENCE_MAX_CHARS: usize = 35;

/// The refunds of a venue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefundListView {
    #[schema(value_type = String)]
    venue_id: VenueId,
    /// Those that are due first, each group by the instant or id of its payment.
    refunds: Vec<RefundEntry>,
}

#[derive(Debug, Serialize, ToSchema)]
struct RefundEntry {
    #[schema(value_type = String)]
    payment_id: PaymentId,
    /// A name for the booking that opens nothing.
    booking_reference: String,
    /// `WAITING` for the visitor's account, `READY` for a file, `FILED`, or `PAID_BACK`.
    state: &'static str,
    /// What goes back.
    #[schema(value_type = i64)]
    amount_cents: Cents,
    /// What had been asked, where another amount came; null otherwise and once it is paid back.
    #[schema(value_type = Option<i64>)]
    asked_cents: Option<Cents>,
    /// Since when it is due; null once it is paid back.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_since: Option<Timestamp>,
    /// The transfer file that holds it.
    #[schema(value_type = Option<String>)]
    file: Option<CallerUuid>,
    #[schema(value_type = Option<Object>)]
    filed: Option<Step>,
    /// The bank's reference.
    reference: Option<String>,
    #[schema(value_type = Option<Object>)]
    paid_back: Option<Step>,
}

/// The refunds of a venue: due, filed and paid back. No visitor and no account is named.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/refunds", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path)),
    responses((status = 200, body = RefundListView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn list(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
) -> Result<axum::Json<RefundListView>, Problem> {
    let venue_id = own_venue(&staff, &venue_id)?;
    let due = context.store.refunds_of(&venue_id).await.map_err(internal)?;
    let mut trails = trails(&context, &venue_id).await?;
    let mut refunds = Vec::with_capacity(due.len() + trails.len());
    for payment in &due {
        let trail = trails.remove(&(payment.id.clone(), payment.booking));
        let account = context.store.account(payment.booking, &payment.id).await;
        let has_account = account.map_err(internal)?.is_some();
        refunds.push(RefundEntry::due(payment, trail, has_account));
    }
    let mut done: Vec<Trail> = trails.into_values().collect();
    done.sort_by_cached_key(|trail| (trail.payment.clone(), trail.booking.to_string()));
    refunds.extend(done.into_iter().map(RefundEntry::done));
    Ok(axum::Json(RefundListView { venue_id, refunds }))
}

/// Which file to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileBody {
    /// Names the file for good: sent again, it answers the same file.
    #[schema(value_type = String)]
    uuid: CallerUuid,
}

/// Makes a SEPA credit transfer file (pain.001.001.03) of the refunds whose account is known and that no
/// file holds yet. Sent again with the same uuid, it answers the same file and takes in nothing new.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/refunds/files", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path)), request_body = FileBody,
    responses((status = 200, content_type = "application/xml"), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn file(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Json(body): Json<FileBody>,
) -> Result<impl IntoResponse, Problem> {
    let venue_id = own_venue(&staff, &venue_id)?;
    let Provider::PagoPa(pagopa) = &*context.provider else {
        return Err(problem::nothing_to_file());
    };
    let known = filed_in(&context, &venue_id, body.uuid).await?;
    if known.is_empty() {
        let step = Step { by: staff.subject.to_string(), at: context.clock.now() };
        take_in(&context, &venue_id, body.uuid, &step).await?;
    }
    let mut transfers = Vec::new();
    for trail in filed_in(&context, &venue_id, body.uuid).await? {
        let account = context.store.account(trail.booking, &trail.payment).await;
        let account = account.map_err(internal)?.ok_or_else(|| problem::file_is_over(body.uuid))?;
        transfers.push((trail, account.account));
    }
    let at = transfers.first().and_then(|(trail, _)| trail.filed.as_ref()).map(|(_, step)| step.at);
    let at = at.ok_or_else(problem::nothing_to_file)?;
    let text = sepa::file(body.uuid, at, &pagopa.creditor, &transfers);
    let name = format!("attachment; filename=\"refunds-{}.xml\"", body.uuid);
    let headers = [
        (header::CONTENT_TYPE, "application/xml".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        // It holds accounts.
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, text))
}

/// A transfer that was made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaidBackBody {
    /// The bank's reference, 1 to 35 characters. No names: the record is kept for years.
    reference: String,
    /// As the list of refunds has it; needed only where the payment paid for several bookings.
    booking_reference: Option<String>,
}

/// Marks a refund as paid back and forgets the visitor's account. Sent again, it changes nothing.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/refunds/{payment_id}/paid-back", tag = "staff",
    security(("staff" = [])), params(("venue_id" = String, Path), ("payment_id" = String, Path)),
    request_body = PaidBackBody,
    responses((status = 204, description = "It is marked"), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn pay_back(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, payment_id)): Path<(String, String)>,
    Json(body): Json<PaidBackBody>,
) -> Result<StatusCode, Problem> {
    let venue_id = own_venue(&staff, &venue_id)?;
    let id =
        PaymentId::new(payment_id).map_err(|error| Problem::malformed_id("payment_id", error))?;
    let reference = body.reference.trim();
    let length = reference.chars().count();
    if !(1..=REFERENCE_MAX_CHARS).contains(&length) || reference.chars().any(char::is_control) {
        return Err(problem::reference(REFERENCE_MAX_CHARS));
    }
    let store = &context.store;
    let booking_reference = body.booking_reference.as_deref();
    let payment = refund_meant(&context, &venue_id, &id, booking_reference).await?;
    let before = store.refund_trail(&payment).await.map_err(internal)?;
    if let Some(Trail { paid_back: Some((stands, _)), .. }) = &before {
        let is_same = stands == reference;
        return if is_same {
            Ok(StatusCode::NO_CONTENT)
        } else {
            Err(problem::paid_back_before(stands))
        };
    }
    // What the sandbox owes it pays back itself; a mark would be untrue.
    let is_by_transfer = matches!(*context.provider, Provider::PagoPa(_));
    if !is_by_transfer || payment.status != PaymentStatus::RefundDue {
        return Err(problem::unknown_refund(&id));
    }
    let now = context.clock.now();
    let trail = Trail {
        venue: venue_id,
        payment: id,
        booking: payment.booking,
        order: payment.order,
        amount_cents: payment.refund_cents(),
        filed: before.and_then(|trail| trail.filed),
        paid_back: Some((reference.to_owned(), Step { by: staff.subject.to_string(), at: now })),
    };
    let is_marked = store.pay_back(&payment, &trail, now).await.map_err(internal)?;
    if is_marked { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::busy()) }
}

/// Puts every refund whose account is known into a new file, each with its trail.
async fn take_in(
    context: &Context,
    venue: &VenueId,
    file: CallerUuid,
    step: &Step,
) -> Result<(), Problem> {
    for payment in context.store.refunds_of(venue).await.map_err(internal)? {
        let account =
            context.store.account(payment.booking, &payment.id).await.map_err(internal)?;
        let Some(account) = account.filter(|account| account.file.is_none()) else { continue };
        let trail = Trail {
            venue: venue.clone(),
            payment: payment.id.clone(),
            booking: payment.booking,
            order: payment.order,
            amount_cents: payment.refund_cents(),
            filed: Some((file, step.clone())),
            paid_back: None,
        };
        // Where another file or a changed account was faster, the refund waits for the next one.
        context.store.file_refund(&trail, &account.account).await.map_err(internal)?;
    }
    Ok(())
}

async fn filed_in(
    context: &Context,
    venue: &VenueId,
    file: CallerUuid,
) -> Result<Vec<Trail>, Problem> {
    let mut trails = context.store.refund_trails(venue).await.map_err(internal)?;
    trails.retain(|trail| trail.filed.as_ref().is_some_and(|(of, _)| *of == file));
    Ok(trails)
}

/// One payment may have paid for several bookings.
type RefundKey = (PaymentId, CallerUuid);

async fn trails(context: &Context, venue: &VenueId) -> Result<HashMap<RefundKey, Trail>, Problem> {
    let trails = context.store.refund_trails(venue).await.map_err(internal)?;
    let key = |trail: &Trail| (trail.payment.clone(), trail.booking);
    Ok(trails.into_iter().map(|trail| (key(&trail), trail)).collect())
}

/// The refund of a venue that is meant: its payment's, of the booking named where it paid for several.
async fn refund_meant(
    context: &Context,
    venue: &VenueId,
    id: &PaymentId,
    booking_reference: Option<&str>,
) -> Result<Payment, Problem> {
    let mut parts = context.store.parts(id).await.map_err(internal)?;
    parts.retain(|part| {
        let is_owed = matches!(part.status, PaymentStatus::RefundDue | PaymentStatus::Refunded);
        is_owed && &part.venue == venue
    });
    let known: Vec<String> = parts.iter().map(|part| part.booking.reference()).collect();
    if let Some(named) = booking_reference {
        parts.retain(|part| part.booking.reference() == named);
    }
    match (parts.pop(), parts.is_empty(), known.is_empty()) {
        (Some(part), true, _) => Ok(part),
        (_, _, true) => Err(problem::unknown_refund(id)),
        (_, _, false) => Err(problem::which_refund(&known)),
    }
}

fn own_venue(staff: &Staff, venue_id: &str) -> Result<VenueId, Problem> {
    staff.at_venue(venue_id, &[Role::Manager])
}

fn internal(error: atrio_dynamo::Error) -> Problem {
    problem::step(error.into())
}

impl RefundEntry {
    fn due(payment: &Payment, trail: Option<Trail>, has_account: bool) -> Self {
        let (file, filed) = trail.and_then(|trail| trail.filed).unzip();
        let state = match (has_account, file.is_some()) {
            (_, true) => "FILED",
            (true, false) => "READY",
            (false, false) => "WAITING",
        };
        Self {
            payment_id: payment.id.clone(),
            booking_reference: payment.booking.reference(),
            state,
            amount_cents: payment.refund_cents(),
            asked_cents: payment.received_cents.map(|_| payment.amount_cents),
            due_since: Some(payment.updated_at),
            file,
            filed,
            reference: None,
            paid_back: None,
        }
    }

    fn done(trail: Trail) -> Self {
        let (file, filed) = trail.filed.unzip();
        let (reference, paid_back) = trail.paid_back.unzip();
        Self {
            payment_id: trail.payment,
            booking_reference: trail.booking.reference(),
            state: "PAID_BACK",
            amount_cents: trail.amount_cents,
            asked_cents: None,
            due_since: None,
            file,
            filed,
            reference,
            paid_back,
        }
    }
}

/// An account as a transfer needs it, with what it is for.
pub(crate) type Transfer = (Trail, Account);
