//! The checks a product's prices pass before anyone can book by them. Each fault says where it is,
//! as written in JSON, and what to do about it.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Cents, Condition, Days, FreeDay, Surcharge, Tariff, Unit, Validity};
use crate::group::{GroupKind, GroupRule, GroupSurcharge};
use crate::id::UnitId;
use crate::offer::MAX_UNITS_MAX;
use crate::text::Text;
use crate::venue::{FiscalClass, Product};

/// Highest price of a ticket, and highest surcharge: far above any, so that no sum overflows.
const PRICE_MAX: Cents = Cents(1_000_000);

/// Longest statement of where a rule is written, in characters.
const SOURCE_MAX_CHARS: usize = 300;

/// Why nobody can be charged by these prices, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct TariffError {
    /// Where the product is at fault, as written in JSON.
    pub field: String,
    /// What is wrong there.
    pub fault: TariffFault,
}

/// What is wrong with a price or a right to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TariffFault {
    /// An option has no prices.
    #[error("the option has no tariff")]
    NoTariff,
    /// A time ends before it begins.
    #[error("it is valid from {from} to {to}: it ends before it begins")]
    Reversed {
        /// First day.
        from: Date,
        /// Last day.
        to: Date,
    },
    /// Two tariffs hold on one day.
    #[error("another tariff holds on {day} too")]
    Overlap {
        /// The first such day.
        day: Date,
    },
    /// No tariff holds on a day between two.
    #[error("no tariff holds on {day}")]
    Gap {
        /// The first such day.
        day: Date,
    },
    /// A tariff is for nobody.
    #[error("the tariff has no unit")]
    NoUnit,
    /// Two units bear one id.
    #[error("two units are called `{unit}`")]
    RepeatedUnit {
        /// Their id.
        unit: UnitId,
    },
    /// The amount cannot be asked of anyone.
    #[error("{} cents are not {} to {}", .amount.0, .least.0, PRICE_MAX.0)]
    Amount {
        /// What was written.
        amount: Cents,
        /// The least that can be.
        least: Cents,
    },
    /// Nobody has such an age.
    #[error("nobody is at least {min} and at most {max} years old")]
    Ages {
        /// Lowest age.
        min: u8,
        /// Highest age.
        max: u8,
    },
    /// Words are missing in a language.
    #[error("the words are missing in Italian or in English")]
    Wordless,
    /// Nobody can see where the rule comes from.
    #[error("the source has {length} characters, 1 to {SOURCE_MAX_CHARS} are taken")]
    Sourceless {
        /// How many it has.
        length: usize,
    },
    /// The company is none of the tariff's units.
    #[error("the tariff has no unit `{unit}`")]
    UnknownUnit {
        /// The id that is no unit's.
        unit: UnitId,
    },
    /// A unit is its own company.
    #[error("`{unit}` would be its own company")]
    OwnCompany {
        /// The unit.
        unit: UnitId,
    },
    /// None of the company may come alone either.
    #[error("none of those who could come along may come alone")]
    NobodyAlone,
    /// A condition names nothing.
    #[error("the condition names nothing")]
    EmptyCondition,
    /// There is no such country.
    #[error("`{code}` is no country's code")]
    UnknownCountry {
        /// What was written.
        code: String,
    },
    /// There is no such town.
    #[error("no town has the code `{code}` and the name `{name}`")]
    UnknownTown {
        /// The code that was written.
        code: String,
        /// The name beside it.
        name: String,
    },
    /// A rule for no day.
    #[error("the rule names no day")]
    NoDay,
    /// One surcharge is asked twice.
    #[error("another surcharge of that name is asked at the same time")]
    RepeatedSurcharge,
    /// No group has such a size.
    #[error("a group of {least} to {most} people is none, or too large for one booking")]
    GroupSize {
        /// Fewest people.
        least: u32,
        /// Most people.
        most: u32,
    },
    /// Nobody is let in, or nobody leads.
    #[error("0 is no number of people")]
    NoPeople,
    /// A product that charges nothing has a price.
    #[error("a product that charges nothing has a unit with a price")]
    Charged,
}

