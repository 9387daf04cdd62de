//! Who operates a venue: its supplier, in OCTO's word, whose keys sign the venue's tickets. It decides
//! nothing of what the venue sells.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::SupplierId;
use crate::ticket::shown_until;

/// Who operates a venue, and who did until lately: codes that these signed are still on paper.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuppliedBy {
    /// The supplier; none for the installation's own.
    #[serde(default)]
    pub supplier_id: Option<SupplierId>,
    /// Those before it, as long as a ticket may be shown that one of their keys signed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<SuppliedBefore>,
}

/// A supplier that operated a venue before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuppliedBefore {
    /// The supplier; none for the installation's own.
    #[serde(default)]
    pub supplier_id: Option<SupplierId>,
    /// Its keys signed tickets of the venue until then.
    pub until: Timestamp,
}

impl SuppliedBy {
    /// A venue that a supplier operates and nobody did before.
    #[must_use]
    pub fn one(supplier_id: Option<SupplierId>) -> Self {
        Self { supplier_id, before: Vec::new() }
    }

    /// The same venue when another supplier takes it over at `now`.
    #[must_use]
    pub fn taken_over(&self, by: Option<SupplierId>, now: Timestamp) -> Self {
        let mut before = self.before.clone();
        before.retain(|one| now < shown_until(one.until) && one.supplier_id != by);
        if self.supplier_id != by {
            before.push(SuppliedBefore { supplier_id: self.supplier_id.clone(), until: now });
        }
        Self { supplier_id: by, before }
    }

    /// The suppliers whose keys may stand on tickets that are shown at `now`; none is the installation's
    /// own.
    pub fn signers(&self, now: Timestamp) -> impl Iterator<Item = Option<&SupplierId>> {
        let before = self.before.iter().filter(move |one| now < shown_until(one.until));
        std::iter::once(self.supplier_id.as_ref()).chain(before.map(|one| one.supplier_id.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn id(text: &str) -> Option<SupplierId> {
        Some(SupplierId::new(text).unwrap())
    }

    #[test]
    fn a_venue_that_changes_hands_knows_its_last_supplier_as_long_as_its_tickets_are_shown() {
        let noon = at("2026-12-01T11:00:00Z");
        let venue = SuppliedBy::default().taken_over(id("uffizi"), noon);
        let signers =
            |now| venue.signers(now).map(Option::<&SupplierId>::cloned).collect::<Vec<_>>();
        assert_eq!(signers(noon), [id("uffizi"), None]);
        assert_eq!(signers(shown_until(noon) - 1.second()), [id("uffizi"), None]);
        assert_eq!(signers(shown_until(noon)), [id("uffizi")]);
    }

    #[test]
    fn a_venue_that_goes_back_names_each_supplier_once() {
        let noon = at("2026-12-01T11:00:00Z");
        let there = SuppliedBy::default().taken_over(id("uffizi"), noon);
        let back = there.taken_over(None, noon + 1.hour());
        let until = noon + 1.hour();
        assert_eq!(back.supplier_id, None);
        assert_eq!(back.before, [SuppliedBefore { supplier_id: id("uffizi"), until }]);
        assert_eq!(back.taken_over(None, noon + 2.hours()), back, "nothing changes hands");
        let late = back.taken_over(id("brera"), noon + 9_000.hours());
        assert_eq!(late.before.len(), 1, "the oldest is forgotten with its tickets");
    }
}
