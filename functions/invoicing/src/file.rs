//! Files with a detached signature: Ed25519 over the bytes as they are sent, by the key that signs the
//! installation's tickets. What that key signs of a ticket begins with a byte that no text file begins with, so
//! neither can be taken for the other.

use atrio_domain::ticket::{KeyRing, key_id};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer as _;
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// The signature of the body, in base 64.
const SIGNATURE: HeaderName = HeaderName::from_static("atrio-signature");

/// The key that made it, as `GET /v1/ticket-keys` names it.
const KEY_ID: HeaderName = HeaderName::from_static("atrio-key-id");

/// A file's signature, apart from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct SignatureView {
    /// Of which file.
    file: String,
    /// Its SHA-256, in hexadecimal.
    sha256: String,
    /// The key, as `GET /v1/ticket-keys` names it.
    kid: String,
    /// Ed25519 over all of its bytes, in base 64.
    signature: String,
}

/// Signs bytes as they are sent.
pub(crate) fn sign(file: &str, bytes: &[u8], keys: &KeyRing, now: Timestamp) -> SignatureView {
    let key = keys.signing_for(None, now);
    let hash = Sha256::digest(bytes);
    SignatureView {
        file: file.to_owned(),
        sha256: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        kid: key_id(&key.verifying_key()),
        signature: STANDARD.encode(key.sign(bytes).to_bytes()),
    }
}

/// A file to keep, with its signature where it has one.
pub(crate) fn answered(
    kind: &'static str,
    name: &str,
    bytes: Vec<u8>,
    signature: Option<&SignatureView>,
) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    match signature {
        Some(signature) => {
            let signed =
                [(SIGNATURE, signature.signature.clone()), (KEY_ID, signature.kid.clone())];
            (headers, signed, bytes).into_response()
        }
        None => (headers, bytes).into_response(),
    }
}
