use ed25519_dalek::SigningKey;
use uuid::Uuid;

use super::*;
use crate::admission::{AdmissionRule, Reentry};
use crate::calendar::Opening;
use crate::gate::bundle::{Left, Standing};
use crate::gate::claim::Use;
use crate::id::{GateId, ProductId, SupplierId, VenueId};
use crate::premises::Premises;
use crate::supplier::SuppliedBy;
use crate::tariff::Cents;
use crate::ticket::{KeyRing, KeySeed, Ticket, key_id, sign, withdraw};
use crate::venue::{HoursSource, Venue, VenueKind, shipped_product};

const NOW: &str = "2026-11-24T09:10:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn venue(id: &str) -> Venue {
    Venue {
        id: VenueId::new(id).unwrap(),
        name: "Museo".to_owned(),
        kind: VenueKind::Museum,
        category: None,
        municipality: "Firenze".to_owned(),
        region: "Toscana".to_owned(),
        latitude: 43.77,
        longitude: 11.25,
        full_price_cents: Cents(1200),
        annual_visitors: None,
        website: None,
        hours: HoursSource::DefaultWeek,
        opening: Opening::default_week(),
        resources: Vec::new(),
        premises: Premises::default(),
        products: vec![shipped_product(VenueKind::Museum, Cents(1200), None).unwrap()],
        campaigns: Vec::new(),
        honoured_passes: Vec::new(),
        follows: crate::template::Follows::Undecided,
        supplied_by: crate::supplier::SuppliedBy::default(),
    }
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

fn ticket(number: u8, unit: &str, state: TicketState) -> Ticket {
    Ticket {
        entitlement: Entitlement {
            ticket: TicketId::from_bytes([number; 10]),
            venue: VenueId::new("20240").unwrap(),
            product: ProductId::new("admission").unwrap(),
            unit: UnitId::new(unit).unwrap(),
            slot: SlotTimes {
                id: "2026-11-24T10:00".parse().unwrap(),
                start: at("2026-11-24T09:00:00Z"),
                end: at("2026-11-24T10:00:00Z"),
            },
            grant: Grant::Visit,
        },
        unit_name: Text::new("Ragazzi 12-17", "Minors 12-17"),
        reason: Text::new("", ""),
        document: Some(Text::new("Documento di identità", "Identity document")),
        admission: AdmissionRule::default(),
        pass: None,
        booking: Uuid::nil().into(),
        lease: None,
        issued_at: at("2026-11-20T09:00:00Z"),
        state,
    }
}

/// A bundle of tickets 1 to 3: valid, used at the north gate, revoked.
fn bundle() -> Bundle {
    let used = TicketState::Redeemed {
        at: at("2026-11-24T09:01:00Z"),
        gate: GateId::new("north").unwrap(),
        redemption: Uuid::from_u128(99).into(),
        area: None,
        exit: None,
    };
    let tickets = vec![
        ticket(3, "minor", TicketState::Revoked { at: at("2026-11-23T09:00:00Z") }),
        ticket(2, "minor", used),
        ticket(1, "minor", TicketState::Valid),
    ];
    let keys = KeySet::of(&[key().verifying_key()]);
    let day = "2026-11-24".parse().unwrap();
    Bundle::of(&venue("20240"), day, &keys, tickets, at("2026-11-24T09:05:00Z"))
}

fn shown(ticket: &Ticket) -> Shown {
    let code = sign(&ticket.entitlement, &key()).unwrap();
    read(&code, &bundle().keys).unwrap()
}

fn decide(
    shown: Shown,
    used: Option<&Use>,
    nonce: u128,
    now: &str,
) -> Result<OfflineEntry, OfflineRefusal> {
    let seen = used.map(|used| Seen { entry: Some(used.clone()), exit: None });
    decides(&bundle(), seen.as_ref(), Direction::Entry, shown, nonce, now)
}

/// The gate `here` of venue `20240`.
fn decides(
    bundle: &Bundle,
    seen: Option<&Seen>,
    direction: Direction,
    shown: Shown,
    nonce: u128,
    now: &str,
) -> Result<OfflineEntry, OfflineRefusal> {
    decides_after(bundle, Since { seen, undone: &HashSet::new() }, direction, shown, nonce, now)
}

fn decides_after(
    bundle: &Bundle,
    since: Since<'_>,
    direction: Direction,
    shown: Shown,
    nonce: u128,
    now: &str,
) -> Result<OfflineEntry, OfflineRefusal> {
    let (venue, gate) = (VenueId::new("20240").unwrap(), GateId::new("here").unwrap());
    let (uuid, at) = (Uuid::from_u128(nonce).into(), at(now));
    let scan = Scan { uuid, venue: &venue, gate: &gate, area: None, direction, at };
    pass(bundle, since, shown, &scan)
}

