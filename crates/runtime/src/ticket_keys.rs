//! The keys of tickets from the environment: those that sign, and those that gates know them by.

use atrio_domain::ticket::{KeyRing, KeySeed, PublishedKey};
use ed25519_dalek::VerifyingKey;
use jiff::Timestamp;
use serde::Deserialize;

use crate::Shared;
use crate::environment::{self, EnvironmentError};

const KEY: &str = "ATRIO_TICKET_SIGNING_KEY";
const PUBLISHED: &str = "ATRIO_TICKET_PUBLIC_KEYS";

/// The keys that sign tickets: a JSON list of `{"from": INSTANT, "seed": BASE64}`, or the one seed of
/// an installation that has not rotated yet.
///
/// # Errors
/// When the variable is missing or cannot be used.
pub fn from_environment() -> Result<Shared<KeyRing>, EnvironmentError> {
    let text = environment::text(KEY, "the Ed25519 seeds of the tickets, each with its first day")?;
    ring(&text).map(Shared::new).map_err(|problem| environment::bad(KEY, problem))
}

fn ring(text: &str) -> Result<KeyRing, String> {
    let seeds: Vec<KeySeed> = if text.trim_start().starts_with('[') {
        // The reader's own words would quote the secret.
        serde_json::from_str(text).map_err(|error| {
            format!("it is not a list of `from` and `seed`: see column {}", error.column())
        })?
    } else {
        vec![KeySeed { from: Timestamp::UNIX_EPOCH, seed: text.trim().to_owned() }]
    };
    KeyRing::new(&seeds).map_err(|error| error.to_string())
}

/// The keys that tickets may be shown with: a key set, as `GET /v1/ticket-keys` answers it.
///
/// # Errors
/// When the variable is missing or cannot be used.
pub fn published_from_environment() -> Result<Shared<Vec<VerifyingKey>>, EnvironmentError> {
    let text = environment::text(PUBLISHED, "the published keys of tickets, a JSON key set")?;
    published(&text).map(Shared::new).map_err(|problem| environment::bad(PUBLISHED, problem))
}

fn published(text: &str) -> Result<Vec<VerifyingKey>, String> {
    #[derive(Deserialize)]
    struct KeySet {
        keys: Vec<PublishedKey>,
    }
    let set: KeySet = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let read = |key: &PublishedKey| {
        key.verifying_key().ok_or_else(|| format!("key `{}` is not Ed25519", key.kid))
    };
    set.keys.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

    #[test]
    fn one_seed_and_a_dated_list_are_read() {
        assert_eq!(ring(SEED).unwrap().terms().count(), 1);
        let list = format!(
            r#"[{{"from":"2026-01-01T00:00:00Z","seed":"{SEED}"}},
                {{"from":"2026-06-01T00:00:00Z","seed":"{SEED}"}}]"#
        );
        assert_eq!(ring(&list).unwrap().terms().count(), 2);
    }

    #[test]
    fn a_key_set_is_read_as_it_is_published() {
        let now = Timestamp::UNIX_EPOCH;
        let keys = ring(SEED).unwrap().published(now);
        let set = serde_json::json!({"keys": [PublishedKey::of(&keys[0])]});
        assert_eq!(published(&set.to_string()), Ok(keys));
        assert!(
            published(r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"b"}]}"#).is_err()
        );
    }

    #[test]
    fn a_bad_list_is_refused_without_a_word_of_the_secret() {
        for bad in
            ["[]", "short", r#"[{"from":"today","seed":"geheim"}]"#, r#"[{"seed":"geheim"}]"#]
        {
            let refused = ring(bad).unwrap_err();
            assert!(!refused.contains("geheim") && !refused.contains("short"), "{refused}");
        }
    }
}
