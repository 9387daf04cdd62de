//! Starting a function: telemetry, then the context its `main` builds, then serving.

use lambda_http::Error;

/// What is logged unless `ATRIO_LOG` says otherwise. The lake's libraries tell every step at `info`.
const FILTER: &str = "info,buoyant_kernel=warn,deltalake=warn,deltalake_core=warn,datafusion=warn";

/// Structured logs, one JSON object a line.
pub fn start_telemetry() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ATRIO_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(FILTER));
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