fn valid(number: u8) -> Shown {
    shown(&ticket(number, "minor", TicketState::Valid))
}

fn used(number: u8, gate: &str, nonce: u128) -> Use {
    Use {
        ticket: TicketId::from_bytes([number; 10]),
        uuid: Uuid::from_u128(nonce).into(),
        gate_id: GateId::new(gate).unwrap(),
        at: at("2026-11-24T09:08:00Z"),
        after: None,
    }
}

#[test]
fn a_bundle_reads_back_and_gathers_what_tickets_share() {
    let bundle = bundle();
    let text = serde_json::to_string(&bundle).unwrap();
    assert_eq!(serde_json::from_str::<Bundle>(&text).unwrap(), bundle);
    assert_eq!((bundle.groups.len(), bundle.tickets()), (1, 3));
    assert_eq!(bundle.groups[0].tickets[0].standing, Standing::Valid);
}

#[test]
fn a_bundle_names_no_booking() {
    assert!(!serde_json::to_string(&bundle()).unwrap().contains(&Uuid::nil().to_string()));
}

#[test]
fn an_expected_ticket_admits_and_says_what_to_show() {
    let entry = decide(valid(1), None, 1, NOW).unwrap();
    assert_eq!(entry.unit_name.en, "Minors 12-17");
    assert_eq!(entry.show.unwrap().en, "Identity document");
    assert_eq!(entry.redeemed_at, at(NOW));
    let typed = read(&TicketId::from_bytes([1; 10]).typed_code(), &KeySet::default()).unwrap();
    assert!(decide(typed, None, 1, NOW).is_ok());
}

#[test]
fn what_this_gate_or_a_neighbour_used_is_refused_and_a_lost_answer_is_given_again() {
    let south = used(1, "south", 5);
    let refused = decide(valid(1), Some(&south), 6, NOW);
    assert_eq!(
        refused,
        Err(OfflineRefusal::Refused(Refusal::AlreadyRedeemed {
            ticket: south.ticket,
            at: south.at,
            gate: south.gate_id.clone(),
        }))
    );
    assert_eq!(decide(valid(1), Some(&south), 5, NOW).unwrap().redeemed_at, south.at);
}

#[test]
fn what_the_bundle_tells_of_is_refused() {
    let refusal = |number| decide(valid(number), None, 6, NOW).unwrap_err();
    assert!(matches!(refusal(2), OfflineRefusal::Refused(Refusal::AlreadyRedeemed { .. })));
    assert!(matches!(refusal(3), OfflineRefusal::Refused(Refusal::Revoked { .. })));
}

#[test]
fn an_entry_that_was_taken_back_after_the_bundle_admits_again() {
    let undone = HashSet::from([Uuid::from_u128(99).into()]);
    let since = Since { seen: None, undone: &undone };
    assert!(decides_after(&bundle(), since, Direction::Entry, valid(2), 1, NOW).is_ok());
}

/// The same bundle of a venue whose tickets are for the day, or only until five minutes after ten.
fn bundle_with(rule: &AdmissionRule) -> Bundle {
    let mut bundle = bundle();
    bundle.groups[0].unit.admission = rule.clone();
    bundle.units.iter_mut().for_each(|unit| unit.admission = rule.clone());
    bundle
}

#[test]
fn a_gate_by_itself_keeps_the_window_of_the_product_for_old_tickets_and_new_ones() {
    let rule = AdmissionRule { until_minutes_after_start: Some(5), ..AdmissionRule::default() };
    let bundle = bundle_with(&rule);
    for number in [1, 9] {
        let shown = shown(&ticket(number, "minor", TicketState::Valid));
        let late = decides(&bundle, None, Direction::Entry, shown, 1, NOW);
        assert!(matches!(late, Err(OfflineRefusal::Refused(Refusal::TooLate { .. }))), "{number}");
    }
}

#[test]
fn who_goes_out_by_a_gate_alone_comes_in_again_where_the_ticket_is_for_the_day() {
    let bundle = bundle_with(&AdmissionRule { reentry: Reentry::SameDay, ..Default::default() });
    let entry = used(1, "north", 5);
    let inside = Seen { entry: Some(entry.clone()), exit: None };
    let exit = decides(&bundle, Some(&inside), Direction::Exit, valid(1), 6, NOW).unwrap();
    assert_eq!(exit.after, Some(entry.uuid));
    let left = Use { at: at("2026-11-24T09:09:00Z"), ..used(1, "here", 6) };
    let outside = Seen { exit: Some(left.clone()), ..inside };
    let again = |bundle: &Bundle| {
        decides(bundle, Some(&outside), Direction::Entry, valid(1), 7, "2026-11-24T15:00:00Z")
    };
    assert_eq!(again(&bundle).unwrap().after, Some(left.uuid));
    let once = again(&bundle_with(&AdmissionRule::default()));
    assert!(matches!(once, Err(OfflineRefusal::Refused(Refusal::NoReentry { .. }))));
}

