//! How long what is kept, and why: one rule for each kind of record. What is written with an end bears
//! the end that its rule gives, and the public list of these rules is made of the same.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::text::Text;

/// What the platform keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record {
    /// A booking with the contact and the names of its visitors.
    Booking,
    /// The one contact and the names of a group that asked for places, and its list.
    Group,
    /// A party in the line of a sold-out slot.
    Waiting,
    /// Where a visitor wants money back.
    TransferAccount,
    /// A ticket, and that one took another's place.
    Ticket,
    /// Which bookings were bought in one go.
    Order,
    /// That a mail was sent.
    Mail,
    /// What was told of a booking, an entry or a slot to a venue's partners, and what came of it.
    Event,
    /// Places that one person holds where a product limits them.
    PersonLimit,
    /// How often one contact or one network address booked or was declined of late.
    Velocity,
    /// Wrong discount codes that one network tried.
    CodeGuess,
    /// Who stands in the line before a sale.
    SaleLine,
    /// A decision of the risk rules with its reasons.
    Decision,
    /// An entry or an exit.
    Admission,
    /// People let in over a limit, and how many are present.
    Presence,
    /// An entry that a gate made by itself and that could not stand.
    Conflict,
    /// What a gate that is by itself let in, on its own disk.
    GateJournal,
    /// A device's message that was not counted.
    DeadLetter,
    /// Places that a desk sells by itself, and what of its sales could not stand.
    Lease,
    /// What a desk that is by itself sold, on its own disk.
    DeskJournal,
    /// A month's key that makes hashes of bookings in the lake.
    PseudonymKey,
    /// Rows of another ticket office's file that were not taken.
    FeedRejected,
    /// That a file of another ticket office was loaded, and by whom.
    Feed,
    /// A key that makes hashes of the rows of other ticket offices in the lake.
    FeedKey,
    /// Payments, shifts with their sales, and who paid what back; what resellers owe, and their invoices.
    Account,
    /// Who works where, with the address that they were added under.
    Staff,
    /// What venues offer with hashes of their discount codes, and who of their staff changed it; resellers with
    /// hashes of their keys.
    Offer,
    /// Places taken of slots and of resources.
    Places,
    /// Devices, their state, what they counted and what was found wrong with them.
    Count,
    /// The anonymous history.
    Lake,
}

/// Whom a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Subject {
    /// A visitor, by name or by an address.
    Visitor,
    /// A visitor whom only a keyed hash or a random number stands for.
    Pseudonym,
    /// A member of staff, by the number that the identity provider gave them.
    Staff,
    /// Nobody.
    Nobody,
}

/// From when the time of a record runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Since {
    /// The end of the visit's slot.
    Visit,
    /// When it was written.
    Writing,
    /// The end of the month that it is for.
    Month,
    /// When the line before a sale ends.
    LineEnd,
}

/// How long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// So long after that moment; then it is removed.
    For(SignedDuration, Since),
    /// No rule removes it.
    Unlimited,
}

const fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

impl Record {
    /// All of them, those about persons first.
    pub const ALL: [Self; 30] = [
        Self::Booking,
        Self::Group,
        Self::Waiting,
        Self::TransferAccount,
        Self::Ticket,
        Self::Order,
        Self::Mail,
        Self::Event,
        Self::PersonLimit,
        Self::Velocity,
        Self::CodeGuess,
        Self::SaleLine,
        Self::Decision,
        Self::Admission,
        Self::Presence,
        Self::Conflict,
        Self::GateJournal,
        Self::DeadLetter,
        Self::Lease,
        Self::DeskJournal,
        Self::PseudonymKey,
        Self::FeedRejected,
        Self::Feed,
        Self::FeedKey,
        Self::Account,
        Self::Staff,
        Self::Offer,
        Self::Places,
        Self::Count,
        Self::Lake,
    ];

