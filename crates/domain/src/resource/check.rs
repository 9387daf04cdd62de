//! The checks that a venue's resources, and what its products need of them, pass before anyone can
//! book by them.

use std::collections::BTreeSet;

use super::{Need, Resource};
use crate::id::ResourceId;
use crate::offer::CAPACITY_MAX;
use crate::venue::{Product, Venue};

/// Most resources of one venue.
const RESOURCES_MAX: usize = 50;

/// Most resources that a visit needs. Giving a booking up is one transaction of 100 writes, of which
/// 90 may be tickets; each need takes one, or two where its slot passes midnight UTC.
pub const NEEDS_MAX: usize = 3;

/// Most pieces in one booking.
pub const PIECES_MAX: u32 = 5;

/// Longest slot whose quarters are counted: the expression that counts them is bounded.
const COUNTED_MINUTES_MAX: u16 = 720;

/// Most people who consult pieces in one booking, for the same reason as [`NEEDS_MAX`].
const READERS_MAX: u32 = 10;

/// Why a venue's resources cannot be booked by.
#[expect(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// More than a venue may have.
    #[error("{count} resources are more than {RESOURCES_MAX}")]
    TooMany { count: usize },
    /// Two resources bear one id.
    #[error("two resources are called `{id}`")]
    Repeated { id: ResourceId, index: usize },
    /// There are none, or too many.
    #[error("{quantity} of a resource are not 1 to {CAPACITY_MAX}")]
    Quantity { quantity: u32, field: String },
    /// Words are missing in a language.
    #[error("the words are missing in Italian or in English")]
    Wordless { field: String },
    /// A closure ends before it begins.
    #[error("the closure ends before it begins")]
    ClosureOrder { field: String },
    /// A product still needs it.
    #[error("product `{product}` needs the resource `{id}`, which is not there")]
    Needed { product: String, id: ResourceId },
    /// The venue has no such resource.
    #[error("the venue has no resource `{id}`")]
    Unknown { id: ResourceId, index: usize },
    /// A product needs too many kinds.
    #[error("{count} needs are more than {NEEDS_MAX}")]
    TooManyNeeds { count: usize },
    /// A need is named twice.
    #[error("the need of `{id}` is named twice")]
    RepeatedNeed { id: ResourceId, index: usize },
    /// More pieces than a booking carries.
    #[error("{pieces_max} pieces in a booking are more than {PIECES_MAX}")]
    Pieces { pieces_max: u32 },
    /// Too many people for pieces.
    #[error("at most {READERS_MAX} people consult pieces in one booking, not {max_units}")]
    Readers { max_units: u32 },
    /// The slot is too long to be counted.
    #[error("a slot of {minutes} minutes is longer than {COUNTED_MINUTES_MAX}")]
    TooLong { minutes: u16 },
}

impl ResourceError {
    /// Where the offer is at fault, as written in JSON.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::TooMany { .. } | Self::Needed { .. } => "resources".to_owned(),
            Self::Repeated { index, .. } => format!("resources[{index}].id"),
            Self::Quantity { field, .. }
            | Self::Wordless { field }
            | Self::ClosureOrder { field } => field.clone(),
            Self::Unknown { index, .. } | Self::RepeatedNeed { index, .. } => {
                format!("needs[{index}].resource_id")
            }
            Self::TooManyNeeds { .. } => "needs".to_owned(),
            Self::Pieces { .. } => "pieces_max".to_owned(),
            Self::Readers { .. } => "max_units".to_owned(),
            Self::TooLong { .. } => "slot_minutes".to_owned(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::TooMany { .. } => "write at most 50 resources",
            Self::Repeated { .. } => "give each resource an id of its own",
            Self::Quantity { .. } => "write 1 to 100000",
            Self::Wordless { .. } => "write it as {\"it\": …, \"en\": …}, neither empty",
            Self::ClosureOrder { .. } => "write the last closed day, the first one or later",
            Self::Needed { .. } => "keep the resource, or take the need out of the product first",
            Self::Unknown { .. } => "name one of the venue's resources, or write it there first",
            Self::TooManyNeeds { .. } => "write at most 3 needs",
            Self::RepeatedNeed { .. } => "name each resource once",
            Self::Pieces { .. } => "write 0 to 5 pieces",
            Self::Readers { .. } => "write 1 to 10 places, or no pieces",
            Self::TooLong { .. } => "write at most 720 minutes, or no needs and no pieces",
        }
    }
}

/// Checks a venue's resources by themselves and against what its products need.
///
/// # Errors
/// The first part at fault.
pub fn check_resources(venue: &Venue) -> Result<(), ResourceError> {
    let resources = &venue.resources;
    if resources.len() > RESOURCES_MAX {
        return Err(ResourceError::TooMany { count: resources.len() });
    }
    let mut ids = BTreeSet::new();
    for (index, resource) in resources.iter().enumerate() {
        if !ids.insert(&resource.id) {
            return Err(ResourceError::Repeated { id: resource.id.clone(), index });
        }
        check_resource(index, resource)?;
    }
    for product in &venue.products {
        if let Some(need) = product.needs.iter().find(|need| !ids.contains(&need.resource_id)) {
            let (product, id) = (product.id.to_string(), need.resource_id.clone());
            return Err(ResourceError::Needed { product, id });
        }
    }
    Ok(())
}

