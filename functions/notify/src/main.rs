//! The Lambda of this function: the bus brings it changes of the table, a schedule wakes it for mails
//! that nobody took.

use atrio_runtime::stream::Waking;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    atrio_runtime::serve::start_telemetry();
    let context = atrio_notify::Context::from_environment()?;
    let wake = |event: LambdaEvent<Waking>| {
        let context = &context;
        async move {
            let records = event.payload.records;
            if records.is_empty() {
                Box::pin(atrio_notify::retry(context)).await?;
            }
            let answer = atrio_notify::handle(context, &records).await;
            atrio_runtime::stream::to_bus(answer)
        }
    };
    lambda_runtime::run(service_fn(wake)).await
}
