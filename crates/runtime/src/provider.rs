//! The payment provider, as the functions that start and reconcile payments speak to it. The
//! sandbox speaks the same words.

use std::time::Duration;

use atrio_domain::id::PaymentId;
use atrio_domain::payment::ProviderOutcome;
use atrio_domain::tariff::Cents;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::environment::{self, EnvironmentError};

/// How long the provider may take to answer, in seconds.
const TIMEOUT_SECONDS: u64 = 5;

/// Speaks to the provider.
pub struct Provider {
    http: reqwest::Client,
    url: String,
    public_url: String,
    secret: Vec<u8>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A payment to open at the provider. Opening it again under the same id finds the same one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewPayment {
    /// The attempt.
    pub payment_id: PaymentId,
    /// How much.
    pub amount_cents: Cents,
    /// ISO 4217.
    pub currency: String,
    /// What the visitor reads on the provider's page.
    pub description: String,
    /// The path of our site that the browser comes back to.
    pub return_path: String,
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

/// The provider's page.
#[derive(Debug, Serialize, Deserialize)]
pub struct PayPage {
    /// Where to send the browser.
    pub pay_url: String,
}

/// Where a payment stands at the provider.
#[derive(Debug, Serialize, Deserialize)]
pub struct PaymentReport {
    /// The outcome, once there is one.
    pub outcome: Option<ProviderOutcome>,
}

/// The header in which both sides sign: the body where there is one, the payment's id elsewhere.
pub const SIGNATURE: &str = "x-atrio-signature";

/// Why the provider gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The payment cannot be written as JSON.
    #[error("the payment cannot be written as JSON")]
    Unwritable(#[from] serde_json::Error),
    /// It could not be reached, or not in time.
    #[error("the payment provider could not be reached")]
    Unreachable(#[from] reqwest::Error),
    /// It answered something else.
    #[error("the payment provider answered status {0}")]
    Status(u16),
}

impl Provider {
    /// Speaks to the provider at `url`, for the site at `public_url`.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(url: &str, public_url: &str, secret: &[u8]) -> Result<Self, EnvironmentError> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(TIMEOUT_SECONDS))
            .build()
            .map_err(|error| environment::bad("ATRIO_PAYMENT_URL", error))?;
        let trimmed = |url: &str| url.trim_end_matches('/').to_owned();
        Ok(Self {
            http,
            url: trimmed(url),
            public_url: trimmed(public_url),
            secret: secret.to_vec(),
        })
    }

    /// Speaks to what the environment names.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        Self::new(
            &environment::text("ATRIO_PAYMENT_URL", "the payment provider's address")?,
            &environment::text("ATRIO_PUBLIC_URL", "the address visitors see")?,
            environment::text("ATRIO_PAYMENT_SECRET", "the secret shared with the provider")?
                .as_bytes(),
        )
    }

    /// Opens a payment, or finds it open.
    ///
    /// # Errors
    /// No answer, or another than asked for.
    pub async fn create(&self, payment: &NewPayment) -> Result<PayPage, ProviderError> {
        let open = OpenPayment {
            payment: payment.clone(),
            return_url: format!("{}{}", self.public_url, payment.return_path),
            notify_url: format!("{}/v1/payments/notifications", self.public_url),
        };
        let body = serde_json::to_vec(&open)?;
        let answer = self
            .http
            .post(format!("{}/payments", self.url))
            .header(SIGNATURE, signature(&self.secret, &body))
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await?;
        if !answer.status().is_success() {
            return Err(ProviderError::Status(answer.status().as_u16()));
        }
        Ok(answer.json().await?)
    }

    /// Asks where a payment stands; none when the provider never heard of it.
    ///
    /// # Errors
    /// No answer, or another than asked for.
    pub async fn report(
        &self,
        payment: &PaymentId,
    ) -> Result<Option<PaymentReport>, ProviderError> {
        let answer = self
            .http
            .get(format!("{}/payments/{payment}", self.url))
            .header(SIGNATURE, signature(&self.secret, payment.as_str().as_bytes()))
            .send()
            .await?;
        match answer.status().as_u16() {
            200 => Ok(Some(answer.json().await?)),
            404 => Ok(None),
            status => Err(ProviderError::Status(status)),
        }
    }

    /// Gives the money back. Asked again, the provider does it once.
    ///
    /// # Errors
    /// No answer, or another than asked for.
    pub async fn refund(&self, payment: &PaymentId) -> Result<(), ProviderError> {
        let answer = self
            .http
            .post(format!("{}/payments/{payment}/refund", self.url))
            .header(SIGNATURE, signature(&self.secret, payment.as_str().as_bytes()))
            .send()
            .await?;
        if answer.status().is_success() {
            Ok(())
        } else {
            Err(ProviderError::Status(answer.status().as_u16()))
        }
    }

    /// Whether the bytes carry the provider's signature.
    #[must_use]
    pub fn signed(&self, body: &[u8], signature: &str) -> bool {
        is_signed(&self.secret, body, signature)
    }
}

/// Whether the bytes carry the signature of the other side, compared in constant time.
#[must_use]
pub fn is_signed(secret: &[u8], body: &[u8], signature: &str) -> bool {
    let Some(given) = hex(signature) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return false };
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

/// The signature of bytes under a shared secret, in hexadecimal: what the provider sends.
#[must_use]
pub fn signature(secret: &[u8], body: &[u8]) -> String {
    // HMAC takes a key of any length, so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}
