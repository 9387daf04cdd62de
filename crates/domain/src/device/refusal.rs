//! Why a message of a device is not counted. The text goes to the dead letter and, over MQTT 5, to
//! the device itself, so it names the value and the fix, and never repeats a person's data.

use jiff::Timestamp;

use super::{
    CLOCK_TOLERANCE_SECONDS, DeviceName, LONGEST_PERIOD_HOURS, MAX_TOPIC_LEVELS, MOST_PEOPLE,
};
use crate::id::VenueId;

/// The text is not a device name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not a device name: use 3 to 64 of `a` to `z`, `0` to `9` and `-`")]
pub struct InvalidName {
    /// What was given, cut to a readable length.
    pub value: String,
}

/// Why a message is not counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The topic is longer than AWS IoT Core takes.
    #[error("the topic has {bytes} bytes: shorten it to {max}")]
    TopicTooLong {
        /// Length received.
        bytes: usize,
        /// Longest taken.
        max: usize,
    },
    /// The topic has other levels.
    #[error(
        "`{topic}` is not a topic of a device: publish to `dt/atrio/{{venue}}/{{device}}/{{model}}`, \
         at most {MAX_TOPIC_LEVELS} levels"
    )]
    BadTopic {
        /// What was given, cut to a readable length.
        topic: String,
    },
    /// A device spoke on another device's topic.
    #[error("`{client}` published on the topic of `{device}`: publish on its own topic")]
    AnotherDevice {
        /// The client that spoke.
        client: String,
        /// The device of the topic.
        device: DeviceName,
    },
    /// Nobody enrolled the device.
    #[error(
        "`{device}` is not enrolled: run `atrio device enrol {device} --venue {venue} --out DIR`"
    )]
    UnknownDevice {
        /// The device of the topic.
        device: DeviceName,
        /// The venue of the topic.
        venue: VenueId,
    },
    /// The device's right to speak was withdrawn.
    #[error("`{device}` was revoked at {revoked_at}: enrol it again")]
    DeviceRevoked {
        /// The device.
        device: DeviceName,
        /// When.
        revoked_at: Timestamp,
    },
    /// The device stands in another venue.
    #[error(
        "the device is enrolled at venue `{registered}`, not `{received}`: mend the topic or enrol it again"
    )]
    WrongVenue {
        /// Where it is enrolled.
        registered: VenueId,
        /// The venue of the topic.
        received: VenueId,
    },
    /// The message is longer than AWS IoT Core takes.
    #[error("the message has {bytes} bytes: send at most {max}")]
    MessageTooLarge {
        /// Length received.
        bytes: usize,
        /// Longest taken.
        max: usize,
    },
    /// What the IoT rule put on the stream cannot be read.
    #[error("the record on the stream is not what the rule `ingest` writes: {problem}")]
    BadEnvelope {
        /// What is wrong with it.
        problem: String,
    },
    /// The message is not a JSON object.
    #[error(
        "the message is not a json object (line {line}, column {column}): send ngsi-ld keyValues"
    )]
    NotJson {
        /// Line of the fault, from 1; 0 when it is JSON but no object.
        line: usize,
        /// Column of the fault.
        column: usize,
    },
    /// A field the model requires is absent.
    #[error("field `{field}` is missing: add it")]
    MissingField {
        /// The field.
        field: &'static str,
    },
    /// A field has another type.
    #[error("field `{field}` is not {expected}: send ngsi-ld keyValues, not the normalised form")]
    WrongType {
        /// The field.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A field is no instant.
    #[error(
        "field `{field}` is `{value}`, not an instant: write it in UTC as `2026-05-01T10:00:00Z`"
    )]
    InvalidInstant {
        /// The field.
        field: &'static str,
        /// What was given, cut to a readable length.
        value: String,
    },
    /// A field has a value that the model does not know.
    #[error("field `{field}` is `{value}`, not {expected}")]
    InvalidField {
        /// The field.
        field: &'static str,
        /// What was given, cut to a readable length.
        value: String,
        /// What is taken.
        expected: &'static str,
    },
    /// The message is no SenML pack.
    #[error("the message is not a senml pack in json or cbor: {problem} (RFC 8428)")]
    NotSenMl {
        /// What is wrong with it.
        problem: String,
    },
    /// A record of a pack cannot be taken.
    #[error("record {place} of the pack: {problem}")]
    BadRecord {
        /// Which, from 1.
        place: usize,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// The message describes a person or the device of one.
    #[error("field `{field}` describes a person: send totals only; the message was not kept")]
    PersonLevelData {
        /// The field, without its value.
        field: String,
    },
    /// The message is of another model than its topic, or of one that is not taken.
    #[error("the model is `{received}`: publish {expected} on a topic that ends in it")]
    WrongModel {
        /// What the topic says, or what is taken.
        expected: &'static str,
        /// What was received, cut to a readable length.
        received: String,
    },
    /// A count is below zero.
    #[error("field `{field}` is {value}: a count is 0 or more")]
    NegativeCount {
        /// The field.
        field: &'static str,
        /// What was received.
        value: i64,
    },
    /// A count is beyond what a counter can see.
    #[error(
        "field `{field}` is {value}: more than {MOST_PEOPLE} people in a period, check the counter"
    )]
    CountTooHigh {
        /// The field.
        field: &'static str,
        /// What was received.
        value: u64,
    },
    /// The two directions do not add up.
    #[error(
        "peopleCount is {people_count} but peopleCountTowards {towards} and peopleCountAway {away} \
         make {}: send totals of the same period", towards + away
    )]
    TotalsDisagree {
        /// People in all.
        people_count: u64,
        /// People towards.
        towards: u64,
        /// People away.
        away: u64,
    },
    /// The period ends before it starts, or at once.
    #[error(
        "the period ends at {period_end}, not after its start {period_start}: swap or mend them"
    )]
    PeriodReversed {
        /// Start.
        period_start: Timestamp,
        /// End.
        period_end: Timestamp,
    },
    /// The period is too long to be placed in an hour.
    #[error("the period lasts {hours} hours: send one count for at most {LONGEST_PERIOD_HOURS}")]
    PeriodTooLong {
        /// Its length, rounded down.
        hours: i64,
    },
    /// The period ended too long ago.
    #[error(
        "the period ended {hours_late} hours before it arrived: counts are taken for {horizon_hours} hours"
    )]
    TooLate {
        /// How late, rounded down.
        hours_late: i64,
        /// How late is taken.
        horizon_hours: i64,
    },
    /// The period has not ended yet.
    #[error(
        "the period ends {seconds_ahead} seconds after it arrived: set the device's clock \
         (tolerance {CLOCK_TOLERANCE_SECONDS} seconds)"
    )]
    FromTheFuture {
        /// How far ahead.
        seconds_ahead: i64,
    },
    /// A later period has a lower running total.
    #[error(
        "cumulativeCount fell from {previous} to {received}, more than the period counted: after a \
         replacement, enrol the device again"
    )]
    CounterWentBackwards {
        /// The running total known.
        previous: u64,
        /// The running total received.
        received: u64,
    },
}

