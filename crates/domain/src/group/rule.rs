//! What a product takes of groups and school classes, as data a manager sets: how many, who leads them
//! free, what is paid beside the tickets, and how many school people the director lets in.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{GroupAsk, GroupKind, SchoolVisit};
use crate::booking::UnitLine;
use crate::hold::{HoldError, find_unit, unit_line};
use crate::id::{SlotId, UnitId};
use crate::tariff::{Beneficiary, Cents, PriceComponent, Tariff, Unit};
use crate::text::Text;
use crate::venue::Product;

/// What a product takes of groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRule {
    /// Fewest people, without those who lead them.
    pub min_people: u32,
    /// Most people, without those who lead them.
    pub max_people: u32,
    /// One enters free to lead each so many people, and what is left of them.
    pub people_per_leader: u32,
    /// What each pays.
    pub unit_id: UnitId,
    /// What those who lead enter as, free.
    pub leader_unit_id: UnitId,
    /// What a group pays beside its tickets.
    #[serde(default)]
    pub surcharge: Option<GroupSurcharge>,
    /// What is taken of school classes; none takes none.
    #[serde(default)]
    pub schools: Option<SchoolRule>,
    /// Where the rule is written.
    pub source: String,
}

/// What a group pays once, beside its tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSurcharge {
    /// What it is called.
    pub name: Text,
    /// How much, for the whole group.
    pub amount_cents: Cents,
    /// From how many people, without those who lead them.
    pub from_people: u32,
    /// Who receives it; none for the body that runs the venue.
    #[serde(default)]
    pub beneficiary: Option<Beneficiary>,
    /// Where the rule is written.
    pub source: String,
}

/// What a product takes of school classes, which enter free.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchoolRule {
    /// What pupils enter as, free.
    pub unit_id: UnitId,
    /// What teachers enter as, free.
    pub leader_unit_id: UnitId,
    /// One leads each so many pupils, and what is left of them.
    pub people_per_leader: u32,
    /// How many the director lets in.
    pub quota: SchoolQuota,
    /// Where the rule is written.
    pub source: String,
}

/// How many school people the director lets in, teachers included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchoolQuota {
    /// At most so many.
    pub people: u32,
    /// In each.
    pub per: QuotaPer,
}

/// What a quota is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum QuotaPer {
    /// Each day.
    Day,
    /// Each slot.
    Slot,
}

impl fmt::Display for QuotaPer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Day => "day",
            Self::Slot => "slot",
        })
    }
}

impl SchoolQuota {
    /// What is left of it for a slot, where `visits` are those of its day that hold their places.
    #[must_use]
    pub fn left(self, visits: &[SchoolVisit], slot: SlotId) -> u32 {
        let counts = |visit: &&SchoolVisit| self.per == QuotaPer::Day || visit.slot_id == slot;
        let taken: u32 = visits.iter().filter(counts).map(|visit| visit.heads).sum();
        self.people.saturating_sub(taken)
    }
}

impl GroupRule {
    /// How many may lead so many people free.
    #[must_use]
    pub fn free_leaders(&self, kind: GroupKind, people: u32) -> u32 {
        let each = match (kind, &self.schools) {
            (GroupKind::School, Some(schools)) => schools.people_per_leader,
            _ => self.people_per_leader,
        };
        people.div_ceil(each.max(1))
    }

    /// The tickets of a group, one for each who enters. What it pays beside them is a part of the price
    /// of its first, so that the parts of all tickets are what is paid; on a day that is free for
    /// everyone nothing is.
    pub(super) fn lines(
        &self,
        ask: &GroupAsk,
        product: &Product,
        tariff: &Tariff,
        day: Date,
    ) -> Result<Vec<UnitLine>, HoldError> {
        let unit = |id| find_unit(&ask.option_id, tariff, id);
        if let (GroupKind::School, Some(schools)) = (ask.kind, &self.schools) {
            let pupils = free(
                unit(&schools.unit_id)?,
                ask.people,
                ("Gratuito: classe scolastica", "Free: school class"),
                Some(Text::new("Elenco nominativo della classe", "The class’s list of names")),
            );
            let teachers = free(
                unit(&schools.leader_unit_id)?,
                ask.leaders,
                ("Gratuito: accompagna la classe", "Free: leads the class"),
                None,
            );
            return Ok(vec![pupils, teachers]);
        }
        let people = unit_line(product, unit(&self.unit_id)?, ask.people, day);
        let leaders = free(
            unit(&self.leader_unit_id)?,
            ask.leaders,
            ("Gratuito: accompagna il gruppo", "Free: leads the group"),
            None,
        );
        let mut lines = self.with_surcharge(people, product.free_day(day).is_some());
        lines.push(leaders);
        Ok(lines)
    }

    fn with_surcharge(&self, people: UnitLine, is_free_day: bool) -> Vec<UnitLine> {
        let due = self.surcharge.as_ref().filter(|due| people.quantity >= due.from_people);
        let Some(due) = due.filter(|_| !is_free_day) else { return vec![people] };
        let mut first = UnitLine {
            quantity: 1,
            price_cents: Cents(people.price_cents.0 + due.amount_cents.0),
            ..people.clone()
        };
        first.components.push(PriceComponent {
            name: due.name.clone(),
            price_cents: due.amount_cents,
            beneficiary: due.beneficiary.clone(),
        });
        let others = UnitLine { quantity: people.quantity - 1, ..people };
        [first, others].into_iter().filter(|line| line.quantity > 0).collect()
    }
}

fn free(unit: &Unit, quantity: u32, (it, en): (&str, &str), document: Option<Text>) -> UnitLine {
    UnitLine {
        unit_id: unit.id.clone(),
        name: unit.name.clone(),
        quantity,
        price_cents: Cents::ZERO,
        components: Vec::new(),
        reason: Text::new(it, en),
        document,
    }
}
