//! The payment provider, as the functions that start and reconcile payments speak to it: the sandbox,
//! or pagoPA. Which of them an installation uses is configuration; what their words mean is the same.

pub mod pagopa;
pub mod sandbox;

use std::str::FromStr;
use std::time::Duration;

use atrio_domain::id::{CallerUuid, InvalidId, PaymentId};
use atrio_domain::payment::ProviderOutcome;
use atrio_domain::tariff::Cents;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::environment::{self, EnvironmentError};
use pagopa::PagoPa;
use sandbox::Sandbox;

/// How long the provider may take to answer, in seconds.
const TIMEOUT_SECONDS: u64 = 5;

/// Which provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// A bank of its own that moves no money.
    #[default]
    Sandbox,
    /// pagoPA, through which every payment to an Italian public body goes.
    PagoPa,
}

impl FromStr for Kind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "sandbox" => Ok(Self::Sandbox),
            "pagopa" => Ok(Self::PagoPa),
            _ => Err("write `sandbox` or `pagopa`"),
        }
    }
}

/// Speaks to the provider.
#[derive(Debug)]
pub enum Provider {
    /// The sandbox.
    Sandbox(Sandbox),
    /// pagoPA.
    PagoPa(PagoPa),
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
    /// What the visitor reads on the provider's page, and a bank may print. No personal data.
    pub description: String,
    /// The path of our site that the browser comes back to.
    pub return_path: String,
    /// Nobody can pay after it, whatever else happens.
    pub due_at: Timestamp,
}

/// The provider's page.
#[derive(Debug, Serialize, Deserialize)]
pub struct PayPage {
    /// Where to send the browser.
    pub pay_url: String,
}

/// Where a payment stands at the provider.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentReport {
    /// The outcome, once there is one.
    pub outcome: Option<ProviderOutcome>,
    /// How much was taken; none where the provider takes nothing but what was asked.
    #[serde(default)]
    pub received_cents: Option<Cents>,
}

/// The header in which both sides sign: the body where there is one, the payment's id elsewhere.
pub const SIGNATURE: &str = "x-atrio-signature";

/// Why the provider gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The payment cannot be written as JSON.
    #[error("the payment cannot be written as JSON")]
    Unwritable(#[source] serde_json::Error),
    /// It could not be reached, or not in time.
    #[error("the payment provider could not be reached")]
    Unreachable(#[from] reqwest::Error),
    /// It is out of order.
    #[error("the payment provider answered status {0}")]
    OutOfOrder(u16),
    /// It refuses the request, as it would again.
    #[error("the payment provider refused the request with status {status}: {detail}")]
    Refused {
        /// The status.
        status: u16,
        /// What it says, cut to a readable length.
        detail: String,
    },
    /// Its answer is not what its description promises.
    #[error("the payment provider's answer cannot be used: {0}")]
    Unusable(String),
}

impl ProviderError {
    /// Whether the next request would fare no better: it is down, so nobody need ask it for each.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::OutOfOrder(_))
    }
}

impl Provider {
    /// Speaks to what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        let name = "ATRIO_PAYMENT_KIND";
        let kind = environment::text(name, "`sandbox` or `pagopa`")?
            .parse()
            .map_err(|problem: &str| environment::bad(name, problem))?;
        let public_url = environment::text("ATRIO_PUBLIC_URL", "the address visitors see")?;
        Ok(match kind {
            Kind::Sandbox => Self::Sandbox(Sandbox::from_environment(&public_url)?),
            Kind::PagoPa => Self::PagoPa(PagoPa::from_environment(&public_url)?),
        })
    }

    /// Numbers a booking's attempt as the provider wants it.
    ///
    /// # Errors
    /// Never in practice: what is made here is well-formed.
    pub fn payment_id(&self, booking: CallerUuid, attempt: u32) -> Result<PaymentId, InvalidId> {
        match self {
            Self::Sandbox(_) => atrio_domain::payment::payment_id(booking, attempt),
            Self::PagoPa(pagopa) => pagopa.fresh_notice().payment_id(),
        }
    }

    /// Opens a payment, or finds it open; answers the page on which it is paid.
    ///
    /// # Errors
    /// No answer, or another than asked for.
    pub async fn create(&self, payment: &NewPayment) -> Result<PayPage, ProviderError> {
        match self {
            Self::Sandbox(sandbox) => sandbox.create(payment).await,
            Self::PagoPa(pagopa) => pagopa.create(payment).await,
        }
    }

    /// Asks where a payment stands; none when the provider never heard of it.
    ///
    /// # Errors
    /// No answer, or another than asked for.
    pub async fn report(
        &self,
        payment: &PaymentId,
    ) -> Result<Option<PaymentReport>, ProviderError> {
        match self {
            Self::Sandbox(sandbox) => sandbox.report(payment).await,
            Self::PagoPa(pagopa) => pagopa.report(payment).await,
        }
    }

    /// Sees to it that a payment without an outcome can be made no more, so that nobody pays for places
    /// that went back. True when that is certain; false when it was paid meanwhile, which the next
    /// report says, or when the provider ends its payments by itself and takes no such request.
    ///
    /// # Errors
    /// No answer, or another than asked for.
    pub async fn withdraw(&self, payment: &PaymentId) -> Result<bool, ProviderError> {
        match self {
            Self::Sandbox(_) => Ok(false),
            Self::PagoPa(pagopa) => pagopa.withdraw(payment).await,
        }
    }
}

/// A client for a provider: what it is redirected to is for a browser, never for us.
fn client(variable: &'static str) -> Result<reqwest::Client, EnvironmentError> {
    // Two TLS providers are in the tree and neither is then the default. A refusal means that one is
    // chosen.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(Duration::from_secs(TIMEOUT_SECONDS))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| environment::bad(variable, error))
}

/// The address of a service, without a stroke at its end.
fn address(variable: &'static str, url: &str) -> Result<String, EnvironmentError> {
    let parsed: reqwest::Url = url.parse().map_err(|error| environment::bad(variable, error))?;
    let is_loopback = matches!(parsed.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    if parsed.scheme() != "https" && !(parsed.scheme() == "http" && is_loopback) {
        let problem = "write an https address; http is taken on this machine only";
        return Err(environment::bad(variable, problem));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

/// Whether the bytes carry the signature of the other side, compared in constant time.
#[must_use]
pub fn is_signed(secret: &[u8], body: &[u8], signature: &str) -> bool {
    let Some(given) = hex(signature) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return false };
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

/// The signature of bytes under a shared secret, in hexadecimal: what the other side sends.
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
