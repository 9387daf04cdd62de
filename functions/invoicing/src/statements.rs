//! The statement of a month: for programs, for spreadsheets and on paper, signed once the month is closed.

use atrio_domain::invoicing::month::Month;
use atrio_domain::invoicing::statement::{Statement, StatementState};
use atrio_domain::reseller::Reseller;
use atrio_domain::text::Locale;
use atrio_runtime::{Path, Problem, Query, Role, Staff};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::file::{SignatureView, answered, sign};
use crate::{Context, known, problem};

/// The files of a statement.
const FILES: [&str; 3] = ["statement.json", "statement.csv", "statement.pdf"];

/// The language of the paper.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Language {
    lang: Option<Locale>,
}

/// The signatures of a statement's files.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignaturesView {
    signatures: Vec<SignatureView>,
}

/// The statement of a reseller's month, as an operator reads it: `statement.json`, `statement.csv`,
/// `statement.pdf`, or `signatures.json` of the three.
#[utoipa::path(get, path = "/v1/resellers/{reseller_id}/statements/{month}/{file}", tag = "invoicing",
    security(("staff" = [])),
    params(("reseller_id" = String, Path), ("month" = String, Path, description = "`2026-11`"),
        ("file" = String, Path), ("lang" = Option<String>, Query, description = "of the paper, `it` or `en`")),
    responses((status = 200, content((Object = "application/json"), (String = "text/csv"),
            (String = "application/pdf"))), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(crate) async fn show_statement(
    State(context): State<Context>,
    staff: Staff,
    Path((reseller_id, month, file)): Path<(String, String, String)>,
    Query(language): Query<Language>,
) -> Result<Response, Problem> {
    staff.must_be_everywhere(&[Role::Operator])?;
    let reseller = known(&context, &reseller_id).await?;
    told(&context, &reseller, (&month, &file), language.lang).await
}

/// The statement of a month of the reseller of the key.
#[utoipa::path(get, path = "/v1/reseller/statements/{month}/{file}", tag = "invoicing",
    security(("reseller" = [])),
    params(("month" = String, Path, description = "`2026-11`"), ("file" = String, Path),
        ("lang" = Option<String>, Query, description = "of the paper, `it` or `en`")),
    responses((status = 200, content((Object = "application/json"), (String = "text/csv"),
            (String = "application/pdf"))), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(crate) async fn show_own_statement(
    State(context): State<Context>,
    Caller(reseller): Caller,
    Path((month, file)): Path<(String, String)>,
    Query(language): Query<Language>,
) -> Result<Response, Problem> {
    told(&context, &reseller, (&month, &file), language.lang).await
}

/// The month that an address names.
pub(crate) fn month_of(text: &str) -> Result<Month, Problem> {
    text.parse().map_err(|error| Problem::malformed_id("month", error))
}

/// The statement as it stands now.
pub(crate) async fn made(
    context: &Context,
    reseller: &Reseller,
    month: Month,
) -> Result<Statement, Problem> {
    let now = context.clock.now();
    let state = if month.is_closed(now) { StatementState::Closed } else { StatementState::Open };
    let (id, store) = (&reseller.id, &context.store);
    let lines = store.ledger_entries(id, month).await.map_err(problem::internal)?;
    let received = store.received_in(id, month).await.map_err(problem::internal)?;
    let whose = (reseller.id.clone(), reseller.name.clone());
    Ok(Statement::of(whose, (month, state), lines, received))
}

async fn told(
    context: &Context,
    reseller: &Reseller,
    (month, file): (&str, &str),
    lang: Option<Locale>,
) -> Result<Response, Problem> {
    let month = month_of(month)?;
    let is_of_all = file == "signatures.json";
    if !is_of_all && !FILES.contains(&file) {
        return Err(problem::unknown_file(file));
    }
    let statement = made(context, reseller, month).await?;
    let locale = lang.unwrap_or(Locale::It);
    let (keys, now) = (context.keys.current(), context.clock.now());
    if is_of_all {
        if statement.state == StatementState::Open {
            return Err(problem::open_month(month));
        }
        let mut signatures = Vec::with_capacity(FILES.len());
        for name in FILES {
            signatures.push(sign(name, &bytes(&statement, name, locale)?, &keys, now));
        }
        return Ok(axum::Json(SignaturesView { signatures }).into_response());
    }
    let content = bytes(&statement, file, locale)?;
    let is_closed = statement.state == StatementState::Closed;
    let signature = is_closed.then(|| sign(file, &content, &keys, now));
    let kind = match file {
        "statement.csv" => "text/csv; charset=utf-8; header=present",
        "statement.pdf" => "application/pdf",
        _ => "application/json",
    };
    let name = format!("{}-{month}-{file}", reseller.id);
    Ok(answered(kind, &name, content, signature.as_ref()))
}

fn bytes(statement: &Statement, file: &str, locale: Locale) -> Result<Vec<u8>, Problem> {
    match file {
        "statement.csv" => {
            statement.csv().map(String::into_bytes).map_err(|error| Problem::internal(&error))
        }
        "statement.pdf" => Ok(atrio_paper::statement(statement, locale)),
        _ => statement.json().map(String::into_bytes).map_err(|error| Problem::internal(&error)),
    }
}
