//! The Lambda of this function: the bus brings it changes of the table, a schedule wakes it for endpoints
//! that did not take an event, or that staff asked something of.

use atrio_runtime::stream::Waking;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    atrio_runtime::serve::start_telemetry();
    let context = atrio_webhook::Context::from_environment()?;
    let wake = |event: LambdaEvent<Waking>| {
        let context = &context;
        async move {
            let answer = atrio_webhook::handle(context, &event.payload.records).await;
            Box::pin(atrio_webhook::deliver_due(context)).await?;
            atrio_runtime::stream::to_bus(answer)
        }
    };
    lambda_runtime::run(service_fn(wake)).await
}
