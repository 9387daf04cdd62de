//! Where in a venue people may be: its areas, each with a gate of its own, and how many people may be
//! present in the venue and in each area, counted by its gates or by people counters at its doors. A place
//! without a limit is not counted.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::device::DeviceName;
use crate::id::{AreaId, InvalidId, ProductId};
use crate::text::Text;
use crate::venue::Product;

/// Most people that a limit may let in at once.
pub const LIMIT_MAX: u32 = 100_000;

/// Most areas of a venue.
pub const AREAS_MAX: usize = 20;

/// Most counters at the doors of one place.
pub const COUNTERS_MAX: usize = 16;

/// Most areas whose people one action at a gate counts: with the venue, ninety tickets, the action and
/// a steward's word they are what DynamoDB writes in one transaction.
pub const PREMISES_COUNTS_MAX: usize = 7;

/// A venue as a place to be in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Premises {
    /// Most people present in the whole venue; none where there is no limit.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Who counts them.
    #[serde(default, skip_serializing_if = "CountedBy::is_gates")]
    pub counted_by: CountedBy,
    /// Its areas.
    #[serde(default)]
    pub areas: Vec<Area>,
}

/// A part of a venue with a gate of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    /// Identifies the area within the venue.
    pub id: AreaId,
    /// What it is called.
    pub name: Text,
    /// Most people present in it; none where there is no limit.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Who counts them.
    #[serde(default, skip_serializing_if = "CountedBy::is_gates")]
    pub counted_by: CountedBy,
}

/// Who counts the people in a place with a limit: one of the two, for together they would count a visitor
/// twice.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "UPPERCASE", deny_unknown_fields)]
pub enum CountedBy {
    /// The gates: each ticket that goes in or out.
    #[default]
    Gates,
    /// People counters at its doors, which also see who has no ticket.
    Counters {
        /// All of them; each counts people towards the inside of the place and away from it.
        devices: Vec<DeviceName>,
    },
}

impl CountedBy {
    fn is_gates(&self) -> bool {
        *self == Self::Gates
    }

    /// The source as written in answers: `GATES` or `COUNTERS`.
    #[must_use]
    pub fn source(&self) -> Source {
        match self {
            Self::Gates => Source::Gates,
            Self::Counters { .. } => Source::Counters,
        }
    }

    fn names(&self, device: &DeviceName) -> bool {
        match self {
            Self::Gates => false,
            Self::Counters { devices } => devices.contains(device),
        }
    }
}

/// What a count of people comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Source {
    /// Tickets at gates.
    Gates,
    /// People counters.
    Counters,
}

/// Where people present are counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// In the whole venue.
    Venue,
    /// In an area of it.
    Area(AreaId),
}

/// A place with a limit, and how many enter or leave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limited {
    /// The place.
    pub place: Place,
    /// Most people present in it.
    pub limit: u32,
    /// Who counts them: where counters do, a gate only looks.
    pub source: Source,
    /// How many enter or leave it together.
    pub people: u32,
}

/// A place has no room now for those who would enter it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place} has no room for {people} more: {inside} people inside of {limit}")]
pub struct Full {
    /// Which place.
    pub place: Place,
    /// How many would enter together.
    pub people: u32,
    /// People inside by the count.
    pub inside: u32,
    /// Most people present.
    pub limit: u32,
}

/// Why a venue cannot be divided like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PremisesError {
    /// There are too many areas.
    #[error("{count} areas are more than {AREAS_MAX}")]
    TooManyAreas {
        /// How many were given.
        count: usize,
    },
    /// Two areas bear one id, or a product names one twice.
    #[error("the area `{id}` stands there twice")]
    RepeatedArea {
        /// Where.
        field: String,
        /// Its id.
        id: AreaId,
    },
    /// An area's name lacks a language.
    #[error("the words are missing in Italian or in English")]
    Wordless {
        /// Where.
        field: String,
    },
    /// A limit lets nobody in, or more than any place holds.
    #[error("a limit of {limit} people is not one of 1 to {LIMIT_MAX}")]
    Limit {
        /// Where.
        field: String,
        /// What was asked for.
        limit: u32,
    },
    /// Counters count for no limit, or there are none of them, too many, or one twice.
    #[error(
        "{count} counters cannot count here: a place with a limit has 1 to {COUNTERS_MAX}, each once"
    )]
    Counters {
        /// Where.
        field: String,
        /// How many were named.
        count: usize,
    },
    /// A product opens an area that the venue does not have.
    #[error("the venue has no area `{id}`")]
    UnknownArea {
        /// Where.
        field: String,
        /// What was named.
        id: AreaId,
    },
    /// An area is gone that a product opens.
    #[error("the product `{product}` opens the area `{id}`, which is not among the areas")]
    AreaInUse {
        /// The product.
        product: ProductId,
        /// The area.
        id: AreaId,
    },
}

