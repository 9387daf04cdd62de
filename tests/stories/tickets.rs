//! Tickets as visitors carry them: a lost phone, a key rotated at noon, the mail that brings them,
//! the calendar, the printed page.

use std::process::Command;

use atrio_domain::ticket::{PublishedKey, verify};
use atrio_tests::{Api, Gate, Outcome, Process, SOON, Visitor, Wish, eventually, fresh_uuid};
use icalendar::{CalendarComponent, CalendarDateTime, Component as _, DatePerhapsTime};
use jiff::SignedDuration;
use serde_json::Value;

const VENUE: &str = "20240";

fn wish(units: &[(&str, u32)]) -> Wish {
    Wish::at(VENUE, "2026-11-24T10:00", units)
}

fn text<'a>(ticket: &'a Value, name: &str) -> &'a str {
    ticket[name].as_str().unwrap()
}

#[tokio::test]
async fn a_visitor_who_lost_the_phone_takes_a_new_ticket_and_the_old_code_dies_at_once() {
    let museum = Process::fresh().await;
    let (visitor, gate) = (Visitor::of(&museum), Gate::of(&museum, VENUE, "main").await);
    let (uuid, tickets) = visitor.buys(&wish(&[("adult", 2)])).await;
    let (lost, kept) = (&tickets[0], &tickets[1]);
    let key = fresh_uuid();
    let fresh = visitor.takes_new_ticket(&uuid, text(lost, "id"), &key).await.expect(201);
    assert_ne!((&fresh["id"], &fresh["code"]), (&lost["id"], &lost["code"]));
    for same in ["unit", "slot", "venue", "reason", "status"] {
        assert_eq!(fresh[same], lost[same], "{same}");
    }
    // The answer was lost and the button pressed again: the same ticket, not a third one.
    let again = visitor.takes_new_ticket(&uuid, text(lost, "id"), &key).await.expect(200);
    assert_eq!(again, fresh);
    let other = visitor.takes_new_ticket(&uuid, text(kept, "id"), &key).await;
    other.expect_problem(409, "uuid-reused", "uuid");

    for shown in [text(lost, "code"), text(lost, "typed_code")] {
        let refused = gate.scan(shown).await.expect_problem(409, "ticket-replaced", "code");
        assert!(text(&refused, "detail").contains("replaced by a new one"), "{refused}");
    }
    gate.scan(text(&fresh, "code")).await.expect(201);
    gate.scan(text(kept, "code")).await.expect(201);
    let shown = visitor.tickets(&uuid).await;
    let ids: Vec<&str> = shown.iter().map(|ticket| text(ticket, "id")).collect();
    assert_eq!(ids, [text(&fresh, "id"), text(kept, "id")], "in the place of the old one");
    let figures = museum.nothing_left_over().await;
    assert_eq!(figures["entries"]["lake"], 2);
    assert_eq!(figures["bookings confirmed"]["lake"], 1, "a re-issue is no sale");
}

