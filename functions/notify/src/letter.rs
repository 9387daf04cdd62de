//! What a mail says, in the visitor's language: what, where, when, and the links that open it.

use atrio_domain::booking::{Booking, BookingState, Contact};
use atrio_domain::pass::Used;
use atrio_domain::tariff::Cents;
use atrio_domain::text::{Locale, Text};
use atrio_domain::venue::Venue;
use jiff::ToSpan;
use jiff::civil::DateTime;

/// The words of a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    /// What it is about.
    pub(crate) subject: String,
    /// For readers of plain text.
    pub(crate) text: String,
    /// The same with links one can press.
    pub(crate) html: String,
}

/// A line of facts: what it is, and what it says.
type Fact = (&'static str, String);

/// A way on: what it opens, and its address.
type Link = (&'static str, String);

impl Letter {
    /// The letter that brings the tickets of a confirmed booking.
    pub(crate) fn confirmed(
        booking: &Booking,
        venue: &Venue,
        contact: &Contact,
        public_url: &str,
    ) -> Self {
        let locale = booking.locale;
        let say = |it: &'static str, en: &'static str| match locale {
            Locale::It => it,
            Locale::En => en,
        };
        let subject = format!(
            "{}: {}, {}",
            say("I tuoi biglietti", "Your tickets"),
            venue.name,
            of_visit(booking)
        );
        let opening = [
            greeting(contact, locale),
            say("la tua visita è confermata.", "your visit is confirmed.").to_owned(),
        ];
        let facts = facts(booking, venue);
        let own = format!("{public_url}/v1/bookings/{}", booking.uuid);
        let links: [Link; 3] = [
            (
                say("Apri la prenotazione e i biglietti", "Open the booking and the tickets"),
                format!("{public_url}/booking/?uuid={}", booking.uuid),
            ),
            (say("Biglietti in PDF", "Tickets as PDF"), format!("{own}/tickets.pdf")),
            (
                say("Metti la visita in calendario", "Put the visit into your calendar"),
                format!("{own}/visit.ics"),
            ),
        ];
        let notes = [
            say(
                "I biglietti sono anche allegati a questo messaggio. Chi lo riceve può entrare al posto tuo: non inoltrarlo a chi non viene con te.",
                "The tickets are attached to this message too. Whoever has it can enter in your place: do not forward it to people who do not come with you.",
            ),
            say(
                "Hai perso il telefono o qualcuno ha visto il codice? Dalla pagina della prenotazione fai emettere un nuovo biglietto: il vecchio codice smette subito di valere.",
                "Lost your phone, or has somebody seen the code? Have a new ticket issued on the page of the booking: the old code stops working at once.",
            ),
            say(
                "Non puoi venire? La pagina della prenotazione dice se e fino a quando puoi annullare.",
                "Cannot come? The page of the booking says whether and until when you can cancel.",
            ),
        ];
        Self {
            subject,
            text: plain(&opening, &facts, &links, &notes),
            html: page(locale, &opening, &facts, &links, &notes),
        }
    }

    /// The letter that says that the turn of somebody who waited has come, and until when.
    pub(crate) fn offered(
        booking: &Booking,
        venue: &Venue,
        contact: &Contact,
        public_url: &str,
    ) -> Self {
        let say = |it: &'static str, en: &'static str| match booking.locale {
            Locale::It => it,
            Locale::En => en,
        };
        let told = Told {
            subject: say("Si sono liberati dei posti", "Places have come free"),
            opening: say(
                "si sono liberati i posti che aspettavi e li teniamo per te.",
                "the places you waited for have come free and are held for you.",
            ),
            links: Vec::new(),
            note: say(
                "Se non confermi in tempo, i posti passano a chi è in attesa dopo di te. Non ti servono più? Annulla dalla pagina della prenotazione: chi aspetta te ne sarà grato.",
                "If you do not confirm in time, the places go to whoever waits behind you. You need them no more? Cancel on the page of the booking: those who wait will thank you.",
            ),
        };
        told.of_held(booking, venue, contact, public_url)
    }

    /// The letter that says that the venue takes a group, and until when it confirms.
    pub(crate) fn approved(
        booking: &Booking,
        venue: &Venue,
        contact: &Contact,
        public_url: &str,
    ) -> Self {
        let say = |it: &'static str, en: &'static str| match booking.locale {
            Locale::It => it,
            Locale::En => en,
        };
        let told = Told {
            subject: say("La visita del gruppo è accettata", "Your group is accepted"),
            opening: say(
                "il luogo accetta la visita del tuo gruppo e tiene i posti per voi.",
                "the venue accepts your group and holds the places for you.",
            ),
            links: vec![(
                say("Manda l’elenco dei nomi", "Send the list of names"),
                format!("{public_url}/group/?uuid={}", booking.uuid),
            )],
            note: say(
                "Se non confermi in tempo, i posti tornano disponibili a tutti. Sarete in meno? Annulla e chiedi di nuovo.",
                "If you do not confirm in time, the places are on sale again. Fewer of you? Cancel and ask again.",
            ),
        };
        told.of_held(booking, venue, contact, public_url)
    }

    /// The letter that says that the venue cannot keep its word for a visit, and that it may be moved.
    pub(crate) fn move_offered(
        booking: &Booking,
        venue: &Venue,
        contact: &Contact,
        public_url: &str,
    ) -> Self {
        let say = |it: &'static str, en: &'static str| match booking.locale {
            Locale::It => it,
            Locale::En => en,
        };
        let told = Told {
            subject: say("La tua visita non può svolgersi", "Your visit cannot take place"),
            opening: say(
                "il luogo non può accoglierti nell’orario che hai prenotato, e se ne scusa. Puoi spostare la visita a un altro orario senza pagare nulla, o annullarla e riavere tutto l’importo.",
                "the venue cannot receive you at the time that you booked, and is sorry. You can move the visit to another time at no cost, or give it up and have all of your money back.",
            ),
            links: Vec::new(),
            note: say(
                "Se non scegli in tempo, la visita è annullata e l’importo pagato ti è restituito per intero: non devi fare nulla.",
                "If you do not choose in time, the visit is cancelled and all that you paid goes back: you need do nothing.",
            ),
        };
        told.of_held(booking, venue, contact, public_url)
    }

    /// The letter that says that a confirmed visit is off, and what goes back of what was paid.
    pub(crate) fn cancelled(
        booking: &Booking,
        venue: &Venue,
        contact: &Contact,
        public_url: &str,
    ) -> Self {
        let locale = booking.locale;
        let say = |it: &'static str, en: &'static str| match locale {
            Locale::It => it,
            Locale::En => en,
        };
        let is_moved =
            matches!(booking.state, BookingState::Cancelled { exchanged_for: Some(_), .. });
        let subject = format!(
            "{}: {}, {}",
            if is_moved {
                say("Visita spostata", "Visit moved")
            } else {
                say("Visita annullata", "Visit cancelled")
            },
            venue.name,
            of_visit(booking)
        );
        let opening = [
            greeting(contact, locale),
            if is_moved {
                say(
                    "la tua visita è spostata: questi biglietti non valgono più, i nuovi arrivano con un altro messaggio.",
                    "your visit is moved: these tickets admit no more, the new ones come in a mail of their own.",
                )
            } else {
                say(
                    "la tua visita è annullata e i biglietti non valgono più.",
                    "your visit is cancelled and its tickets admit no more.",
                )
            }
            .to_owned(),
        ];
        let mut facts = vec![
            (say("Dove", "Where"), format!("{}, {}", venue.name, venue.municipality)),
            (say("Quando", "When"), of_visit(booking)),
        ];
        if let (BookingState::Cancelled { refund, .. }, true) =
            (&booking.state, booking.total() > Cents::ZERO && !(is_moved && is_even(booking)))
        {
            let amount = match *refund {
                Cents::ZERO => {
                    say("nulla, il termine è passato", "nothing, the term has passed").to_owned()
                }
                refund => price(refund, locale),
            };
            facts.push((say("Rimborso", "Refund"), amount));
        }
        let links: [Link; 1] = [(
            say("Apri la prenotazione", "Open the booking"),
            format!("{public_url}/booking/?uuid={}", booking.uuid),
        )];
        Self {
            subject,
            text: plain(&opening, &facts, &links, &[]),
            html: page(locale, &opening, &facts, &links, &[]),
        }
    }
}

/// What a letter about places that are held for somebody says of its own.
struct Told {
    subject: &'static str,
    opening: &'static str,
    links: Vec<Link>,
    note: &'static str,
}

impl Told {
    fn of_held(
        self,
        booking: &Booking,
        venue: &Venue,
        contact: &Contact,
        public_url: &str,
    ) -> Letter {
        let locale = booking.locale;
        let say = |it: &'static str, en: &'static str| match locale {
            Locale::It => it,
            Locale::En => en,
        };
        let opening = [greeting(contact, locale), self.opening.to_owned()];
        let mut facts = facts(booking, venue);
        if let BookingState::OnHold { expires_at, .. } = booking.state {
            let until = expires_at.to_zoned_datetime(venue.time_zone()).datetime();
            facts.push((say("Tuoi fino a", "Yours until"), when(until, locale)));
        }
        if let Some(offer) = &booking.moving {
            let until = offer.until.to_zoned_datetime(venue.time_zone()).datetime();
            facts.push((say("Perché", "Why"), offer.reason.in_locale(locale).to_owned()));
            facts.push((say("Scegli entro", "Choose before"), when(until, locale)));
        }
        let step = match booking.moving {
            Some(_) => say("Sposta o annulla la visita", "Move the visit or give it up"),
            None => say("Apri la prenotazione e conferma", "Open the booking and confirm it"),
        };
        let mut links = vec![(step, format!("{public_url}/booking/?uuid={}", booking.uuid))];
        links.extend(self.links);
        Letter {
            subject: format!("{}: {}, {}", self.subject, venue.name, of_visit(booking)),
            text: plain(&opening, &facts, &links, &[self.note]),
            html: page(locale, &opening, &facts, &links, &[self.note]),
        }
    }
}

fn greeting(contact: &Contact, locale: Locale) -> String {
    let name = contact.full_name.split_whitespace().collect::<Vec<_>>().join(" ");
    match locale {
        Locale::It => format!("Gentile {name},"),
        Locale::En => format!("Dear {name},"),
    }
}

/// When the visit is, or until when a pass holds.
fn of_visit(booking: &Booking) -> String {
    let locale = booking.locale;
    match &booking.pass {
        None => when(booking.slot.id.local_start(), locale),
        Some(rule) => {
            let holds = rule.validity_in_words(&booking.slot, &Used::default());
            holds.in_locale(locale).to_owned()
        }
    }
}

/// Whether nothing goes back of a visit that is no more.
fn is_even(booking: &Booking) -> bool {
    matches!(booking.state, BookingState::Cancelled { refund: Cents::ZERO, .. })
}

fn facts(booking: &Booking, venue: &Venue) -> Vec<Fact> {
    let locale = booking.locale;
    let say = |it: &'static str, en: &'static str| match locale {
        Locale::It => it,
        Locale::En => en,
    };
    let start = booking.slot.id.local_start();
    let before = i64::from(booking.admission.from_minutes_before_start).minutes();
    let from = start.saturating_sub(before);
    let from =
        format!("{}, {} {}", when(start, locale), say("si entra dalle", "doors from"), hour(from));
    let party: Vec<String> = booking
        .units
        .iter()
        .map(|line| format!("{} × {}", line.quantity, line.name.in_locale(locale)))
        .collect();
    let mut facts = vec![
        (
            say("Dove", "Where"),
            format!("{}, {} ({})", venue.name, venue.municipality, venue.region),
        ),
        (say("Quando", "When"), if booking.pass.is_some() { of_visit(booking) } else { from }),
        (say("Chi", "Who"), party.join(", ")),
        (say("Totale", "Total"), price(booking.total(), locale)),
    ];
    if let Some(pass) = &booking.pass {
        let opens = pass.opens_in_words();
        facts.push((say("Apre", "Opens"), opens.in_locale(locale).to_owned()));
    }
    let mut documents: Vec<&str> = booking
        .units
        .iter()
        .filter_map(|line| line.document.as_ref())
        .map(|document| document.in_locale(locale))
        .collect();
    documents.dedup();
    if !documents.is_empty() {
        facts.push((say("Porta con te", "Bring along"), documents.join(", ")));
    }
    facts
}

fn plain(opening: &[String], facts: &[Fact], links: &[Link], notes: &[&str]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for part in opening {
        lines.extend([part.clone(), String::new()]);
    }
    lines.extend(facts.iter().map(|(name, value)| format!("{name}: {value}")));
    lines.push(String::new());
    lines.extend(links.iter().map(|(name, address)| format!("{name}:\n{address}")));
    for note in notes {
        lines.extend([String::new(), (*note).to_owned()]);
    }
    lines.push(String::new());
    lines.join("\n")
}

fn page(
    locale: Locale,
    opening: &[String],
    facts: &[Fact],
    links: &[Link],
    notes: &[&str],
) -> String {
    let language = match locale {
        Locale::It => "it",
        Locale::En => "en",
    };
    let mut html = format!(
        "<!doctype html>\n<html lang=\"{language}\"><head><meta charset=\"utf-8\"><title>atrio</title></head>\n<body style=\"font-family:sans-serif;font-size:16px;line-height:1.5;color:#17324d;max-width:36em\">\n"
    );
    let mut add = |part: String| {
        html.push_str(&part);
        html.push('\n');
    };
    for part in opening {
        add(format!("<p>{}</p>", escaped(part)));
    }
    for (name, value) in facts {
        add(format!("<p style=\"margin:0\"><strong>{name}:</strong> {}</p>", escaped(value)));
    }
    for (name, address) in links {
        add(format!("<p><a href=\"{}\">{name}</a></p>", escaped(address)));
    }
    for note in notes {
        add(format!("<p>{}</p>", escaped(note)));
    }
    add("</body></html>".to_owned());
    html
}

/// Text as it may stand in a page: names are what people typed.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const WEEKDAYS: [(&str, &str); 7] = [
    ("lunedì", "Monday"),
    ("martedì", "Tuesday"),
    ("mercoledì", "Wednesday"),
    ("giovedì", "Thursday"),
    ("venerdì", "Friday"),
    ("sabato", "Saturday"),
    ("domenica", "Sunday"),
];

const MONTHS: [(&str, &str); 12] = [
    ("gennaio", "January"),
    ("febbraio", "February"),
    ("marzo", "March"),
    ("aprile", "April"),
    ("maggio", "May"),
    ("giugno", "June"),
    ("luglio", "July"),
    ("agosto", "August"),
    ("settembre", "September"),
    ("ottobre", "October"),
    ("novembre", "November"),
    ("dicembre", "December"),
];

fn hour(at: DateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

fn when(start: DateTime, locale: Locale) -> String {
    let name = |names: &[(&'static str, &'static str)], at: i8| {
        let (it, en) =
            usize::try_from(at).ok().and_then(|at| names.get(at)).copied().unwrap_or_default();
        Text::new(it, en).in_locale(locale).to_owned()
    };
    let weekday = name(&WEEKDAYS, start.weekday().to_monday_zero_offset());
    let month = name(&MONTHS, start.month() - 1);
    let at = Text::new("ore", "at");
    let at = at.in_locale(locale);
    format!("{weekday} {} {month} {}, {at} {}", start.day(), start.year(), hour(start))
}

fn price(total: Cents, locale: Locale) -> String {
    let (euros, cents) = (total.0 / 100, total.0 % 100);
    match locale {
        Locale::It if total == Cents::ZERO => "gratuito".to_owned(),
        Locale::En if total == Cents::ZERO => "free".to_owned(),
        Locale::It => format!("{euros},{cents:02} €"),
        Locale::En => format!("€{euros}.{cents:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_prices_are_written_as_each_language_writes_them() {
        let start = "2026-11-24T10:00".parse().unwrap();
        assert_eq!(when(start, Locale::It), "martedì 24 novembre 2026, ore 10:00");
        assert_eq!(when(start, Locale::En), "Tuesday 24 November 2026, at 10:00");
        assert_eq!(price(Cents(1_205), Locale::It), "12,05 €");
        assert_eq!(price(Cents(1_205), Locale::En), "€12.05");
        assert_eq!(price(Cents::ZERO, Locale::It), "gratuito");
    }

    #[test]
    fn a_name_is_text_in_a_page_whatever_was_typed() {
        assert_eq!(escaped("<b onclick=\"x\">&"), "&lt;b onclick=&quot;x&quot;&gt;&amp;");
    }
}