impl TariffFault {
    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::NoTariff => "write at least one tariff with its units",
            Self::Reversed { .. } => "write the last day, the first one or later",
            Self::Overlap { .. } => {
                "let one tariff end the day before the next begins, in order of time"
            }
            Self::Gap { .. } => "let the next tariff begin the day after the one before ends",
            Self::NoUnit => "write at least one unit",
            Self::RepeatedUnit { .. } => "give each unit of a tariff an id of its own",
            Self::Amount { .. } => "write whole cents, such as 1000 for EUR 10",
            Self::Ages { .. } => "write the lowest age first, neither below 0",
            Self::Wordless => "write it as {\"it\": …, \"en\": …}, neither empty",
            Self::Sourceless { .. } => {
                "say where the rule is written, such as `DM 507/1997 art. 4`"
            }
            Self::UnknownUnit { .. } => "name units of the same tariff",
            Self::OwnCompany { .. } => "name other units",
            Self::NobodyAlone => "name at least one unit that may come alone",
            Self::EmptyCondition => "name at least one, or leave the condition out",
            Self::UnknownCountry { .. } => {
                "write the two letters of ISO 3166-1, or `EU` for the European Union"
            }
            Self::UnknownTown { .. } => {
                "write code and name as ISTAT has them, such as `077014` and `Matera`"
            }
            Self::NoDay => "name at least one day",
            Self::RepeatedSurcharge => {
                "let one end before the other begins, or give it another name"
            }
            Self::GroupSize { .. } => {
                "write the fewest first, at least 1, and no more than 90 with those who lead them"
            }
            Self::NoPeople => "write 1 or more",
            Self::Charged => "choose another fiscal class, or let every unit cost 0",
        }
    }

    fn at(self, field: impl Into<String>) -> TariffError {
        TariffError { field: field.into(), fault: self }
    }
}

impl Product {
    /// Checks that every day of its tariffs has one price for each unit, that the rights can be told
    /// and that each rule says where it is written.
    ///
    /// # Errors
    /// The first fault.
    pub(crate) fn check_prices(&self) -> Result<(), TariffError> {
        for (index, free_day) in self.free_days.iter().enumerate() {
            free_day.check(&format!("free_days[{index}]"))?;
        }
        for (index, option) in self.options.iter().enumerate() {
            check_tariffs(&option.tariffs, &format!("options[{index}].tariffs"))?;
        }
        for (index, surcharge) in self.surcharges.iter().enumerate() {
            let at = format!("surcharges[{index}]");
            surcharge.check(self, &at)?;
            let twin = |other: &Surcharge| {
                other.name == surcharge.name && other.valid.meets(surcharge.valid)
            };
            if self.surcharges[..index].iter().any(twin) {
                return Err(TariffFault::RepeatedSurcharge.at(format!("{at}.name")));
            }
        }
        if let Some(groups) = &self.groups {
            groups.check(self)?;
        }
        let is_charged = self.all_units().any(|unit| unit.price_cents > Cents::ZERO);
        if self.fiscal_class == FiscalClass::NoCharge && is_charged {
            return Err(TariffFault::Charged.at("fiscal_class"));
        }
        Ok(())
    }
}

fn check_tariffs(tariffs: &[Tariff], at: &str) -> Result<(), TariffError> {
    if tariffs.is_empty() {
        return Err(TariffFault::NoTariff.at(at));
    }
    for (index, tariff) in tariffs.iter().enumerate() {
        let at = format!("{at}[{index}]");
        check_validity(tariff.valid, &at)?;
        if let Some(before) = index.checked_sub(1).and_then(|before| tariffs.get(before)) {
            check_sequence(before.valid, tariff.valid, &at)?;
        }
        check_units(&tariff.units, &at)?;
    }
    Ok(())
}

/// Two tariffs follow each other without a day between them or in both.
fn check_sequence(before: Validity, next: Validity, at: &str) -> Result<(), TariffError> {
    let at = format!("{at}.valid.from");
    let Some(first) = next.from else {
        let day = before.to.or(before.from).unwrap_or_default();
        return Err(TariffFault::Overlap { day }.at(at));
    };
    let Some(last) = before.to.filter(|last| *last < first) else {
        return Err(TariffFault::Overlap { day: first }.at(at));
    };
    let day = last.saturating_add(1.day());
    if day == first { Ok(()) } else { Err(TariffFault::Gap { day }.at(at)) }
}

