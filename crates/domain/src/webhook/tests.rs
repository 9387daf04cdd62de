use jiff::{SignedDuration, Timestamp};

use super::address::{AddressError, Destinations, EndpointUrl, is_public};
use super::delivery::{ATTEMPTS_MAX, Outcome, Progress, Replay, Verdict, judge, retry_after};
use super::event::{EventKind, ToldOfSlot, of_booking, of_places};
use super::{Settings, SettingsError};
use crate::hold::tests::held;
use crate::slot::Places;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn status(status: u16) -> Outcome {
    Outcome::Answered { status, retry_after: None }
}

#[test]
fn an_address_is_a_public_server_over_an_encrypted_connection() {
    let taken = |text| EndpointUrl::new(text, Destinations::Public).is_ok();
    for good in [
        "https://museum.example/hook",
        "https://museum.example:8443/a?b=c",
        "https://93.184.216.34/",
        "https://[2a00:1450:4002:402::200e]/",
    ] {
        assert!(taken(good), "{good}");
    }
    for bad in [
        "museum.example/hook",
        "http://museum.example/",
        "ftp://museum.example/",
        "https://user:password@museum.example/",
        "https://museum.example/#part",
        "https://localhost/",
        "https://intranet/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fd00::1]/",
    ] {
        assert!(!taken(bad), "{bad}");
    }
}

#[test]
fn a_platform_on_loopback_sends_to_loopback_too_and_no_further() {
    let taken = |text| EndpointUrl::new(text, Destinations::LoopbackToo).is_ok();
    for good in ["http://127.0.0.1:9000/hook", "http://localhost:9000/", "http://[::1]:9000/"] {
        assert!(taken(good), "{good}");
    }
    for bad in ["http://museum.example/", "https://10.0.0.1/", "http://192.168.1.2/", "http://0/"] {
        assert!(!taken(bad), "{bad}");
    }
}

#[test]
fn no_special_address_is_public() {
    let is_public = |text: &str| is_public(text.parse().unwrap());
    for special in [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:93.184.216.34",
        "64:ff9b::a00:1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "3fff::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!is_public(special), "{special}");
    }
    for public in
        ["9.9.9.9", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2a00:1450::1", "2606:4700::1111"]
    {
        assert!(is_public(public), "{public}");
    }
}

#[test]
fn settings_name_the_field_at_fault() {
    let settings = |url: &str, events: &[EventKind], description: &str| Settings {
        url: url.to_owned(),
        events: events.to_vec(),
        description: description.to_owned(),
        enabled: true,
    };
    let good = "https://museum.example/";
    let fault = |settings: Settings| settings.check(Destinations::Public).unwrap_err();
    let error = fault(settings("https://10.0.0.1/", &[], ""));
    assert_eq!(error.field(), "url");
    let host = "10.0.0.1".to_owned();
    assert_eq!(error, SettingsError::Address(AddressError::NotPublic { host }));
    assert_eq!(fault(settings(good, &[EventKind::Test], "")).field(), "events");
    assert_eq!(fault(settings(good, &[], &"x".repeat(201))).field(), "description");
    settings(good, &EventKind::SUBSCRIBED, "the till").check(Destinations::Public).unwrap();
}

#[test]
fn an_event_that_is_not_taken_is_sent_ever_more_rarely_for_about_a_day() {
    let pauses = |chance| -> Vec<SignedDuration> {
        (1..ATTEMPTS_MAX)
            .map(|attempt| match judge(attempt, &status(500), chance, at(0)) {
                Verdict::Again { at } => SignedDuration::from_secs(at.as_second()),
                other => panic!("attempt {attempt}: {other:?}"),
            })
            .collect()
    };
    let usual = pauses(500);
    assert_eq!(usual[0], SignedDuration::from_secs(10));
    assert!(usual.windows(2).all(|pair| pair[1] == pair[0] * 2), "{usual:?}");
    for (chance, hours) in [(0, 18), (500, 22), (1_000, 27)] {
        let all = pauses(chance).into_iter().fold(SignedDuration::ZERO, |sum, pause| sum + pause);
        assert_eq!(all.as_hours(), hours, "chance {chance}");
    }
    assert!(matches!(judge(ATTEMPTS_MAX, &status(500), 500, at(0)), Verdict::Disable { .. }));
}

