//! What devices observed, their states, the registry of devices and dead letters. A batch of messages
//! is read at once, decided in memory and written in one transaction, each item on condition that it is
//! still what was read: so a repeat changes nothing and two writers never lose a count. Where a venue says
//! that counters count the people present, what they saw moves that count in the same transaction.

mod items;
mod registry;
mod watch;

use std::collections::HashMap;

use atrio_domain::device::{
    DeadLetter, DeviceName, DeviceState, Message, Model, Observation, People, RegisteredDevice,
    StoredObservation,
};
use atrio_domain::id::VenueId;
use atrio_domain::premises::{Place, Premises, moved};
use atrio_domain::venue::day_at;
use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;
use jiff::civil::Date;

pub use items::{
    Kind, dead_letter, device_state, is_observation, registered_device, stored_observation,
};
pub use watch::{StoredWatch, WatchRound};

use crate::attributes::{instant_text, number, text};
use crate::transaction::{Condition, Written};
use crate::{Error, Item, SK, Store, key};

/// Writes one [`CountBatch`] may hold: DynamoDB takes 100 items in a transaction.
pub const BATCH_WRITES: usize = 100;

/// The most writes that a message may cause: what it observed and the state of its device, or a dead
/// letter.
#[must_use]
pub fn writes_of(message: &Message) -> usize {
    message.observations.len() + 1
}

/// A value as it was read and as it shall become.
#[derive(Debug, Clone)]
struct Tracked<T> {
    read: Option<T>,
    now: Option<T>,
    changed: bool,
}

impl<T> Default for Tracked<T> {
    fn default() -> Self {
        Self { read: None, now: None, changed: false }
    }
}

impl<T: Clone> Tracked<T> {
    fn read(value: T) -> Self {
        Self { read: Some(value.clone()), now: Some(value), changed: false }
    }

    fn set(&mut self, value: T) {
        self.now = Some(value);
        self.changed = true;
    }

    fn change(&self) -> Option<&T> {
        self.now.as_ref().filter(|_| self.changed)
    }
}

/// The device, and the sort key of what it observed.
type ObservationKey = (DeviceName, String);

fn key_of(record: &Observation) -> ObservationKey {
    (record.device.clone(), items::observation_sk(record))
}

/// A place of a venue on a day, whose people a counter counts.
type CountedPlace = (VenueId, Date, Place);

/// How many are inside a place, and when the latest of what moves that was.
#[derive(Debug, Default)]
struct Inside {
    people: Tracked<u32>,
    at: Timestamp,
}

/// What is known about some messages, and what they change.
#[derive(Debug, Default)]
pub struct CountBatch {
    /// Of venues that have counters count for a limit.
    premises: HashMap<VenueId, Premises>,
    presence: HashMap<CountedPlace, Inside>,
    devices: HashMap<DeviceName, RegisteredDevice>,
    states: HashMap<DeviceName, Tracked<DeviceState>>,
    observations: HashMap<ObservationKey, Tracked<StoredObservation>>,
    dead_letters: Vec<DeadLetter>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// All of it is durable.
    Done,
    /// None of it is: another writer was faster. Read and decide again.
    Contended,
    /// None of it is: it is more than one transaction takes, with the counts of people present that it
    /// moves. Commit fewer messages at once.
    TooMany,
}

impl CountBatch {
    /// What enrolment wrote down about a device.
    #[must_use]
    pub fn registered(&self, device: &DeviceName) -> Option<&RegisteredDevice> {
        self.devices.get(device)
    }

    /// The state of a device, with the changes of this batch.
    #[must_use]
    pub fn state(&self, device: &DeviceName) -> Option<&DeviceState> {
        self.states.get(device)?.now.as_ref()
    }

    /// What is stored of the same period and series, with the changes of this batch.
    #[must_use]
    pub fn stored(&self, record: &Observation) -> Option<&StoredObservation> {
        self.observations.get(&key_of(record))?.now.as_ref()
    }

    /// Adds what a device observed, and its state after it.
    pub fn put(
        &mut self,
        device: DeviceName,
        observations: Vec<StoredObservation>,
        state: DeviceState,
    ) {
        self.states.entry(device).or_default().set(state);
        for observation in observations {
            self.move_presence(&observation.record);
            self.observations.entry(key_of(&observation.record)).or_default().set(observation);
        }
    }

