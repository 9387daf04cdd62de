use jiff::civil::date;
use uuid::Uuid;

use super::*;
use crate::hold::tests::{NOW, venue, visitor_asks};
use crate::tariff::{Beneficiary, BodyCode, Surcharge};

const SLOT: &str = "2026-11-25T10:00";

fn campaign(effect: Effect) -> Campaign {
    Campaign {
        id: CampaignId::new("autumn").unwrap(),
        name: Text::new("Promozione d'autunno", "Autumn offer"),
        effect,
        products: Vec::new(),
        options: Vec::new(),
        units: Vec::new(),
        sold: Validity::default(),
        visited: Validity::default(),
        max_tickets: None,
        with_reduced: false,
    }
}

fn museum(campaign: Campaign) -> Venue {
    Venue { campaigns: vec![campaign], ..venue() }
}

fn used() -> VoucherUse {
    let key = VoucherKey::of(b"secret", "AUTUNNO26").unwrap();
    VoucherUse { campaign: CampaignId::new("autumn").unwrap(), key }
}

fn offered(venue: &Venue, units: &[(&str, u32)]) -> Result<Offer, VoucherError> {
    let request = visitor_asks(units, SLOT);
    let now = NOW.parse().unwrap();
    let mut offer = request.offer(venue, now).unwrap();
    request.reduce(&mut offer, venue, used(), now)?;
    for line in &offer.units {
        let parts: Cents = line.components.iter().map(|part| part.price_cents).sum();
        assert_eq!(parts, line.price_cents, "the parts sum up to the price");
        assert!(line.price_cents >= Cents::ZERO);
    }
    Ok(offer)
}

/// Unit, how many and price of one, by line.
fn priced(campaign: Campaign, units: &[(&str, u32)]) -> Vec<(String, u32, i64)> {
    let offer = offered(&museum(campaign), units).unwrap();
    let line = |line: &UnitLine| (line.unit_id.to_string(), line.quantity, line.price_cents.0);
    offer.units.iter().map(line).collect()
}

fn adults(lines: &[(u32, i64)]) -> Vec<(String, u32, i64)> {
    lines.iter().map(|(quantity, cents)| ("adult".to_owned(), *quantity, *cents)).collect()
}

#[test]
fn each_effect_takes_off_what_it_says_and_never_more_than_there_is() {
    let two = [("adult", 2)];
    for (effect, cents) in [
        (Effect::PercentOff(25), 750),
        (Effect::PercentOff(100), 0),
        (Effect::CentsOffTicket(Cents(300)), 700),
        (Effect::CentsOffTicket(Cents(5_000)), 0),
        (Effect::TicketCosts(Cents(400)), 400),
        (Effect::CentsOffBooking(Cents(500)), 750),
        (Effect::CentsOffBooking(Cents(9_000)), 0),
    ] {
        assert_eq!(priced(campaign(effect), &two), adults(&[(2, cents)]), "{effect:?}");
    }
}

#[test]
fn an_amount_off_the_booking_is_taken_off_to_the_cent() {
    let lines = priced(campaign(Effect::CentsOffBooking(Cents(100))), &[("adult", 3)]);
    assert_eq!(lines, adults(&[(1, 966), (2, 967)]));
}

#[test]
fn the_reason_is_shown_as_a_part_of_the_price() {
    let offer = offered(&museum(campaign(Effect::PercentOff(20))), &[("adult", 1)]).unwrap();
    let [line] = offer.units.as_slice() else { panic!("{:?}", offer.units) };
    let part = line.components.last().unwrap();
    assert_eq!((part.name.en.as_str(), part.price_cents), ("Autumn offer", Cents(-200)));
    assert!(line.reason.it.ends_with("; Promozione d'autunno"), "{}", line.reason.it);
    assert_eq!(offer.voucher, Some(used()));
}

#[test]
fn only_so_many_tickets_of_a_booking_are_reduced() {
    let one = Campaign { max_tickets: Some(1), ..campaign(Effect::PercentOff(50)) };
    assert_eq!(priced(one, &[("adult", 3)]), adults(&[(1, 500), (2, 1000)]));
}

#[test]
fn a_reduced_tariff_is_reduced_again_only_where_the_campaign_says_so() {
    let party = [("adult", 1), ("youth", 1)];
    let apart = priced(campaign(Effect::PercentOff(50)), &party);
    assert_eq!(apart, [("adult".to_owned(), 1, 500), ("youth".to_owned(), 1, 200)]);
    let with = Campaign { with_reduced: true, ..campaign(Effect::PercentOff(50)) };
    assert_eq!(priced(with, &party)[1], ("youth".to_owned(), 1, 100));
}