    /// How long it is kept.
    #[must_use]
    pub const fn term(self) -> Term {
        match self {
            Self::Booking
            | Self::Group
            | Self::Waiting
            | Self::Ticket
            | Self::Mail
            | Self::Lease
            | Self::DeskJournal
            | Self::PersonLimit => Term::For(days(30), Since::Visit),
            // The parts of its payment are found for as long as one may have to be paid back.
            Self::Order => Term::For(days(120), Since::Visit),
            Self::TransferAccount => Term::For(days(60), Since::Writing),
            Self::Admission
            | Self::Presence
            | Self::Conflict
            | Self::Event
            | Self::FeedRejected => Term::For(days(30), Since::Writing),
            // The account of a year is settled within the next; so long another office may correct a row.
            Self::Feed | Self::FeedKey => Term::For(days(400), Since::Writing),
            Self::Decision | Self::DeadLetter => Term::For(days(90), Since::Writing),
            Self::Velocity | Self::CodeGuess => {
                Term::For(SignedDuration::from_hours(2), Since::Writing)
            }
            Self::SaleLine => Term::For(SignedDuration::from_hours(24), Since::LineEnd),
            Self::GateJournal => Term::For(SignedDuration::from_hours(48), Since::Writing),
            Self::PseudonymKey => Term::For(days(4), Since::Month),
            Self::Account | Self::Staff | Self::Offer | Self::Places | Self::Count | Self::Lake => {
                Term::Unlimited
            }
        }
    }

    /// When one ends whose time runs from then on.
    #[must_use]
    pub fn until(self, since: Timestamp) -> Timestamp {
        match self.term() {
            Term::For(length, _) => since.saturating_add(length).unwrap_or(Timestamp::MAX),
            Term::Unlimited => Timestamp::MAX,
        }
    }

    /// The youngest moment whose records have ended by now.
    #[must_use]
    pub fn ended_by(self, now: Timestamp) -> Timestamp {
        match self.term() {
            Term::For(length, _) => now.saturating_sub(length).unwrap_or(Timestamp::MIN),
            Term::Unlimited => Timestamp::MIN,
        }
    }

    /// Whom it is about.
    #[must_use]
    pub const fn subject(self) -> Subject {
        match self {
            Self::Booking | Self::Group | Self::Waiting | Self::TransferAccount => Subject::Visitor,
            Self::Ticket
            | Self::Order
            | Self::Mail
            | Self::Event
            | Self::PersonLimit
            | Self::Velocity
            | Self::CodeGuess
            | Self::SaleLine
            | Self::Decision
            | Self::Admission
            | Self::Conflict
            | Self::DeskJournal
            | Self::FeedRejected
            | Self::GateJournal => Subject::Pseudonym,
            Self::Presence
            | Self::Lease
            | Self::Account
            | Self::Staff
            | Self::Offer
            | Self::Feed => Subject::Staff,
            Self::DeadLetter
            | Self::PseudonymKey
            | Self::FeedKey
            | Self::Places
            | Self::Count
            | Self::Lake => Subject::Nobody,
        }
    }

