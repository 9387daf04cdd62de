//! First rules against touts, bots and stolen cards: what each looks at, how much it weighs, and
//! the words in which it explains itself. Every booking gets a decision with its reasons.

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::text::Text;

/// The version of the rules below; it changes whenever one of them does.
pub const RULES_VERSION: &str = "2026-11-1";

/// Points from which a member of staff should look.
const REVIEW_FROM: u32 = 50;

/// Points from which a booking is refused.
const BLOCK_FROM: u32 = 100;

/// What is done with a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Outcome {
    /// Goes on.
    Allow,
    /// Goes on, and staff look at it.
    Review,
    /// Is refused.
    Block,
}

impl Outcome {
    /// The outcome as written in items and in the lake.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::Review => "REVIEW",
            Self::Block => "BLOCK",
        }
    }
}

/// Why a rule spoke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The rule.
    pub rule: String,
    /// Its points.
    pub weight: u32,
    /// What it saw, with the figure.
    pub text: Text,
}

/// What the rules said of one booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What is done.
    pub outcome: Outcome,
    /// The points together.
    pub score: u32,
    /// Which rules spoke; empty when none did.
    pub reasons: Vec<Reason>,
    /// When.
    pub decided_at: Timestamp,
    /// Under which version of the rules.
    pub rules_version: String,
}

/// Under which keys a booking's behaviour is counted. Keyed hashes: the counters hold no address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskKeys {
    /// Of the mail address; none for a sale at a desk, which asks for none.
    pub contact: Option<String>,
    /// Of the network address, where known; none for a desk, which all its visitors share.
    pub client: Option<String>,
}

impl RiskKeys {
    /// Hashes the addresses under the installation's key.
    #[must_use]
    pub fn of(key: &[u8], email: Option<&str>, client_address: Option<&str>) -> Self {
        Self {
            contact: email.map(|email| keyed_hash(key, "contact", &email.trim().to_lowercase())),
            client: client_address.map(|address| keyed_hash(key, "client", address)),
        }
    }
}

fn keyed_hash(key: &[u8], kind: &str, value: &str) -> String {
    keyed_bytes(key, kind, value)[..12].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What only the holder of the key can tell of a value of this kind.
pub(crate) fn keyed_bytes(key: &[u8], kind: &str, value: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    // HMAC takes a key of any length, so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return bytes };
    mac.update(kind.as_bytes());
    mac.update(&[0]);
    mac.update(value.as_bytes());
    bytes.copy_from_slice(&mac.finalize().into_bytes()[..16]);
    bytes
}

/// What one key did in the last hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Velocity {
    /// Bookings held.
    pub holds: u32,
    /// Places in them.
    pub places: u32,
    /// Payments that were declined.
    pub declines: u32,
}

impl std::ops::AddAssign for Velocity {
    fn add_assign(&mut self, other: Self) {
        self.holds += other.holds;
        self.places += other.places;
        self.declines += other.declines;
    }
}

/// What the rules look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Features {
    /// Places asked for now.
    pub places: u32,
    /// The contact's last hour.
    pub contact: Velocity,
    /// The network address's last hour.
    pub client: Velocity,
}

/// Applies the rules.
#[must_use]
pub fn decide(features: &Features, now: Timestamp) -> Decision {
    let contact_places = features.contact.places + features.places;
    let findings = [
        graded(contact_places, 20, 40).map(|weight| Reason {
            rule: "hoarding".into(),
            weight,
            text: Text::new(
                format!("Lo stesso contatto ha chiesto {contact_places} posti in un'ora"),
                format!("the same contact asked for {contact_places} places within an hour"),
            ),
        }),
        graded(features.contact.declines, 3, 6).map(|weight| Reason {
            rule: "card-testing".into(),
            weight,
            text: Text::new(
                format!(
                    "Lo stesso contatto ha avuto {} pagamenti rifiutati in un'ora",
                    features.contact.declines
                ),
                format!(
                    "the same contact had {} payments declined within an hour",
                    features.contact.declines
                ),
            ),
        }),
        // A school or an office shares one address, so an address alone never blocks.
        graded(features.client.holds, 60, u32::MAX).map(|weight| Reason {
            rule: "burst".into(),
            weight,
            text: Text::new(
                format!(
                    "Lo stesso indirizzo di rete ha fatto {} prenotazioni in un'ora",
                    features.client.holds
                ),
                format!(
                    "the same network address made {} bookings within an hour",
                    features.client.holds
                ),
            ),
        }),
    ];
    let reasons: Vec<Reason> = findings.into_iter().flatten().collect();
    let score: u32 = reasons.iter().map(|reason| reason.weight).sum();
    let outcome = if score >= BLOCK_FROM {
        Outcome::Block
    } else if score >= REVIEW_FROM {
        Outcome::Review
    } else {
        Outcome::Allow
    };
    Decision { outcome, score, reasons, decided_at: now, rules_version: RULES_VERSION.into() }
}

/// The points of a figure: none below `review`, enough to block from `block` on.
fn graded(figure: u32, review: u32, block: u32) -> Option<u32> {
    if figure >= block { Some(BLOCK_FROM) } else { (figure >= review).then_some(REVIEW_FROM) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(features: Features) -> (Outcome, Vec<String>) {
        let decision = decide(&features, Timestamp::UNIX_EPOCH);
        (decision.outcome, decision.reasons.into_iter().map(|reason| reason.rule).collect())
    }

    #[test]
    fn a_family_is_allowed_without_a_word() {
        assert_eq!(
            outcome(Features { places: 4, ..Features::default() }),
            (Outcome::Allow, vec![])
        );
    }

    #[test]
    fn a_contact_that_hoards_is_reviewed_then_blocked() {
        let hoard = |places| {
            let contact = Velocity { holds: 4, places, declines: 0 };
            outcome(Features { places: 10, contact, ..Features::default() })
        };
        assert_eq!(hoard(10), (Outcome::Review, vec!["hoarding".to_owned()]));
        assert_eq!(hoard(30), (Outcome::Block, vec!["hoarding".to_owned()]));
    }

    #[test]
    fn a_busy_network_address_alone_never_blocks() {
        let client = Velocity { holds: 100_000, places: 100_000, declines: 0 };
        assert_eq!(
            outcome(Features { places: 1, client, ..Features::default() }).0,
            Outcome::Review
        );
    }

    #[test]
    fn a_mail_address_is_counted_under_one_key_however_it_is_written() {
        let key = |mail| RiskKeys::of(b"key", Some(mail), None).contact;
        assert_eq!(key("someone@example.org"), key(" Someone@Example.org "));
        assert_ne!(
            key("someone@example.org"),
            RiskKeys::of(b"other", Some("someone@example.org"), None).contact
        );
    }
}
