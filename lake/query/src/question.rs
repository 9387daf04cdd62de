//! What a named question is about: which venues, which days.

use std::sync::Arc;

use deltalake::datafusion::arrow::datatypes::DataType;
use deltalake::datafusion::common::ScalarValue;
use jiff::Timestamp;
use jiff::civil::Date;

const EPOCH: Date = Date::constant(1970, 1, 1);

/// Which venues a question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Venues {
    /// Every venue.
    All,
    /// These only; none of them means no rows.
    Only(Vec<String>),
}

impl Venues {
    /// One venue.
    pub fn one(venue_id: impl Into<String>) -> Self {
        Self::Only(vec![venue_id.into()])
    }
}

/// The subject of a named question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Which venues.
    pub venues: Venues,
    /// First local day.
    pub first_day: Date,
    /// Last local day, inclusive.
    pub last_day: Date,
    /// The instant at which the first day begins at the venues.
    pub from: Timestamp,
    /// The instant at which the last day is over at the venues.
    pub until: Timestamp,
}

impl Question {
    fn venue_parameters(&self) -> Vec<(&'static str, ScalarValue)> {
        let (all, ids) = match &self.venues {
            Venues::All => (true, &[][..]),
            Venues::Only(ids) => (false, &ids[..]),
        };
        let ids: Vec<ScalarValue> = ids.iter().map(|id| ScalarValue::from(id.as_str())).collect();
        let list = ScalarValue::List(ScalarValue::new_list_nullable(&ids, &DataType::Utf8));
        vec![
            ("all_venues", ScalarValue::Boolean(Some(all))),
            ("venues", list),
            ("first_month", ScalarValue::from(month(self.first_day))),
            ("last_month", ScalarValue::from(month(self.last_day))),
        ]
    }

    /// For the tables that know the slot's day.
    pub(crate) fn day_parameters(&self) -> Vec<(&'static str, ScalarValue)> {
        let mut parameters = self.venue_parameters();
        let day = |day: Date| ScalarValue::Date32(Some((day - EPOCH).get_days()));
        parameters.push(("first_day", day(self.first_day)));
        parameters.push(("last_day", day(self.last_day)));
        parameters
    }

    /// For the tables that know instants only.
    pub(crate) fn instant_parameters(&self) -> Vec<(&'static str, ScalarValue)> {
        let mut parameters = self.venue_parameters();
        let instant = |at: Timestamp| {
            ScalarValue::TimestampMicrosecond(Some(at.as_microsecond()), Some(Arc::from("UTC")))
        };
        parameters.push(("from_instant", instant(self.from)));
        parameters.push(("until_instant", instant(self.until)));
        parameters
    }
}

fn month(day: Date) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}