    /// What it is, in words for its public.
    #[must_use]
    pub fn what(self) -> Text {
        let (it, en) = match self {
            Self::Booking => (
                "Prenotazioni, con nome e recapiti di chi prenota e nomi sui biglietti",
                "Bookings, with the name and contacts of who books and the names on tickets",
            ),
            Self::Group => (
                "Richieste di gruppi e scuole, con referente ed elenco dei nomi",
                "Requests of groups and schools, with their contact and list of names",
            ),
            Self::Waiting => ("Liste d’attesa, con i recapiti", "Waiting lists, with contacts"),
            Self::TransferAccount => {
                ("Conti per i rimborsi con bonifico", "Accounts for refunds by transfer")
            }
            Self::Ticket => (
                "Biglietti, loro riemissioni e restituzioni",
                "Tickets, their re-issues and which were given back",
            ),
            Self::Order => {
                ("Quali visite fanno un ordine", "Which visits were bought as one order")
            }
            Self::Mail => ("Che una mail è partita", "That a mail was sent"),
            Self::Event => (
                "Eventi detti ai sistemi dei luoghi e dei loro partner, senza nomi",
                "Events told to the venues’ and their partners’ systems, without names",
            ),
            Self::PersonLimit => (
                "Biglietti per persona, dove c’è un limite",
                "Tickets per person, where there is a limit",
            ),
            Self::Velocity => (
                "Frequenza delle prenotazioni, contro bagarini e bot",
                "How often someone books, against touts and bots",
            ),
            Self::CodeGuess => ("Codici sconto sbagliati", "Wrong discount codes"),
            Self::SaleLine => (
                "Chi è in fila per una vendita che apre a un’ora",
                "Who stands in line for a sale that opens at an hour",
            ),
            Self::Decision => ("Decisioni antifrode e motivi", "Fraud decisions and reasons"),
            Self::Admission => ("Ingressi e uscite", "Entries and exits"),
            Self::Presence => {
                ("Presenti, e ingressi oltre il limite", "People present, and entries over a limit")
            }
            Self::Conflict => {
                ("Ingressi fuori linea che non valgono", "Entries made offline that cannot stand")
            }
            Self::GateJournal => {
                ("Giornale di un varco senza linea", "Journal of a gate without a line")
            }
            Self::Lease => {
                ("Posti che una cassa vende da sola", "Places that a desk sells by itself")
            }
            Self::DeskJournal => {
                ("Giornale di una cassa senza linea", "Journal of a desk without a line")
            }
            Self::DeadLetter => {
                ("Messaggi di sensori non contati", "Messages of devices not counted")
            }
            Self::PseudonymKey => (
                "Chiave mensile degli pseudonimi nel lago dati",
                "Monthly key of the pseudonyms in the data lake",
            ),
            Self::FeedRejected => (
                "Righe scartate dei file di altre biglietterie",
                "Rows of other ticket offices’ files that were not taken",
            ),
            Self::Feed => (
                "Quali file di altre biglietterie sono stati caricati, e da chi",
                "Which files of other ticket offices were loaded, and by whom",
            ),
            Self::FeedKey => (
                "Chiavi degli pseudonimi delle righe di altre biglietterie",
                "Keys of the pseudonyms of other ticket offices’ rows",
            ),
            Self::Account => (
                "Pagamenti, casse, rimborsi e conti dei rivenditori",
                "Payments, drawers, refunds and accounts of resellers",
            ),
            Self::Offer => (
                "Offerta dei luoghi, sue modifiche, rivenditori",
                "Venues’ offers, changes, resellers",
            ),
            Self::Staff => (
                "Chi lavora nei luoghi, con l’indirizzo mail",
                "Who works at the venues, with their mail address",
            ),
            Self::Places => (
                "Posti presi e risorse occupate, in numeri",
                "Places taken and resources occupied, as numbers",
            ),
            Self::Count => ("Sensori, loro guasti e conteggi", "Devices, their faults and counts"),
            Self::Lake => ("Storico anonimo", "Anonymous history"),
        };
        Text::new(it, en)
    }

