//! Questions that people write: SQL over what is released, and for data officers sums of facts, through
//! the lake's privacy gate.

use atrio_domain::release::last_settled_day;
use atrio_lake_query::{Answer, Asker, GateError, Venues};
use atrio_runtime::{Acting, Problem, Role, Staff};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Context, zone};

/// A question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SqlRequest {
    /// One SELECT, such as `SELECT venue_id, sum(sales) FROM released_sales WHERE version = 2 GROUP BY venue_id`.
    sql: String,
}

/// An answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SqlAnswer {
    /// The names of the columns.
    columns: Vec<String>,
    /// The rows; a value is a word, a number, true, false or null.
    #[schema(value_type = Vec<Vec<Object>>)]
    rows: Vec<Vec<atrio_lake_query::Value>>,
    /// Whether there were more rows than are given.
    is_cut: bool,
}

/// Answers a question about the lake. Analysts ask what is released: cells with a least number of people,
/// noise and a precision. Data officers may also add up facts of settled days, cell by cell of a grid.
/// `Accept: text/csv` gives comma-separated values.
#[utoipa::path(post, path = "/v1/sql", tag = "staff", request_body = SqlRequest, security(("staff" = [])),
    responses((status = 200, body = SqlAnswer), (status = 400, body = Problem), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn ask(
    State(context): State<Context>,
    staff: Staff,
    headers: HeaderMap,
    body: atrio_runtime::Json<SqlRequest>,
) -> Result<Response, Problem> {
    staff.acting(&[Role::Analyst, Role::DataOfficer])?;
    let asker = match staff.acting(&[Role::DataOfficer]) {
        Ok(acting) => {
            let settled = last_settled_day(context.clock.now(), &zone()?);
            let settled = settled.map_err(|error| Problem::internal(&error))?;
            Asker::DataOfficer { venues: venues(acting), settled }
        }
        Err(_) => Asker::Analyst,
    };
    let lake = context.look().await?;
    let answer = lake.answer(&asker, &body.0.sql).await.map_err(|error| problem(&error))?;
    render(&headers, answer)
}

/// Data officers of a venue add up its facts only.
fn venues(acting: Acting) -> Venues {
    match acting {
        Acting::Everywhere => Venues::All,
        Acting::At(own) => Venues::Only(own.into_iter().map(String::from).collect()),
    }
}

fn problem(error: &GateError) -> Problem {
    let unprocessable = |kind: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, kind);
    match error {
        GateError::TooLong { .. } => unprocessable("question-too-long").detail(error).field(
            "sql",
            error,
            "ask a shorter question",
        ),
        GateError::Unreadable(_) => unprocessable("question-unreadable").detail(error).field(
            "sql",
            error,
            "correct the SQL; `SELECT * FROM dictionary` lists tables and columns",
        ),
        GateError::NotAllowed(refused) => unprocessable("question-not-allowed")
            .detail(refused)
            .field("sql", format_args!("{} is not allowed", refused.what), refused.fix),
        GateError::TooSlow => unprocessable("question-too-slow").detail(error).field(
            "sql",
            error,
            "ask for fewer days or venues",
        ),
        GateError::TooLarge => unprocessable("answer-too-large").detail(error).field(
            "sql",
            error,
            "ask for fewer rows, or for shorter words",
        ),
        GateError::Failed => unprocessable("question-failed").detail(error).field(
            "sql",
            error,
            "ask for less, and for nothing that has no value, such as a division by zero",
        ),
    }
}

fn render(headers: &HeaderMap, answer: Answer) -> Result<Response, Problem> {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let private = (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if accept.is_some_and(|accept| accept.trim_start().starts_with("text/csv")) {
        let is_cut = HeaderValue::from_str(&answer.is_cut.to_string())
            .map_err(|error| Problem::internal(&error))?;
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
        let cut = (header::HeaderName::from_static("x-atrio-is-cut"), is_cut);
        let body = answer.csv().map_err(|error| Problem::internal(&error))?;
        return Ok(([private, kind, cut], body).into_response());
    }
    let Answer { columns, rows, is_cut } = answer;
    Ok(([private], axum::Json(SqlAnswer { columns, rows, is_cut })).into_response())
}
