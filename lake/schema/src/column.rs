//! One column: what it holds, in which unit, and how near it comes to a person.

use std::sync::Arc;

use deltalake::arrow::datatypes::{DataType, Field, TimeUnit};
use deltalake::kernel::{DataType as DeltaType, MetadataValue, PrimitiveType, StructField};

/// Digits of a decimal in all: as many as 64 bits hold.
pub(crate) const DECIMAL_DIGITS: u8 = 18;
/// Digits of a decimal behind the point.
pub(crate) const DECIMAL_PLACES: i8 = 6;

/// One column of a table.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in SQL and in the files.
    pub name: &'static str,
    /// What its values are made of.
    pub kind: Kind,
    /// Whether a value may be missing.
    pub nullable: bool,
    /// What is counted, such as `EUR cent`; for words, what kind of word it is.
    pub unit: &'static str,
    /// What a value says.
    pub meaning: &'static str,
    /// How near it comes to a person.
    pub privacy: Privacy,
}

/// What values are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// A whole number of 32 bits.
    Integer,
    /// A whole number of 64 bits.
    Long,
    /// A decimal of 18 digits, six of them behind the point.
    Decimal,
    /// A day of the venue's calendar.
    Day,
    /// An instant in UTC, to the microsecond.
    Instant,
}

/// How near a column comes to a person. There is no class for personal data: such a column cannot
/// be described, so it cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Privacy {
    /// Known to anybody: venues, products, opening slots.
    PublicFact,
    /// About our own running: channels, gates, devices, rules.
    Operational,
    /// A fact about a visit made coarse until many visits share it: bands, hours, quarters.
    Generalised,
    /// A keyed hash under a key that changes every month and is then destroyed.
    Pseudonym,
    /// A quantity to be added up. One row's value may be telling: publish sums over groups.
    Measure,
    /// A sum over at least the table's least group, with noise: anybody may know it.
    Released,
}

impl Privacy {
    /// The class as written in the Delta log and in the API reference.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PublicFact => "PUBLIC_FACT",
            Self::Operational => "OPERATIONAL",
            Self::Generalised => "GENERALISED",
            Self::Pseudonym => "PSEUDONYM_ROTATING_MONTHLY",
            Self::Measure => "MEASURE",
            Self::Released => "RELEASED_WITH_NOISE",
        }
    }
}

impl Privacy {
    /// Whether the smallest and the largest value may be told. Both are values of single rows: a pseudonym
    /// names one, and a measure may be telling, above all in a file of few rows.
    pub(crate) fn has_statistics(self) -> bool {
        !matches!(self, Self::Pseudonym | Self::Measure)
    }
}

impl Kind {
    fn arrow(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Integer => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Decimal => DataType::Decimal128(DECIMAL_DIGITS, DECIMAL_PLACES),
            Self::Day => DataType::Date32,
            Self::Instant => {
                DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from(crate::arrays::UTC)))
            }
        }
    }

    fn delta(self) -> DeltaType {
        DeltaType::Primitive(match self {
            Self::Text => PrimitiveType::String,
            Self::Integer => PrimitiveType::Integer,
            Self::Long => PrimitiveType::Long,
            Self::Decimal => {
                let places = DECIMAL_PLACES.unsigned_abs();
                let Ok(decimal) = DeltaType::decimal(DECIMAL_DIGITS, places) else {
                    unreachable!("a decimal of {DECIMAL_DIGITS} digits holds {places} places");
                };
                return decimal;
            }
            Self::Day => PrimitiveType::Date,
            Self::Instant => PrimitiveType::Timestamp,
        })
    }
}

impl Column {
    pub(crate) fn arrow_field(&self) -> Field {
        Field::new(self.name, self.kind.arrow(), self.nullable)
    }

    pub(crate) fn delta_field(&self) -> StructField {
        let facts = [
            ("comment", self.meaning),
            ("atrio.unit", self.unit),
            ("atrio.privacy", self.privacy.name()),
        ];
        StructField::new(self.name, self.kind.delta(), self.nullable)
            .with_metadata(facts.map(|(key, value)| (key, MetadataValue::String(value.to_owned()))))
    }

    /// A column of words.
    pub(crate) const fn text(
        name: &'static str,
        unit: &'static str,
        meaning: &'static str,
        privacy: Privacy,
    ) -> Self {
        Self { name, kind: Kind::Text, nullable: false, unit, meaning, privacy }
    }

    /// A column of instants.
    pub(crate) const fn instant(
        name: &'static str,
        unit: &'static str,
        meaning: &'static str,
        privacy: Privacy,
    ) -> Self {
        Self { name, kind: Kind::Instant, nullable: false, unit, meaning, privacy }
    }

    /// A column of small whole numbers.
    pub(crate) const fn integer(
        name: &'static str,
        unit: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self {
            name,
            kind: Kind::Integer,
            nullable: false,
            unit,
            meaning,
            privacy: Privacy::Measure,
        }
    }