fn check_resource(index: usize, resource: &Resource) -> Result<(), ResourceError> {
    let at = |part: &str| format!("resources[{index}].{part}");
    if !resource.name.is_complete() {
        return Err(ResourceError::Wordless { field: at("name") });
    }
    if !(1..=CAPACITY_MAX).contains(&resource.quantity) {
        return Err(ResourceError::Quantity { quantity: resource.quantity, field: at("quantity") });
    }
    for (number, closure) in resource.closures.iter().enumerate() {
        if closure.to < closure.from {
            return Err(ResourceError::ClosureOrder {
                field: at(&format!("closures[{number}].to")),
            });
        }
        if !closure.reason.is_complete() {
            return Err(ResourceError::Wordless {
                field: at(&format!("closures[{number}].reason")),
            });
        }
    }
    Ok(())
}

impl Product {
    /// Checks what each visit occupies.
    pub(crate) fn check_needs(&self) -> Result<(), ResourceError> {
        if self.needs.len() > NEEDS_MAX {
            return Err(ResourceError::TooManyNeeds { count: self.needs.len() });
        }
        let mut named = BTreeSet::new();
        for (index, Need { resource_id, quantity, .. }) in self.needs.iter().enumerate() {
            if !named.insert(resource_id) {
                return Err(ResourceError::RepeatedNeed { id: resource_id.clone(), index });
            }
            if !(1..=CAPACITY_MAX).contains(quantity) {
                let field = format!("needs[{index}].quantity");
                return Err(ResourceError::Quantity { quantity: *quantity, field });
            }
        }
        if self.pieces_max > PIECES_MAX {
            return Err(ResourceError::Pieces { pieces_max: self.pieces_max });
        }
        if self.pieces_max > 0 && self.max_units > READERS_MAX {
            return Err(ResourceError::Readers { max_units: self.max_units });
        }
        let is_counted = self.pieces_max > 0 || !self.needs.is_empty();
        if is_counted && self.slot_minutes > COUNTED_MINUTES_MAX {
            return Err(ResourceError::TooLong { minutes: self.slot_minutes });
        }
        Ok(())
    }
}

/// Checks that the venue has what the product needs.
///
/// # Errors
/// The first need of something it has not.
pub fn check_needs_of(product: &Product, venue: &Venue) -> Result<(), ResourceError> {
    for (index, need) in product.needs.iter().enumerate() {
        if venue.resource(&need.resource_id).is_none() {
            return Err(ResourceError::Unknown { id: need.resource_id.clone(), index });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hold::tests::venue as museum;
    use crate::resource::Per;
    use crate::text::Text;

    fn resource(id: &str) -> Resource {
        let name = Text::new("Sala", "Room");
        Resource { id: ResourceId::new(id).unwrap(), name, quantity: 5, closures: Vec::new() }
    }

    fn need(id: &str) -> Need {
        Need { resource_id: ResourceId::new(id).unwrap(), quantity: 1, per: Per::Place }
    }

    #[test]
    fn a_resource_that_is_needed_cannot_be_taken_away() {
        let mut venue = museum();
        venue.resources = vec![resource("site")];
        venue.products[0].needs = vec![need("site")];
        assert_eq!(check_resources(&venue), Ok(()));
        assert_eq!(check_needs_of(&venue.products[0], &venue), Ok(()));
        venue.resources.clear();
        assert_eq!(check_resources(&venue).unwrap_err().field(), "resources");
        let unknown = check_needs_of(&venue.products[0], &venue).unwrap_err();
        assert_eq!(unknown.field(), "needs[0].resource_id");
    }

    #[test]
    fn what_cannot_be_counted_is_refused_where_it_is_wrong() {
        type Spoil = fn(&mut Product);
        let cases: [(Spoil, &str); 6] = [
            (|product| product.needs = ["a", "b", "c", "d"].map(need).to_vec(), "needs"),
            (|product| product.needs = ["a", "a"].map(need).to_vec(), "needs[1].resource_id"),
            (|product| product.needs[0].quantity = 0, "needs[0].quantity"),
            (|product| product.pieces_max = 6, "pieces_max"),
            (|product| product.max_units = 11, "max_units"),
            (|product| product.slot_minutes = 721, "slot_minutes"),
        ];
        for (spoil, field) in cases {
            let mut product = museum().products.remove(0);
            product.needs = vec![need("site")];
            product.pieces_max = 2;
            product.max_units = 10;
            assert_eq!(product.check_needs(), Ok(()));
            spoil(&mut product);
            assert_eq!(product.check_needs().unwrap_err().field(), field);
        }
        let mut venue = museum();
        venue.resources = vec![resource("a"), resource("a")];
        assert_eq!(check_resources(&venue).unwrap_err().field(), "resources[1].id");
        venue.resources = vec![Resource { quantity: 0, ..resource("a") }];
        assert_eq!(check_resources(&venue).unwrap_err().field(), "resources[0].quantity");
    }
}