    /// Counts people in or out of the places that the device counts for: by what it says, less what it said
    /// of the same period before.
    fn move_presence(&mut self, record: &Observation) {
        let more = |record: &Observation| record.people().map_or(0, People::more_inside);
        let before = self.stored(record).map_or(0, |stored| more(&stored.record));
        let by = more(record).saturating_sub(before);
        for place in counted_places(&self.premises, record) {
            let inside = self.presence.entry(place).or_default();
            inside.at = inside.at.max(record.period_start);
            let before = inside.people.now.unwrap_or(0);
            if moved(before, by) != before {
                inside.people.set(moved(before, by));
            }
        }
    }

    /// Adds a message that was not counted.
    pub fn refuse(&mut self, letter: DeadLetter) {
        self.dead_letters.push(letter);
    }

    fn take(&mut self, item: &Item) -> Result<(), Error> {
        let sort_key = item.get(SK).and_then(|value| value.as_s().ok()).map_or("", String::as_str);
        match sort_key {
            items::DEVICE => {
                let device = registered_device(item)?;
                self.devices.insert(device.device.clone(), device);
            }
            items::STATE => {
                let (device, state) = device_state(item)?;
                self.states.insert(device, Tracked::read(state));
            }
            _ if crate::venue::is_venue(item) => {
                let (venue, premises) = crate::venue::premises(item)?;
                self.premises.insert(venue, premises);
            }
            _ => {
                let stored = stored_observation(item)?;
                self.observations.insert(key_of(&stored.record), Tracked::read(stored));
            }
        }
        Ok(())
    }
}

/// The places that count what a counter observed, on the day at the venue on which its period began.
fn counted_places(
    premises: &HashMap<VenueId, Premises>,
    record: &Observation,
) -> Vec<CountedPlace> {
    let Some(premises) = premises.get(&record.venue).filter(|_| record.people().is_some()) else {
        return Vec::new();
    };
    let day = day_at(record.period_start);
    let places = premises.counted_at(&record.device);
    places.map(|place| (record.venue.clone(), day, place)).collect()
}

