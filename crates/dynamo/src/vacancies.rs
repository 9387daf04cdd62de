//! The places left of a product, read for some days at once: what each touched slot gave, and what is
//! occupied of the resources that the product needs. It is no item of its own, and promises nothing: whoever
//! holds places asks the slot itself.

use std::collections::HashMap;

use atrio_domain::booking::Channel;
use atrio_domain::calendar::SlotTimes;
use atrio_domain::id::{ResellerId, SlotId};
use atrio_domain::offer::{Stranded, stranded};
use atrio_domain::quota::{Counts, Pools};
use atrio_domain::resource::{Need, Occupied, Resource, ResourceRef};
use atrio_domain::slot::Places;
use atrio_domain::venue::{Product, Venue};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::slot::StoredSlot;
use crate::{Error, Store};

/// What is left of a product in the slots of some days.
#[derive(Debug)]
pub struct Vacancies<'v> {
    product: &'v Product,
    channel: Channel,
    /// Which reseller asks, for its allotments.
    reseller: Option<&'v ResellerId>,
    touched: HashMap<SlotId, StoredSlot>,
    needed: Vec<Needed<'v>>,
}

/// What a product needs of a resource, and what of it is occupied.
#[derive(Debug)]
struct Needed<'v> {
    need: &'v Need,
    resource: &'v Resource,
    occupied: Occupied,
}

impl Needed<'_> {
    /// The largest party that the resource has room for in a slot.
    fn largest_party(&self, slot: &SlotTimes) -> u32 {
        let all = self.resource.quantity_on(slot.id.day());
        self.need.largest_party(all.saturating_sub(self.occupied.peak(slot)))
    }
}

impl<'v> Vacancies<'v> {
    /// The same as a reseller finds it, with its allotments.
    #[must_use]
    pub fn for_reseller(self, reseller: &'v ResellerId) -> Self {
        Self { reseller: Some(reseller), ..self }
    }

    /// The places of a slot of these days, as its channel sees them.
    #[must_use]
    pub fn places(&self, slot: &SlotTimes, now: Timestamp) -> Places {
        let untouched = Counts::default();
        let counts = self.touched.get(&slot.id).map_or(&untouched, |stored| &stored.counts);
        let pools = Pools::of(self.product, slot.start);
        let pools = match self.reseller {
            Some(reseller) => pools.for_reseller(reseller),
            None => pools,
        };
        let left = self
            .needed
            .iter()
            .map(|needed| needed.largest_party(slot))
            .fold(pools.left(counts, self.channel, now), u32::min);
        let capacity = self.product.capacity;
        Places { capacity, taken: capacity.saturating_sub(left) }
    }
}

impl Store {
    /// Places taken from one day to another whose slot the venue, as it is given, does not offer.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn stranded(
        &self,
        venue: &Venue,
        from: Date,
        to: Date,
    ) -> Result<Vec<Stranded>, Error> {
        let mut left = Vec::new();
        for product in &venue.products {
            let touched = self.slots(&venue.id, &product.id, from, to).await?;
            let taken = touched.into_iter().map(|(slot, stored)| (slot, stored.counts.taken));
            left.extend(stranded(venue, product, taken));
        }
        Ok(left)
    }

    /// What a channel finds left of a product from one day to another, both included.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn vacancies<'v>(
        &self,
        venue: &'v Venue,
        product: &'v Product,
        channel: Channel,
        (from, to): (Date, Date),
    ) -> Result<Vacancies<'v>, Error> {
        let touched = self.slots(&venue.id, &product.id, from, to).await?;
        let mut needed = Vec::with_capacity(product.needs.len());
        for need in &product.needs {
            let Some(resource) = venue.resource(&need.resource_id) else { continue };
            let named = ResourceRef::Resource(resource.id.clone());
            let occupied = self.occupied(&venue.id, &named, from, to).await?;
            needed.push(Needed { need, resource, occupied });
        }
        Ok(Vacancies { product, channel, reseller: None, touched, needed })
    }
}
