//! What groups may ask for, what they pay, and what a manager may grant.

use jiff::SignedDuration;
use uuid::Uuid;

use super::*;
use crate::hold::tests::venue;
use crate::id::UnitId;
use crate::mail::{MailKind, told};
use crate::tariff::{Cents, PriceComponent};
use crate::text::Text;

fn now() -> Timestamp {
    "2026-11-24T08:00:00Z".parse().unwrap()
}

/// A museum whose groups pay EUR 70 from eleven people on, outside schools.
fn museum() -> Venue {
    let mut museum = venue();
    let groups = museum.products[0].groups.as_mut().unwrap();
    groups.surcharge = Some(GroupSurcharge {
        name: Text::new("Diritto di gruppo", "Group surcharge"),
        amount_cents: Cents(7_000),
        from_people: 11,
        beneficiary: None,
        source: "tariffs of the museum".into(),
    });
    museum
}

fn asks(kind: GroupKind, people: u32, leaders: u32) -> GroupAsk {
    GroupAsk {
        uuid: Uuid::from_u128(7).into(),
        venue_id: VenueId::new("20240").unwrap(),
        product_id: ProductId::new("admission").unwrap(),
        option_id: OptionId::new("standard").unwrap(),
        slot_id: "2026-12-15T10:00".parse().unwrap(),
        kind,
        organisation: "Group 1".into(),
        contact: Some(Contact {
            full_name: "Visitor 1".into(),
            email: "visitor-1@example.org".into(),
            phone: None,
        }),
        locale: Locale::It,
        people,
        leaders,
        note: None,
    }
}

fn asked(kind: GroupKind, people: u32, leaders: u32) -> Group {
    let ask = asks(kind, people, leaders);
    let offer = ask.offer(&museum(), now()).unwrap();
    Group::asked(ask, &offer, now())
}

fn approved(group: &Group, visits: &[SchoolVisit]) -> Result<(Booking, Group), DecisionError> {
    match group.approve(&museum(), None, "manager-1", visits, now())? {
        Approval::New(booking, group) => Ok((*booking, *group)),
        Approval::Before => panic!("it was not approved before"),
    }
}

#[test]
fn a_group_pays_its_tickets_and_one_surcharge_and_its_leader_enters_free() {
    let (booking, _) = approved(&asked(GroupKind::Group, 20, 1), &[]).unwrap();
    assert_eq!(booking.places(), 21, "one ticket each");
    assert_eq!(booking.total(), Cents(20 * 1_000 + 7_000));
    let first = &booking.units[0];
    assert_eq!((first.quantity, first.price_cents), (1, Cents(8_000)));
    let parts: Vec<i64> = first.components.iter().map(|part| part.price_cents.0).collect();
    assert_eq!(parts, [1_000, 7_000], "the parts are what is paid");
    assert_eq!(booking.units[2].unit_id, UnitId::new("adult").unwrap());
    assert_eq!(booking.units[2].price_cents, Cents::ZERO);
    for line in &booking.units {
        let sum: Cents = line.components.iter().map(|part: &PriceComponent| part.price_cents).sum();
        assert_eq!(sum, line.price_cents);
    }
}

#[test]
fn a_school_class_enters_free_with_two_teachers_and_pays_no_surcharge() {
    let (booking, _) = approved(&asked(GroupKind::School, 24, 2), &[]).unwrap();
    assert_eq!((booking.total(), booking.places()), (Cents::ZERO, 26));
    assert!(booking.units[0].document.as_ref().unwrap().en.contains("list of names"));
}

#[test]
fn on_a_day_that_is_free_for_everyone_no_surcharge_is_due() {
    let mut ask = asks(GroupKind::Group, 20, 1);
    ask.slot_id = "2026-12-06T10:00".parse().unwrap();
    let total: Cents = ask
        .offer(&museum(), now())
        .unwrap()
        .units
        .iter()
        .map(|line| line.price_cents.times(line.quantity))
        .sum();
    assert_eq!(total, Cents::ZERO);
}

