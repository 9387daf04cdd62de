//! The shipped tariff rule by rule, prices that add up, and what a manager cannot save.

use jiff::civil::{Date, date};

use super::*;
use crate::booking::Channel;
use crate::venue::{FiscalClass, VenueKind, shipped_product};

const TUESDAY: Date = date(2026, 11, 24);
const FIRST_SUNDAY: Date = date(2026, 12, 6);

fn museum(full_price: i64) -> Product {
    shipped_product(VenueKind::Museum, Cents(full_price), Some(21_080)).unwrap()
}

fn units(product: &Product, day: Date) -> &[Unit] {
    &product.options[0].tariff_on(day).unwrap().units
}

fn unit<'p>(product: &'p Product, id: &str, day: Date) -> &'p Unit {
    units(product, day).iter().find(|unit| unit.id.as_str() == id).unwrap()
}

fn price_of(product: &Product, id: &str, day: Date) -> Price {
    price(product, unit(product, id, day), day)
}

fn flood_relief() -> Surcharge {
    Surcharge {
        name: Text::new("Contributo alluvione", "Flood relief"),
        amount_cents: Cents(100),
        beneficiary: Beneficiary {
            name: "Ministero della cultura".into(),
            fiscal_code: BodyCode::try_from("12345678901".to_owned()).unwrap(),
        },
        valid: Validity { from: Some(date(2023, 6, 15)), to: Some(date(2023, 12, 15)) },
        units: Vec::new(),
        source: "DL 61/2023 art. 14".into(),
    }
}

/// One rule of the state museums, as a visitor meets it.
struct Rule {
    /// Who.
    unit: &'static str,
    day: Date,
    cents: i64,
    /// Words the visitor reads among the conditions; empty for none.
    condition: &'static str,
    /// Words the gate reads; empty for nothing to look at.
    shows: &'static str,
    source: &'static str,
}

/// The table of the state museums at a full price of EUR 10, each rule with its source: the decree
/// as it stands in `source` of the shipped row, which the test compares.
#[rustfmt::skip] // One rule a line.
const RULES: [Rule; 18] = [
    Rule { unit: "adult", day: TUESDAY, cents: 1000, condition: "da 18 anni", shows: "", source: "samples/venues.csv" },
    Rule { unit: "youth", day: TUESDAY, cents: 200, condition: "da 18 a 25 anni", shows: "Documento di identità", source: "DM 507/1997 art. 4 c. 6" },
    Rule { unit: "youth", day: TUESDAY, cents: 200, condition: "cittadinanza: Unione europea, Svizzera", shows: "Svizzera", source: "decreto 19.10.2007" },
    Rule { unit: "minor", day: TUESDAY, cents: 0, condition: "da 12 a 17 anni", shows: "Documento di identità", source: "DM 507/1997 art. 4 c. 3" },
    Rule { unit: "child", day: TUESDAY, cents: 0, condition: "sotto i 12 anni", shows: "Entra solo accompagnato", source: "DM 507/1997 art. 4 c. 3" },
    Rule { unit: "teacher", day: TUESDAY, cents: 0, condition: "di ruolo o con contratto a termine", shows: "Attestazione della scuola", source: "c. 3 h-bis (DM 111/2016)" },
    Rule { unit: "guide", day: TUESDAY, cents: 0, condition: "guida turistica dell’Unione europea", shows: "Licenza valida", source: "c. 3 a e b" },
    Rule { unit: "student", day: TUESDAY, cents: 0, condition: "architettura", shows: "Certificato di iscrizione", source: "c. 3 g e h" },
    Rule { unit: "student", day: TUESDAY, cents: 0, condition: "accademia di belle arti", shows: "belle arti", source: "c. 3 g e h" },
    Rule { unit: "disabled", day: TUESDAY, cents: 0, condition: "persona con disabilità", shows: "autorità pubblica", source: "circolare MiBAC 5697/2007" },
    Rule { unit: "companion", day: TUESDAY, cents: 0, condition: "", shows: "entra con la persona che accompagna", source: "DM 239/2006" },
    // The first Sunday is free for all, and nobody needs a document: art. 4 c. 2.
    Rule { unit: "adult", day: FIRST_SUNDAY, cents: 0, condition: "da 18 anni", shows: "", source: "samples/venues.csv" },
    Rule { unit: "youth", day: FIRST_SUNDAY, cents: 0, condition: "da 18 a 25 anni", shows: "", source: "DM 13/2019" },
    Rule { unit: "child", day: FIRST_SUNDAY, cents: 0, condition: "sotto i 12 anni", shows: "Entra solo accompagnato", source: "art. 4 c. 3" },
    Rule { unit: "adult", day: date(2026, 12, 13), cents: 1000, condition: "", shows: "", source: "samples/venues.csv" },
    // EUR 1 for the flood of 2023, on what is paid and only then: DL 61/2023 art. 14.
    Rule { unit: "adult", day: date(2023, 8, 1), cents: 1100, condition: "", shows: "", source: "samples/venues.csv" },
    Rule { unit: "youth", day: date(2023, 8, 1), cents: 300, condition: "", shows: "Documento di identità", source: "DM 13/2019" },
    Rule { unit: "minor", day: date(2023, 8, 1), cents: 0, condition: "", shows: "Documento di identità", source: "art. 4 c. 3" },
];