impl Store {
    /// Reads what is known about what some messages say, about their devices, and about the places whose
    /// people they count.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn load_counts<'a>(
        &self,
        messages: impl IntoIterator<Item = &'a Message>,
    ) -> Result<CountBatch, Error> {
        let mut keys = std::collections::BTreeSet::new();
        let messages: Vec<&Message> = messages.into_iter().collect();
        for message in &messages {
            if message.observations.iter().any(|observation| observation.people().is_some()) {
                keys.insert((crate::venue::VENUES.to_owned(), message.venue.to_string()));
            }
            let partition = items::partition(&message.device);
            keys.insert((partition.clone(), items::DEVICE.to_owned()));
            keys.insert((partition.clone(), items::STATE.to_owned()));
            for observation in &message.observations {
                keys.insert((partition.clone(), items::observation_sk(observation)));
            }
        }
        let keys: Vec<Item> = keys.into_iter().map(|(pk, sk)| key(pk, sk)).collect();
        let mut batch = CountBatch::default();
        for item in self.get_all(&keys).await? {
            batch.take(&item)?;
        }
        let observed = messages.iter().flat_map(|message| &message.observations);
        let places = observed.flat_map(|record| counted_places(&batch.premises, record));
        for place in places.collect::<std::collections::BTreeSet<_>>() {
            let (venue, day, name) = &place;
            let count = self.get(crate::presence::count_key(venue, *day, name)).await?;
            if let Some(count) = count {
                let inside = crate::presence::inside(&count)?;
                let people = Tracked::read(inside);
                batch.presence.insert(place, Inside { people, ..Inside::default() });
            }
        }
        Ok(batch)
    }

    /// Writes a batch, all or nothing.
    ///
    /// # Errors
    /// The service's own.
    pub async fn commit_counts(&self, batch: &CountBatch) -> Result<Committed, Error> {
        let mut writes: Vec<TransactWriteItem> = Vec::new();
        for stored in batch.observations.values() {
            let Some(change) = stored.change() else { continue };
            let condition = match &stored.read {
                None => Condition::absent(),
                Some(read) => Condition::when("version = :version AND content_hash = :hash")
                    .value(":version", number(read.version))
                    .value(":hash", text(read.content_hash.as_str())),
            };
            writes.push(self.put(items::of_observation(change), condition)?);
        }
        for (device, state) in &batch.states {
            let Some(change) = state.change() else { continue };
            let condition = match &state.read {
                None => Condition::absent(),
                Some(read) => {
                    Condition::when("revision = :read").value(":read", number(read.revision))
                }
            };
            writes.push(self.put(items::of_state(device, change), condition)?);
        }
        // One key may stand only once in a transaction; the same letter twice is one letter.
        let letters: HashMap<_, _> = batch
            .dead_letters
            .iter()
            .map(|letter| ((letter.received_at, letter.hash.as_str()), letter))
            .collect();
        for letter in letters.values() {
            writes.push(self.put(items::of_dead_letter(letter), Condition::none())?);
        }
        for ((venue, day, place), Inside { people, at }) in &batch.presence {
            let Some(now) = people.change() else { continue };
            writes.push(self.set_count((venue, *day, place), (people.read, *now), *at)?);
        }
        if writes.is_empty() {
            return Ok(Committed::Done);
        }
        if writes.len() > BATCH_WRITES {
            return Ok(Committed::TooMany);
        }
        Ok(match self.transact(writes).await? {
            Written::All => Committed::Done,
            Written::Refused(_) => Committed::Contended,
        })
    }

    /// The counts of a device whose periods start from one instant to another, both included, in
    /// order.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn counts(
        &self,
        device: &DeviceName,
        model: Model,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<StoredObservation>, Error> {
        let (from, to) = (items::count_sk(model, from), items::count_sk(model, to));
        let found = self.between(items::partition(device), from, to).await?;
        found.iter().map(stored_observation).collect()
    }

    /// What a device observed of a kind in periods that start in a window, both ends included, in order.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn observed(
        &self,
        device: &DeviceName,
        kind: Kind,
        model: Model,
        (from, to): (Timestamp, Timestamp),
    ) -> Result<Vec<StoredObservation>, Error> {
        let sk = |at| format!("{}{model}#{}", kind.prefix(), instant_text(at));
        // Behind all series of the last instant.
        let until = format!("{}~", sk(to));
        let found = self.between(items::partition(device), sk(from), until).await?;
        found.iter().map(stored_observation).collect()
    }

    /// The latest that a device observed of a kind, the latest period first, at most so many.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn latest_observations(
        &self,
        device: &DeviceName,
        kind: Kind,
        limit: i32,
    ) -> Result<Vec<StoredObservation>, Error> {
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :kind)")
            .expression_attribute_values(":pk", text(items::partition(device)))
            .expression_attribute_values(":kind", text(kind.prefix()))
            .scan_index_forward(false)
            .limit(limit)
            .send()
            .await
            .map_err(Error::service("Query"))?;
        page.items().iter().map(stored_observation).collect()
    }

    /// What is known of some devices.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn device_states<'a>(
        &self,
        devices: impl IntoIterator<Item = &'a DeviceName>,
    ) -> Result<HashMap<DeviceName, DeviceState>, Error> {
        let keys: Vec<Item> =
            devices.into_iter().map(|device| key(items::partition(device), items::STATE)).collect();
        self.get_all(&keys).await?.iter().map(device_state).collect()
    }

    /// What is known of a device from its counts.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn device_state(&self, device: &DeviceName) -> Result<Option<DeviceState>, Error> {
        let item = self.get(key(items::partition(device), items::STATE)).await?;
        Ok(item.as_ref().map(device_state).transpose()?.map(|(_, state)| state))
    }

    /// The messages of one day (UTC) that were not counted, in order of arrival.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn dead_letters(&self, day: Date) -> Result<Vec<DeadLetter>, Error> {
        let partition = items::dead_letter_partition(day);
        let found = self.between(partition, " ".to_owned(), "~".to_owned()).await?;
        found.iter().map(dead_letter).collect()
    }

    /// The latest messages of one device that were not counted on a day (UTC), latest first, at most so
    /// many.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn dead_letters_of(
        &self,
        device: &DeviceName,
        day: Date,
        most: usize,
    ) -> Result<Vec<DeadLetter>, Error> {
        let mut letters = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk")
                .filter_expression("client_id = :device")
                .expression_attribute_values(":pk", text(items::dead_letter_partition(day)))
                .expression_attribute_values(":device", text(device.as_str()))
                .scan_index_forward(false)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(Error::service("Query"))?;
            for item in page.items() {
                letters.push(dead_letter(item)?);
            }
            letters.truncate(most);
            start = page.last_evaluated_key;
            if start.is_none() || letters.len() == most {
                return Ok(letters);
            }
        }
    }
}
