//! Venue items: `VENUE` / venue id. Facts as attributes, hours and products as JSON. What staff
//! change is written only over the version they saw, together with its record.

mod previous;

use atrio_domain::id::VenueId;
use atrio_domain::premises::Premises;
use atrio_domain::supplier::SuppliedBy;
use atrio_domain::tariff::Cents;
use atrio_domain::template::Follows;
use atrio_domain::venue::{Product, Venue, VenueKind};
use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};

use crate::attributes::{Attributes, json, number, text};
use crate::audit::AuditRecord;
use crate::transaction::{Condition, Written};
use crate::venue::previous::PreviousProduct;
use crate::{Error, Item, PK, SK, Store, key};

pub(crate) const VENUES: &str = "VENUE";

/// Writes in one batch, DynamoDB's own bound.
const BATCH: usize = 25;

/// A venue with the version it was read at.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredVenue {
    /// The venue.
    pub venue: Venue,
    /// Counts its changes; 1 for a venue nobody changed.
    pub version: u64,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VenueChanged {
    /// It is stored, with its record.
    Done,
    /// Someone else changed the venue meanwhile: read it again.
    Stale,
}

fn item(venue: &Venue, version: u64) -> Result<Item, Error> {
    let mut item = key(VENUES, venue.id.as_str());
    let mut set = |name: &str, value: AttributeValue| item.insert(name.to_owned(), value);
    set("version", number(version));
    set("name", text(&venue.name));
    set("kind", json("kind", &venue.kind)?);
    set("municipality", text(&venue.municipality));
    set("region", text(&venue.region));
    set("latitude", number(venue.latitude));
    set("longitude", number(venue.longitude));
    set("full_price_cents", number(venue.full_price_cents.0));
    set("hours", json("hours", &venue.hours)?);
    set("opening", json("opening", &venue.opening)?);
    if !venue.resources.is_empty() {
        set("resources", json("resources", &venue.resources)?);
    }
    set("products", json("products", &venue.products)?);
    if venue.premises != Premises::default() {
        set("premises", json("premises", &venue.premises)?);
    }
    if !venue.campaigns.is_empty() {
        set("campaigns", json("campaigns", &venue.campaigns)?);
    }
    if !venue.honoured_passes.is_empty() {
        set("honoured_passes", json("honoured_passes", &venue.honoured_passes)?);
    }
    if venue.follows != Follows::Undecided {
        set("follows", json("follows", &venue.follows)?);
    }
    if venue.supplied_by != SuppliedBy::default() {
        set("supplied_by", json("supplied_by", &venue.supplied_by)?);
    }
    if let Some(category) = &venue.category {
        set("category", text(category));
    }
    if let Some(visitors) = venue.annual_visitors {
        set("annual_visitors", number(visitors));
    }
    if let Some(website) = &venue.website {
        set("website", text(website));
    }
    Ok(item)
}

fn venue(item: &Item) -> Result<Venue, Error> {
    let read = Attributes::of(item);
    Ok(Venue {
        id: read.parsed(SK)?,
        name: read.text("name")?.to_owned(),
        kind: read.json::<VenueKind>("kind")?,
        category: read.optional_text("category")?.map(ToOwned::to_owned),
        municipality: read.text("municipality")?.to_owned(),
        region: read.text("region")?.to_owned(),
        latitude: read.number("latitude")?,
        longitude: read.number("longitude")?,
        full_price_cents: Cents(read.number("full_price_cents")?),
        annual_visitors: read.optional_number("annual_visitors")?,
        website: read.optional_text("website")?.map(ToOwned::to_owned),
        hours: read.json("hours")?,
        opening: read.json("opening")?,
        resources: read.json_or_usual("resources")?,
        premises: read.json_or_usual("premises")?,
        products: products(&read)?,
        campaigns: read.json_or_usual("campaigns")?,
        honoured_passes: read.json_or_usual("honoured_passes")?,
        follows: read.json_or_usual("follows")?,
        supplied_by: read.json_or_usual("supplied_by")?,
    })
}

/// Whether an item is a venue.
pub(crate) fn is_venue(item: &Item) -> bool {
    item.get(PK).and_then(|value| value.as_s().ok()).is_some_and(|pk| pk == VENUES)
}

/// The limits of a venue, and which venue it is.
pub(crate) fn premises(item: &Item) -> Result<(VenueId, Premises), Error> {
    let read = Attributes::of(item);
    Ok((read.parsed(SK)?, read.json_or_usual("premises")?))
}

impl TryFrom<&Item> for StoredVenue {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let version = Attributes::of(item).number("version")?;
        Ok(Self { venue: venue(item)?, version })
    }
}

/// What is no product in either shape is at fault in the present one.
fn products(read: &Attributes<'_>) -> Result<Vec<Product>, Error> {
    read.json("products").or_else(|error| {
        let previous = read.json::<Vec<PreviousProduct>>("products").map_err(|_| error)?;
        Ok(previous.into_iter().map(Product::from).collect())
    })
}

