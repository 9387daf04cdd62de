//! What the sample traffic has done so far, as counters that any thread may read. Nothing here
//! is a measurement of the platform: the platform's own figures are at `/metrics`.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

macro_rules! figures {
    ($($(#[doc = $doc:literal])+ $name:ident),+ $(,)?) => {
        /// Running totals of the generator; every field only grows.
        #[derive(Debug, Default)]
        pub struct Figures {
            $($(#[doc = $doc])+ pub $name: AtomicU64,)+
        }

        /// [`Figures`] at one instant.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
        pub struct FiguresSnapshot {
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl Figures {
            /// Copies every total; each one is exact, the set is not taken at one instant.
            #[must_use]
            pub fn snapshot(&self) -> FiguresSnapshot {
                FiguresSnapshot { $($name: self.$name.load(Ordering::Relaxed),)+ }
            }
        }

        impl fmt::Display for FiguresSnapshot {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut separator = "";
                for (name, value) in [$((stringify!($name), self.$name)),+] {
                    if value > 0 {
                        write!(f, "{separator}{} {value}", name.replace('_', " "))?;
                        separator = ", ";
                    }
                }
                if separator.is_empty() { f.write_str("nothing yet") } else { Ok(()) }
            }
        }
    };
}

figures! {
    /// Parties that wished to visit.
    parties,
    /// Parties not served because the generator's own bound on concurrency was reached.
    shed,
    /// Bookings accepted by the platform (put on hold).
    booked,
    /// Bookings confirmed, paid or free.
    confirmed,
    /// Bookings left unpaid on purpose.
    abandoned,
    /// Bookings cancelled by the visitor.
    cancelled,
    /// Payments declined by the provider.
    declined,
    /// Payments without an outcome when the visitor stopped waiting.
    unsettled,
    /// Parties for whom no place, or no open day, was left.
    sold_out,
    /// Bookings blocked by the fraud rules.
    blocked,
    /// Answers that asked to come back later.
    rate_limited,
    /// People admitted at a gate.
    admitted,
    /// Tickets refused at a gate.
    refused,
    /// Parties with a booking that did not come.
    no_shows,
    /// Parties that could not be admitted because no gate token was given for the venue.
    without_gate,
    /// Counter messages acknowledged by the broker.
    messages,
    /// Counter messages published again because no acknowledgement came.
    messages_retried,
    /// Counter messages given up.
    messages_lost,
    /// Calls that failed in a way the generator has no name for.
    failed,
}

/// Adds `count` to one of the totals.
pub(super) fn add(total: &AtomicU64, count: u64) {
    total.fetch_add(count, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_totals_read_as_a_sentence_and_as_json() {
        let figures = Figures::default();
        assert_eq!(figures.snapshot().to_string(), "nothing yet");
        add(&figures.booked, 3);
        add(&figures.sold_out, 1);
        let snapshot = figures.snapshot();
        assert_eq!(snapshot.to_string(), "booked 3, sold out 1");
        let json = serde_json::to_value(snapshot).unwrap();
        assert_eq!(json["booked"], 3);
        assert_eq!(json["messages"], 0);
    }
}