#[test]
fn the_state_museums_charge_by_the_decree() {
    let product = Product { surcharges: vec![flood_relief()], ..museum(1000) };
    assert_eq!(product.check(), Ok(()));
    for rule in RULES {
        let unit = unit(&product, rule.unit, rule.day);
        let price = price(&product, unit, rule.day);
        let who = format!("{} on {}", rule.unit, rule.day);
        assert_eq!(price.cents, Cents(rule.cents), "{who}");
        let conditions = Text::list(unit.conditions_in_words().into_iter(), "; ").it;
        assert!(conditions.contains(rule.condition), "{who}: {conditions}");
        let shows = price.show.map(|text| text.it).unwrap_or_default();
        assert!(shows.contains(rule.shows), "{who}: {shows}");
        assert_eq!(shows.is_empty(), rule.shows.is_empty(), "{who}: {shows}");
        assert!(unit.source.contains(rule.source), "{who}: {}", unit.source);
    }
    let covered = |unit: &&Unit| RULES.iter().any(|rule| rule.unit == unit.id.as_str());
    assert_eq!(units(&product, TUESDAY).iter().filter(covered).count(), 9, "every row is held");
}

#[test]
fn a_surcharge_is_itemised_for_whom_it_goes_to_from_its_first_day_to_its_last() {
    let product = Product { surcharges: vec![flood_relief()], ..museum(1000) };
    let parts = |day| -> Vec<(i64, Option<String>)> {
        let components = price_of(&product, "adult", day).components.into_iter();
        components
            .map(|part| (part.price_cents.0, part.beneficiary.map(|body| body.name)))
            .collect()
    };
    let ministry = Some("Ministero della cultura".to_owned());
    assert_eq!(parts(date(2023, 6, 14)), [(1000, None)]);
    assert_eq!(parts(date(2023, 6, 15)), [(1000, None), (100, ministry.clone())]);
    assert_eq!(parts(date(2023, 12, 15)), [(1000, None), (100, ministry)]);
    assert_eq!(parts(date(2023, 12, 16)), [(1000, None)]);
    assert_eq!(parts(date(2023, 7, 2)), [], "the first Sunday stays free");
    assert!(price_of(&product, "teacher", date(2023, 8, 1)).components.is_empty());
}

#[test]
fn a_surcharge_may_be_asked_of_some_units_only() {
    let only = vec![unit(&museum(1000), "adult", TUESDAY).id.clone()];
    let valid = Validity::default();
    let surcharge = Surcharge { units: only, valid, ..flood_relief() };
    let product = Product { surcharges: vec![surcharge], ..museum(1000) };
    assert_eq!(price_of(&product, "adult", TUESDAY).cents, Cents(1100));
    assert_eq!(price_of(&product, "youth", TUESDAY).cents, Cents(200));
}

#[test]
fn a_reduction_never_costs_more_than_the_full_price() {
    assert_eq!(price_of(&museum(150), "youth", TUESDAY).cents, Cents(150));
    assert_eq!(price_of(&museum(150), "adult", TUESDAY).cents, Cents(150));
}

#[test]
fn a_museum_that_is_free_asks_nobody_for_a_right_or_a_document() {
    let product = museum(0);
    assert_eq!(product.check(), Ok(()));
    let ids: Vec<&str> = units(&product, TUESDAY).iter().map(|unit| unit.id.as_str()).collect();
    assert_eq!(ids, ["adult", "youth", "minor", "child"]);
    for day in [TUESDAY, FIRST_SUNDAY] {
        let price = price_of(&product, "adult", day);
        assert_eq!((price.cents, price.show), (Cents::ZERO, None));
        assert_eq!(price.reason.en, "Free for everyone");
    }
    let child = price_of(&product, "child", TUESDAY).show.unwrap();
    assert_eq!(child.en, "Enters only accompanied; under 12");
}

#[test]
fn few_units_are_shown_first_and_the_others_are_special() {
    let product = museum(1000);
    let usual = units(&product, TUESDAY).iter().filter(|unit| unit.is_usual());
    let ids: Vec<&str> = usual.map(|unit| unit.id.as_str()).collect();
    assert_eq!(ids, ["adult", "youth", "minor", "child"]);
}

