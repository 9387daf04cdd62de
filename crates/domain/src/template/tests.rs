use super::*;
use crate::hold::tests::venue;
use crate::tariff::Cents;

/// What the venue of the tests has, as a template for all museums.
fn state() -> Template {
    let product = venue().products[0].clone();
    Template {
        id: TemplateId::new("state").unwrap(),
        name: Text::new("Tariffa statale", "State tariff"),
        kinds: vec![VenueKind::Museum],
        product_id: product.id.clone(),
        parts: Parts {
            tariffs: Some(Tariffs {
                full_price: FullPrice::Venue,
                options: product.options,
                free_days: product.free_days,
                surcharges: product.surcharges,
            }),
            cancellation: Some(product.cancellation),
            closures: Some(Vec::new()),
            ..Parts::default()
        },
    }
}

fn following(venue: &Venue) -> Following {
    let Follows::Template(following) = &venue.follows else { panic!("{:?}", venue.follows) };
    following.clone()
}

/// The state with another notice, and a reduction that costs five euros.
fn changed() -> Template {
    let mut template = state();
    template.parts.cancellation = Some(Cancellation { refund_until_minutes_before: Some(60) });
    for option in &mut template.parts.tariffs.as_mut().unwrap().options {
        for unit in option.tariffs.iter_mut().flat_map(|tariff| &mut tariff.units) {
            if unit.id.as_str() != "adult" && unit.price_cents > Cents::ZERO {
                unit.price_cents = Cents(500);
            }
        }
    }
    template
}

#[test]
fn a_venue_that_is_as_the_template_says_follows_all_of_it_at_its_own_full_price() {
    let museum = venue();
    assert!(state().is_for(&museum));
    let joined = state().joined_by(&museum);
    assert_eq!(joined.own, BTreeSet::new());
    let joined = state().followed(&museum, joined, 1);
    assert_eq!(joined.products, museum.products, "joining changes nothing");
    let moved = changed().followed(&joined, following(&joined), 2);
    assert_eq!(following(&moved).version, 2);
    let product = &moved.products[0];
    assert_eq!(product.cancellation.refund_until_minutes_before, Some(60));
    assert_eq!(product.check(), Ok(()));
    let price = |venue: &Venue| venue.full_price_on("2026-11-24".parse().unwrap());
    assert_eq!(price(&moved), price(&museum));
}

#[test]
fn a_part_that_the_venue_changed_stays_its_own_and_can_be_given_back() {
    let joined = state().followed(&venue(), state().joined_by(&venue()), 1);
    let mut own = joined.clone();
    own.products[0].cancellation = Cancellation { refund_until_minutes_before: None };
    own.note_own(&joined);
    assert_eq!(following(&own).own, BTreeSet::from([Part::Cancellation]));
    let moved = changed().followed(&own, following(&own), 2);
    assert_eq!(moved.products[0].cancellation.refund_until_minutes_before, None);
    assert_ne!(moved.products[0].options, own.products[0].options, "all else follows");
    let given_back = Following { own: BTreeSet::new(), ..following(&moved) };
    let back = changed().followed(&moved, given_back, 2);
    assert_eq!(back.products[0].cancellation.refund_until_minutes_before, Some(60));
}

#[test]
fn what_is_otherwise_when_a_venue_joins_is_its_own() {
    let mut museum = venue();
    museum.products[0].cancellation = Cancellation { refund_until_minutes_before: None };
    assert_eq!(state().joined_by(&museum).own, BTreeSet::from([Part::Cancellation]));
}

#[test]
fn a_venue_that_the_template_does_not_fit_stays_as_it_was_and_says_why() {
    let joined = state().followed(&venue(), state().joined_by(&venue()), 1);
    let mut template = changed();
    let tower = crate::id::AreaId::new("tower").unwrap();
    template.parts.admission =
        Some(AdmissionRule { areas: vec![tower], ..AdmissionRule::default() });
    let moved = template.followed(&joined, following(&joined), 2);
    assert_eq!(moved.products, joined.products);
    assert!(following(&moved).misfit.is_some());
    assert_eq!(following(&moved).version, 2, "it is not asked again before the next version");
}

#[test]
fn a_template_that_no_venue_can_offer_is_refused_where_it_is_wrong() {
    assert_eq!(state().check(), Ok(()));
    let mut nameless = state();
    nameless.name.en.clear();
    assert_eq!(nameless.check().unwrap_err().field(), "name");
    let mut late = state();
    late.parts.cancellation = Some(Cancellation { refund_until_minutes_before: Some(u32::MAX) });
    assert_eq!(late.check().unwrap_err().field(), "parts.cancellation.refund_until_minutes_before");
    let mut empty = state();
    empty.parts.tariffs.as_mut().unwrap().options.clear();
    assert_eq!(empty.check().unwrap_err().field(), "parts.options");
}
