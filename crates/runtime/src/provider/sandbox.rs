//! The sandbox provider: a bank of its own with signed requests and notifications, which pays back by
//! itself and ends an unpaid payment by itself.

use atrio_domain::id::PaymentId;
use atrio_domain::tariff::Cents;
use serde::{Deserialize, Serialize};

use super::{
    NewPayment, PayPage, PaymentReport, ProviderError, SIGNATURE, address, client, is_signed,
    signature,
};
use crate::environment::{self, EnvironmentError};

const URL: &str = "ATRIO_PAYMENT_URL";

/// Speaks to the sandbox.
pub struct Sandbox {
    http: reqwest::Client,
    url: String,
    public_url: String,
    secret: Vec<u8>,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("url", &self.url).finish_non_exhaustive()
    }
}

/// What is sent to the provider.
#[derive(Debug, Serialize, Deserialize)]
pub struct OpenPayment {
    /// The payment.
    #[serde(flatten)]
    pub payment: NewPayment,
    /// Where the browser comes back to.
    pub return_url: String,
    /// Where the provider says the outcome.
    pub notify_url: String,
}

/// Money to give back of a payment: all of it, or the part of one of the bookings that it paid for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Refund {
    /// Tells the refunds of one payment apart; the same one again is given back once.
    pub reference: String,
    /// How much.
    pub amount_cents: Cents,
}

impl Sandbox {
    /// Speaks to the provider at `url`, for the site at `public_url`.
    ///
    /// # Errors
    /// When the address cannot be used.
    pub fn new(url: &str, public_url: &str, secret: &[u8]) -> Result<Self, EnvironmentError> {
        Ok(Self {
            http: client(URL)?,
            url: address(URL, url)?,
            public_url: public_url.trim_end_matches('/').to_owned(),
            secret: secret.to_vec(),
        })
    }

    /// Speaks to what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment(public_url: &str) -> Result<Self, EnvironmentError> {
        let secret =
            environment::text("ATRIO_PAYMENT_SECRET", "the secret shared with the provider")?;
        let url = environment::text(URL, "the payment provider's address")?;
        Self::new(&url, public_url, secret.as_bytes())
    }

    pub(super) async fn create(&self, payment: &NewPayment) -> Result<PayPage, ProviderError> {
        let open = OpenPayment {
            payment: payment.clone(),
            return_url: format!("{}{}", self.public_url, payment.return_path),
            notify_url: format!("{}/v1/payments/notifications", self.public_url),
        };
        let body = serde_json::to_vec(&open).map_err(ProviderError::Unwritable)?;
        let answer = self
            .http
            .post(format!("{}/payments", self.url))
            .header(SIGNATURE, signature(&self.secret, &body))
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await?;
        read(expected(answer)?).await
    }

    pub(super) async fn report(
        &self,
        payment: &PaymentId,
    ) -> Result<Option<PaymentReport>, ProviderError> {
        let answer = self
            .http
            .get(format!("{}/payments/{payment}", self.url))
            .header(SIGNATURE, signature(&self.secret, payment.as_str().as_bytes()))
            .send()
            .await?;
        if answer.status().as_u16() == 404 {
            return Ok(None);
        }
        Ok(Some(read(expected(answer)?).await?))
    }

    /// Gives money back. Asked again, the provider does it once.
    ///
    /// # Errors
    /// No answer, or another than asked for.
    pub async fn refund(&self, payment: &PaymentId, refund: &Refund) -> Result<(), ProviderError> {
        let body = serde_json::to_vec(refund).map_err(ProviderError::Unwritable)?;
        let answer = self
            .http
            .post(format!("{}/payments/{payment}/refund", self.url))
            .header(SIGNATURE, signature(&self.secret, &body))
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await?;
        expected(answer).map(|_| ())
    }

    /// Whether the bytes carry the provider's signature.
    #[must_use]
    pub fn signed(&self, body: &[u8], signature: &str) -> bool {
        is_signed(&self.secret, body, signature)
    }
}

fn expected(answer: reqwest::Response) -> Result<reqwest::Response, ProviderError> {
    match answer.status().as_u16() {
        200..=299 => Ok(answer),
        status @ 500.. => Err(ProviderError::OutOfOrder(status)),
        status => Err(ProviderError::Refused { status, detail: "no detail".to_owned() }),
    }
}

async fn read<T: serde::de::DeserializeOwned>(
    answer: reqwest::Response,
) -> Result<T, ProviderError> {
    let body = answer.bytes().await?;
    serde_json::from_slice(&body).map_err(|error| ProviderError::Unusable(error.to_string()))
}