#[test]
fn who_came_in_by_another_gate_is_let_out() {
    let exit = decides(&bundle(), None, Direction::Exit, valid(1), 6, NOW).unwrap();
    assert_eq!(exit.after, None);
    let revoked = decides(&bundle(), None, Direction::Exit, valid(3), 6, NOW);
    assert!(matches!(revoked, Err(OfflineRefusal::Refused(Refusal::Revoked { .. }))));
}

#[test]
fn an_exit_that_the_bundle_tells_of_counts_over_an_earlier_entry_here() {
    let mut bundle =
        bundle_with(&AdmissionRule { reentry: Reentry::SameDay, ..Default::default() });
    let entry = used(1, "here", 5);
    bundle.groups[0].tickets[0].standing = Standing::Redeemed {
        at: entry.at,
        gate_id: entry.gate_id.clone(),
        redemption: entry.uuid,
        area_id: None,
        exit: Some(Left {
            at: at("2026-11-24T09:09:00Z"),
            gate_id: GateId::new("south").unwrap(),
            uuid: Uuid::from_u128(8).into(),
        }),
    };
    let seen = Seen { entry: Some(entry), exit: None };
    let again = decides(&bundle, Some(&seen), Direction::Entry, valid(1), 9, NOW).unwrap();
    assert_eq!(again.after, Some(Uuid::from_u128(8).into()));
}

#[test]
fn a_ticket_sold_after_the_bundle_is_believed_by_its_signature_and_not_by_its_number() {
    let sold = ticket(9, "youth", TicketState::Valid);
    let entry = decide(shown(&sold), None, 1, NOW).unwrap();
    assert_eq!(entry.unit_name.en, "Youth 18-25", "as the venue sells it");
    let show = entry.show.unwrap().en;
    assert!(show.starts_with("Identity document; aged 18 to 25"), "{show}");
    let typed = Shown::Typed(sold.entitlement.ticket);
    assert!(matches!(decide(typed, None, 1, NOW), Err(OfflineRefusal::Unknown { .. })));
}

#[test]
fn a_gate_by_itself_keeps_the_hours_and_the_venue() {
    let refusal = |shown, now| decide(shown, None, 1, now).unwrap_err();
    let early = refusal(valid(1), "2026-11-24T08:29:59Z");
    assert!(matches!(early, OfflineRefusal::Refused(Refusal::TooEarly { .. })));
    assert!(decide(valid(1), None, 1, "2026-11-24T11:00:00Z").is_ok(), "an hour late");
    let late = refusal(valid(1), "2026-11-24T11:00:01Z");
    assert!(matches!(late, OfflineRefusal::Refused(Refusal::TooLate { .. })));
    let mut elsewhere = ticket(9, "minor", TicketState::Valid);
    elsewhere.entitlement.venue = VenueId::new("20514").unwrap();
    let elsewhere = refusal(shown(&elsewhere), NOW);
    assert!(matches!(elsewhere, OfflineRefusal::Refused(Refusal::OtherVenue { .. })));
}

#[test]
fn a_code_of_a_stranger_is_read_by_no_gate() {
    let code = sign(
        &ticket(1, "minor", TicketState::Valid).entitlement,
        &SigningKey::from_bytes(&[4; 32]),
    );
    let unread = read(&code.unwrap(), &bundle().keys);
    assert!(matches!(unread, Err(Unread::Code(CodeError::UnknownKey { .. }))));
    assert!(matches!(read("nonsense", &KeySet::default()), Err(Unread::Typed(_))));
}

/// The code of a ticket by the key of 32 such bytes.
fn code_by(ticket: &Ticket, byte: u8) -> String {
    sign(&ticket.entitlement, &SigningKey::from_bytes(&[byte; 32])).unwrap()
}

