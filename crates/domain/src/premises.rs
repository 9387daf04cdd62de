//! Where in a venue people may be: its areas, each with a gate of its own, and how many people may be
//! present in the venue and in each area. A place without a limit is not counted.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{AreaId, InvalidId, ProductId};
use crate::text::Text;
use crate::venue::Product;

/// Most people that a limit may let in at once.
pub const LIMIT_MAX: u32 = 100_000;

/// Most areas of a venue.
pub const AREAS_MAX: usize = 20;

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
}

/// Where people present are counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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
    /// People inside by their tickets.
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
        let mut fill = |place: Place, limit: Option<u32>| {
            let Some(limit) = limit else { return };
            match filled.iter_mut().find(|known| known.place == place) {
                Some(known) => known.people += 1,
                None => filled.push(Limited { place, limit, people: 1 }),
            }
        };
        for area in areas {
            fill(Place::Venue, self.limit);
            if let Some(area) = area.and_then(|id| self.area(id)) {
                fill(Place::Area(area.id.clone()), area.limit);
            }
        }
        filled
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
        Area { id: AreaId::new(id).unwrap(), name: Text::new("Giardino", "Garden"), limit }
    }

    fn garden_and_tower() -> Premises {
        Premises { limit: Some(200), areas: vec![area("garden", None), area("tower", Some(15))] }
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
        let with = |areas| Premises { limit: None, areas };
        assert_eq!(garden_and_tower().check(), Ok(()));
        assert_eq!(refused(Premises { limit: Some(0), ..Premises::default() }), "limit");
        assert_eq!(refused(with(vec![area("a", None), area("a", None)])), "areas[1].id");
        assert_eq!(refused(with(vec![area("a", Some(LIMIT_MAX + 1))])), "areas[0].limit");
        let nameless = Area { name: Text::new("Torre", " "), ..area("a", None) };
        assert_eq!(refused(with(vec![nameless])), "areas[0].name");
        assert_eq!(refused(with(vec![area("a", None); 21])), "areas");
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
