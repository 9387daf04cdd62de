//! The Lambda of this function, fed by the bus that carries the table's stream.

use aws_lambda_events::event::dynamodb::Event;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    atrio_runtime::serve::start_telemetry();
    let context = atrio_fraud::Context::from_environment()?;
    let handle = |event: LambdaEvent<Event>| {
        let context = &context;
        async move {
            let answer = atrio_fraud::handle(context, &event.payload.records).await;
            atrio_runtime::stream::to_bus(answer)
        }
    };
    lambda_runtime::run(service_fn(handle)).await
}
