//! The Lambda of this function: requests of staff come by API Gateway, files that were put into a bucket by
//! an event of it.

use std::sync::Arc;

use aws_lambda_events::event::s3::S3Event;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Error};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;
use tower::Service as _;

#[tokio::main]
async fn main() -> Result<(), Error> {
    atrio_runtime::serve::start_telemetry();
    let context = Arc::new(Box::pin(atrio_feed::Context::from_environment()).await?);
    let (router, _) = atrio_feed::router((*context).clone()).split_for_parts();
    let handle = |event: LambdaEvent<Value>| {
        let (context, router) = (Arc::clone(&context), router.clone());
        Box::pin(async move {
            let is_bucket = event.payload["Records"][0]["eventSource"] == "aws:s3";
            if is_bucket {
                let event: S3Event = serde_json::from_value(event.payload)?;
                atrio_feed::object::handle(&context, event).await?;
                return Ok(Value::Null);
            }
            let request: LambdaRequest = serde_json::from_value(event.payload)?;
            let answer =
                Adapter::from(router).call(LambdaEvent::new(request, event.context)).await?;
            Ok::<Value, Error>(serde_json::to_value(answer)?)
        })
    };
    Box::pin(lambda_runtime::run(service_fn(handle))).await
}