impl Refusal {
    /// A stable name, for counting dead letters by cause.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TopicTooLong { .. } => "topic-too-long",
            Self::BadTopic { .. } => "bad-topic",
            Self::AnotherDevice { .. } => "another-device",
            Self::UnknownDevice { .. } => "unknown-device",
            Self::DeviceRevoked { .. } => "device-revoked",
            Self::WrongVenue { .. } => "wrong-venue",
            Self::MessageTooLarge { .. } => "message-too-large",
            Self::BadEnvelope { .. } => "bad-envelope",
            Self::NotJson { .. } => "not-json",
            Self::MissingField { .. } => "missing-field",
            Self::WrongType { .. } => "wrong-type",
            Self::InvalidInstant { .. } => "invalid-instant",
            Self::InvalidField { .. } => "invalid-field",
            Self::NotSenMl { .. } => "not-senml",
            Self::BadRecord { .. } => "bad-record",
            Self::PersonLevelData { .. } => "person-level-data",
            Self::WrongModel { .. } => "wrong-model",
            Self::NegativeCount { .. } => "negative-count",
            Self::CountTooHigh { .. } => "count-too-high",
            Self::TotalsDisagree { .. } => "totals-disagree",
            Self::PeriodReversed { .. } => "period-reversed",
            Self::PeriodTooLong { .. } => "period-too-long",
            Self::TooLate { .. } => "too-late",
            Self::FromTheFuture { .. } => "from-the-future",
            Self::CounterWentBackwards { .. } => "counter-went-backwards",
        }
    }

    /// Whether the sender had no right to speak there, as opposed to having spoken badly.
    #[must_use]
    pub fn is_about_permission(&self) -> bool {
        matches!(
            self,
            Self::AnotherDevice { .. }
                | Self::UnknownDevice { .. }
                | Self::DeviceRevoked { .. }
                | Self::WrongVenue { .. }
        )
    }
}

/// Cuts a text from outside to a length fit for a log, on a character boundary.
pub(super) fn excerpt(value: &str) -> String {
    value.chars().take(80).collect()
}
