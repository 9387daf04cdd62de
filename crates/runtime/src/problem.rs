//! Errors as the caller sees them: RFC 9457 documents with a stable type, the field and the fix.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The addresses under which problem types are told apart. Stable: clients compare them.
const TYPES: &str = "https://atrio.example/problems/";

/// A problem document.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// Tells problems apart; stable.
    #[serde(rename = "type")]
    kind: String,
    /// The problem in a few words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened this time, with the values.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The fields at fault, each with its fix.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// Further facts, such as the number of vacancies.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    facts: Map<String, Value>,
    #[serde(skip)]
    retry_after_seconds: Option<u32>,
}

/// A field at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where in the request, such as `units` or `contact.email`.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}

impl Problem {
    /// A problem of this type; the title is the type in words.
    #[must_use]
    pub fn new(status: StatusCode, kind: &str) -> Self {
        Self {
            kind: format!("{TYPES}{kind}"),
            title: kind.replace('-', " "),
            status: status.as_u16(),
            detail: None,
            errors: Vec::new(),
            facts: Map::new(),
            retry_after_seconds: None,
        }
    }

    /// Says what happened this time.
    #[must_use]
    pub fn detail(mut self, detail: impl std::fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }

    /// Names a field at fault and the fix.
    #[must_use]
    pub fn field(
        mut self,
        field: impl Into<String>,
        message: impl std::fmt::Display,
        fix: impl Into<String>,
    ) -> Self {
        self.errors.push(FieldError {
            field: field.into(),
            message: message.to_string(),
            fix: fix.into(),
        });
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Serialize) -> Self {
        // A fact that cannot be written as JSON is left out: the rest of the document stands.
        if let Ok(value) = serde_json::to_value(value) {
            self.facts.insert(name.to_owned(), value);
        }
        self
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The problem in one sentence, for callers who do not speak HTTP.
    #[must_use]
    pub fn words(&self) -> &str {
        self.detail.as_deref().unwrap_or(&self.title)
    }

    /// A fault on our side: the caller learns nothing, the log everything.
    #[must_use]
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut causes = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push_str(": ");
            causes.push_str(&cause.to_string());
            source = cause.source();
        }
        tracing::error!(error = causes, "request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal")
            .detail("the request could not be completed; it is safe to send it again")
    }

    /// Another request changed the same thing at the same moment, time and again.
    #[must_use]
    pub fn busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy")
            .detail("others are changing the same thing at this moment; send the request again")
            .retry_after(1)
    }

    /// Nothing stands under that id.
    #[must_use]
    pub fn not_found(kind: &str, field: &str, value: &str, fix: &str) -> Self {
        let shown: String = value.chars().take(80).collect();
        Self::new(StatusCode::NOT_FOUND, kind)
            .detail(format_args!("there is no {field} `{shown}`"))
            .field(field, format_args!("`{shown}` is not known"), fix)
    }

    /// An identifier in the address or the query is malformed.
    #[must_use]
    pub fn malformed_id(field: &str, error: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed-id")
            .detail(format_args!("`{field}` is malformed: {error}"))
            .field(field, error, "correct the value")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