#[test]
fn a_reading_room_charges_nothing_and_asks_for_a_document() {
    let room = shipped_product(VenueKind::Archive, Cents::ZERO, None).unwrap();
    assert_eq!(room.check(), Ok(()));
    let price = price_of(&room, "reader", FIRST_SUNDAY);
    assert_eq!((price.cents, price.components), (Cents::ZERO, Vec::new()));
    assert_eq!(price.show.unwrap().it, "Documento di identità");
}

#[test]
fn a_price_is_that_of_the_tariff_valid_on_the_day_of_the_visit() {
    let product = dearer_from(museum(1000), date(2027, 1, 1));
    assert_eq!(product.check(), Ok(()));
    assert_eq!(price_of(&product, "adult", date(2026, 12, 31)).cents, Cents(1000));
    assert_eq!(price_of(&product, "adult", date(2027, 1, 1)).cents, Cents(1200));
    assert!(product.options[0].tariff_on(date(2021, 3, 6)).is_none(), "before the first");
}

#[test]
fn a_free_day_may_take_no_booking_and_the_desk_still_counts_who_enters() {
    let mut product = museum(1000);
    product.free_days[0].entry = Entry::AtTheDoor;
    let free = product.free_day(FIRST_SUNDAY).unwrap();
    assert!(!free.takes_booking(Channel::Web) && !free.takes_booking(Channel::Totem));
    assert!(free.takes_booking(Channel::Desk));
    assert!(product.free_day(TUESDAY).is_none());
    let anniversary = FreeDay { days: Days::Dates(vec![TUESDAY]), ..product.free_days[0].clone() };
    product.free_days.push(anniversary);
    assert_eq!(price_of(&product, "adult", TUESDAY).cents, Cents::ZERO);
    let before_the_rule = date(2021, 3, 7).yesterday().unwrap();
    assert!(!product.free_days[0].covers(before_the_rule));
}

/// The product with a second tariff in which an adult pays EUR 2 more.
fn dearer_from(mut product: Product, from: Date) -> Product {
    let mut next = product.options[0].tariffs[0].clone();
    product.options[0].tariffs[0].valid.to = Some(from.yesterday().unwrap());
    next.valid = Validity { from: Some(from), to: None };
    next.units[0].price_cents.0 += 200;
    product.options[0].tariffs.push(next);
    product
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: u64) -> u64 {
        // Marsaglia's xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }

    fn day(&mut self) -> Date {
        let days = i64::try_from(self.below(1_500)).unwrap();
        date(2023, 1, 1).saturating_add(jiff::Span::new().days(days))
    }
}

#[test]
fn every_price_is_the_sum_of_its_parts_and_none_is_below_zero() {
    let mut numbers = Numbers(0x5DEE_CE66);
    let mut paid = 0;
    for case in 0..2_000 {
        let full_price = i64::try_from(numbers.below(3_000)).unwrap();
        let mut product = museum(full_price);
        for number in 0..numbers.below(4) {
            let from = numbers.day();
            let amount = i64::try_from(numbers.below(500)).unwrap() + 1;
            product.surcharges.push(Surcharge {
                name: Text::new(format!("Contributo {number}"), format!("Surcharge {number}")),
                amount_cents: Cents(amount),
                valid: Validity { from: Some(from), to: Some(from.max(numbers.day())) },
                ..flood_relief()
            });
        }
        assert_eq!(product.check(), Ok(()), "case {case}");
        let day = numbers.day();
        for unit in units(&product, day) {
            let price = price(&product, unit, day);
            let sum: Cents = price.components.iter().map(|part| part.price_cents).sum();
            assert_eq!(price.cents, sum, "case {case}, {} on {day}", unit.id);
            assert!(price.components.iter().all(|part| part.price_cents > Cents::ZERO));
            assert!(price.cents >= Cents::ZERO);
            assert!(price.reason.is_complete() && price.show.is_none_or(|show| show.is_complete()));
            paid += u32::from(price.cents > Cents::ZERO);
        }
    }
    assert!(paid > 2_000, "the cases charge somebody: {paid}");
}