#[tokio::test]
async fn only_a_ticket_that_would_admit_is_issued_again_and_not_for_ever() {
    let museum = Process::fresh().await;
    let (visitor, gate) = (Visitor::of(&museum), Gate::of(&museum, VENUE, "main").await);
    let (uuid, tickets) = visitor.buys(&wish(&[("adult", 2)])).await;
    let (other_uuid, _) = Visitor::of(&museum).buys(&wish(&[("adult", 1)])).await;
    let used = text(&tickets[1], "id");
    gate.scan(used).await.expect(201);
    let ask = async |uuid: &str, ticket: &str| {
        visitor.takes_new_ticket(uuid, ticket, &fresh_uuid()).await
    };
    let refused = ask(&uuid, used).await.expect_problem(409, "ticket-not-valid", "ticket_id");
    assert_eq!(refused["ticket_status"], "REDEEMED");
    let mut current = text(&tickets[0], "id").to_owned();
    ask(&other_uuid, &current).await.expect_problem(404, "unknown-ticket", "ticket_id");
    ask(&fresh_uuid(), &current).await.expect_problem(404, "unknown-booking", "uuid");
    ask(&uuid, "short").await.expect_problem(400, "malformed-id", "ticket_id");
    let first = current.clone();
    for _ in 0..3 {
        current = text(&ask(&uuid, &current).await.expect(201), "id").to_owned();
    }
    ask(&uuid, &current).await.expect_problem(409, "reissued-too-often", "ticket_id");
    ask(&uuid, &first).await.expect_problem(409, "ticket-not-valid", "ticket_id");
    gate.scan(&current).await.expect(201);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn whoever_is_faster_at_the_gate_and_the_page_one_of_them_wins() {
    let museum = Process::fresh().await;
    let (visitor, gate) = (Visitor::of(&museum), Gate::of(&museum, VENUE, "main").await);
    let (uuid, tickets) = visitor.buys(&wish(&[("adult", 8)])).await;
    let mut admitted = 0;
    for ticket in &tickets {
        let key = fresh_uuid();
        let (reissued, entered) = tokio::join!(
            visitor.takes_new_ticket(&uuid, text(ticket, "id"), &key),
            gate.scan(text(ticket, "code")),
        );
        assert_eq!((reissued.status == 201), (entered.status == 409), "{}", entered.text());
        assert_eq!((reissued.status == 409), (entered.status == 201), "{}", reissued.text());
        admitted += u64::from(entered.status == 201);
        if reissued.status == 201 {
            gate.scan(text(&reissued.json(), "code")).await.expect(201);
            admitted += 1;
        }
    }
    assert_eq!(admitted, 8, "each place is entered once");
    museum.nothing_left_over().await;
}

async fn published(api: &Api) -> Vec<PublishedKey> {
    serde_json::from_value(api.get("/v1/ticket-keys").await.expect(200)["keys"].clone()).unwrap()
}

#[tokio::test]
async fn a_key_rotated_at_noon_turns_nobody_away() {
    let mut museum = Process::fresh().await;
    let (visitor, gate) = (Visitor::of(&museum), Gate::of(&museum, VENUE, "main").await);
    let (_, morning) = visitor.buys(&wish(&[("adult", 2)])).await;
    let before = published(&visitor.api).await;
    assert_eq!(before.len(), 1);

    let rotated = museum.command(&["ticket-key", "rotate"]).await;
    assert!(rotated.status.success(), "{}", rotated.stderr);
    let keys =
        eventually("the running platform signs with the new key", SOON, async || match published(
            &visitor.api,
        )
        .await
        {
            keys if keys.len() == 2 => Ok(keys),
            keys => Err(format!("{keys:?}")),
        })
        .await;
    assert_eq!((&keys[1].kid, &keys[1].x), (&before[0].kid, &before[0].x), "still published");
    assert!(keys[1].published_until.is_some() && keys[0].published_until.is_none(), "{keys:?}");
    let (_, noon) = Visitor::of(&museum).buys(&wish(&[("adult", 2)])).await;
    let (old, new) = (keys[1].verifying_key().unwrap(), keys[0].verifying_key().unwrap());
    verify(text(&morning[0], "code"), &[old]).unwrap();
    verify(text(&noon[0], "code"), &[new]).unwrap();
    gate.scan(text(&morning[0], "code")).await.expect(201);
    gate.scan(text(&noon[0], "code")).await.expect(201);

    // Keys outlive the process, and one that will sign is published before it does.
    museum.restart().await;
    let later = (museum.now() + SignedDuration::from_hours(1)).to_string();
    let planned = museum.command(&["ticket-key", "rotate", "--from", &later]).await;
    assert!(planned.stdout.contains("will sign from"), "{}{}", planned.stdout, planned.stderr);
    eventually("the planned key is published", SOON, async || {
        match published(&visitor.api).await.len() {
            3 => Ok(()),
            count => Err(format!("{count} keys")),
        }
    })
    .await;
    let (_, evening) = Visitor::of(&museum).buys(&wish(&[("adult", 1)])).await;
    verify(text(&evening[0], "code"), &[new]).unwrap();
    for ticket in [&morning[1], &noon[1], &evening[0]] {
        gate.scan(text(ticket, "code")).await.expect(201);
    }
    let past = museum.command(&["ticket-key", "rotate", "--from", "2020-01-01T00:00:00Z"]).await;
    assert!(!past.status.success() && past.stderr.contains("`--from`"), "{}", past.stderr);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn the_mail_brings_the_tickets_once_whatever_is_killed_and_replayed() {
    let mut museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let (uuid, tickets) = visitor.buys(&wish(&[("adult", 1), ("minor", 1)])).await;
    let held = visitor.hold(&wish(&[("adult", 1)])).await;
    let mail = museum.wrote_mails(1).await.remove(0);
    assert_eq!(mail.to(), [visitor.contact.email.as_str()]);
    assert!(mail.header("subject").starts_with("I tuoi biglietti: "), "{}", mail.header("subject"));
    assert!(mail.header("subject").ends_with("martedì 24 novembre 2026, ore 10:00"));
    let base = &museum.run.http;
    for said in [
        visitor.contact.full_name.clone(),
        "1 × Intero, 1 × Ragazzi 12-17".to_owned(),
        "si entra dalle 09:30".to_owned(),
        "10,00 €".to_owned(),
        format!("{base}/booking/?uuid={uuid}"),
        format!("{base}/v1/bookings/{uuid}/tickets.pdf"),
        format!("{base}/v1/bookings/{uuid}/visit.ics"),
    ] {
        assert!(mail.text().contains(&said), "`{said}` is not in:\n{}", mail.text());
        assert!(mail.html().contains(&said), "`{said}` is not in:\n{}", mail.html());
    }
    assert!(mail.attached("application/pdf").starts_with(b"%PDF-1.7"));
    let entry = visitor.api.get(&format!("/v1/bookings/{uuid}/visit.ics")).await;
    assert_eq!(mail.attached("text/calendar"), entry.body);
    let path = format!("/v1/bookings/{uuid}/tickets");
    let shown = eventually("the page says that it was sent", SOON, async || {
        let list = visitor.api.get(&path).await.expect(200);
        if list["mail"]["sent_at"].is_string() { Ok(list) } else { Err(list["mail"].to_string()) }
    })
    .await;
    assert_eq!(shown["mail"]["to"], "v…@e….org");

    // The stream from its beginning again, after a kill; and a second visitor, who gets theirs.
    museum.kill9();
    std::fs::remove_file(museum.data().join("notify-position.json")).unwrap();
    museum.restart().await;
    visitor.pay(&held, Outcome::Pay).await;
    visitor.sees(&held, "CONFIRMED").await;
    let mails = museum.wrote_mails(2).await;
    let key = fresh_uuid();
    visitor.takes_new_ticket(&uuid, text(&tickets[0], "id"), &key).await.expect(201);
    museum.nothing_left_over().await;
    museum.restart().await;
    museum.nothing_left_over().await;
    let names = |mails: &[atrio_tests::Mail]| -> Vec<String> {
        mails.iter().map(|mail| mail.header("message-id").to_owned()).collect()
    };
    assert_eq!(names(&museum.mails()), names(&mails), "nothing is sent again");
    let (email, name) = (&visitor.contact.email, &visitor.contact.full_name);
    assert!(!museum.log().contains(email) && !museum.log().contains(name), "{}", museum.log());
    let listed = museum.api().get("/outbox").await.text();
    assert_eq!(listed.matches("/source").count(), 2, "{listed}");
    let page = listed.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(museum.api().get(page).await.text().contains("la tua visita è confermata"));
}

#[tokio::test]
async fn a_mail_that_nobody_takes_waits_and_holds_nobody_up() {
    let mut museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    // A file where the folder should be: no mail can be filed.
    let outbox = museum.data().join("outbox");
    std::fs::write(&outbox, "").unwrap();
    let (uuid, _) = visitor.buys(&wish(&[("adult", 1)])).await;
    eventually("the mail waits", SOON, async || {
        if museum.log().contains("a mail waits") { Ok(()) } else { Err(museum.log()) }
    })
    .await;
    // One who cancels a hold, and one whose visit is free, go on as ever; the lake agrees.
    let other = Visitor::of(&museum);
    other.books_free(&wish(&[("minor", 1)])).await;
    museum.nothing_left_over().await;
    std::fs::remove_file(&outbox).unwrap();
    museum.restart_after(SignedDuration::from_mins(2)).await;
    let mails = museum.wrote_mails(2).await;
    let to: Vec<&str> = mails.iter().flat_map(atrio_tests::Mail::to).collect();
    assert_eq!(to, [visitor.contact.email.as_str(), other.contact.email.as_str()]);
    assert!(!museum.log().contains(&uuid), "{}", museum.log());
}

#[tokio::test]
async fn the_visit_goes_into_a_calendar_at_its_hour_in_both_languages() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let summer = Wish::at(VENUE, "2027-04-01T10:00", &[("minor", 1)]);
    let (booking, _) = visitor.books_free(&summer).await;
    let path = format!("/v1/bookings/{booking}/visit.ics");
    for (address, summary) in [
        (path.clone(), "Visita: "),
        (format!("{path}?lang=it"), "Visita: "),
        (format!("{path}?lang=en"), "Visit: "),
    ] {
        let answer = visitor.api.get(&address).await;
        assert_eq!(answer.header("content-type"), Some("text/calendar; charset=utf-8"));
        let file = answer.text();
        assert!(file.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')), "{file}");
        assert!(!file.contains(&booking), "a shared calendar opens no booking");
        let calendar: icalendar::Calendar = file.parse().unwrap();
        let events: Vec<_> =
            calendar.components.iter().filter_map(CalendarComponent::as_event).collect();
        let [event] = events.as_slice() else { panic!("{file}") };
        assert!(event.get_summary().unwrap().starts_with(summary), "{file}");
        let hours = [event.get_start(), event.get_end()].map(|at| match at {
            Some(DatePerhapsTime::DateTime(CalendarDateTime::WithTimezone { date_time, tzid })) => {
                format!("{date_time} {tzid}")
            }
            other => panic!("{other:?}"),
        });
        assert_eq!(hours, ["2027-04-01 10:00:00 Europe/Rome", "2027-04-01 11:00:00 Europe/Rome"]);
        assert!(event.get_uid().unwrap().ends_with("@atrio.example"));
    }
    visitor.api.get(&format!("{path}?lang=de")).await.expect_problem(400, "invalid-query", "lang");
    let held = visitor.hold(&wish(&[("adult", 1)])).await;
    let early = visitor.api.get(&format!("/v1/bookings/{held}/visit.ics")).await;
    early.expect_problem(409, "no-tickets", "uuid");
    visitor.cancel(&held).await.expect(200);
}

#[tokio::test]
async fn a_listener_hears_the_printed_ticket_in_order_with_what_the_picture_is() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let (uuid, tickets) = visitor.buys(&wish(&[("youth", 1), ("minor", 1)])).await;
    let answer = visitor.api.get(&format!("/v1/bookings/{uuid}/tickets.pdf?lang=en")).await;
    assert_eq!(answer.header("content-type"), Some("application/pdf"));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &answer.body).unwrap();
    let read = |argument: &str| {
        let output = Command::new("pdfinfo").arg(argument).arg(file.path()).output();
        let output = output.expect("pdfinfo: run `make tools`");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        String::from_utf8(output.stdout).unwrap()
    };
    let facts = read("-isodates");
    for fact in ["Tagged:          yes", "Pages:           2", "Title:           Tickets: "] {
        assert!(facts.contains(fact), "{facts}");
    }
    let heard = read("-struct-text");
    let mut rest = heard.as_str();
    for ticket in &tickets {
        let typed = text(ticket, "typed_code");
        let unit = ticket["unit"]["name"]["en"].as_str().unwrap();
        for part in [
            "Sect",
            "H1",
            "Museo Domenico Ridola",
            "24.11.2026 at 10:00",
            unit,
            "Figure",
            typed,
            "Admits once.",
        ] {
            let (_, after) = rest.split_once(part).unwrap_or_else(|| panic!("`{part}` in {heard}"));
            rest = after;
        }
        let picture = format!("/Alt (QR code of ticket {typed})");
        assert!(String::from_utf8_lossy(&answer.body).contains(&picture), "{picture}");
    }
    let language = String::from_utf8_lossy(&answer.body).contains("/Lang (en)");
    assert!(language && tickets.len() == 2);
}