impl PremisesError {
    /// Where the fault is, as written in JSON.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::TooManyAreas { .. } | Self::AreaInUse { .. } => "areas".to_owned(),
            Self::RepeatedArea { field, .. }
            | Self::Wordless { field }
            | Self::Limit { field, .. }
            | Self::Counters { field, .. }
            | Self::UnknownArea { field, .. } => field.clone(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::TooManyAreas { .. } => "write at most 20 areas",
            Self::RepeatedArea { .. } => "name each area once",
            Self::Wordless { .. } => "write it as {\"it\": …, \"en\": …}, neither empty",
            Self::Limit { .. } => "write 1 to 100000 people, or null where there is no limit",
            Self::Counters { .. } => {
                "name each counter at the doors of a place with a limit once, or write {\"source\": \"GATES\"}"
            }
            Self::UnknownArea { .. } => {
                "name areas of `GET /v1/venues/{venue_id}/premises`, or none for the whole venue"
            }
            Self::AreaInUse { .. } => "keep the area, or take it out of the product first",
        }
    }
}

impl Premises {
    /// Checks that the venue can be divided like this.
    ///
    /// # Errors
    /// The first part at fault.
    pub fn check(&self) -> Result<(), PremisesError> {
        check_limit(self.limit, || "limit".to_owned())?;
        check_counters(self.limit, &self.counted_by, || "counted_by".to_owned())?;
        if self.areas.len() > AREAS_MAX {
            return Err(PremisesError::TooManyAreas { count: self.areas.len() });
        }
        let mut ids = BTreeSet::new();
        for (index, area) in self.areas.iter().enumerate() {
            let field = |name: &str| format!("areas[{index}].{name}");
            if !ids.insert(&area.id) {
                return Err(PremisesError::RepeatedArea {
                    field: field("id"),
                    id: area.id.clone(),
                });
            }
            if !area.name.is_complete() {
                return Err(PremisesError::Wordless { field: field("name") });
            }
            check_limit(area.limit, || field("limit"))?;
            check_counters(area.limit, &area.counted_by, || field("counted_by"))?;
        }
        Ok(())
    }

    /// Checks that a product opens areas that are there, each once.
    ///
    /// # Errors
    /// The first area at fault.
    pub fn check_product(&self, product: &Product) -> Result<(), PremisesError> {
        let opens = &product.admission.areas;
        for (index, id) in opens.iter().enumerate() {
            let (field, id) = (format!("admission.areas[{index}]"), id.clone());
            if opens[..index].contains(&id) {
                return Err(PremisesError::RepeatedArea { field, id });
            }
            if self.area(&id).is_none() {
                return Err(PremisesError::UnknownArea { field, id });
            }
        }
        Ok(())
    }

    /// Checks that no product opens an area that is not there.
    ///
    /// # Errors
    /// The first area that is missed.
    pub fn check_products(&self, products: &[Product]) -> Result<(), PremisesError> {
        for product in products {
            if let Some(id) = product.admission.areas.iter().find(|id| self.area(id).is_none()) {
                let product = product.id.clone();
                return Err(PremisesError::AreaInUse { product, id: id.clone() });
            }
        }
        Ok(())
    }

    /// The area of that id.
    #[must_use]
    pub fn area(&self, id: &AreaId) -> Option<&Area> {
        self.areas.iter().find(|area| &area.id == id)
    }

