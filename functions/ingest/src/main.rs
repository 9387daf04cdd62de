//! Runs `atrio-ingest` on Lambda, behind the stream of device messages.

use atrio_ingest::{Context, handle};
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    atrio_runtime::serve::start_telemetry();
    let context = &Context { store: atrio_runtime::aws::store_from_environment()? };
    let serve =
        |event: LambdaEvent<_>| async move { Ok::<_, Error>(handle(context, event.payload).await) };
    lambda_runtime::run(service_fn(serve)).await
}
