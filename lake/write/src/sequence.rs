//! The number of a change in a DynamoDB stream. It has up to 40 digits, more than any integer of
//! the Delta log holds, so it is kept as three numbers of 18 digits each.

use std::fmt;
use std::str::FromStr;

/// Digits in one chunk: the most an `i64` always holds.
const CHUNK_DIGITS: usize = 18;

/// Chunks of a number.
pub(crate) const CHUNKS: usize = 3;

/// The number of a change. Numbers grow within one shard and say nothing across shards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SequenceNumber([i64; CHUNKS]);

/// Why a text is no sequence number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not a sequence number: 1 to 54 decimal digits")]
pub struct InvalidSequenceNumber {
    /// What was given, cut to a readable length.
    pub value: String,
}

impl SequenceNumber {
    /// The number as the log keeps it, most significant chunk first.
    pub(crate) fn chunks(self) -> [i64; CHUNKS] {
        self.0
    }

    /// The number from the log.
    pub(crate) fn from_chunks(chunks: [i64; CHUNKS]) -> Self {
        Self(chunks)
    }
}

impl FromStr for SequenceNumber {
    type Err = InvalidSequenceNumber;

    fn from_str(value: &str) -> Result<Self, InvalidSequenceNumber> {
        let refuse = || InvalidSequenceNumber { value: value.chars().take(80).collect() };
        let fits = (1..=CHUNKS * CHUNK_DIGITS).contains(&value.len())
            && value.bytes().all(|byte| byte.is_ascii_digit());
        if !fits {
            return Err(refuse());
        }
        let padded = format!("{value:0>width$}", width = CHUNKS * CHUNK_DIGITS);
        let mut chunks = [0; CHUNKS];
        for (at, chunk) in chunks.iter_mut().enumerate() {
            let digits = &padded[at * CHUNK_DIGITS..(at + 1) * CHUNK_DIGITS];
            *chunk = digits.parse().map_err(|_| refuse())?;
        }
        Ok(Self(chunks))
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let padded: String = self.0.iter().map(|chunk| format!("{chunk:018}")).collect();
        let digits = padded.trim_start_matches('0');
        f.write_str(if digits.is_empty() { "0" } else { digits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_forty_digits_is_kept_to_the_last_one() {
        let text = "4421584500000000017450439091987654321098";
        let number: SequenceNumber = text.parse().unwrap();
        assert_eq!(number.to_string(), text);
        assert_eq!(SequenceNumber::from_chunks(number.chunks()), number);
    }

    #[test]
    fn a_longer_number_is_the_larger_one_and_zeros_in_front_change_nothing() {
        let number = |text: &str| text.parse::<SequenceNumber>().unwrap();
        assert!(number("999999999999999999") < number("1000000000000000000"));
        assert!(number("9") < number("10"));
        assert_eq!(number("000000000000000000001"), number("1"));
        assert_eq!(number("0").to_string(), "0");
    }

    #[test]
    fn anything_but_digits_is_refused() {
        for text in ["", "-1", "12a", " 1", &"1".repeat(55)] {
            assert!(text.parse::<SequenceNumber>().is_err(), "{text}");
        }
    }
}
