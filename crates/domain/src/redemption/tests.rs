use uuid::Uuid;

use super::*;
use crate::admission::Reentry;
use crate::ticket::sample::ticket;

fn area(id: &str) -> AreaId {
    AreaId::new(id).unwrap()
}

/// A gate of the venue `20240`.
fn shown_to(
    ticket: Ticket,
    direction: Direction,
    area: Option<&AreaId>,
    nonce: u128,
    now: &str,
) -> Result<Redemption, Refusal> {
    let venue = VenueId::new("20240").unwrap();
    let gate = GateId::new("main").unwrap();
    let uuid = Uuid::from_u128(nonce).into();
    let at = now.parse().unwrap();
    pass(ticket, &Scan { uuid, venue: &venue, gate: &gate, area, direction, at })
}

fn shown(ticket: Ticket, nonce: u128, now: &str) -> Result<Redemption, Refusal> {
    shown_to(ticket, Direction::Entry, None, nonce, now)
}

fn goes_out(ticket: Ticket, nonce: u128, now: &str) -> Result<Redemption, Refusal> {
    shown_to(ticket, Direction::Exit, None, nonce, now)
}

fn with(rule: AdmissionRule) -> Ticket {
    Ticket { admission: rule, ..ticket() }
}

fn for_the_day() -> Ticket {
    with(AdmissionRule { reentry: Reentry::SameDay, ..AdmissionRule::default() })
}

#[test]
fn a_ticket_admits_once_and_the_same_scan_again_is_the_same_entry() {
    let first = shown(ticket(), 1, "2026-11-24T09:10:00Z").unwrap();
    let again = shown(first.ticket.clone(), 1, "2026-11-24T09:11:00Z").unwrap();
    assert_eq!(again, first);
    let second = shown(first.ticket, 2, "2026-11-24T09:12:00Z");
    assert!(matches!(second, Err(Refusal::AlreadyRedeemed { .. })));
}

#[test]
fn a_ticket_admits_from_half_an_hour_before_to_an_hour_after_its_slot() {
    let at = |now| shown(ticket(), 1, now);
    assert!(matches!(at("2026-11-24T08:29:59Z"), Err(Refusal::TooEarly { .. })));
    assert!(at("2026-11-24T08:30:00Z").is_ok());
    assert!(at("2026-11-24T11:00:00Z").is_ok());
    assert!(matches!(at("2026-11-24T11:00:01Z"), Err(Refusal::TooLate { .. })));
}

#[test]
fn a_tour_that_waits_for_nobody_names_its_window_to_who_is_late() {
    let rule = AdmissionRule {
        from_minutes_before_start: 10,
        until_minutes_after_start: Some(5),
        ..AdmissionRule::default()
    };
    let at = |now| shown(with(rule.clone()), 1, now);
    assert!(matches!(at("2026-11-24T08:49:59Z"), Err(Refusal::TooEarly { .. })));
    assert!(at("2026-11-24T09:05:00Z").is_ok());
    let late = at("2026-11-24T09:05:01Z").unwrap_err().to_string();
    assert_eq!(late, "the ticket admitted from 2026-11-24T08:50:00Z to 2026-11-24T09:05:00Z");
}

#[test]
fn who_went_out_does_not_come_in_again_unless_the_product_says_so() {
    let entry = shown(ticket(), 1, "2026-11-24T09:10:00Z").unwrap();
    let exit = goes_out(entry.ticket, 2, "2026-11-24T09:40:00Z").unwrap();
    assert_eq!(exit.after, Some(entry.uuid));
    let again = shown(exit.ticket, 3, "2026-11-24T09:50:00Z");
    assert!(matches!(again, Err(Refusal::NoReentry { .. })));
}

#[test]
fn a_ticket_of_the_day_admits_again_after_each_exit_and_never_twice_without_one() {
    let entry = shown(for_the_day(), 1, "2026-11-24T09:10:00Z").unwrap();
    let twice = shown(entry.ticket.clone(), 2, "2026-11-24T09:11:00Z");
    assert!(matches!(twice, Err(Refusal::AlreadyRedeemed { .. })));
    let exit = goes_out(entry.ticket, 3, "2026-11-24T12:00:00Z").unwrap();
    let back = shown(exit.ticket, 4, "2026-11-24T14:00:00Z").unwrap();
    assert_eq!(back.after, Some(exit.uuid));
    let twice = shown(back.ticket.clone(), 5, "2026-11-24T14:01:00Z");
    assert!(matches!(twice, Err(Refusal::AlreadyRedeemed { .. })));
    let out = goes_out(back.ticket, 6, "2026-11-24T17:00:00Z").unwrap();
    let next_day = shown(out.ticket, 7, "2026-11-25T09:00:00Z");
    assert!(matches!(next_day, Err(Refusal::TooLate { .. })));
}

