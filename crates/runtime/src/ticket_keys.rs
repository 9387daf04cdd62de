//! The keys of tickets from the environment: those that sign, and those that gates know them by.

use atrio_domain::ticket::{KeyRing, KeySeed, KeySet};
use jiff::Timestamp;

use crate::Shared;
use crate::environment::{self, EnvironmentError};

const KEY: &str = "ATRIO_TICKET_SIGNING_KEY";
const PUBLISHED: &str = "ATRIO_TICKET_PUBLIC_KEYS";

/// The keys that sign tickets: a JSON list of `{"from": INSTANT, "seed": BASE64}`, or the one seed of
/// an installation that has not rotated yet. `"supplier": ID` makes a key a supplier's,
/// `"withdrawn_at": INSTANT` withdraws it.
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
            format!(
                "it is not a list of `from`, `seed`, `supplier` and `withdrawn_at`: see column {}",
                error.column()
            )
        })?
    } else {
        vec![KeySeed {
            from: Timestamp::UNIX_EPOCH,
            seed: text.trim().to_owned(),
            supplier: None,
            withdrawn_at: None,
        }]
    };
    KeyRing::new(&seeds).map_err(|error| error.to_string())
}

/// The keys that tickets may be shown with: a key set, as `GET /v1/ticket-keys` answers it.
///
/// # Errors
/// When the variable is missing or cannot be used.
pub fn published_from_environment() -> Result<Shared<KeySet>, EnvironmentError> {
    let text = environment::text(PUBLISHED, "the published keys of tickets, a JSON key set")?;
    published(&text).map(Shared::new).map_err(|problem| environment::bad(PUBLISHED, problem))
}

fn published(text: &str) -> Result<KeySet, String> {
    let set: KeySet = serde_json::from_str(text).map_err(|error| error.to_string())?;
    match set.keys.iter().find(|key| key.verifying_key().is_none()) {
        Some(key) => Err(format!("key `{}` is not Ed25519", key.kid)),
        None => Ok(set),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEIRS: &str = "CAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg=";
    const LEAKED: &str = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";
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
    fn keys_of_suppliers_and_withdrawn_ones_are_read_from_the_list() {
        let list = format!(
            r#"[{{"from":"1970-01-01T00:00:00Z","seed":"{SEED}"}},
                {{"from":"2026-06-01T00:00:00Z","seed":"{THEIRS}","supplier":"uffizi"}},
                {{"from":"2026-03-01T00:00:00Z","seed":"{LEAKED}","supplier":"uffizi",
                  "withdrawn_at":"2026-06-01T00:00:00Z"}}]"#
        );
        let now = "2026-06-02T00:00:00Z".parse().unwrap();
        let set = ring(&list).unwrap().published(now);
        let owners: Vec<_> =
            set.keys.iter().map(|key| key.supplier_id.as_ref().map(ToString::to_string)).collect();
        assert_eq!(owners, [None, Some("uffizi".to_owned())]);
        assert_eq!(set.withdrawn_keys.len(), 1);
        let written = serde_json::to_string(&set).unwrap();
        assert_eq!(published(&written), Ok(set), "as ticketing answers it, redemption reads it");
    }

    #[test]
    fn a_key_set_is_read_as_it_is_published() {
        let set = ring(SEED).unwrap().published(Timestamp::UNIX_EPOCH);
        assert_eq!(published(&serde_json::to_string(&set).unwrap()), Ok(set));
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
