//! The Lambda of this function, started by a schedule.

use std::sync::Arc;

use atrio_release::ReleasedBy;
use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    atrio_runtime::serve::start_telemetry();
    let context = Arc::new(Box::pin(atrio_release::Context::from_environment()).await?);
    let handle = |_: LambdaEvent<EventBridgeEvent>| {
        let context = Arc::clone(&context);
        Box::pin(async move {
            atrio_release::handle(&context, ReleasedBy::Schedule).await.map_err(Error::from)
        })
    };
    Box::pin(lambda_runtime::run(service_fn(handle))).await
}
