//! What a gate remembers, durable before anyone is let in: its own entries, what the platform made of
//! them, and what the venue's other gates said. Each is a line of a book; the last line under a nonce
//! counts.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

use atrio_domain::gate::claim::{Said, Seen, Use};
use atrio_domain::id::{AreaId, CallerUuid, TicketId};
use atrio_domain::redemption::{Direction, Undo};
use atrio_domain::retention;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::payment_book::Book;

/// An entry or exit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Which, where and when.
    pub(super) used: Use,
    /// Which way.
    #[serde(default)]
    pub(super) direction: Direction,
    /// The area behind the gate, where this gate names one.
    #[serde(default)]
    pub(super) area: Option<AreaId>,
    /// That this gate let through; none for what a neighbour said.
    pub(super) own: Option<Own>,
    /// That it was taken back, if it was.
    pub(super) undone: Option<Undo>,
}

/// That it was made by this gate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Own {
    /// What the gate answered, for a scan whose answer was lost.
    pub(super) answer: Value,
    /// What the platform made of it; none while it does not know of it.
    pub(super) outcome: Option<String>,
    /// Whether the platform knows that it was taken back.
    pub(super) is_undo_known: bool,
}

impl Own {
    /// Whether the platform has the entry as one that stands.
    fn stands(&self) -> bool {
        matches!(self.outcome.as_deref(), Some("DONE" | "KNOWN"))
    }
}

/// The journal of a gate.
pub(super) struct Journal {
    book: Book<Record>,
    /// The entries and exits of each ticket that were not taken back.
    uses: HashMap<TicketId, Vec<CallerUuid>>,
    undone: HashSet<CallerUuid>,
    /// What the broker has heard of this gate, and whether that it is undone.
    said: HashMap<CallerUuid, bool>,
    /// Releases of claims that let nobody in, which the broker has not heard.
    owed: Vec<Said>,
}