    /// Why it is kept, and for so long.
    #[must_use]
    pub fn why(self) -> Text {
        let (it, en) = match self {
            Self::Booking | Self::Ticket | Self::Mail => (
                "Serve per la visita e, dopo, per reclami e rimborsi",
                "For the visit and, after it, for complaints and refunds",
            ),
            Self::Group => (
                "Serve per accogliere il gruppo e, dopo, per i reclami",
                "For receiving the group and, after it, for complaints",
            ),
            Self::Waiting => ("Serve per offrire i posti", "For offering places"),
            Self::TransferAccount => (
                "Serve al bonifico; si cancella prima, quando è pagato",
                "For the transfer; removed earlier, when it was paid",
            ),
            Self::Order => (
                "Trova le parti di un pagamento che può dover tornare",
                "Finds the parts of a payment that may have to be paid back",
            ),
            Self::PersonLimit => ("Nessuno supera il limite", "So that nobody passes the limit"),
            Self::Velocity | Self::CodeGuess => {
                ("Ferma chi abusa, ora", "Stops abuse, while it happens")
            }
            Self::SaleLine => ("Una persona, un posto in fila", "One person, one place in line"),
            Self::Decision => ("Chi è rifiutato può chiedere perché", "Who is refused may ask why"),
            Self::Admission | Self::Presence | Self::Conflict | Self::GateJournal => (
                "Un biglietto entra una volta, e la sala non si riempie oltre",
                "A ticket enters once, and no room is overfilled",
            ),
            Self::Event => ("Chi ne ha perso uno lo rilegge", "Whoever missed one reads it again"),
            Self::Lease | Self::DeskJournal => (
                "La cassa vende anche senza linea, e ogni vendita arriva una volta",
                "A desk sells without a line too, and each sale comes in once",
            ),
            Self::DeadLetter => ("Trova sensori guasti", "Finds broken devices"),
            Self::PseudonymKey => (
                "Unisce ciò che arriva tardi; distrutta, nessuno risale alla prenotazione",
                "Joins what arrives late; once destroyed, nobody gets back to the booking",
            ),
            Self::FeedRejected => {
                ("Chi ha mandato il file le corregge", "Whoever sent the file corrects them")
            }
            Self::Feed | Self::FeedKey => (
                "Lo stesso file conta una volta, e una correzione prende il posto della riga",
                "The same file counts once, and a correction takes the place of its row",
            ),
            Self::Account => (
                "Scritture contabili: dieci anni almeno (art. 2220 c.c.); la prenotazione che nominano non c’è più",
                "Accounts: ten years at least (art. 2220 Italian civil code); the booking they name is gone",
            ),
            Self::Offer => {
                ("Chi ha cambiato che cosa, per i controlli", "Who changed what, for audits")
            }
            Self::Staff => (
                "Serve ad aprire le pagine del personale; si cancella quando il luogo toglie la persona",
                "Opens the pages for staff; removed when the venue removes the person",
            ),
            Self::Places => ("Niente si vende due volte", "So that nothing is sold twice"),
            Self::Count | Self::Lake => ("Statistica: nessuna persona", "Statistics: no person"),
        };
        Text::new(it, en)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn whatever_names_a_visitor_ends_by_itself_within_two_months() {
        for record in Record::ALL {
            if record.subject() == Subject::Visitor {
                let Term::For(length, _) = record.term() else { panic!("{record:?} never ends") };
                assert!(length <= days(60), "{record:?}");
            }
        }
    }

    #[test]
    fn what_stands_for_a_visitor_ends_too() {
        let of_pseudonyms =
            Record::ALL.into_iter().filter(|record| record.subject() == Subject::Pseudonym);
        for record in of_pseudonyms {
            assert_ne!(record.term(), Term::Unlimited, "{record:?}");
        }
    }

    #[test]
    fn each_is_listed_once_with_words_in_both_languages() {
        let all: HashSet<Record> = Record::ALL.into_iter().collect();
        assert_eq!(all.len(), Record::ALL.len());
        assert!(Record::ALL.iter().all(|r| r.what().is_complete() && r.why().is_complete()));
    }

    #[test]
    fn an_end_is_its_term_after_its_beginning() {
        let visit: Timestamp = "2026-11-24T11:00:00Z".parse().unwrap();
        assert_eq!(Record::Booking.until(visit).to_string(), "2026-12-24T11:00:00Z");
        assert_eq!(Record::Velocity.until(visit).to_string(), "2026-11-24T13:00:00Z");
        assert_eq!(Record::Booking.until(Timestamp::MAX), Timestamp::MAX);
        assert_eq!(Record::PseudonymKey.ended_by(visit).to_string(), "2026-11-20T11:00:00Z");
    }
}