#[test]
fn an_exit_is_for_who_is_inside_at_any_hour_and_said_again_it_is_the_same_exit() {
    let not_in = goes_out(ticket(), 1, "2026-11-24T09:10:00Z");
    assert!(matches!(not_in, Err(Refusal::NotInside { .. })));
    let entry = shown(ticket(), 1, "2026-11-24T09:10:00Z").unwrap();
    let exit = goes_out(entry.ticket, 2, "2026-11-24T17:00:00Z").unwrap();
    let again = goes_out(exit.ticket.clone(), 2, "2026-11-24T17:01:00Z").unwrap();
    assert_eq!(
        (again.ticket.state, again.redeemed_at),
        (exit.ticket.state.clone(), exit.redeemed_at)
    );
    let twice = goes_out(exit.ticket, 3, "2026-11-24T17:02:00Z");
    assert!(matches!(twice, Err(Refusal::AlreadyOut { .. })));
}

#[test]
fn a_ticket_of_the_garden_is_refused_at_the_tower_with_what_it_opens() {
    let garden = area("garden");
    let rule = AdmissionRule { areas: vec![garden.clone()], ..AdmissionRule::default() };
    let at = |area: Option<&AreaId>| {
        shown_to(with(rule.clone()), Direction::Entry, area, 1, "2026-11-24T09:10:00Z")
    };
    let entry = at(Some(&garden)).unwrap();
    assert_eq!(entry.area, Some(garden.clone()));
    assert!(at(None).is_ok(), "a gate that all pass names no area");
    let refused = at(Some(&area("tower"))).unwrap_err();
    assert_eq!(refused.to_string(), "the ticket does not open the area `tower`; it opens `garden`");
    let exit = goes_out(entry.ticket, 2, "2026-11-24T09:40:00Z").unwrap();
    assert_eq!(exit.area, Some(garden), "whichever gate lets out, the garden was left");
    assert!(
        shown_to(ticket(), Direction::Entry, Some(&area("tower")), 1, "2026-11-24T09:10:00Z")
            .is_ok()
    );
}

#[test]
fn a_ticket_that_was_replaced_says_so() {
    let at = "2026-11-24T08:00:00Z".parse().unwrap();
    let replaced = Ticket { state: TicketState::Replaced { at }, ..ticket() };
    let refused = shown(replaced, 1, "2026-11-24T09:10:00Z").unwrap_err();
    assert_eq!(refused, Refusal::Replaced { ticket: TicketId::from_bytes([7; 10]), at });
}

#[test]
fn a_ticket_admits_nowhere_else() {
    let mut elsewhere = ticket();
    elsewhere.entitlement.venue = VenueId::new("20514").unwrap();
    let elsewhere = shown(elsewhere, 1, "2026-11-24T09:10:00Z");
    assert!(matches!(elsewhere, Err(Refusal::OtherVenue { .. })));
}

#[test]
fn an_entry_is_taken_back_by_its_own_gate_within_five_minutes() {
    let gate = |name| GateId::new(name).unwrap();
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let taken = |name, undone_at, now| {
        undo(&gate("main"), at("2026-11-24T09:10:00Z"), &gate(name), at(undone_at), at(now))
    };
    let (soon, late) = ("2026-11-24T09:15:00Z", "2026-11-24T09:15:01Z");
    assert_eq!(taken("main", soon, soon), Ok(()));
    assert_eq!(taken("main", soon, "2026-11-24T18:00:00Z"), Ok(()), "said afterwards");
    assert!(matches!(taken("main", late, late), Err(UndoRefusal::TooLate { .. })));
    assert!(matches!(taken("north", soon, soon), Err(UndoRefusal::OtherGate { .. })));
    let early = "2026-11-24T09:09:59Z";
    assert!(matches!(taken("main", early, soon), Err(UndoRefusal::BeforeEntry { .. })));
    let now = "2026-11-24T09:12:59Z";
    assert!(matches!(taken("main", soon, now), Err(UndoRefusal::Ahead { .. })));
}