impl Store {
    /// Writes venues that nobody changed yet, each replacing what stood under its id.
    ///
    /// # Errors
    /// The service's own.
    pub async fn put_venues(&self, venues: &[Venue]) -> Result<(), Error> {
        for batch in venues.chunks(BATCH) {
            let mut pending = Vec::with_capacity(batch.len());
            for venue in batch {
                let put = PutRequest::builder()
                    .set_item(Some(item(venue, 1)?))
                    .build()
                    .map_err(Error::service("BatchWriteItem"))?;
                pending.push(WriteRequest::builder().put_request(put).build());
            }
            while !pending.is_empty() {
                let answer = self
                    .client
                    .batch_write_item()
                    .request_items(&self.table, pending)
                    .send()
                    .await
                    .map_err(Error::service("BatchWriteItem"))?;
                pending = answer
                    .unprocessed_items
                    .and_then(|mut tables| tables.remove(&self.table))
                    .unwrap_or_default();
            }
        }
        Ok(())
    }

    /// One venue.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn venue(&self, id: &VenueId) -> Result<Option<Venue>, Error> {
        self.get(key(VENUES, id.as_str())).await?.as_ref().map(venue).transpose()
    }

    /// One venue with its version, for those who change it.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn stored_venue(&self, id: &VenueId) -> Result<Option<StoredVenue>, Error> {
        self.get(key(VENUES, id.as_str())).await?.as_ref().map(StoredVenue::try_from).transpose()
    }

    /// Writes the next version of a venue and the record of the change, or neither.
    ///
    /// # Errors
    /// The service's own.
    pub async fn change_venue(
        &self,
        from_version: u64,
        to: &Venue,
        record: &AuditRecord,
    ) -> Result<VenueChanged, Error> {
        let unchanged =
            Condition::when("version = :version").value(":version", number(from_version));
        let writes = vec![
            self.put(item(to, from_version + 1)?, unchanged)?,
            self.put(crate::audit::item(record)?, Condition::absent())?,
        ];
        Ok(match self.transact(writes).await? {
            Written::All => VenueChanged::Done,
            Written::Refused(_) => VenueChanged::Stale,
        })
    }

    /// All venues, by id.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn venues(&self) -> Result<Vec<Venue>, Error> {
        Ok(self.stored_venues().await?.into_iter().map(|stored| stored.venue).collect())
    }

    /// All venues with their versions, by id.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn stored_venues(&self) -> Result<Vec<StoredVenue>, Error> {
        let mut venues = Vec::new();
        let mut from = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("#pk = :pk")
                .expression_attribute_names("#pk", PK)
                .expression_attribute_values(":pk", text(VENUES))
                .set_exclusive_start_key(from)
                .send()
                .await
                .map_err(Error::service("Query"))?;
            for item in page.items() {
                venues.push(StoredVenue::try_from(item)?);
            }
            from = page.last_evaluated_key;
            if from.is_none() {
                return Ok(venues);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use atrio_domain::tariff::price;
    use atrio_domain::venue::{FiscalClass, shipped_product};
    use jiff::civil::date;

    use super::*;

    fn read(products: &str) -> Result<Vec<Product>, Error> {
        let mut item = key(VENUES, "20240");
        item.insert("products".to_owned(), text(products));
        super::products(&Attributes::of(&item))
    }

    #[test]
    fn a_product_stored_before_tariffs_were_dated_is_sold_at_the_same_price() {
        let stored = r#"[{
            "id": "admission", "name": {"it": "Ingresso", "en": "Admission"},
            "availability_type": "START_TIME", "slot_minutes": 60, "capacity": 30, "max_units": 10,
            "free_days": ["first-sunday"],
            "options": [{"id": "standard", "name": {"it": "Standard", "en": "Standard"}, "units": [
                {"id": "adult", "kind": "ADULT", "name": {"it": "Intero", "en": "Adult"},
                 "price_cents": 1000, "reason": {"it": "Biglietto intero", "en": "Full price"},
                 "document": null, "min_age": 18, "max_age": null, "accompanied_by": []},
                {"id": "child", "kind": "CHILD", "name": {"it": "Bambini", "en": "Children"},
                 "price_cents": 0, "reason": {"it": "Gratuito", "en": "Free"},
                 "document": {"it": "Documento", "en": "Document"}, "min_age": null, "max_age": 11,
                 "accompanied_by": ["adult"]}
            ]}]
        }]"#;
        let products = read(stored).unwrap();
        let [product] = products.as_slice() else { panic!("{products:?}") };
        assert_eq!(product.check(), Ok(()), "the next change need not mend it");
        assert_eq!(product.fiscal_class, FiscalClass::Undecided);
        let day = date(2026, 11, 24);
        let units = &product.options[0].tariff_on(day).unwrap().units;
        let cents = |day| -> Vec<i64> {
            units.iter().map(|unit| price(product, unit, day).cents.0).collect()
        };
        assert_eq!(cents(day), [1000, 0]);
        assert_eq!(cents(date(2026, 12, 6)), [0, 0]);
        assert_eq!(units[1].documents.len(), 1);
    }

    #[test]
    fn a_product_that_is_none_names_key_attribute_and_fault() {
        let error = read(r#"[{"id": "admission", "name": {"it": "Ingresso"}}]"#).unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains("VENUE/20240") && said.contains("products") && said.contains("`en`"),
            "{said}"
        );
    }

    #[test]
    fn a_shipped_product_reads_back() {
        let product = shipped_product(VenueKind::Museum, Cents(1000), None).unwrap();
        let stored = serde_json::to_string(&[&product]).unwrap();
        assert_eq!(read(&stored).unwrap(), [product]);
    }
}
