//! What a gate carries so that it can decide by itself: the keys that count at its venue, the tickets that are
//! expected on a day and where each stands, which of them belong together, and what the units are
//! called. It names no person and no booking.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::admission::AdmissionRule;
use crate::calendar::SlotTimes;
use crate::id::{AreaId, CallerUuid, GateId, ProductId, TicketId, UnitId, VenueId};
use crate::redemption::RULES_VERSION;
use crate::tariff::price;
use crate::text::Text;
use crate::ticket::{Entitlement, Exit, KeySet, Ticket, TicketState};
use crate::venue::Venue;

/// A day of a venue, for its gates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// The venue.
    pub venue_id: VenueId,
    /// The day at the venue.
    pub day: Date,
    /// The rules that the platform admits by.
    pub rules_version: String,
    /// The platform's time when it was made.
    pub made_at: Timestamp,
    /// The keys that count at the venue: `keys` and `withdrawn_keys`.
    #[serde(flatten)]
    pub keys: KeySet,
    /// What is on sale, for tickets sold after the bundle was made.
    pub units: Vec<BundleUnit>,
    /// The tickets of the day, gathered by what they share.
    pub groups: Vec<Group>,
}

/// A unit as the gate shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleUnit {
    /// The product.
    pub product_id: ProductId,
    /// The unit.
    pub unit_id: UnitId,
    /// What it is called; says the age or that company is needed where that is the rule.
    pub name: Text,
    /// What the visitor must show, where something must be shown.
    pub show: Option<Text>,
    /// How its tickets admit.
    #[serde(default)]
    pub admission: AdmissionRule,
}

/// Tickets of one slot and one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Their unit.
    #[serde(flatten)]
    pub unit: BundleUnit,
    /// Their slot.
    pub slot: SlotTimes,
    /// The tickets.
    pub tickets: Vec<Expected>,
}

/// A ticket that may be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// The ticket.
    pub id: TicketId,
    /// The tickets of one booking bear one number, which means nothing outside the bundle; none for one
    /// that is alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<u32>,
    /// Where it stood when the bundle was made.
    #[serde(flatten)]
    pub standing: Standing,
}

/// Where a ticket stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "UPPERCASE")]
pub enum Standing {
    /// Admits.
    Valid,
    /// Has admitted.
    Redeemed {
        /// When, the last time.
        at: Timestamp,
        /// Through which gate.
        gate_id: GateId,
        /// Under which nonce.
        redemption: CallerUuid,
        /// To which area, where the gate named one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        area_id: Option<AreaId>,
        /// That its visitor went out since.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit: Option<Left>,
    },
    /// Admits no more.
    Revoked {
        /// Since when.
        at: Timestamp,
    },
    /// Another ticket admits in its place.
    Replaced {
        /// Since when.
        at: Timestamp,
    },
}

/// How a visitor went out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// When.
    pub at: Timestamp,
    /// Through which gate.
    pub gate_id: GateId,
    /// Under which nonce.
    pub uuid: CallerUuid,
}

impl From<Exit> for Left {
    fn from(Exit { at, gate, uuid }: Exit) -> Self {
        Self { at, gate_id: gate, uuid }
    }
}

impl From<Left> for Exit {
    fn from(Left { at, gate_id, uuid }: Left) -> Self {
        Self { at, gate: gate_id, uuid }
    }
}

impl From<TicketState> for Standing {
    fn from(state: TicketState) -> Self {
        match state {
            TicketState::Valid => Self::Valid,
            TicketState::Redeemed { at, gate, redemption, area, exit } => Self::Redeemed {
                at,
                gate_id: gate,
                redemption,
                area_id: area,
                exit: exit.map(Left::from),
            },
            TicketState::Revoked { at } => Self::Revoked { at },
            TicketState::Replaced { at } => Self::Replaced { at },
        }
    }
}

