//! Clients of AWS, from the environment that Lambda gives a function: keys and region are
//! variables there, so no credential chain is carried along.

use std::time::Duration;

use atrio_dynamo::Store;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::environment::{self, EnvironmentError};

/// The HTTP client under every AWS client.
#[must_use]
pub fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .build_https()
}

/// How long one call of DynamoDB may take, and with all its repeats: without an end, one that is never
/// answered would hold its caller for ever.
const ATTEMPT_WITHIN: Duration = Duration::from_secs(20);
const CALL_WITHIN: Duration = Duration::from_secs(45);

/// The configuration of the DynamoDB client, before anything an installation adds.
#[must_use]
pub fn dynamodb(region: String, credentials: Credentials) -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client())
        .region(Region::new(region))
        .credentials_provider(credentials)
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(ATTEMPT_WITHIN)
                .operation_timeout(CALL_WITHIN)
                .build(),
        )
}

/// The region, the function's own keys, and the endpoint where AWS itself is not meant.
///
/// # Errors
/// When a variable is missing.
pub fn account_from_environment() -> Result<(String, Credentials, Option<String>), EnvironmentError>
{
    let region = environment::text("AWS_REGION", "the region, set by Lambda")?;
    let credentials = Credentials::new(
        environment::text("AWS_ACCESS_KEY_ID", "the function's key, set by Lambda")?,
        environment::text("AWS_SECRET_ACCESS_KEY", "the function's key, set by Lambda")?,
        std::env::var("AWS_SESSION_TOKEN").ok(),
        None,
        "environment",
    );
    Ok((region, credentials, std::env::var("AWS_ENDPOINT_URL").ok()))
}

/// The table named by the environment.
///
/// # Errors
/// When a variable is missing.
pub fn store_from_environment() -> Result<Store, EnvironmentError> {
    let (region, credentials, endpoint) = account_from_environment()?;
    let mut config = dynamodb(region, credentials);
    config.set_endpoint_url(endpoint);
    Ok(Store {
        client: aws_sdk_dynamodb::Client::from_conf(config.build()),
        table: environment::text("ATRIO_TABLE", "the name of the table")?,
    })
}
