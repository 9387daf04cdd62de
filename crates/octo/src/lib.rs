//! What resellers read: OCTO's objects, each with every key. A key that a capability brings is there only where
//! it was granted. Pure: written from what is given, for who asks and for the servers of resellers alike.

pub mod availability;
pub mod booking;
pub mod catalogue;
pub mod content;
pub mod pricing;
pub mod product;
pub mod supplier;
pub mod viewer;
pub mod webhook;

use jiff::Timestamp;
use jiff::civil::Time;

/// An instant in UTC, in whole seconds: clients know no other form.
#[must_use]
pub fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A local time of day.
#[must_use]
pub fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}