fn check_units(units: &[Unit], at: &str) -> Result<(), TariffError> {
    if units.is_empty() {
        return Err(TariffFault::NoUnit.at(format!("{at}.units")));
    }
    let mut ids = BTreeSet::new();
    for (index, unit) in units.iter().enumerate() {
        let at = format!("{at}.units[{index}]");
        if !ids.insert(&unit.id) {
            return Err(TariffFault::RepeatedUnit { unit: unit.id.clone() }.at(format!("{at}.id")));
        }
        unit.check(&at)?;
    }
    for (index, unit) in units.iter().enumerate() {
        let at = format!("{at}.units[{index}]");
        check_company(units, unit, &unit.accompanied_by, &format!("{at}.accompanied_by"))?;
        check_company(units, unit, &unit.companion_of, &format!("{at}.companion_of"))?;
    }
    Ok(())
}

fn check_company(
    units: &[Unit],
    unit: &Unit,
    company: &[UnitId],
    at: &str,
) -> Result<(), TariffError> {
    let mut is_any_alone = company.is_empty();
    for id in company {
        if id == &unit.id {
            return Err(TariffFault::OwnCompany { unit: id.clone() }.at(at));
        }
        let Some(known) = units.iter().find(|known| &known.id == id) else {
            return Err(TariffFault::UnknownUnit { unit: id.clone() }.at(at));
        };
        is_any_alone |= known.accompanied_by.is_empty() && known.companion_of.is_empty();
    }
    if is_any_alone { Ok(()) } else { Err(TariffFault::NobodyAlone.at(at)) }
}

impl Unit {
    fn check(&self, at: &str) -> Result<(), TariffError> {
        check_words(&self.name, &format!("{at}.name"))?;
        check_amount(self.price_cents, Cents::ZERO, &format!("{at}.price_cents"))?;
        check_words(&self.reason, &format!("{at}.reason"))?;
        if let (Some(min), Some(max)) = (self.min_age, self.max_age)
            && min > max
        {
            return Err(TariffFault::Ages { min, max }.at(format!("{at}.max_age")));
        }
        for (index, condition) in self.conditions.iter().enumerate() {
            condition.check(&format!("{at}.conditions[{index}]"))?;
        }
        for (index, document) in self.documents.iter().enumerate() {
            check_words(document, &format!("{at}.documents[{index}]"))?;
        }
        check_source(&self.source, at)
    }
}

impl Condition {
    fn check(&self, at: &str) -> Result<(), TariffError> {
        let is_empty = match self {
            Self::CitizenOf(countries) => countries.is_empty(),
            Self::Profession(names) | Self::StudentOf(names) => names.is_empty(),
            Self::Disabled => false,
            Self::ResidentIn(towns) => towns.is_empty(),
        };
        if is_empty {
            return Err(TariffFault::EmptyCondition.at(at));
        }
        match self {
            Self::CitizenOf(countries) => {
                for (index, country) in countries.iter().enumerate() {
                    let at = format!("{at}.citizen_of[{index}]");
                    if !country.is_known() {
                        let code = country.code.clone();
                        return Err(TariffFault::UnknownCountry { code }.at(format!("{at}.code")));
                    }
                    check_words(&country.name, &format!("{at}.name"))?;
                }
            }
            Self::Profession(names) => check_all_words(names, &format!("{at}.profession"))?,
            Self::StudentOf(subjects) => check_all_words(subjects, &format!("{at}.student_of"))?,
            Self::Disabled => {}
            Self::ResidentIn(towns) => {
                for (index, town) in towns.iter().enumerate() {
                    let at = format!("{at}.resident_in[{index}]");
                    if !town.is_known() {
                        let (code, name) = (town.code.clone(), town.name.clone());
                        let fault = TariffFault::UnknownTown { code, name };
                        return Err(fault.at(format!("{at}.code")));
                    }
                }
            }
        }
        Ok(())
    }
}

impl FreeDay {
    fn check(&self, at: &str) -> Result<(), TariffError> {
        if matches!(&self.days, Days::Dates(dates) if dates.is_empty()) {
            return Err(TariffFault::NoDay.at(format!("{at}.days.dates")));
        }
        check_words(&self.reason, &format!("{at}.reason"))?;
        check_validity(self.valid, at)?;
        check_source(&self.source, at)
    }
}

