//! What events are signed with: the symmetric scheme of the Standard Webhooks specification
//! (<https://www.standardwebhooks.com>): HMAC-SHA256 over `id.timestamp.body`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::id::CallerUuid;
use crate::webhook::event::EventId;

/// Bytes of a secret; the specification asks for 24 to 64.
pub const SECRET_BYTES: usize = 32;

/// What a secret begins with where it is written.
const PREFIX: &str = "whsec_";

/// How long the request that made a secret may be repeated to see it, should its answer have been lost.
const SHOWN_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// A secret that we and one endpoint know.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// As it is written: the prefix and the bytes in base 64.
    value: String,
    /// The request that made it.
    made_by: CallerUuid,
    /// When.
    made_at: Timestamp,
}

impl std::fmt::Debug for Secret {
    /// Prints nothing that signs, so that no log can.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secret").field("made_at", &self.made_at).finish_non_exhaustive()
    }
}

impl Secret {
    /// A secret of random bytes, made by this request.
    #[must_use]
    pub fn new(bytes: [u8; SECRET_BYTES], made_by: CallerUuid, now: Timestamp) -> Self {
        Self { value: format!("{PREFIX}{}", STANDARD.encode(bytes)), made_by, made_at: now }
    }

    /// When it was made.
    #[must_use]
    pub fn made_at(&self) -> Timestamp {
        self.made_at
    }

    fn signature(&self, signed: &str) -> String {
        let key = STANDARD.decode(self.value.trim_start_matches(PREFIX)).unwrap_or_default();
        // HMAC takes a key of any length, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&key) else { return String::new() };
        mac.update(signed.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// The secret of an endpoint, and the one before it while both sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    current: Secret,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<Previous>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Previous {
    secret: Secret,
    until: Timestamp,
}

impl Secrets {
    /// The first.
    #[must_use]
    pub fn first(secret: Secret) -> Self {
        Self { current: secret, previous: None }
    }

    /// The secret now.
    #[must_use]
    pub fn current(&self) -> &Secret {
        &self.current
    }

    /// Until when the one before signs as well; none when none does.
    #[must_use]
    pub fn previous_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.previous.as_ref().map(|previous| previous.until).filter(|until| *until > now)
    }

    /// Puts a new secret in place; the one before goes on signing beside it for so long.
    #[must_use]
    pub fn rotated(&self, fresh: Secret, overlap: SignedDuration, now: Timestamp) -> Self {
        let until = now.saturating_add(overlap).unwrap_or(Timestamp::MAX);
        Self { current: fresh, previous: Some(Previous { secret: self.current.clone(), until }) }
    }

    /// Whether the current secret was made by this request.
    #[must_use]
    pub fn made_by(&self, request: CallerUuid) -> bool {
        self.current.made_by == request
    }

    /// The current secret as it is written, for the request that made it, and for a repeat of that soon
    /// after. Nobody is shown it later.
    #[must_use]
    pub fn shown_to(&self, request: CallerUuid, now: Timestamp) -> Option<&str> {
        let ends = self.current.made_at.saturating_add(SHOWN_WITHIN).unwrap_or(Timestamp::MAX);
        (self.made_by(request) && now < ends).then_some(self.current.value.as_str())
    }

    /// What goes into the header `webhook-signature`: a signature under each secret that signs now.
    #[must_use]
    pub fn signatures(&self, event: &EventId, body: &str, now: Timestamp) -> String {
        let signed = format!("{event}.{}.{body}", now.as_second());
        let previous = self.previous.as_ref().filter(|previous| previous.until > now);
        std::iter::once(&self.current)
            .chain(previous.map(|previous| &previous.secret))
            .map(|secret| secret.signature(&signed))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(value: &str) -> Secret {
        let made_by = "00000000-0000-4000-8000-000000000001".parse().unwrap();
        Secret { value: value.to_owned(), made_by, made_at: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn a_signature_is_what_the_specifications_own_libraries_make() {
        // The example that those libraries are tested with.
        let secret = secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
        assert_eq!(secret.signature(signed), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn two_secrets_sign_while_they_overlap_and_one_after() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let event: EventId = "evt_00112233445566778899aabbccddeeff".parse().unwrap();
        let request = "00000000-0000-4000-8000-000000000002".parse().unwrap();
        let first = Secrets::first(secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        let fresh = Secret::new([7; SECRET_BYTES], request, at(100));
        let both = first.rotated(fresh, SignedDuration::from_secs(60), at(100));
        let signatures = both.signatures(&event, "{}", at(120));
        let (new, old) = signatures.split_once(' ').unwrap();
        assert_eq!(old, first.signatures(&event, "{}", at(120)));
        assert_ne!(new, old);
        assert_eq!(both.signatures(&event, "{}", at(160)).split(' ').count(), 1);
        assert_eq!(both.previous_until(at(120)), Some(at(160)));
        assert_eq!(both.previous_until(at(160)), None);
    }

    #[test]
    fn a_secret_is_shown_to_the_request_that_made_it_and_not_for_long() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let [mine, other] = ["1", "2"].map(|end| {
            format!("00000000-0000-4000-8000-00000000000{end}").parse::<CallerUuid>().unwrap()
        });
        let secrets = Secrets::first(Secret::new([7; SECRET_BYTES], mine, at(0)));
        assert!(secrets.shown_to(mine, at(599)).unwrap().starts_with("whsec_"));
        assert_eq!(secrets.shown_to(mine, at(600)), None);
        assert_eq!(secrets.shown_to(other, at(0)), None);
        assert!(!format!("{secrets:?}").contains("whsec_"), "no log shows it");
    }
}
