//! A message that was not counted, kept so that its sender's installer can mend it.

use jiff::Timestamp;

use super::observation::hash_of;
use super::refusal::excerpt;
use super::{ContentHash, Model, Refusal, names_a_person};

/// How much of a refused message is kept: enough to see what is wrong, and small enough for a
/// batch of them to fit one transaction (4 MiB).
pub const KEPT_PAYLOAD_BYTES: usize = 16 * 1024;

/// A message that was not counted, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// When it was received.
    pub received_at: Timestamp,
    /// Tells it from others of that instant; the same message received again at the same instant,
    /// as in a replay of the stream, has the same hash and so the same key.
    pub hash: ContentHash,
    /// Where it was published.
    pub topic: String,
    /// Who published it.
    pub client_id: String,
    /// The stable name of the cause, see [`Refusal::code`].
    pub code: String,
    /// The cause in words.
    pub reason: String,
    /// Its beginning, at most [`KEPT_PAYLOAD_BYTES`]; `None` when it seems to name a person, or
    /// counts people in a cell: what may not be received may not be kept either.
    pub payload: Option<Vec<u8>>,
    /// Its length as received.
    pub payload_bytes: usize,
}

impl DeadLetter {
    /// Writes down a refusal.
    #[must_use]
    pub fn new(
        topic: &str,
        client_id: &str,
        payload: &[u8],
        received_at: Timestamp,
        refusal: &Refusal,
    ) -> Self {
        let withheld = matches!(refusal, Refusal::PersonLevelData { .. })
            || names_a_person(payload)
            // The number of people in a cell may be one that has to be suppressed.
            || topic.ends_with(Model::TourismPresenceObserved.as_str());
        // Even a hash would let a short list of addresses be tried against it.
        let hashed: &[u8] = if withheld { b"" } else { payload };
        let kept = payload.len().min(KEPT_PAYLOAD_BYTES);
        Self {
            received_at,
            hash: hash_of(&[topic.as_bytes(), client_id.as_bytes(), hashed]),
            topic: excerpt(topic),
            client_id: excerpt(client_id),
            code: refusal.code().to_owned(),
            reason: refusal.to_string(),
            payload: (!withheld).then(|| payload[..kept].to_vec()),
            payload_bytes: payload.len(),
        }
    }
}
