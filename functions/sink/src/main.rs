//! The `sink` Lambda: takes the table's stream into the lake.

use std::sync::Arc;

use aws_lambda_events::event::dynamodb::TimeWindowEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    atrio_runtime::serve::start_telemetry();
    let context = Arc::new(Box::pin(atrio_sink::Context::from_environment()).await?);
    let serve = |event: LambdaEvent<TimeWindowEvent>| {
        let context = Arc::clone(&context);
        Box::pin(async move {
            atrio_sink::handle_window(&context, event.payload).await.map_err(Error::from)
        })
    };
    Box::pin(lambda_runtime::run(service_fn(serve))).await
}
