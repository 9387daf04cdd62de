//! The Lambda of this function, started by a schedule.

use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    atrio_runtime::serve::start_telemetry();
    let context = atrio_upkeep::Context::from_environment()?;
    let handle = |_: LambdaEvent<EventBridgeEvent>| async {
        atrio_upkeep::handle(&context).await.map_err(Error::from)
    };
    lambda_runtime::run(service_fn(handle)).await
}
