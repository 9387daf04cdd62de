//! The visit as an entry for a calendar (RFC 5545). Calendars are shared with colleagues and family,
//! so the entry holds neither a ticket's code nor the uuid that opens the booking.

use atrio_domain::booking::{Booking, BookingState};
use atrio_domain::pass::Used;
use atrio_domain::text::{Locale, Text};
use atrio_domain::venue::Venue;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

/// Longest line in bytes, without its end.
const LINE_MAX_BYTES: usize = 75;

/// The zone of all venues, with the European Union's rule since 1996: what a program without a
/// database of its own needs to place the hour.
const ZONE: &str = "BEGIN:VTIMEZONE
TZID:Europe/Rome
BEGIN:DAYLIGHT
DTSTART:19960331T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
END:STANDARD
END:VTIMEZONE";

/// The entry of a visit, as a file. The same booking in the same state gives the same file, under a
/// name that stays, so that taking it twice makes no second entry; a visit that was called off
/// replaces the entry.
#[must_use]
pub fn calendar_entry(booking: &Booking, venue: &Venue, locale: Locale) -> String {
    let (status, sequence, changed_at) = match &booking.state {
        BookingState::Confirmed { confirmed_at, .. } => ("CONFIRMED", 0, *confirmed_at),
        BookingState::Cancelled { cancelled_at, .. } => ("CANCELLED", 1, *cancelled_at),
        BookingState::Expired { expired_at } => ("CANCELLED", 1, *expired_at),
        BookingState::OnHold { .. } | BookingState::Paying { .. } => {
            ("TENTATIVE", 0, booking.created_at)
        }
    };
    let label = |it, en| Text::new(it, en).in_locale(locale).to_owned();
    let language = match locale {
        Locale::It => "it",
        Locale::En => "en",
    };
    let changed_at = utc(changed_at);
    let zone = venue.time_zone();
    let start = booking.slot.id.local_start();
    let end = booking.slot.end.to_zoned_datetime(zone.clone()).datetime();
    // A pass is for any hour of its days, and keeps nobody from anything else.
    let (kind, hours) = match booking.pass {
        None => (
            label("Visita", "Visit"),
            vec![
                format!("DTSTART;TZID=Europe/Rome:{}", local(start)),
                format!("DTEND;TZID=Europe/Rome:{}", local(end)),
            ],
        ),
        Some(_) => (
            label("Tessera", "Pass"),
            vec![
                format!("DTSTART;VALUE=DATE:{}", start.strftime("%Y%m%d")),
                format!("DTEND;VALUE=DATE:{}", end.strftime("%Y%m%d")),
                "TRANSP:TRANSPARENT".to_owned(),
            ],
        ),
    };
    let summary = format!("{kind}: {}", venue.name);
    let place = format!("{}, {} ({})", venue.name, venue.municipality, venue.region);
    let mut lines: Vec<String> = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        format!("PRODID:-//atrio//visit//{}", language.to_uppercase()),
        "CALSCALE:GREGORIAN".to_owned(),
    ];
    lines.extend(ZONE.lines().map(ToOwned::to_owned));
    lines.extend([
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}@atrio.example", name(booking)),
        format!("DTSTAMP:{changed_at}"),
        format!("LAST-MODIFIED:{changed_at}"),
        format!("SEQUENCE:{sequence}"),
        format!("STATUS:{status}"),
    ]);
    lines.extend(hours);
    lines.extend([
        format!("SUMMARY;LANGUAGE={language}:{}", escaped(&summary)),
        format!("LOCATION;LANGUAGE={language}:{}", escaped(&place)),
        format!("GEO:{:.6};{:.6}", venue.latitude, venue.longitude),
        format!("DESCRIPTION;LANGUAGE={language}:{}", escaped(&described(booking, locale, &zone))),
        "CLASS:PRIVATE".to_owned(),
        "END:VEVENT".to_owned(),
        "END:VCALENDAR".to_owned(),
    ]);
    lines.iter().map(|line| folded(line)).collect()
}

