//! The Lambda of this function: the identity provider calls it before it gives somebody a token.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main]
async fn main() -> Result<(), Error> {
    atrio_runtime::serve::start_telemetry();
    let context = atrio_signin::Context::from_environment()?;
    let sign_in = |event: LambdaEvent<Value>| {
        let context = &context;
        async move { atrio_signin::handle(context, event.payload).await.map_err(Error::from) }
    };
    lambda_runtime::run(service_fn(sign_in)).await
}