impl From<Standing> for TicketState {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Valid => Self::Valid,
            Standing::Redeemed { at, gate_id, redemption, area_id, exit } => Self::Redeemed {
                at,
                gate: gate_id,
                redemption,
                area: area_id,
                exit: exit.map(Exit::from),
            },
            Standing::Revoked { at } => Self::Revoked { at },
            Standing::Replaced { at } => Self::Replaced { at },
        }
    }
}

/// A number for each booking of several tickets, in the order in which their second comes.
fn parties(tickets: &[Ticket]) -> HashMap<CallerUuid, u32> {
    let mut seen = HashSet::new();
    let mut parties = HashMap::new();
    for ticket in tickets {
        if !seen.insert(ticket.booking) && !parties.contains_key(&ticket.booking) {
            let number = u32::try_from(parties.len()).unwrap_or(u32::MAX);
            parties.insert(ticket.booking, number);
        }
    }
    parties
}

impl Bundle {
    /// Gathers the tickets of a day.
    #[must_use]
    pub fn of(
        venue: &Venue,
        day: Date,
        keys: &KeySet,
        mut tickets: Vec<Ticket>,
        made_at: Timestamp,
    ) -> Self {
        // In one order, so that the same day reads the same.
        tickets.sort_by_key(|ticket| (ticket.entitlement.slot.id, ticket.entitlement.ticket));
        let parties = parties(&tickets);
        let mut groups: Vec<Group> = Vec::new();
        for ticket in tickets {
            let party = parties.get(&ticket.booking).copied();
            let Entitlement { ticket: id, product, unit, slot, .. } = ticket.entitlement;
            let unit = BundleUnit {
                product_id: product,
                unit_id: unit,
                name: ticket.unit_name,
                show: ticket.document,
                admission: ticket.admission,
            };
            let expected = Expected { id, party, standing: ticket.state.into() };
            match groups.iter_mut().find(|group| group.slot == slot && group.unit == unit) {
                Some(group) => group.tickets.push(expected),
                None => groups.push(Group { unit, slot, tickets: vec![expected] }),
            }
        }
        let visits = venue.products.iter().filter(|product| product.pass.is_none());
        let on_sale = visits.flat_map(|product| {
            let tariffs = product.options.iter().filter_map(move |option| option.tariff_on(day));
            tariffs.flat_map(|tariff| &tariff.units).map(move |unit| BundleUnit {
                product_id: product.id.clone(),
                unit_id: unit.id.clone(),
                name: unit.name.clone(),
                show: price(product, unit, day).show,
                admission: product.admission.clone(),
            })
        });
        Self {
            venue_id: venue.id.clone(),
            day,
            rules_version: RULES_VERSION.to_owned(),
            made_at,
            keys: keys.counting_at(&venue.supplied_by, made_at),
            units: on_sale.collect(),
            groups,
        }
    }

    /// A ticket that is expected, with what it shares with others.
    #[must_use]
    pub fn expected(&self, ticket: TicketId) -> Option<(&Group, &Expected)> {
        self.groups.iter().find_map(|group| {
            group.tickets.iter().find(|known| known.id == ticket).map(|known| (group, known))
        })
    }

    /// The tickets of the booking that a ticket is of, itself among them.
    #[must_use]
    pub fn party(&self, ticket: TicketId) -> Vec<(&Group, &Expected)> {
        let Some((group, expected)) = self.expected(ticket) else { return Vec::new() };
        let Some(party) = expected.party else { return vec![(group, expected)] };
        let members = self
            .groups
            .iter()
            .flat_map(|group| group.tickets.iter().map(move |expected| (group, expected)));
        members.filter(|(_, expected)| expected.party == Some(party)).collect()
    }

    /// How many tickets it holds.
    #[must_use]
    pub fn tickets(&self) -> usize {
        self.groups.iter().map(|group| group.tickets.len()).sum()
    }

    /// The unit as sold now, or as sold with a ticket of the day.
    #[must_use]
    pub fn unit(&self, product: &ProductId, unit: &UnitId) -> Option<&BundleUnit> {
        self.units
            .iter()
            .chain(self.groups.iter().map(|group| &group.unit))
            .find(|known| &known.product_id == product && &known.unit_id == unit)
    }
}
