//! Starting a function: telemetry, then the context its `main` builds, then serving.

use lambda_http::Error;

/// Structured logs, one JSON object a line, at the level of `ATRIO_LOG` or `info`.
pub fn start_telemetry() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ATRIO_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    // A second start in one process keeps the first: nothing to do about the refusal.
    let _ = tracing_subscriber::fmt().json().with_env_filter(filter).try_init();
}

/// Serves a router behind API Gateway until Lambda stops the process.
///
/// # Errors
/// When Lambda's runtime cannot be reached.
pub async fn http(router: axum::Router) -> Result<(), Error> {
    lambda_http::run(router).await
}