#[test]
fn a_group_has_a_size_and_as_many_leaders_as_enter_free() {
    let refused = |kind, people, leaders| asks(kind, people, leaders).offer(&museum(), now());
    let people = |people| Err(GroupError::People { people, min: 11, max: 25 });
    assert_eq!(refused(GroupKind::Group, 10, 1), people(10));
    assert_eq!(refused(GroupKind::Group, 26, 1), people(26));
    let leaders = |leaders, people, most| Err(GroupError::Leaders { leaders, people, most });
    assert_eq!(refused(GroupKind::Group, 25, 0), leaders(0, 25, 1));
    assert_eq!(refused(GroupKind::Group, 25, 2), leaders(2, 25, 1));
    assert!(refused(GroupKind::School, 25, 2).is_ok());
    assert_eq!(refused(GroupKind::School, 13, 2), leaders(2, 13, 1));
    let mut small = museum();
    small.products[0].capacity = 20;
    assert_eq!(
        asks(GroupKind::Group, 20, 1).offer(&small, now()),
        Err(GroupError::NeverFits { requested: 21, most: 20 })
    );
}

#[test]
fn a_product_without_a_rule_takes_no_group_and_one_without_a_quota_no_school() {
    let mut museum = museum();
    museum.products[0].groups.as_mut().unwrap().schools = None;
    let product = museum.products[0].id.clone();
    let school = asks(GroupKind::School, 20, 2).offer(&museum, now());
    assert_eq!(school, Err(GroupError::NoSchools { product: product.clone() }));
    museum.products[0].groups = None;
    let group = asks(GroupKind::Group, 20, 1).offer(&museum, now());
    assert_eq!(group, Err(GroupError::NoGroups { product }));
}

#[test]
fn the_directors_quota_counts_the_school_people_of_the_day_or_of_the_slot() {
    let group = asked(GroupKind::School, 24, 2);
    let visit = |slot: &str, heads| SchoolVisit {
        uuid: Uuid::from_u128(8).into(),
        slot_id: slot.parse().unwrap(),
        heads,
    };
    assert!(approved(&group, &[visit("2026-12-15T12:00", 34)]).is_ok());
    assert_eq!(
        approved(&group, &[visit("2026-12-15T12:00", 35)]).unwrap_err(),
        DecisionError::OverQuota { requested: 26, left: 25, per: QuotaPer::Day }
    );
    let per_slot = SchoolQuota { people: 60, per: QuotaPer::Slot };
    let visits = [visit("2026-12-15T12:00", 35), visit("2026-12-15T10:00", 10)];
    assert_eq!(per_slot.left(&visits, group.ask.slot_id), 50);
    assert!(approved(&asked(GroupKind::Group, 20, 1), &[visit("2026-12-15T10:00", 60)]).is_ok());
}

#[test]
fn the_places_are_held_for_a_week_or_until_two_days_before_or_as_the_manager_says() {
    let until = |slot: &str, wish: Option<Timestamp>| {
        let mut ask = asks(GroupKind::Group, 20, 1);
        ask.slot_id = slot.parse().unwrap();
        let offer = ask.offer(&museum(), now()).unwrap();
        let group = Group::asked(ask, &offer, now());
        match group.approve(&museum(), wish, "manager-1", &[], now())? {
            Approval::New(booking, _) => match booking.state {
                BookingState::OnHold { expires_at, .. } => Ok(expires_at),
                other => panic!("{other:?}"),
            },
            Approval::Before => panic!("it was not approved before"),
        }
    };
    let days = |days: i64| now() + SignedDuration::from_hours(24 * days);
    assert_eq!(until("2026-12-15T10:00", None), Ok(days(7)));
    let start: Timestamp = "2026-11-28T09:00:00Z".parse().unwrap();
    assert_eq!(until("2026-11-28T10:00", None), Ok(start - SignedDuration::from_hours(48)));
    let tomorrow: Timestamp = "2026-11-25T09:00:00Z".parse().unwrap();
    assert_eq!(until("2026-11-25T10:00", None), Ok(tomorrow));
    assert_eq!(until("2026-12-15T10:00", Some(days(14))), Ok(days(14)));
    for wrong in [now(), days(30)] {
        let refused = until("2026-12-15T10:00", Some(wrong));
        assert!(matches!(refused, Err(DecisionError::HoldUntil { .. })), "{refused:?}");
    }
}