#[test]
fn what_another_body_receives_stays_due() {
    let mut museum = museum(campaign(Effect::PercentOff(100)));
    museum.products[0].surcharges = vec![Surcharge {
        name: Text::new("Contributo alluvione", "Flood relief"),
        amount_cents: Cents(100),
        beneficiary: Beneficiary {
            name: "Protezione civile".into(),
            fiscal_code: BodyCode::try_from("97018720587".to_owned()).unwrap(),
        },
        units: Vec::new(),
        valid: Validity::default(),
        source: "DL 61/2023".into(),
    }];
    let offer = offered(&museum, &[("adult", 1)]).unwrap();
    assert_eq!(offer.units[0].price_cents, Cents(100));
}

#[test]
fn a_code_that_does_not_fit_is_refused_with_the_facts() {
    let good = || campaign(Effect::PercentOff(50));
    let until = Validity { from: None, to: Some(date(2026, 11, 23)) };
    let other = ProductId::new("tour").unwrap();
    let adult = [("adult", 1)];
    let refused = |campaign, units| offered(&museum(campaign), units).unwrap_err();
    let late = refused(Campaign { sold: until, ..good() }, &adult);
    assert_eq!(late.to_string(), "the code is good until 2026-11-23, today is 2026-11-24");
    let elsewhen = refused(Campaign { visited: until, ..good() }, &adult);
    assert!(matches!(elsewhen, VoucherError::NotThatDay { .. }), "{elsewhen}");
    let elsewhere = refused(Campaign { products: vec![other], ..good() }, &adult);
    assert!(matches!(elsewhere, VoucherError::NotForProduct { .. }), "{elsewhere}");
    let nobody = refused(good(), &[("youth", 1)]);
    assert!(matches!(nobody, VoucherError::NoTicket { .. }), "{nobody}");
    let free = refused(Campaign { with_reduced: true, ..good() }, &[("minor", 1)]);
    assert!(matches!(free, VoucherError::NoTicket { .. }), "{free}");
    assert_eq!(offered(&venue(), &adult), Err(VoucherError::Unknown), "it was taken away");
}

#[test]
fn a_code_is_the_same_however_it_is_typed_and_says_nothing_as_stored() {
    let key = |code| VoucherKey::of(b"secret", code);
    assert_eq!(key(" autunno-26 "), key("AUTUNNO26"));
    assert_ne!(key("AUTUNNO26"), key("AUTUNNO27"));
    assert_ne!(key("AUTUNNO26"), VoucherKey::of(b"other", "AUTUNNO26"));
    assert!(!key("AUTUNNO26").unwrap().as_str().contains("AUTUNNO"));
    for no_code in ["", "SHORT26", "-------- ", "AUTUNNO 26!", &"A".repeat(41), &"-".repeat(1_000)]
    {
        assert_eq!(key(no_code), None, "{no_code}");
    }
}

#[test]
fn a_batch_asked_for_again_has_the_same_codes_and_no_two_are_alike() {
    let batch = CallerUuid::from(Uuid::from_u128(7));
    let codes = || (0..100).map(|number| random_code(b"secret", batch, number));
    let all: BTreeSet<String> = codes().collect();
    assert_eq!((all.len(), codes().collect()), (100, all.clone()));
    assert!(all.iter().all(|code| VoucherKey::of(b"secret", code).is_some()), "{all:?}");
    let other = CallerUuid::from(Uuid::from_u128(8));
    assert!(!all.contains(&random_code(b"secret", other, 0)));
}

#[test]
fn a_campaign_that_cannot_be_is_refused_where_it_is_wrong() {
    type Spoil = fn(&mut Campaign);
    let cases: [(Spoil, &str); 7] = [
        (|campaign| campaign.name.en.clear(), "campaigns[0].name"),
        (|campaign| campaign.effect = Effect::PercentOff(101), "campaigns[0].effect"),
        (|campaign| campaign.effect = Effect::CentsOffTicket(Cents(0)), "campaigns[0].effect"),
        (|campaign| campaign.effect = Effect::TicketCosts(Cents(-1)), "campaigns[0].effect"),
        (
            |campaign| {
                let (from, to) = (Some(date(2026, 12, 2)), Some(date(2026, 12, 1)));
                campaign.visited = Validity { from, to };
            },
            "campaigns[0].visited.to",
        ),
        (|campaign| campaign.max_tickets = Some(0), "campaigns[0].max_tickets"),
        (
            |campaign| campaign.products = vec![ProductId::new("opera").unwrap()],
            "campaigns[0].products[0]",
        ),
    ];
    for (spoil, field) in cases {
        let mut wrong = campaign(Effect::PercentOff(10));
        spoil(&mut wrong);
        assert_eq!(check_campaigns(&museum(wrong)).unwrap_err().field(), field);
    }
    let mut twice = museum(campaign(Effect::PercentOff(10)));
    assert_eq!(check_campaigns(&twice), Ok(()));
    twice.campaigns.push(twice.campaigns[0].clone());
    assert_eq!(check_campaigns(&twice).unwrap_err().field(), "campaigns[1].id");
}
