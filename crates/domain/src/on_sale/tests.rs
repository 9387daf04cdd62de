use super::*;

const KEY: &[u8] = b"key";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Visits of December, on sale from ten to noon, sixty turns a minute.
fn sale() -> OnSale {
    OnSale {
        id: OnSaleId::new("december").unwrap(),
        first_day: "2026-12-01".parse().unwrap(),
        last_day: "2026-12-31".parse().unwrap(),
        room_opens_at: at("2026-11-24T08:30:00Z"),
        opens_at: at("2026-11-24T09:00:00Z"),
        line_ends_at: at("2026-11-24T11:00:00Z"),
        turns_per_minute: 60,
    }
}

fn with_line<T>(sale: &OnSale, then: impl FnOnce(&LineOf<'_>) -> T) -> T {
    let (venue, product) = (VenueId::new("20240").unwrap(), ProductId::new("admission").unwrap());
    then(&LineOf { venue: &venue, product: &product, sale })
}

fn drawn(sale: &OnSale, person: &str) -> Standing {
    with_line(sale, |line| Standing::Drawn { lot: lot(KEY, line, person) })
}

#[test]
fn those_who_came_before_the_hour_are_drawn_and_have_turns_of_their_own() {
    let sale = sale();
    let line = Line { drawn: 600, behind: 0 };
    let opened = sale.opens_at;
    let turns: Vec<Timestamp> = (0..600)
        .map(|n| drawn(&sale, &format!("person {n}")).turn_at(&sale, line, opened).unwrap())
        .collect();
    let last = sale.turn(599);
    assert!(turns.iter().all(|turn| (opened..=last).contains(turn)));
    // Who came first is not who is first: about half of the early half have a late turn.
    let late = turns[..300].iter().filter(|turn| **turn > sale.turn(300)).count();
    assert!((100..200).contains(&late), "{late}");
    // Each minute has about as many turns as it should: sixty, give or take five deviations.
    for minute in 0..10 {
        let (from, to) = (sale.turn(minute * 60), sale.turn((minute + 1) * 60));
        let count = turns.iter().filter(|turn| (from..to).contains(turn)).count();
        assert!((22..=98).contains(&count), "minute {minute}: {count}");
    }
}

#[test]
fn nobody_knows_their_turn_before_the_draw() {
    let sale = sale();
    let before = at("2026-11-24T08:59:59Z");
    let standing = drawn(&sale, "person");
    assert_eq!(standing.turn_at(&sale, Line { drawn: 9, behind: 0 }, before), None);
    let refused = sale.may_book(Some(standing), Line { drawn: 9, behind: 0 }, before);
    let turn_at = sale.opens_at;
    assert_eq!(refused, Err(NotYourTurn::Waiting { sale: sale.id.clone(), turn_at }));
}

#[test]
fn who_comes_after_the_hour_stands_behind_everyone_who_was_drawn() {
    let sale = sale();
    let now = at("2026-11-24T09:00:05Z");
    let standing = sale.stand_behind(Line { drawn: 120, behind: 1 }, now).unwrap();
    assert_eq!(standing, Standing::Behind { turn_at: at("2026-11-24T09:02:00Z") });
    let next = sale.stand_behind(Line { drawn: 120, behind: 31 }, now).unwrap();
    assert_eq!(next, Standing::Behind { turn_at: at("2026-11-24T09:02:30Z") });
    assert_eq!(sale.ahead(at("2026-11-24T09:02:00Z"), now), 115);
}

#[test]
fn turns_that_went_by_unused_do_not_come_all_at_once() {
    let sale = sale();
    let now = at("2026-11-24T09:30:00Z");
    // Half an hour of turns went by; the last minute's are still to be had.
    let skipped = sale.stand_behind(Line { drawn: 100, behind: 1 }, now);
    assert_eq!(skipped, Err(29 * 60 - 100));
    let standing = sale.stand_behind(Line { drawn: 100, behind: 29 * 60 - 100 + 1 }, now);
    assert_eq!(standing, Ok(Standing::Behind { turn_at: now }));
    let later = sale.stand_behind(Line { drawn: 100, behind: 31 * 60 - 100 + 1 }, now);
    assert_eq!(later, Ok(Standing::Behind { turn_at: at("2026-11-24T09:31:00Z") }));
}

#[test]
fn a_turn_lasts_a_quarter_of_an_hour_and_the_line_ends_for_everyone() {
    let sale = sale();
    let line = Line { drawn: 0, behind: 1 };
    let standing = Some(Standing::Behind { turn_at: at("2026-11-24T09:10:00Z") });
    let at_clock = |clock: &str| sale.may_book(standing, line, at(clock));
    assert!(matches!(at_clock("2026-11-24T09:09:59Z"), Err(NotYourTurn::Waiting { .. })));
    assert_eq!(at_clock("2026-11-24T09:10:00Z"), Ok(()));
    assert_eq!(at_clock("2026-11-24T09:24:59Z"), Ok(()));
    let until = at("2026-11-24T09:25:00Z");
    let over = NotYourTurn::Over { sale: sale.id.clone(), until };
    assert_eq!(at_clock("2026-11-24T09:25:00Z"), Err(over));
    assert_eq!(sale.may_book(None, line, at("2026-11-24T11:00:00Z")), Ok(()));
    let nobody = sale.may_book(None, line, at("2026-11-24T10:59:59Z"));
    assert_eq!(nobody, Err(NotYourTurn::NoPlace { sale: sale.id.clone() }));
}

#[test]
fn a_token_is_good_for_its_line_and_its_person_alone() {
    let (sale, other) = (sale(), OnSale { id: OnSaleId::new("january").unwrap(), ..sale() });
    let lot = with_line(&sale, |line| lot(KEY, line, "person"));
    for standing in
        [Standing::Drawn { lot }, Standing::Behind { turn_at: at("2026-11-24T09:10:00Z") }]
    {
        let token = with_line(&sale, |line| standing.token(KEY, line, "person"));
        let read = |sale, key: &[u8], person: &str, token: &str| {
            with_line(sale, |line| Standing::of_token(key, line, person, token))
        };
        assert_eq!(read(&sale, KEY, "person", &token), Some(standing));
        assert_eq!(read(&sale, KEY, "another", &token), None);
        assert_eq!(read(&other, KEY, "person", &token), None);
        assert_eq!(read(&sale, b"guessed", "person", &token), None);
        let (_, proof) = token.split_once('.').unwrap();
        for sooner in ["D0", "B0", "D"].map(|text| format!("{text}.{proof}")) {
            assert!(sooner == token || read(&sale, KEY, "person", &sooner).is_none(), "{sooner}");
        }
    }
    let drawn = with_line(&sale, |line| Standing::Drawn { lot }.token(KEY, line, "person"));
    assert!(drawn.starts_with("D."), "nobody reads their lot before the draw: {drawn}");
    for rubbish in ["", ".", "D", "D1", "X1.aa", "D99999999999.aa", "Bé.x", "é"] {
        let read = with_line(&sale, |line| Standing::of_token(KEY, line, "person", rubbish));
        assert_eq!(read, None, "{rubbish}");
    }
}

#[test]
fn a_sale_that_cannot_be_held_names_the_field() {
    let field = |sales: &[OnSale]| check(sales).unwrap_err().field();
    assert_eq!(check(&[sale()]), Ok(()));
    let twice = [sale(), sale()];
    assert_eq!(field(&twice), "on_sales[1].id");
    let mut next = OnSale { id: OnSaleId::new("next").unwrap(), ..sale() };
    assert_eq!(field(&[sale(), next.clone()]), "on_sales[1].first_day");
    (next.first_day, next.last_day) =
        ("2027-01-01".parse().unwrap(), "2027-01-31".parse().unwrap());
    assert_eq!(check(&[sale(), next.clone()]), Ok(()));
    next.last_day = "2026-12-31".parse().unwrap();
    assert_eq!(field(&[next]), "on_sales[0].last_day");
    let late = OnSale { room_opens_at: at("2026-11-24T10:00:00Z"), ..sale() };
    assert_eq!(field(&[late]), "on_sales[0].opens_at");
    assert_eq!(field(&[OnSale { turns_per_minute: 0, ..sale() }]), "on_sales[0].turns_per_minute");
}
