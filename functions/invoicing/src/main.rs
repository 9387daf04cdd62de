//! The Lambda of this function.

#[tokio::main]
async fn main() -> Result<(), lambda_http::Error> {
    atrio_runtime::serve::start_telemetry();
    let context = atrio_invoicing::Context::from_environment()?;
    let (router, _) = atrio_invoicing::router(context).split_for_parts();
    atrio_runtime::serve::http(router).await
}