impl Journal {
    /// Opens the journal; what is old and known to the platform is dropped.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub(super) fn open(path: &Path, now: Timestamp) -> io::Result<Self> {
        let is_kept = |record: &Record| {
            let is_waiting = record.own.as_ref().is_some_and(|own| own.outcome.is_none());
            is_waiting || retention::Record::GateJournal.until(record.used.at) > now
        };
        let book = Book::open_keeping(path, is_kept)?;
        let mut journal = Self {
            book,
            uses: HashMap::new(),
            undone: HashSet::new(),
            said: HashMap::new(),
            owed: Vec::new(),
        };
        let records: Vec<Record> = journal.book.entries().cloned().collect();
        for record in &records {
            journal.index(record);
            // What the platform knows, the neighbours learn from it or were told before.
            if record.own.as_ref().is_some_and(|own| own.outcome.is_some()) {
                journal.said.insert(record.used.uuid, record.undone.is_some());
            }
        }
        Ok(journal)
    }

    fn index(&mut self, record: &Record) {
        let Use { ticket, uuid, .. } = record.used;
        let uses = self.uses.entry(ticket).or_default();
        if record.undone.is_some() {
            self.undone.insert(uuid);
            uses.retain(|other| *other != uuid);
        } else if !uses.contains(&uuid) {
            uses.push(uuid);
        }
    }

    /// Writes a record in the place of what stood under its nonce. It is durable when this returns.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub(super) fn put(&mut self, record: &Record) -> io::Result<()> {
        let name = record.used.uuid.to_string();
        let written = self.book.put(&name, record.clone());
        self.index(record);
        written
    }

    /// What stands under a nonce.
    pub(super) fn get(&self, uuid: CallerUuid) -> Option<&Record> {
        self.book.get(&uuid.to_string())
    }

    /// What was seen of a ticket, where anything was.
    pub(super) fn seen(&self, ticket: TicketId) -> Option<Seen> {
        let mut records = self.of(ticket);
        records.sort_by_key(|record| record.used.at);
        Seen::of(records.into_iter().map(|record| (record.direction, record.used.clone())))
    }

    /// Whether the platform does not know yet of all that this gate did with a ticket.
    pub(super) fn is_ahead(&self, ticket: TicketId) -> bool {
        let mut own = self.of(ticket).into_iter().filter_map(|record| record.own.as_ref());
        own.any(|own| own.outcome.is_none())
    }

    fn of(&self, ticket: TicketId) -> Vec<&Record> {
        self.uses.get(&ticket).into_iter().flatten().filter_map(|uuid| self.get(*uuid)).collect()
    }

    /// Nonces of entries that were taken back.
    pub(super) fn undone(&self) -> &HashSet<CallerUuid> {
        &self.undone
    }

    /// Keeps what a neighbour said.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub(super) fn hear(&mut self, said: &Said) -> io::Result<()> {
        let used = said.about().clone();
        let (direction, undone) = match said {
            Said::Used(_) => (Direction::Entry, None),
            Said::Left(_) => (Direction::Exit, None),
            Said::Released(_) => {
                (Direction::Entry, Some(Undo { at: used.at, reason: String::new() }))
            }
        };
        // Said again, or taken back before: that stands.
        let is_settled = self
            .get(used.uuid)
            .is_some_and(|known| known.own.is_some() || known.undone.is_some() || undone.is_none());
        if is_settled {
            return Ok(());
        }
        self.put(&Record { used, direction, area: None, own: None, undone })
    }

    /// Own entries that the platform does not know of, oldest first, at most `limit`.
    pub(super) fn waiting(&self, limit: usize) -> Vec<Record> {
        let mut waiting = self.own(|_, own| own.outcome.is_none());
        waiting.truncate(limit);
        waiting
    }

    /// Nonces of own entries that were made under a party's nonce, in order of time.
    pub(super) fn of_party(&self, party: CallerUuid) -> Vec<CallerUuid> {
        let is_of = |used: &Use| used.uuid == party.for_ticket(used.ticket);
        self.own(|record, _| is_of(&record.used))
            .into_iter()
            .map(|record| record.used.uuid)
            .collect()
    }

    /// Own entries that stand at the platform and were taken back here.
    pub(super) fn undos(&self) -> Vec<Record> {
        self.own(|record, own| record.undone.is_some() && own.stands() && !own.is_undo_known)
    }

    fn own(&self, is_meant: impl Fn(&Record, &Own) -> bool) -> Vec<Record> {
        let mut records: Vec<Record> = self
            .book
            .entries()
            .filter(|record| record.own.as_ref().is_some_and(|own| is_meant(record, own)))
            .cloned()
            .collect();
        records.sort_by_key(|record| record.used.at);
        records
    }

    /// How many own entries have this outcome at the platform; none for those it does not know of.
    pub(super) fn count(&self, outcome: Option<&str>) -> usize {
        let own = self.book.entries().filter_map(|record| record.own.as_ref());
        own.filter(|own| own.outcome.as_deref() == outcome).count()
    }

    /// Writes down what the platform made of an entry, and whether it was told that the entry was taken
    /// back.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub(super) fn conclude(
        &mut self,
        uuid: CallerUuid,
        outcome: &str,
        is_undo_known: bool,
    ) -> io::Result<()> {
        self.amend(uuid, |own| {
            own.outcome = Some(outcome.to_owned());
            own.is_undo_known = is_undo_known;
        })
    }

    /// Writes down that the platform knows that an entry was taken back.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub(super) fn undo_is_known(&mut self, uuid: CallerUuid) -> io::Result<()> {
        self.amend(uuid, |own| own.is_undo_known = true)
    }

    fn amend(&mut self, uuid: CallerUuid, change: impl FnOnce(&mut Own)) -> io::Result<()> {
        let Some(mut record) = self.get(uuid).cloned() else { return Ok(()) };
        let Some(own) = &mut record.own else { return Ok(()) };
        change(own);
        self.put(&record)
    }

    /// Keeps a release until the broker has heard it, or this run ends.
    pub(super) fn owe(&mut self, release: Said) {
        self.owed.push(release);
    }

    /// The broker has heard this.
    pub(super) fn was_said(&mut self, said: &Said) {
        self.owed.retain(|owed| owed != said);
        self.said.insert(said.about().uuid, matches!(said, Said::Released(_)));
    }

    /// What the broker has not heard of this gate. One that has forgotten its gates is told again of
    /// every entry that the platform does not know of.
    pub(super) fn unsaid(&mut self, has_forgotten: bool) -> Vec<Said> {
        if has_forgotten {
            for record in self.waiting(usize::MAX) {
                self.said.remove(&record.used.uuid);
            }
        }
        self.own(|record, _| self.said.get(&record.used.uuid) != Some(&record.undone.is_some()))
            .into_iter()
            .map(|record| match (record.undone, record.direction) {
                (None, Direction::Entry) => Said::Used(record.used),
                (None, Direction::Exit) => Said::Left(record.used),
                (Some(_), _) => Said::Released(record.used),
            })
            .chain(self.owed.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use atrio_domain::id::GateId;
    use uuid::Uuid;

    use jiff::ToSpan as _;

    use super::*;

    fn at() -> Timestamp {
        "2026-11-24T09:10:00Z".parse().unwrap()
    }

    fn used(ticket: u8, gate: &str, nonce: u128) -> Use {
        Use {
            ticket: TicketId::from_bytes([ticket; 10]),
            uuid: Uuid::from_u128(nonce).into(),
            gate_id: GateId::new(gate).unwrap(),
            at: at(),
            after: None,
        }
    }

    fn standing(journal: &Journal, ticket: TicketId) -> Option<Use> {
        journal.seen(ticket)?.entry
    }

    fn entry(ticket: u8, nonce: u128) -> Record {
        let own = Own { answer: Value::Null, outcome: None, is_undo_known: false };
        let (direction, used) = (Direction::Entry, used(ticket, "north", nonce));
        Record { used, direction, area: None, own: Some(own), undone: None }
    }

    #[test]
    fn a_gate_that_was_killed_knows_its_entries_and_still_has_to_send_them_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::open(&path, at()).unwrap();
        journal.put(&entry(1, 1)).unwrap();
        journal.put(&entry(2, 2)).unwrap();
        journal.conclude(Uuid::from_u128(2).into(), "DONE", false).unwrap();
        drop(journal);
        let mut journal = Journal::open(&path, at()).unwrap();
        assert_eq!(
            standing(&journal, TicketId::from_bytes([2; 10])).unwrap().uuid,
            used(2, "north", 2).uuid
        );
        assert_eq!(journal.waiting(10), [entry(1, 1)]);
        assert_eq!(journal.unsaid(false), [Said::Used(used(1, "north", 1))]);
        let later = at() + 49.hours();
        let journal = Journal::open(&path, later).unwrap();
        assert_eq!(journal.waiting(10).len(), 1, "what was never sent in is kept");
        assert_eq!(journal.seen(TicketId::from_bytes([2; 10])), None);
    }

    #[test]
    fn what_a_neighbour_takes_back_admits_again_unless_it_was_used_here_too() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&folder.path().join("journal"), at()).unwrap();
        let ticket = TicketId::from_bytes([1; 10]);
        journal.hear(&Said::Used(used(1, "south", 7))).unwrap();
        assert_eq!(standing(&journal, ticket).unwrap().gate_id.as_str(), "south");
        journal.put(&entry(1, 1)).unwrap();
        journal.hear(&Said::Released(used(1, "south", 7))).unwrap();
        assert_eq!(standing(&journal, ticket).unwrap().gate_id.as_str(), "north");
        let mut taken_back = entry(1, 1);
        taken_back.undone = Some(Undo { at: at(), reason: "stuck".to_owned() });
        journal.put(&taken_back).unwrap();
        assert_eq!(journal.seen(ticket), None);
        assert!(journal.undone().contains(&Uuid::from_u128(7).into()));
    }

    #[test]
    fn the_platform_is_told_of_an_undo_with_the_entry_or_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(&folder.path().join("journal"), at()).unwrap();
        let (with, after) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        journal.put(&entry(1, 1)).unwrap();
        journal.put(&entry(2, 2)).unwrap();
        journal.conclude(after, "DONE", false).unwrap();
        for uuid in [with, after] {
            let mut record = journal.get(uuid).unwrap().clone();
            record.undone = Some(Undo { at: at(), reason: "stuck".to_owned() });
            journal.put(&record).unwrap();
        }
        assert_eq!(journal.waiting(10)[0].used.uuid, with);
        assert_eq!(journal.undos()[0].used.uuid, after);
        journal.conclude(with, "DONE", true).unwrap();
        journal.undo_is_known(after).unwrap();
        assert!(journal.waiting(10).is_empty() && journal.undos().is_empty());
    }

    #[test]
    fn an_exit_is_remembered_said_and_sent_in_like_an_entry() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::open(&path, at()).unwrap();
        let (ticket, later) = (TicketId::from_bytes([1; 10]), at() + 1.minute());
        journal.hear(&Said::Used(used(1, "south", 7))).unwrap();
        assert!(!journal.is_ahead(ticket), "a neighbour's entry is not for this gate to send in");
        let mut exit = entry(1, 8);
        exit.direction = Direction::Exit;
        exit.used.at = later;
        journal.put(&exit).unwrap();
        drop(journal);
        let mut journal = Journal::open(&path, later).unwrap();
        let seen = journal.seen(ticket).unwrap();
        assert_eq!((seen.entry, seen.exit), (Some(used(1, "south", 7)), Some(exit.used.clone())));
        assert!(journal.is_ahead(ticket));
        assert_eq!(journal.unsaid(false), [Said::Left(exit.used.clone())]);
        assert_eq!(journal.waiting(10), [exit]);
    }
}
