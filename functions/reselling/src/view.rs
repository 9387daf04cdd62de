//! OCTO's objects, each with every key. A key that a capability brings is there only where it was granted.

pub(crate) mod availability;
pub(crate) mod booking;
pub(crate) mod content;
pub(crate) mod pricing;
pub(crate) mod product;
pub(crate) mod supplier;

use jiff::Timestamp;
use jiff::civil::Time;

/// An instant in UTC, in whole seconds: clients know no other form.
pub(crate) fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A local time of day.
pub(crate) fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}