impl Surcharge {
    fn check(&self, product: &Product, at: &str) -> Result<(), TariffError> {
        check_words(&self.name, &format!("{at}.name"))?;
        check_amount(self.amount_cents, Cents(1), &format!("{at}.amount_cents"))?;
        if self.beneficiary.name.trim().is_empty() {
            return Err(TariffFault::Wordless.at(format!("{at}.beneficiary.name")));
        }
        check_validity(self.valid, at)?;
        for (index, id) in self.units.iter().enumerate() {
            if !product.all_units().any(|unit| &unit.id == id) {
                let fault = TariffFault::UnknownUnit { unit: id.clone() };
                return Err(fault.at(format!("{at}.units[{index}]")));
            }
        }
        check_source(&self.source, at)
    }
}

impl GroupRule {
    fn check(&self, product: &Product) -> Result<(), TariffError> {
        let schools = self.schools.as_ref();
        let some = [
            (Some(self.people_per_leader), "people_per_leader"),
            (schools.map(|schools| schools.people_per_leader), "schools.people_per_leader"),
            (schools.map(|schools| schools.quota.people), "schools.quota.people"),
        ];
        if let Some((_, field)) = some.iter().find(|(number, _)| *number == Some(0)) {
            return Err(TariffFault::NoPeople.at(format!("groups.{field}")));
        }
        let (least, most) = (self.min_people, self.max_people);
        let leaders = [GroupKind::Group, GroupKind::School]
            .map(|kind| self.free_leaders(kind, most))
            .into_iter()
            .fold(0, u32::max);
        if least == 0 || least > most || most.saturating_add(leaders) > MAX_UNITS_MAX {
            return Err(TariffFault::GroupSize { least, most }.at("groups.max_people"));
        }
        let units = [
            (Some(&self.unit_id), "unit_id"),
            (Some(&self.leader_unit_id), "leader_unit_id"),
            (schools.map(|schools| &schools.unit_id), "schools.unit_id"),
            (schools.map(|schools| &schools.leader_unit_id), "schools.leader_unit_id"),
        ];
        for (id, field) in units.into_iter().filter_map(|(id, field)| id.zip(Some(field))) {
            if !product.all_units().any(|unit| &unit.id == id) {
                let fault = TariffFault::UnknownUnit { unit: id.clone() };
                return Err(fault.at(format!("groups.{field}")));
            }
        }
        if let Some(surcharge) = &self.surcharge {
            surcharge.check("groups.surcharge")?;
        }
        if let Some(schools) = schools {
            check_source(&schools.source, "groups.schools")?;
        }
        check_source(&self.source, "groups")
    }
}

impl GroupSurcharge {
    fn check(&self, at: &str) -> Result<(), TariffError> {
        check_words(&self.name, &format!("{at}.name"))?;
        check_amount(self.amount_cents, Cents(1), &format!("{at}.amount_cents"))?;
        if self.beneficiary.as_ref().is_some_and(|body| body.name.trim().is_empty()) {
            return Err(TariffFault::Wordless.at(format!("{at}.beneficiary.name")));
        }
        check_source(&self.source, at)
    }
}

fn check_validity(valid: Validity, at: &str) -> Result<(), TariffError> {
    match (valid.from, valid.to) {
        (Some(from), Some(to)) if !valid.is_ordered() => {
            Err(TariffFault::Reversed { from, to }.at(format!("{at}.valid.to")))
        }
        _ => Ok(()),
    }
}

fn check_amount(amount: Cents, least: Cents, at: &str) -> Result<(), TariffError> {
    if (least..=PRICE_MAX).contains(&amount) {
        Ok(())
    } else {
        Err(TariffFault::Amount { amount, least }.at(at))
    }
}

fn check_words(text: &Text, at: &str) -> Result<(), TariffError> {
    if text.is_complete() { Ok(()) } else { Err(TariffFault::Wordless.at(at)) }
}

fn check_all_words(texts: &[Text], at: &str) -> Result<(), TariffError> {
    let wordless = texts.iter().position(|text| !text.is_complete());
    wordless.map_or(Ok(()), |index| Err(TariffFault::Wordless.at(format!("{at}[{index}]"))))
}

fn check_source(source: &str, at: &str) -> Result<(), TariffError> {
    let length = source.trim().chars().count();
    if (1..=SOURCE_MAX_CHARS).contains(&length) {
        Ok(())
    } else {
        Err(TariffFault::Sourceless { length }.at(format!("{at}.source")))
    }
}
