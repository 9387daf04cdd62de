//! Reading requests, with errors that name the field.

use axum::body::Bytes;
use axum::extract::path::ErrorKind;
use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// Largest body taken, in bytes. A booking of ten people needs two thousand.
pub const BODY_MAX_BYTES: usize = 64 * 1024;

/// A JSON body.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        if kind.split(';').next().map(str::trim) != Some("application/json") {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong-content-type")
                .detail(format_args!("the body is `{}`, JSON is wanted", excerpt(&kind)))
                .field("Content-Type", "is not JSON", "send `Content-Type: application/json`"));
        }
        let body =
            axum::body::to_bytes(request.into_body(), BODY_MAX_BYTES).await.map_err(|_| {
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large")
                    .detail(format_args!(
                        "the body is larger than {BODY_MAX_BYTES} bytes, or was cut"
                    ))
                    .field("body", "is too large", format!("send at most {BODY_MAX_BYTES} bytes"))
            })?;
        parse(&body).map(Self)
    }
}

fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        let field = field_at_fault(&path, &cause.to_string(), "body");
        let (status, kind, fix) = match cause.classify() {
            serde_json::error::Category::Data => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid-field", "correct the field")
            }
            _ => (StatusCode::BAD_REQUEST, "malformed-json", "send one complete JSON object"),
        };
        Problem::new(status, kind)
            .detail(format_args!("`{field}`: {cause}"))
            .field(field, &cause, fix)
    })?;
    reader.end().map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "malformed-json").detail(&error).field(
            "body",
            error,
            "send one JSON object and nothing after it",
        )
    })?;
    Ok(value)
}

/// The query of the address.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let reader = serde_urlencoded::Deserializer::new(form_pairs(query));
        serde_path_to_error::deserialize(reader).map(Self).map_err(|error| {
            let path = error.path().to_string();
            let cause = error.into_inner();
            let field = field_at_fault(&path, &cause.to_string(), "query");
            Problem::new(StatusCode::BAD_REQUEST, "invalid-query")
                .detail(format_args!("`{field}`: {cause}"))
                .field(field, &cause, "correct the query of the address")
        })
    }
}

/// The parameters of the address.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        read.map(|axum::extract::Path(value)| Self(value))
            .map_err(|error| Problem::malformed_id(&parameter_at_fault(&error), error))
    }
}

/// Whether the caller has what bears this entity tag already.
#[must_use]
pub fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    // RFC 9110, 13.1.2: a list, compared weakly.
    let tag = tag.to_str().unwrap_or_default();
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == tag)
}

fn parameter_at_fault(error: &PathRejection) -> String {
    match error {
        PathRejection::FailedToDeserializePathParams(error) => match error.kind() {
            ErrorKind::InvalidUtf8InPathParam { key } => key.clone(),
            _ => "path".to_owned(),
        },
        _ => "path".to_owned(),
    }
}

/// The reader's path ends where a field is missing; the name of that field is in its words only.
fn field_at_fault(path: &str, cause: &str, root: &str) -> String {
    let missing = cause.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    match (path, missing) {
        ("." | "?", missing) => missing.unwrap_or(root).to_owned(),
        (path, Some(missing)) => format!("{path}.{missing}"),
        (path, None) => path.to_owned(),
    }
}

fn form_pairs(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}

fn excerpt(text: &str) -> String {
    text.chars().take(80).collect()
}