/// A name for the entry from which the uuid of the booking cannot be guessed.
fn name(booking: &Booking) -> String {
    let mut hash = Sha256::new_with_prefix(b"calendar");
    hash.update(booking.uuid.as_bytes());
    hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Who comes, and between which hours the gate lets them in.
fn described(booking: &Booking, locale: Locale, zone: &TimeZone) -> String {
    let hour = |instant: Timestamp| {
        let local = instant.to_zoned_datetime(zone.clone());
        format!("{:02}:{:02}", local.hour(), local.minute())
    };
    let window = booking.admission.window(&booking.slot);
    let (from, until) = (hour(window.from), hour(window.until));
    let mut lines: Vec<String> = booking
        .units
        .iter()
        .map(|line| format!("{} × {}", line.quantity, line.name.in_locale(locale)))
        .collect();
    let admitted = Text::new(
        format!("Il varco fa entrare dalle {from} alle {until}."),
        format!("The gate lets you in from {from} to {until}."),
    );
    match &booking.pass {
        None => lines.push(admitted.in_locale(locale).to_owned()),
        Some(rule) => {
            let holds = rule.validity_in_words(&booking.slot, &Used::default()).with_capital();
            lines.push(format!("{}.", holds.in_locale(locale)));
            lines.push(rule.opens_in_words().in_locale(locale).to_owned());
        }
    }
    for document in booking.units.iter().filter_map(|line| line.document.as_ref()) {
        let show = Text::new(
            format!("Porta con te: {}.", document.it),
            format!("Bring along: {}.", document.en),
        );
        let show = show.in_locale(locale).to_owned();
        if !lines.contains(&show) {
            lines.push(show);
        }
    }
    lines.join("\n")
}

fn local(at: DateTime) -> String {
    at.strftime("%Y%m%dT%H%M%S").to_string()
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Text as a value (RFC 5545, 3.3.11).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | ';' | ',' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            letter if letter.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// A line with its end, broken so that no part is longer than the standard wants, and never within a
/// letter (RFC 5545, 3.1).
fn folded(line: &str) -> String {
    let mut folded = String::with_capacity(line.len() + 8);
    let mut bytes = 0;
    for letter in line.chars() {
        if bytes + letter.len_utf8() > LINE_MAX_BYTES {
            folded.push_str("\r\n ");
            bytes = 1;
        }
        folded.push(letter);
        bytes += letter.len_utf8();
    }
    folded.push_str("\r\n");
    folded
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;

    use super::*;

    #[test]
    fn a_long_line_is_folded_between_letters_and_unfolds_to_itself() {
        let line = format!("SUMMARY:{}", "perché così è più bello €".repeat(9));
        let folded = folded(&line);
        assert!(folded.lines().all(|part| part.len() <= LINE_MAX_BYTES), "{folded}");
        assert!(folded.lines().count() > 3);
        assert_eq!(folded.replace("\r\n ", ""), format!("{line}\r\n"));
    }

    #[test]
    fn what_means_something_in_the_format_is_escaped() {
        assert_eq!(escaped("a, b; c\\d\ne\r"), "a\\, b\\; c\\\\d\\ne");
    }

    #[test]
    fn the_zone_has_the_rule_that_italy_has() {
        let rome = TimeZone::get(atrio_domain::venue::TIME_ZONE).unwrap();
        for year in 2026..2036 {
            for (month, hour_before, offset_after) in [(3, 0, "+02"), (10, 0, "+01")] {
                // The last Sunday of the month, at 1:00 UTC.
                let last = jiff::civil::date(year, month, 31);
                let back = i64::from(last.weekday().to_sunday_zero_offset());
                let change = last.saturating_sub(back.days()).at(hour_before, 59, 59, 0);
                let before = change.to_zoned_datetime(TimeZone::UTC).unwrap().timestamp();
                let after = before + 1.second();
                assert_eq!(rome.to_offset(after).to_string(), offset_after, "{year}-{month}");
                assert_ne!(rome.to_offset(before), rome.to_offset(after), "{year}-{month}");
            }
        }
    }
}