    /// A column of large whole numbers.
    pub(crate) const fn long(
        name: &'static str,
        unit: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self { name, kind: Kind::Long, nullable: false, unit, meaning, privacy: Privacy::Measure }
    }

    /// A column of decimals, often missing: a sensor gives a value, a sum, or both.
    pub(crate) const fn decimal(
        name: &'static str,
        unit: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self { name, kind: Kind::Decimal, nullable: true, unit, meaning, privacy: Privacy::Measure }
    }

    /// The same column where a value may be missing.
    pub(crate) const fn or_missing(mut self) -> Self {
        self.nullable = true;
        self
    }

    /// The same column in another privacy class.
    pub(crate) const fn class(mut self, privacy: Privacy) -> Self {
        self.privacy = privacy;
        self
    }

    /// The partition column of every table.
    pub(crate) const fn month(of: &'static str) -> Self {
        Self::text(crate::MONTH, "year and month", of, Privacy::Generalised)
    }

    /// The venue, in every table.
    pub(crate) const VENUE_ID: Self = Self::text(
        "venue_id",
        "identifier",
        "The venue, by the ministry's identifier of the place",
        Privacy::PublicFact,
    );

    /// The version, in the tables of what devices observed.
    pub(crate) const VERSION: Self = Self::integer(
        "version",
        "version",
        "1 for what was first received of the period, then corrections",
    )
    .class(Privacy::Operational);

    /// How far it may be trusted, in the tables of what devices observed.
    pub(crate) const QUALITY: Self = Self::text(
        "quality",
        "good, late, after-gap or after-reset",
        "How far it may be trusted: in time and sequence, an hour late, after lost messages, after a new start",
        Privacy::Operational,
    );

    /// When it came, in the tables of what devices observed.
    pub(crate) const RECEIVED_AT: Self = Self::instant(
        "received_at",
        "instant, UTC",
        "When the message was received",
        Privacy::Operational,
    );

    /// The product, in the tables of visits.
    pub(crate) const PRODUCT_ID: Self = Self::text(
        "product_id",
        "identifier",
        "The product of the venue that was booked",
        Privacy::PublicFact,
    );

    /// The slot's start, in the tables of visits.
    pub(crate) const SLOT_START: Self = Self::instant(
        "slot_start",
        "instant, UTC",
        "When the booked slot starts",
        Privacy::PublicFact,
    );

    /// The slot's day, in the tables of visits.
    pub(crate) const SLOT_DAY: Self = Self {
        name: "slot_day",
        kind: Kind::Day,
        nullable: false,
        unit: "day, Europe/Rome",
        meaning: "The local day of the booked slot",
        privacy: Privacy::PublicFact,
    };

    /// The channel, in the tables of sales.
    pub(crate) const CHANNEL: Self = Self::text(
        "channel",
        "WEB, TOTEM, DESK, RESELLER or FEED",
        "Through which channel the booking came",
        Privacy::Operational,
    );

    /// What happened, in the tables of sales.
    pub(crate) const EVENT: Self = Self::text(
        "event",
        "CONFIRMED, GIVEN_BACK or CANCELLED",
        "What happened to the booking; a CANCELLED row takes it back, a GIVEN_BACK row takes so many tickets off it",
        Privacy::Operational,
    );

    /// The booking's pseudonym, in the tables of sales.
    pub(crate) const BOOKING_KEY: Self = Self::text(
        "booking_key",
        "hexadecimal",
        "Pseudonym of the booking: HMAC-SHA256 under the key of the slot's month",
        Privacy::Pseudonym,
    );

    /// The version of a released cell.
    pub(crate) const RELEASED_VERSION: Self = Self {
        name: "version",
        kind: Kind::Integer,
        nullable: false,
        unit: "1 or 2",
        meaning: "1 is provisional; 2 is final, and takes in what came late",
        privacy: Privacy::Operational,
    };

    /// The release that a cell belongs to.
    pub(crate) const RELEASE: Self = Self {
        name: "release",
        kind: Kind::Long,
        nullable: false,
        unit: "number within the grid",
        meaning: "The release of the ledger that the cell came with",
        privacy: Privacy::Operational,
    };

    /// A number with noise.
    pub(crate) const fn released(
        name: &'static str,
        unit: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self { name, kind: Kind::Long, nullable: false, unit, meaning, privacy: Privacy::Released }
    }

    /// How exact the number is: with 95 % probability the sum lies within so much of it.
    pub(crate) const fn half_width(name: &'static str, of: &'static str) -> Self {
        Self::released(name, of, "With 95 % probability the sum without noise is as near as this")
    }

    /// The unit, in the tables of visits.
    pub(crate) const UNIT_ID: Self = Self::text(
        "unit_id",
        "identifier",
        "The kind of visitor who pays one price, such as adult or youth",
        Privacy::Generalised,
    );
}