#[test]
fn prices_that_nobody_could_be_charged_by_are_refused_where_they_are_wrong() {
    type Spoil = fn(&mut Product);
    fn tariff(product: &mut Product) -> &mut Tariff {
        &mut product.options[0].tariffs[0]
    }
    fn second(product: &mut Product, from: Date, to: Option<Date>) {
        *product = dearer_from(product.clone(), date(2027, 1, 1));
        product.options[0].tariffs[1].valid = Validity { from: Some(from), to };
    }
    #[rustfmt::skip] // One fault a line.
    let cases: [(Spoil, &str); 29] = [
        (|p| p.options[0].tariffs.clear(), "options[0].tariffs"),
        (|p| tariff(p).units.clear(), "options[0].tariffs[0].units"),
        (|p| tariff(p).valid.to = Some(date(2020, 1, 1)), "options[0].tariffs[0].valid.to"),
        (|p| second(p, date(2026, 12, 31), None), "options[0].tariffs[1].valid.from"),
        (|p| second(p, date(2027, 1, 3), None), "options[0].tariffs[1].valid.from"),
        (|p| second(p, date(2027, 1, 1), Some(date(2026, 1, 1))), "options[0].tariffs[1].valid.to"),
        (|p| { let again = tariff(p).clone(); p.options[0].tariffs.push(again) }, "options[0].tariffs[1].valid.from"),
        (|p| { let again = tariff(p).units[0].clone(); tariff(p).units.push(again) }, "options[0].tariffs[0].units[9].id"),
        (|p| tariff(p).units[0].price_cents = Cents(-1), "options[0].tariffs[0].units[0].price_cents"),
        (|p| tariff(p).units[0].price_cents = Cents(i64::MAX), "options[0].tariffs[0].units[0].price_cents"),
        (|p| tariff(p).units[0].reason.en.clear(), "options[0].tariffs[0].units[0].reason"),
        (|p| tariff(p).units[0].source = " ".into(), "options[0].tariffs[0].units[0].source"),
        (|p| tariff(p).units[1].min_age = Some(26), "options[0].tariffs[0].units[1].max_age"),
        (|p| tariff(p).units[1].documents[0].it.clear(), "options[0].tariffs[0].units[1].documents[0]"),
        (|p| tariff(p).units[1].conditions[0] = Condition::CitizenOf(Vec::new()), "options[0].tariffs[0].units[1].conditions[0]"),
        (|p| if let Condition::CitizenOf(all) = &mut tariff(p).units[1].conditions[0] { all[1].code = "XX".into() }, "options[0].tariffs[0].units[1].conditions[0].citizen_of[1].code"),
        (|p| tariff(p).units[0].conditions = vec![Condition::ResidentIn(vec![Town { code: "999999".into(), name: "Atlantide".into() }])], "options[0].tariffs[0].units[0].conditions[0].resident_in[0].code"),
        (|p| if let Condition::StudentOf(all) = &mut tariff(p).units[6].conditions[0] { all[2].en.clear() }, "options[0].tariffs[0].units[6].conditions[0].student_of[2]"),
        (|p| drop(tariff(p).units.remove(7)), "options[0].tariffs[0].units[3].accompanied_by"),
        (|p| { let adult = tariff(p).units[0].id.clone(); tariff(p).units[0].accompanied_by = vec![adult] }, "options[0].tariffs[0].units[0].accompanied_by"),
        (|p| { let child = tariff(p).units[3].id.clone(); tariff(p).units[2].accompanied_by = vec![child] }, "options[0].tariffs[0].units[2].accompanied_by"),
        (|p| p.free_days[0].days = Days::Dates(Vec::new()), "free_days[0].days.dates"),
        (|p| p.free_days[0].source.clear(), "free_days[0].source"),
        (|p| p.surcharges = vec![flood_relief(), flood_relief()], "surcharges[1].name"),
        (|p| p.surcharges = vec![Surcharge { amount_cents: Cents(0), ..flood_relief() }], "surcharges[0].amount_cents"),
        (|p| p.surcharges = vec![Surcharge { units: vec![UnitId::new("centaur").unwrap()], ..flood_relief() }], "surcharges[0].units[0]"),
        (|p| p.surcharges = vec![Surcharge { valid: Validity { from: Some(date(2027, 1, 2)), to: Some(date(2027, 1, 1)) }, ..flood_relief() }], "surcharges[0].valid.to"),
        (|p| { p.surcharges = vec![flood_relief()]; p.surcharges[0].beneficiary.name.clear() }, "surcharges[0].beneficiary.name"),
        (|p| p.fiscal_class = FiscalClass::NoCharge, "fiscal_class"),
    ];
    for (index, (spoil, field)) in cases.into_iter().enumerate() {
        let mut product = museum(1000);
        spoil(&mut product);
        let error = product.check().expect_err(&format!("case {index}: {field}"));
        assert_eq!(error.field(), field, "case {index}: {error}");
        assert!(!error.fix().is_empty() && !error.to_string().is_empty());
    }
}

#[test]
fn the_fiscal_code_of_a_body_has_eleven_digits() {
    let code = |text: &str| BodyCode::try_from(text.to_owned());
    assert_eq!(code("00123456789").unwrap().to_string(), "00123456789");
    for bad in ["", "123", "1234567890A", "123456789012", "RSSMRA80A01H501U"] {
        assert!(code(bad).is_err(), "{bad}");
    }
}
