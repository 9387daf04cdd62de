//! Faults of counters, as the API shows them.

use atrio_domain::device::fault::{Fault, Finding, Watch, instant_of_hour};
use atrio_domain::text::Text;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// A fault of a counter, found from what it counted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FaultView {
    /// BLIND, BLIND_HOURS, STUCK, CLOCK_SHIFT, TOO_FEW, TOO_MANY, LOSES_SLOWLY or GAINS_SLOWLY.
    #[schema(value_type = String)]
    fault: Fault,
    /// The hour in which it most likely began.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// After which hour it was found.
    #[schema(value_type = String, format = DateTime)]
    found_at: Timestamp,
    /// In which hour it was over; null while it lasts.
    #[schema(value_type = Option<String>, format = DateTime)]
    over_at: Option<Timestamp>,
    /// Whether it is over because what it counts lasted so long that it is what is usual now.
    became_usual: bool,
    /// What it is, in a few words.
    #[schema(value_type = Object)]
    what: Text,
    /// On what that rests.
    #[schema(value_type = Object)]
    evidence: Text,
    /// People counted in the hours it was found by.
    counted: u64,
    /// How many were expected in them.
    expected: f64,
    /// How many hours these are.
    hours: u32,
}

impl FaultView {
    fn of(finding: &Finding) -> Self {
        Self {
            fault: finding.fault,
            since: instant_of_hour(finding.since),
            found_at: instant_of_hour(finding.found + 1),
            over_at: finding.over.map(instant_of_hour),
            became_usual: finding.became_usual,
            what: finding.fault.what(),
            evidence: finding.evidence(),
            counted: finding.counted,
            expected: finding.expected,
            hours: finding.hours,
        }
    }

    /// Those that last, or those that are over, the latest first.
    pub(crate) fn all(watch: Option<&Watch>, is_over: bool) -> Vec<Self> {
        let findings = watch.map_or(&[][..], Watch::findings).iter().rev();
        findings.filter(|finding| finding.over.is_some() == is_over).map(Self::of).collect()
    }
}

/// Up to when a counter was judged; none where nobody knows yet what it usually counts.
pub(crate) fn judged_until(watch: Option<&Watch>) -> Option<Timestamp> {
    let watch = watch.filter(|watch| watch.has_learned())?;
    Some(instant_of_hour(watch.until()? + 1))
}
