//! Products as they were stored before tariffs were dated and said where they are written. They are
//! read as one tariff that holds on every day; the next change writes them in the new shape.

use atrio_domain::admission::AdmissionRule;
use atrio_domain::cancellation::Cancellation;
use atrio_domain::id::{OptionId, ProductId, UnitId};
use atrio_domain::quota::Quota;
use atrio_domain::tariff::{Cents, Days, Entry, FreeDay, Tariff, Unit, UnitKind, Validity};
use atrio_domain::text::Text;
use atrio_domain::venue::{AvailabilityType, FiscalClass, Product, ProductOption, Resellers};
use serde::Deserialize;

/// What stands where a rule should say where it is written.
const SOURCE: &str = "stored before sources were kept";

#[derive(Debug, Deserialize)]
pub(super) struct PreviousProduct {
    id: ProductId,
    name: Text,
    availability_type: AvailabilityType,
    slot_minutes: u16,
    capacity: u32,
    max_units: u32,
    #[serde(default)]
    quotas: Vec<Quota>,
    free_days: Vec<PreviousFreeDay>,
    options: Vec<PreviousOption>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PreviousFreeDay {
    FirstSunday,
}

#[derive(Debug, Deserialize)]
struct PreviousOption {
    id: OptionId,
    name: Text,
    units: Vec<PreviousUnit>,
}

#[derive(Debug, Deserialize)]
struct PreviousUnit {
    id: UnitId,
    kind: UnitKind,
    name: Text,
    price_cents: Cents,
    reason: Text,
    document: Option<Text>,
    min_age: Option<u8>,
    max_age: Option<u8>,
    accompanied_by: Vec<UnitId>,
}

impl From<PreviousProduct> for Product {
    fn from(previous: PreviousProduct) -> Self {
        let mut product = Self {
            id: previous.id,
            name: previous.name,
            availability_type: previous.availability_type,
            resellers: Resellers::default(),
            slot_minutes: previous.slot_minutes,
            capacity: previous.capacity,
            max_units: previous.max_units,
            quotas: previous.quotas,
            shards: None,
            needs: Vec::new(),
            pieces_max: 0,
            minimum: None,
            cancellation: Cancellation::default(),
            exchange: None,
            groups: None,
            on_sales: Vec::new(),
            person_limit: None,
            admission: AdmissionRule::default(),
            pass: None,
            fiscal_class: FiscalClass::Undecided,
            free_days: Vec::new(),
            surcharges: Vec::new(),
            options: previous.options.into_iter().map(ProductOption::from).collect(),
        };
        // A free day told nobody anything where everyone enters for nothing.
        if product.all_units().any(|unit| unit.price_cents > Cents::ZERO) {
            product.free_days = previous.free_days.into_iter().map(FreeDay::from).collect();
        }
        product
    }
}

impl From<PreviousFreeDay> for FreeDay {
    fn from(previous: PreviousFreeDay) -> Self {
        match previous {
            PreviousFreeDay::FirstSunday => Self {
                days: Days::FirstSunday,
                entry: Entry::Booked,
                reason: Text::new(
                    "Prima domenica del mese: ingresso gratuito per tutti",
                    "First Sunday of the month: free for all",
                ),
                valid: Validity::default(),
                source: SOURCE.to_owned(),
            },
        }
    }
}

impl From<PreviousOption> for ProductOption {
    fn from(previous: PreviousOption) -> Self {
        let units = previous.units.into_iter().map(Unit::from).collect();
        let tariffs = vec![Tariff { valid: Validity::default(), units }];
        Self { id: previous.id, name: previous.name, tariffs }
    }
}

impl From<PreviousUnit> for Unit {
    fn from(previous: PreviousUnit) -> Self {
        Self {
            id: previous.id,
            kind: previous.kind,
            name: previous.name,
            price_cents: previous.price_cents,
            reason: previous.reason,
            min_age: previous.min_age,
            max_age: previous.max_age,
            conditions: Vec::new(),
            documents: previous.document.into_iter().collect(),
            accompanied_by: previous.accompanied_by,
            companion_of: Vec::new(),
            source: SOURCE.to_owned(),
        }
    }
}
