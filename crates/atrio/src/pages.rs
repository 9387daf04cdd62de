//! The HTTP face of one machine: every function's routes, the sandbox provider, the pages, health,
//! figures and the API's description, with the same limits that the gateway sets on AWS.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use atrio_runtime::{Clock, Problem};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Info, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use crate::limits::{Limits, limit};
use crate::pump::Progress;

/// What the platform counts of itself.
#[derive(Debug, Default)]
pub struct Figures {
    requests: [AtomicU64; 5],
    /// The stream's consumers.
    pub progress: Arc<Progress>,
    /// What the sample traffic did, where it runs.
    pub traffic: Arc<crate::traffic::Figures>,
}

/// The router of everything.
pub fn router(
    functions: OpenApiRouter,
    sandbox: Router,
    web: &Path,
    figures: Arc<Figures>,
    clock: Clock,
    limits: Option<Arc<Limits>>,
) -> Router {
    let (functions, description) = functions.split_for_parts();
    let description = Arc::new(describe(description));
    let unknown = web.join("404.html");
    let pages = ServeDir::new(web)
        .append_index_html_on_directories(true)
        .precompressed_br()
        .precompressed_gzip();
    let pages = if unknown.exists() {
        Router::new().fallback_service(pages.not_found_service(ServeFile::new(unknown)))
    } else {
        Router::new().fallback_service(pages)
    };
    let description_route = {
        let description = Arc::clone(&description);
        get(move || async move { Json((*description).clone()) })
    };
    let header = |name: &'static str, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    functions
        .merge(sandbox)
        .route("/healthz", get(|| async { Json(serde_json::json!({"status": "ready"})) }))
        .route("/openapi.json", description_route)
        .route("/metrics", get(metrics).with_state(Arc::clone(&figures)))
        .route("/v1/{*unknown}", axum::routing::any(unknown_route))
        .method_not_allowed_fallback(wrong_method)
        .fallback_service(pages)
        .layer(middleware::from_fn_with_state(limits, limit))
        .layer(middleware::from_fn_with_state(figures, count))
        .layer(middleware::from_fn_with_state(clock, date))
        .layer(header("x-content-type-options", "nosniff"))
        // A booking's address is its key: it must not travel to other sites.
        .layer(header("referrer-policy", "same-origin"))
        .layer(header("x-frame-options", "DENY"))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(|_| {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal")
                .detail("the request could not be completed; it is safe to send it again")
                .into_response()
        }))
}

const DESCRIPTION: &str = "Tickets and visitor data of Italian cultural venues. One caller (a member of \
    staff by their token, anyone else by their network address) may send so many requests in a while, by \
    class: `reading`, `holding` (what changes something) and `staff`. The headers `RateLimit-Policy` and \
    `RateLimit` (draft-ietf-httpapi-ratelimit-headers) say how many, and what is left; one too many is \
    answered 429 with `Retry-After`.";

fn describe(mut api: OpenApi) -> OpenApi {
    atrio_runtime::description::complete(&mut api);
    api.info = Info::new("atrio", env!("CARGO_PKG_VERSION"));
    api.info.description = Some(DESCRIPTION.to_owned());
    let components = api.components.get_or_insert_default();
    let staff = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme("staff", SecurityScheme::Http(staff));
    let reseller = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("reseller", SecurityScheme::Http(reseller));
    api
}

async fn unknown_route(request: Request) -> Problem {
    Problem::not_found(
        "unknown-route",
        "path",
        request.uri().path(),
        "see `GET /openapi.json` for what there is",
    )
}

async fn wrong_method(request: Request) -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method")
        .detail(format_args!("`{}` does not take {}", request.uri().path(), request.method()))
        .field("method", "is not taken here", "see `GET /openapi.json` for what there is")
}

/// Answers carry the platform's time: the pages count down by it, at a rehearsal too.
async fn date(State(clock): State<Clock>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let now = clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(value) = HeaderValue::from_str(&now) {
        response.headers_mut().insert(header::DATE, value);
    }
    response
}

async fn count(State(figures): State<Arc<Figures>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let class = usize::from(response.status().as_u16() / 100).clamp(1, 5) - 1;
    figures.requests[class].fetch_add(1, Ordering::Relaxed);
    response
}

/// Figures in the text form that Prometheus reads.
async fn metrics(State(figures): State<Arc<Figures>>) -> impl IntoResponse {
    use std::fmt::Write as _;
    let mut text = String::new();
    text.push_str("# HELP atrio_http_requests_total Answers by class of status.\n# TYPE atrio_http_requests_total counter\n");
    for (index, count) in figures.requests.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "atrio_http_requests_total{{class=\"{}xx\"}} {}",
            index + 1,
            count.load(Ordering::Relaxed)
        );
    }
    let progress = &figures.progress;
    for (name, meaning, value) in [
        (
            "atrio_stream_records_total",
            "Records of the table's stream that the sink took.",
            &progress.sunk_records,
        ),
        ("atrio_lake_rows_total", "Rows that became new in the lake.", &progress.sunk_rows),
        (
            "atrio_stream_failures_total",
            "Batches that failed and were tried again.",
            &progress.failures,
        ),
    ] {
        let value = value.load(Ordering::Relaxed);
        let _ = write!(text, "# HELP {name} {meaning}\n# TYPE {name} counter\n{name} {value}\n");
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}
