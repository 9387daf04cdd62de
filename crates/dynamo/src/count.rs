//! Counts, states of devices, the registry of devices and dead letters. A batch of messages is read
//! at once, decided in memory and written in one transaction, each item on condition that it is
//! still what was read: so a repeat changes nothing and two writers never lose a count.

mod items;
mod registry;

use std::collections::HashMap;

pub use atrio_domain::device::StoredCount;
use atrio_domain::device::{
    CountRecord, DeadLetter, DeviceName, DeviceState, Model, RegisteredDevice,
};
use aws_sdk_dynamodb::types::{KeysAndAttributes, TransactWriteItem};
use jiff::Timestamp;
use jiff::civil::Date;

pub use items::{COUNT_SK_PREFIX, dead_letter, device_state, registered_device, stored_count};

use crate::attributes::{number, text};
use crate::transaction::{Condition, Written};
use crate::{Error, Item, SK, Store, key};

/// Messages one [`CountBatch`] may hold: each may write a count and a state, and DynamoDB takes 100
/// items in a transaction.
pub const BATCH_MESSAGES: usize = 50;

/// Keys in one read, DynamoDB's own bound.
const READ: usize = 100;

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

type CountKey = (DeviceName, Model, Timestamp);

fn key_of(record: &CountRecord) -> CountKey {
    (record.device.clone(), record.model, record.period_start)
}

/// What is known about some messages, and what they change.
#[derive(Debug, Default)]
pub struct CountBatch {
    devices: HashMap<DeviceName, RegisteredDevice>,
    states: HashMap<DeviceName, Tracked<DeviceState>>,
    counts: HashMap<CountKey, Tracked<StoredCount>>,
    dead_letters: Vec<DeadLetter>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// All of it is durable.
    Done,
    /// None of it is: another writer was faster. Read and decide again.
    Contended,
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

    /// The count of a record's period, with the changes of this batch.
    #[must_use]
    pub fn stored(&self, record: &CountRecord) -> Option<&StoredCount> {
        self.counts.get(&key_of(record))?.now.as_ref()
    }

    /// Adds a count and the state of its device after it.
    pub fn put(&mut self, count: StoredCount, state: DeviceState) {
        self.states.entry(count.record.device.clone()).or_default().set(state);
        self.counts.entry(key_of(&count.record)).or_default().set(count);
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
            _ => {
                let count = stored_count(item)?;
                self.counts.insert(key_of(&count.record), Tracked::read(count));
            }
        }
        Ok(())
    }
}

impl Store {
    /// Reads what is known about some counts and their devices.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn load_counts<'a>(
        &self,
        records: impl IntoIterator<Item = &'a CountRecord>,
    ) -> Result<CountBatch, Error> {
        let mut keys = std::collections::BTreeSet::new();
        for record in records {
            let partition = items::partition(&record.device);
            keys.insert((partition.clone(), items::DEVICE.to_owned()));
            keys.insert((partition.clone(), items::STATE.to_owned()));
            keys.insert((partition, items::count_sk(record.model, record.period_start)));
        }
        let keys: Vec<Item> = keys.into_iter().map(|(pk, sk)| key(pk, sk)).collect();
        let mut batch = CountBatch::default();
        for some in keys.chunks(READ) {
            let mut pending = Some(some.to_vec());
            while let Some(keys) = pending {
                let request = KeysAndAttributes::builder()
                    .set_keys(Some(keys))
                    .consistent_read(true)
                    .build()
                    .map_err(Error::service("BatchGetItem"))?;
                let answer = self
                    .client
                    .batch_get_item()
                    .request_items(&self.table, request)
                    .send()
                    .await
                    .map_err(Error::service("BatchGetItem"))?;
                for item in answer.responses.unwrap_or_default().values().flatten() {
                    batch.take(item)?;
                }
                pending = answer
                    .unprocessed_keys
                    .and_then(|mut tables| tables.remove(&self.table))
                    .map(|rest| rest.keys);
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
        for count in batch.counts.values() {
            let Some(change) = count.change() else { continue };
            let condition = match &count.read {
                None => Condition::absent(),
                Some(read) => Condition::when("version = :version AND content_hash = :hash")
                    .value(":version", number(read.version))
                    .value(":hash", text(read.content_hash.as_str())),
            };
            writes.push(self.put(items::of_count(change), condition)?);
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
        if writes.is_empty() {
            return Ok(Committed::Done);
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
    ) -> Result<Vec<StoredCount>, Error> {
        let (from, to) = (items::count_sk(model, from), items::count_sk(model, to));
        let found = self.between(items::partition(device), from, to).await?;
        found.iter().map(stored_count).collect()
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
}