    /// The places with a limit that people fill who enter by gates of these areas, one for each of
    /// them: the venue, and the area where the gate names one.
    #[must_use]
    pub fn filled<'a>(&self, areas: impl IntoIterator<Item = Option<&'a AreaId>>) -> Vec<Limited> {
        let mut filled: Vec<Limited> = Vec::new();
        let mut fill = |place: Place, limit: Option<u32>, by: &CountedBy| {
            let Some(limit) = limit else { return };
            match filled.iter_mut().find(|known| known.place == place) {
                Some(known) => known.people += 1,
                None => filled.push(Limited { place, limit, source: by.source(), people: 1 }),
            }
        };
        for area in areas {
            fill(Place::Venue, self.limit, &self.counted_by);
            if let Some(area) = area.and_then(|id| self.area(id)) {
                fill(Place::Area(area.id.clone()), area.limit, &area.counted_by);
            }
        }
        filled
    }

    /// The places with a limit whose people a device counts.
    pub fn counted_at<'a>(&'a self, device: &'a DeviceName) -> impl Iterator<Item = Place> + 'a {
        let venue = (Place::Venue, self.limit, &self.counted_by);
        let areas = self.areas.iter();
        let areas = areas.map(|area| (Place::Area(area.id.clone()), area.limit, &area.counted_by));
        std::iter::once(venue)
            .chain(areas)
            .filter(|(_, limit, by)| limit.is_some() && by.names(device))
            .map(|(place, ..)| place)
    }

    /// The limit of a place, where it has one.
    #[must_use]
    pub fn limit_of(&self, place: &Place) -> Option<u32> {
        match place {
            Place::Venue => self.limit,
            Place::Area(area) => self.area(area)?.limit,
        }
    }
}

fn check_limit(limit: Option<u32>, field: impl FnOnce() -> String) -> Result<(), PremisesError> {
    match limit {
        Some(limit) if !(1..=LIMIT_MAX).contains(&limit) => {
            Err(PremisesError::Limit { field: field(), limit })
        }
        _ => Ok(()),
    }
}

fn check_counters(
    limit: Option<u32>,
    by: &CountedBy,
    field: impl FnOnce() -> String,
) -> Result<(), PremisesError> {
    let CountedBy::Counters { devices } = by else { return Ok(()) };
    let count = devices.len();
    let are_distinct = devices.iter().collect::<BTreeSet<_>>().len() == count;
    if limit.is_some() && (1..=COUNTERS_MAX).contains(&count) && are_distinct {
        return Ok(());
    }
    Err(PremisesError::Counters { field: field(), count })
}

/// How many are inside after a counter saw so many more go in than out, less where it is negative: never
/// fewer than nobody. Counters miss people, so the count goes on from nobody rather than from a debt that
/// would let too many in.
#[must_use]
pub fn moved(inside: u32, by: i64) -> u32 {
    let after = i64::from(inside).saturating_add(by);
    u32::try_from(after.max(0)).unwrap_or(u32::MAX)
}

/// What stands before the id of an area.
const AREA: &str = "AREA#";

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Venue => f.write_str("the venue"),
            Self::Area(area) => write!(f, "the area `{area}`"),
        }
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        match place {
            Place::Venue => "VENUE".to_owned(),
            Place::Area(area) => format!("{AREA}{area}"),
        }
    }
}