#[test]
fn a_gate_has_no_key_of_another_supplier_and_refuses_what_it_signed_for_its_own_venue() {
    let uffizi = Some(SupplierId::new("uffizi").unwrap());
    let seeds = [
        KeySeed::new(&[3; 32], Timestamp::UNIX_EPOCH, None),
        KeySeed::new(&[5; 32], Timestamp::UNIX_EPOCH, uffizi.clone()),
    ];
    let set = KeyRing::new(&seeds).unwrap().published(at(NOW));
    let bundle_at =
        |venue: &Venue| Bundle::of(venue, "2026-11-24".parse().unwrap(), &set, Vec::new(), at(NOW));
    let here = bundle_at(&venue("20240"));
    let kids: Vec<&str> = here.keys.keys.iter().map(|key| key.kid.as_str()).collect();
    assert_eq!(kids, [key_id(&key().verifying_key())]);
    let theirs = Venue { supplied_by: SuppliedBy::one(uffizi), ..venue("20514") };
    assert_eq!(bundle_at(&theirs).keys.keys.len(), 1, "nor do the others have ours");

    // Whoever has the other supplier's key forges a ticket of this venue.
    let forged = ticket(9, "adult", TicketState::Valid);
    let unread = read(&code_by(&forged, 5), &here.keys).unwrap_err();
    assert!(matches!(unread, Unread::Code(CodeError::UnknownKey { .. })));
    assert_eq!(unread.elsewhere(&here.venue_id), None);
    // A visitor stands at the wrong door, or holds a pass.
    let mut honest = forged;
    honest.entitlement.venue = theirs.id.clone();
    let unread = read(&code_by(&honest, 5), &here.keys).unwrap_err();
    let elsewhere = unread.elsewhere(&here.venue_id);
    assert!(matches!(elsewhere, Some(Refusal::OtherVenue { venue, .. }) if venue == theirs.id));
}

#[test]
fn a_code_of_a_withdrawn_key_lets_in_who_is_on_the_list_and_nobody_else() {
    let mut seeds = vec![KeySeed::new(&[3; 32], Timestamp::UNIX_EPOCH, None)];
    let leaked = key_id(&key().verifying_key());
    withdraw(&mut seeds, &leaked, &[5; 32], at(NOW)).unwrap();
    let set = KeyRing::new(&seeds).unwrap().published(at(NOW));
    let listed = ticket(1, "minor", TicketState::Valid);
    let day = "2026-11-24".parse().unwrap();
    let bundle = Bundle::of(&venue("20240"), day, &set, vec![listed.clone()], at(NOW));
    let written = serde_json::to_string(&bundle).unwrap();
    assert_eq!(serde_json::from_str::<Bundle>(&written).unwrap(), bundle);
    let shown = |ticket: &Ticket, byte| read(&code_by(ticket, byte), &bundle.keys).unwrap();
    let decide = |shown| decides(&bundle, None, Direction::Entry, shown, 1, NOW);
    // Whoever has the key may write what they like: what counts is what the list says of the number.
    let mut dearer = listed;
    dearer.entitlement.unit = UnitId::new("adult").unwrap();
    assert_eq!(decide(shown(&dearer, 3)).unwrap().unit.as_str(), "minor");
    let invented = ticket(9, "minor", TicketState::Valid);
    let refused = decide(shown(&invented, 3)).unwrap_err();
    assert!(matches!(refused, OfflineRefusal::KeyWithdrawn { key_id, .. } if key_id == leaked));
    assert!(decide(shown(&invented, 5)).is_ok(), "sold since, and signed with the fresh key");
}

#[test]
fn a_bundle_kept_by_an_earlier_version_of_the_gate_still_reads() {
    let mut written = serde_json::to_value(bundle()).unwrap();
    written.as_object_mut().unwrap().remove("withdrawn_keys");
    for key in written["keys"].as_array_mut().unwrap() {
        for later in ["supplier_id", "signs_from", "published_until"] {
            key.as_object_mut().unwrap().remove(later);
        }
    }
    assert_eq!(serde_json::from_value::<Bundle>(written).unwrap(), bundle());
}

#[test]
fn the_tickets_of_one_booking_are_known_as_a_party_and_no_booking_is_named() {
    let of = |number: u8, booking: u128| Ticket {
        booking: Uuid::from_u128(booking).into(),
        ..ticket(number, if number == 3 { "adult" } else { "minor" }, TicketState::Valid)
    };
    let tickets = vec![of(4, 8), of(2, 7), of(1, 7), of(3, 7), of(5, 9), of(6, 9)];
    let day = "2026-11-24".parse().unwrap();
    let bundle = Bundle::of(&venue("20240"), day, &KeySet::default(), tickets, at(NOW));
    let party = |number: u8| -> Vec<u8> {
        let members = bundle.party(TicketId::from_bytes([number; 10]));
        members.iter().map(|(_, expected)| expected.id.as_bytes()[0]).collect()
    };
    assert_eq!(party(3), [1, 2, 3], "of whatever unit");
    assert_eq!(party(1), party(2));
    assert_eq!((party(4), party(6), party(77)), (vec![4], vec![5, 6], Vec::new()));
    let written = serde_json::to_string(&bundle).unwrap();
    assert!(!written.contains(&CallerUuid::from(Uuid::from_u128(7)).to_string()));
    assert_eq!(serde_json::from_str::<Bundle>(&written).unwrap(), bundle);
}