#[test]
fn an_endpoint_is_heard_when_it_asks_to_wait_or_to_be_left_alone() {
    let asked = |seconds| Outcome::Answered {
        status: 503,
        retry_after: Some(SignedDuration::from_secs(seconds)),
    };
    assert_eq!(judge(1, &asked(600), 500, at(0)), Verdict::Again { at: at(600) });
    assert_eq!(judge(1, &asked(1), 500, at(0)), Verdict::Again { at: at(10) }, "not sooner");
    assert_eq!(judge(1, &asked(10_000_000), 500, at(0)), Verdict::Again { at: at(43_200) });
    assert!(matches!(judge(1, &status(410), 500, at(0)), Verdict::Disable { .. }));
    for taken in [200, 202, 204] {
        assert_eq!(judge(1, &status(taken), 500, at(0)), Verdict::Taken);
    }
    for other in [302, 307, 400, 401, 404, 429, 500] {
        assert!(matches!(judge(1, &status(other), 500, at(0)), Verdict::Again { .. }), "{other}");
    }
    let cut = Outcome::Unreached("did not answer in time");
    assert!(matches!(judge(1, &cut, 500, at(0)), Verdict::Again { .. }));
}

#[test]
fn a_replay_comes_first_and_leaves_the_cursor_where_it_is() {
    let progress = Progress { cursor: 9, attempts: 3, replay: Some(Replay { next: 4, to: 5 }) };
    assert_eq!(progress.window(), (3, 5));
    let progress = progress.past(4);
    assert_eq!((progress.window(), progress.attempts), ((4, 5), 0));
    let progress = progress.past(5);
    assert_eq!(progress, Progress { cursor: 9, attempts: 0, replay: None });
    assert_eq!(progress.window(), (9, u64::MAX));
    assert_eq!(progress.past(10).cursor, 10);
}

#[test]
fn a_booking_is_told_when_it_is_confirmed_and_when_it_is_no_more_and_names_nobody() {
    let held = held();
    assert_eq!(of_booking(None, &held), None, "a hold concerns nobody else");
    let confirmed = held.sell(None, at(10)).unwrap();
    let news = of_booking(Some(&held), &confirmed).unwrap();
    assert_eq!((news.kind, news.at), (EventKind::BookingConfirmed, at(10)));
    assert_eq!(of_booking(Some(&held), &confirmed).unwrap().id, news.id, "told twice, it is one");
    assert_eq!(of_booking(Some(&confirmed), &confirmed), None);
    let voided = confirmed.void(at(20)).unwrap();
    let gone = of_booking(Some(&confirmed), &voided).unwrap();
    assert_eq!(gone.kind, EventKind::BookingCancelled);
    assert_ne!(gone.id, news.id);
    let body = gone.body(7).unwrap();
    let contact = held.contact.as_ref().unwrap();
    for secret in [&contact.full_name, &contact.email, &held.uuid.to_string()] {
        assert!(!body.contains(secret.as_str()), "{body}");
    }
    assert!(body.contains("\"sequence\":7") && body.contains("\"refund_cents\""), "{body}");
    assert_eq!(of_booking(Some(&held), &held.cancel(at(10)).unwrap()), None);
}

#[test]
fn a_slot_is_told_once_that_it_is_sold_out_and_once_that_it_is_not() {
    let booking = held();
    let full = Places { capacity: 10, taken: 10 };
    let (news, told) = of_places(&booking, full, ToldOfSlot::default(), at(1)).unwrap();
    assert_eq!(news.kind, EventKind::SoldOut);
    assert_eq!(of_places(&booking, full, told, at(2)), None);
    let places = Places { capacity: 10, taken: 8 };
    let (back, told) = of_places(&booking, places, told, at(3)).unwrap();
    assert_eq!(back.kind, EventKind::AvailableAgain);
    assert_eq!(of_places(&booking, places, told, at(4)), None);
    let (again, _) = of_places(&booking, full, told, at(5)).unwrap();
    assert_ne!(again.id, news.id, "sold out once more is another event");
    assert!(back.body(1).unwrap().contains("\"vacancies\":2"));
}

#[test]
fn a_wish_to_wait_is_read_in_both_of_its_forms() {
    let seconds = |header| retry_after(header, at(1_445_412_480)).map(|wait| wait.as_secs());
    assert_eq!(seconds("120"), Some(120));
    assert_eq!(seconds("Wed, 21 Oct 2015 07:30:00 GMT"), Some(1_445_412_600 - 1_445_412_480));
    assert_eq!(seconds("Wed, 21 Oct 2015 07:00:00 GMT"), Some(0), "past already");
    assert_eq!(seconds("soon"), None);
}