impl FromStr for Place {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.strip_prefix(AREA) {
            Some(area) => Ok(Self::Area(area.parse()?)),
            None if text == "VENUE" => Ok(Self::Venue),
            None => Err(InvalidId::Word { kind: "place", value: text.chars().take(80).collect() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tariff::Cents;
    use crate::venue::{VenueKind, shipped_product};

    fn area(id: &str, limit: Option<u32>) -> Area {
        let (id, name) = (AreaId::new(id).unwrap(), Text::new("Giardino", "Garden"));
        Area { id, name, limit, counted_by: CountedBy::Gates }
    }

    fn counters(devices: &[&str]) -> CountedBy {
        let devices = devices.iter().map(|name| DeviceName::new(*name).unwrap()).collect();
        CountedBy::Counters { devices }
    }

    fn garden_and_tower() -> Premises {
        let areas = vec![area("garden", None), area("tower", Some(15))];
        Premises { limit: Some(200), areas, ..Premises::default() }
    }

    #[test]
    fn who_climbs_the_tower_fills_the_tower_and_the_venue() {
        let premises = garden_and_tower();
        let filled = |areas: &[Option<&str>]| -> Vec<(String, u32, u32)> {
            let areas: Vec<_> =
                areas.iter().map(|area| area.map(|id| AreaId::new(id).unwrap())).collect();
            let filled = premises.filled(areas.iter().map(Option::as_ref));
            filled.into_iter().map(|one| (String::from(one.place), one.limit, one.people)).collect()
        };
        let venue = |people| ("VENUE".to_owned(), 200, people);
        assert_eq!(filled(&[None]), [venue(1)]);
        assert_eq!(filled(&[Some("garden")]), [venue(1)], "the garden has no limit");
        let tower = |people| ("AREA#tower".to_owned(), 15, people);
        assert_eq!(filled(&[Some("tower")]), [venue(1), tower(1)]);
        assert_eq!(filled(&[Some("tower"), None, Some("tower")]), [venue(3), tower(2)]);
        assert!(Premises::default().filled([None]).is_empty());
    }

    #[test]
    fn premises_that_cannot_be_are_refused_where_they_are_wrong() {
        let refused = |premises: Premises| premises.check().unwrap_err().field();
        let with = |areas| Premises { areas, ..Premises::default() };
        assert_eq!(garden_and_tower().check(), Ok(()));
        assert_eq!(refused(Premises { limit: Some(0), ..Premises::default() }), "limit");
        assert_eq!(refused(with(vec![area("a", None), area("a", None)])), "areas[1].id");
        assert_eq!(refused(with(vec![area("a", Some(LIMIT_MAX + 1))])), "areas[0].limit");
        let nameless = Area { name: Text::new("Torre", " "), ..area("a", None) };
        assert_eq!(refused(with(vec![nameless])), "areas[0].name");
        assert_eq!(refused(with(vec![area("a", None); 21])), "areas");
    }

    #[test]
    fn a_counter_counts_for_the_places_that_name_it_and_have_a_limit() {
        let mut premises = garden_and_tower();
        premises.areas[1].counted_by = counters(&["tower-stairs"]);
        let counted = |premises: &Premises, device: &str| -> Vec<Place> {
            premises.counted_at(&DeviceName::new(device).unwrap()).collect()
        };
        let tower = Place::Area(AreaId::new("tower").unwrap());
        assert_eq!(premises.check(), Ok(()));
        assert_eq!(counted(&premises, "tower-stairs"), [tower]);
        assert!(counted(&premises, "main-door").is_empty());
        let source = |area| -> Vec<Source> {
            let area = AreaId::new(area).unwrap();
            premises.filled([Some(&area)]).iter().map(|one| one.source).collect()
        };
        assert_eq!(source("tower"), [Source::Gates, Source::Counters]);
        let written = serde_json::to_value(&premises).unwrap();
        assert_eq!(written["areas"][1]["counted_by"]["source"], "COUNTERS");
        assert!(
            written.get("counted_by").is_none(),
            "as venues were stored before counters counted"
        );
        assert_eq!(serde_json::from_value::<Premises>(written).unwrap(), premises);
        premises.areas[1].limit = None;
        assert!(counted(&premises, "tower-stairs").is_empty());
    }

    #[test]
    fn counters_that_count_for_nothing_or_twice_are_refused_where_they_stand() {
        let refused = |by: CountedBy, limit| {
            let mut premises = garden_and_tower();
            (premises.areas[1].counted_by, premises.areas[1].limit) = (by, limit);
            premises.check().unwrap_err().field()
        };
        for (devices, limit) in
            [(vec![], Some(15)), (vec!["door-1", "door-1"], Some(15)), (vec!["door-1"], None)]
        {
            assert_eq!(refused(counters(&devices), limit), "areas[1].counted_by");
        }
        let whole = Premises { counted_by: counters(&["door-1"]), ..Premises::default() };
        assert_eq!(whole.check().unwrap_err().field(), "counted_by");
    }

    #[test]
    fn whoever_a_counter_missed_on_the_way_in_leaves_no_debt_behind() {
        assert_eq!(moved(2, 5), 7);
        assert_eq!(moved(7, -7), 0);
        assert_eq!(moved(moved(2, -5), 3), 3);
        assert_eq!(moved(u32::MAX, 1), u32::MAX);
    }

    #[test]
    fn a_product_opens_only_areas_that_are_there_and_they_stay_while_it_does() {
        let mut product = shipped_product(VenueKind::Museum, Cents(500), None).unwrap();
        let tower = AreaId::new("tower").unwrap();
        product.admission.areas = vec![tower.clone()];
        assert_eq!(garden_and_tower().check_product(&product), Ok(()));
        let missing = Premises::default().check_product(&product).unwrap_err();
        assert_eq!(missing.field(), "admission.areas[0]");
        let in_use = Premises::default().check_products(&[product.clone()]);
        assert!(matches!(in_use, Err(PremisesError::AreaInUse { .. })));
        product.admission.areas.push(tower);
        let twice = garden_and_tower().check_product(&product).unwrap_err();
        assert_eq!(twice.field(), "admission.areas[1]");
    }

    #[test]
    fn a_place_reads_back() {
        for place in [Place::Venue, Place::Area(AreaId::new("tower").unwrap())] {
            assert_eq!(String::from(place.clone()).parse(), Ok(place));
        }
        assert!("GARDEN".parse::<Place>().is_err());
    }
}