#[test]
fn a_request_is_decided_once_and_the_same_word_again_changes_nothing() {
    let group = asked(GroupKind::Group, 20, 1);
    let (booking, approved) = approved(&group, &[]).unwrap();
    assert_eq!(booking.uuid, group.ask.uuid, "the key they know opens it");
    assert_eq!(told(None, &booking), Some(MailKind::Approved));
    let again = approved.approve(&museum(), None, "manager-2", &[], now());
    assert_eq!(again, Ok(Approval::Before));
    let decided = |status, step| Err(DecisionError::Decided { status, step });
    assert_eq!(approved.refuse("full", "manager-1", now()), decided("APPROVED", "refused"));
    let refused = group.refuse(" full ", "manager-1", now()).unwrap();
    assert_eq!(refused.refuse("full", "manager-2", now()), Ok(refused.clone()));
    assert_eq!(refused.refuse("other", "manager-1", now()), decided("REFUSED", "refused"));
    let late = refused.approve(&museum(), None, "manager-1", &[], now());
    assert_eq!(late, Err(DecisionError::Decided { status: "REFUSED", step: "approved" }));
    assert_eq!(group.refuse(" ", "manager-1", now()), Err(DecisionError::BadReason { length: 0 }));
}

#[test]
fn who_takes_the_request_back_is_forgotten_once_no_places_are_held() {
    let group = asked(GroupKind::Group, 20, 1);
    let (booking, approved) = approved(&group, &[]).unwrap();
    assert_eq!(approved.withdraw(Some(&booking), now()), Err(DecisionError::PlacesHeld));
    let later = now() + SignedDuration::from_hours(24 * 7);
    for forgotten in [group.withdraw(None, now()), approved.withdraw(Some(&booking), later)] {
        let forgotten = forgotten.unwrap();
        assert_eq!((forgotten.ask.contact.clone(), forgotten.ask.note.clone()), (None, None));
        assert_ne!(forgotten.fingerprint, group.fingerprint);
        assert_eq!(forgotten.withdraw(None, later), Ok(forgotten.clone()));
    }
}

#[test]
fn a_list_is_read_as_a_spreadsheet_saves_it() {
    let names = read_list("last_name,first_name,role\nRossi,A.,person\nD’Arco,Zoë,leader\n", 20, 1);
    let names = names.unwrap();
    assert_eq!((names.len(), names[1].role), (2, ListedRole::Leader));
    let excel = "\u{feff}last_name;first_name;role\r\n\"De Rossi\"; A ;person\r\n";
    assert_eq!(read_list(excel, 20, 1).unwrap()[0].last_name, "De Rossi");
    assert_eq!(read_list(&write_list(&names).unwrap(), 20, 1), Ok(names));
}

#[test]
fn every_row_of_a_list_that_is_wrong_is_named_by_number_and_column() {
    let file = "last_name,first_name,role\n\
        One,A,person\n,B,person\n=1+1,C,person\nTwo,D,pupil\nThree\nFour,E,person,leader\n";
    let Err(ListError::Rows(faults)) = read_list(file, 20, 1) else { panic!("it was read") };
    let at: Vec<_> = faults.iter().map(|fault| (fault.row, fault.column)).collect();
    assert_eq!(
        at,
        [(3, "last_name"), (4, "last_name"), (5, "role"), (6, "first_name"), (7, "role")]
    );
    assert_eq!(read_list("name,role\nA,person\n", 1, 1), Err(ListError::Header));
    assert_eq!(read_list("", 1, 1), Err(ListError::Header));
    assert_eq!(read_list("last_name,first_name,role\n", 1, 1), Err(ListError::Empty));
    let two = "last_name,first_name,role\nA,B,leader\nC,D,leader\n";
    let too_many = ListError::TooMany { role: "leader", listed: 2, asked: 1 };
    assert_eq!(read_list(two, 20, 1), Err(too_many));
}

#[test]
fn a_rule_that_no_group_could_meet_is_refused_where_it_is_wrong() {
    type Spoil = fn(&mut GroupRule);
    let cases: [(Spoil, &str); 8] = [
        (|rule| rule.min_people = 0, "groups.max_people"),
        (|rule| rule.min_people = 26, "groups.max_people"),
        (|rule| rule.max_people = 89, "groups.max_people"),
        (|rule| rule.people_per_leader = 0, "groups.people_per_leader"),
        (|rule| rule.leader_unit_id = UnitId::new("captain").unwrap(), "groups.leader_unit_id"),
        (
            |rule| rule.surcharge.as_mut().unwrap().amount_cents = Cents::ZERO,
            "groups.surcharge.amount_cents",
        ),
        (|rule| rule.schools.as_mut().unwrap().quota.people = 0, "groups.schools.quota.people"),
        (|rule| rule.source.clear(), "groups.source"),
    ];
    assert_eq!(museum().products[0].check(), Ok(()));
    for (spoil, field) in cases {
        let mut product = museum().products[0].clone();
        spoil(product.groups.as_mut().unwrap());
        assert_eq!(product.check().unwrap_err().field(), field);
    }
}
