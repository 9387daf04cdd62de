//! The wallets of one machine: those that the environment names, and, where it names no Apple
//! certificate, one of our own making, under which passes can be built, signed and looked into, but
//! which no telephone trusts.

use atrio_paper::{ApplePass, ApplePassError};
use atrio_runtime::environment::EnvironmentError;
use atrio_ticketing::Wallets;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::json;

/// Why the wallets are not there.
#[derive(Debug, thiserror::Error)]
pub enum WalletsError {
    /// A variable cannot be used.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// The test certificate cannot be made.
    #[error("the test certificate of passes cannot be made")]
    Certificate(#[from] rcgen::Error),
    /// It does not read.
    #[error("the test certificate of passes does not read")]
    Pass(#[from] ApplePassError),
}

/// The wallets of this machine.
///
/// # Errors
/// When a variable is there and cannot be used.
pub(crate) fn of_this_machine() -> Result<Wallets, WalletsError> {
    let mut wallets = Wallets::from_environment()?;
    if wallets.apple.is_none() {
        wallets.apple = Some(ApplePass::of(&test_certificate()?)?);
    }
    Ok(wallets)
}

/// What Apple would give, made here.
fn test_certificate() -> Result<String, rcgen::Error> {
    let named = |name: &str| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let mut issuer = named("atrio test issuer of passes");
    issuer.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(issuer, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = named("atrio test passes").signed_by(&key, &issuer)?;
    Ok(json!({
        "pass_type_id": "pass.example.atrio.test",
        "team_id": "ATRIOTEST0",
        "certificate": certificate.pem(),
        "issuer": issuer.pem(),
        "key": key.serialize_pem(),
    })
    .to_string())
}
