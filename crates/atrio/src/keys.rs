//! The secrets of an installation, made at its first start and kept in `secrets.json`, readable by
//! its owner only; and the issuer of staff tokens that stands in for the identity provider.

use atrio_domain::id::SupplierId;
use atrio_domain::staff::Subject;
use atrio_domain::ticket::{KeyError, KeyRing, KeySeed, withdraw};
use atrio_dynamo::Store;
use atrio_runtime::access::Claims;
use atrio_runtime::environment::EnvironmentError;
use atrio_runtime::{Access, Clock, random};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};

use crate::data_dir::{DataDir, DataDirError};

const ISSUER: &str = "https://atrio.example/sandbox-issuer";
const AUDIENCE: &str = "atrio";

/// The name of the file of secrets.
const FILE: &str = "secrets.json";

/// How long a staff token lasts: a working day.
const TOKEN_TTL_SECONDS: i64 = 12 * 3_600;

/// Why a key was not rotated or withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] DataDirError),
    /// A key that is there does not read, or none is called so.
    #[error("the keys in `secrets.json` stay as they are: {0}")]
    Key(#[from] KeyError),
}

/// The secrets of an installation.
#[derive(Serialize, Deserialize)]
pub struct Secrets {
    /// Of the first key that signs tickets; none once one was withdrawn, for then all are listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ticket_seed: Option<String>,
    /// Of those after it and of suppliers, each with the instant from which it signs.
    #[serde(default)]
    later_ticket_seeds: Vec<KeySeed>,
    issuer_seed: String,
    /// Shared with the sandbox payment provider.
    pub payment_secret: String,
    /// Hashes the addresses that behaviour is counted under.
    pub contact_hash_key: String,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Secrets {
    /// Reads the secrets of an installation; makes them the first time.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn open(data: &DataDir) -> Result<Self, DataDirError> {
        if let Some(known) = Self::known(data)? {
            return Ok(known);
        }
        let fresh = || STANDARD.encode(random::bytes::<32>());
        let made = Self {
            ticket_seed: Some(fresh()),
            later_ticket_seeds: Vec::new(),
            issuer_seed: fresh(),
            payment_secret: fresh(),
            contact_hash_key: fresh(),
        };
        data.write_json(FILE, &made, 0o600)?;
        Ok(made)
    }

    /// The secrets of an installation; none before its first start.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn known(data: &DataDir) -> Result<Option<Self>, DataDirError> {
        data.read_json(FILE)
    }

    /// The keys that sign tickets.
    ///
    /// # Errors
    /// When a seed in the file does not read.
    pub fn ticket_keys(&self) -> Result<KeyRing, KeyError> {
        KeyRing::new(&self.ticket_seeds())
    }

    fn ticket_seeds(&self) -> Vec<KeySeed> {
        let first = self.ticket_seed.clone().map(|seed| KeySeed {
            from: Timestamp::UNIX_EPOCH,
            seed,
            supplier: None,
            withdrawn_at: None,
        });
        first.into_iter().chain(self.later_ticket_seeds.iter().cloned()).collect()
    }

    /// Adds a fresh key that signs tickets from an instant on, of a supplier's venues where one is named; the
    /// platform that runs on the folder takes it up by itself. Answers the keys.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn rotate_ticket_key(
        data: &DataDir,
        supplier: Option<SupplierId>,
        from: Timestamp,
    ) -> Result<KeyRing, RotationError> {
        // Two rotations at once would each forget the other's key.
        let _turn = data.turn("secrets.turn")?;
        let mut secrets = Self::open(data)?;
        secrets.later_ticket_seeds.push(KeySeed::new(&random::bytes(), from, supplier));
        let keys = secrets.ticket_keys()?;
        data.write_json(FILE, &secrets, 0o600)?;
        Ok(keys)
    }

    /// Withdraws the key of that name, or whose name begins so: a fresh one takes its place where it signs.
    /// The platform that runs on the folder takes it up by itself. Answers the keys.
    ///
    /// # Errors
    /// When no key is called so, or the file cannot be read or written.
    pub fn withdraw_ticket_key(
        data: &DataDir,
        named: &str,
        now: Timestamp,
    ) -> Result<KeyRing, RotationError> {
        let _turn = data.turn("secrets.turn")?;
        let mut secrets = Self::open(data)?;
        let mut seeds = secrets.ticket_seeds();
        withdraw(&mut seeds, named, &random::bytes(), now)?;
        (secrets.ticket_seed, secrets.later_ticket_seeds) = (None, seeds);
        let keys = secrets.ticket_keys()?;
        data.write_json(FILE, &secrets, 0o600)?;
        Ok(keys)
    }

    /// Issues staff tokens.
    #[must_use]
    pub fn issuer(&self) -> Issuer {
        Issuer { key: signing_key(&self.issuer_seed) }
    }
}

/// A key from its seed in base 64. The file is our own; one that was changed by hand makes another
/// key, whose signatures nothing trusts.
fn signing_key(seed: &str) -> SigningKey {
    let bytes = STANDARD.decode(seed).unwrap_or_default();
    let mut seed = [0; 32];
    for (to, from) in seed.iter_mut().zip(bytes) {
        *to = from;
    }
    SigningKey::from_bytes(&seed)
}

/// Issues staff tokens in place of the identity provider.
#[derive(Debug, Clone)]
pub struct Issuer {
    key: SigningKey,
}

impl Issuer {
    /// The key set that its tokens are checked with.
    #[must_use]
    pub fn key_set(&self) -> String {
        let public = self.key.verifying_key();
        let x = URL_SAFE_NO_PAD.encode(public.as_bytes());
        let kid = atrio_domain::ticket::key_id(&public);
        format!(
            r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","use":"sig","kid":"{kid}","x":"{x}"}}]}}"#
        )
    }

    /// Checks its tokens, and what the directory in that table says of whoever shows them.
    ///
    /// # Errors
    /// Never in practice: the key set is its own.
    pub fn access(&self, clock: Clock, directory: Store) -> Result<Access, EnvironmentError> {
        Access::new(&self.key_set(), ISSUER, AUDIENCE, clock, directory)
    }

    /// A token that says who somebody is. What they may do, the directory says.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub fn token(
        &self,
        subject: &Subject,
        clock: &Clock,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let now = clock.now().as_second();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: subject.to_string(),
            iat: now,
            exp: now + TOKEN_TTL_SECONDS,
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(atrio_domain::ticket::key_id(&self.key.verifying_key()));
        // The fixed beginning of an Ed25519 private key in PKCS #8 (RFC 8410), then the seed.
        let mut pkcs8 = vec![
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22,
            0x04, 0x20,
        ];
        pkcs8.extend_from_slice(self.key.as_bytes());
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(&pkcs8))
    }
}
