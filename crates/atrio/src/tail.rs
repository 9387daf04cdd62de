//! The end of the table's stream, read once for all who hear it: the table stops for each look at its
//! records, and its hearers follow each other closely. Who is further behind reads for itself. It keeps no
//! position but its own: where a hearer stands, the hearer says.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::Arc;

use atrio_lake_write::SequenceNumber;
use aws_lambda_events::event::dynamodb::EventRecord;
use aws_sdk_dynamodbstreams::Client;
use aws_sdk_dynamodbstreams::types::{Record, ShardIteratorType, StreamDescription};
use tokio::sync::{Mutex, OnceCell};

use crate::database::TableStream;
use crate::pump::{PumpError, chain};

/// Records in one look.
pub(crate) const LOOK: usize = 1_000;

/// Records kept for those who have not heard them yet: more than are written between two looks of the
/// slowest hearer that keeps up.
const KEPT: usize = 4 * LOOK;

/// The one shard of the stream.
#[derive(Debug, Clone)]
struct Shard {
    stream_arn: String,
    id: String,
    /// Digits of its first sequence number.
    digits: usize,
}

impl Shard {
    async fn of(stream: &TableStream) -> Result<Self, PumpError> {
        let refuse = |error: &dyn std::fmt::Display| PumpError::Stream(error.to_string());
        let TableStream { client, table } = stream;
        let streams =
            client.list_streams().table_name(table).send().await.map_err(|e| refuse(&e))?;
        let arn = streams
            .streams()
            .iter()
            .find_map(|stream| stream.stream_arn())
            .ok_or_else(|| refuse(&"the table has no stream"))?;
        let described = client.describe_stream().stream_arn(arn).send().await;
        let described = described.map_err(|error| refuse(&error))?;
        let shards =
            described.stream_description().map(StreamDescription::shards).unwrap_or_default();
        // Readers of several must follow splits; on AWS the event source mappings do.
        let [shard] = shards else {
            let count = shards.len();
            return Err(refuse(&format!("the stream has {count} shards, one machine reads one")));
        };
        let id = shard.shard_id().ok_or_else(|| refuse(&"the shard has no name"))?;
        let first =
            shard.sequence_number_range().and_then(|range| range.starting_sequence_number());
        let digits = first.map_or(0, str::len);
        Ok(Self { stream_arn: arn.to_owned(), id: id.to_owned(), digits })
    }

    /// A position as the database writes it: DynamoDB writes no zeros in front, others fill them up.
    fn sequence_number(&self, position: SequenceNumber) -> String {
        format!("{:0>digits$}", position.to_string(), digits = self.digits)
    }
}

/// Reads a shard from behind a position on.
#[derive(Debug)]
struct Reader {
    client: Client,
    stream_arn: String,
    iterator: Option<String>,
}

impl Reader {
    async fn behind(
        client: &Client,
        shard: &Shard,
        position: Option<SequenceNumber>,
    ) -> Result<Self, PumpError> {
        let kind = match position {
            Some(_) => ShardIteratorType::AfterSequenceNumber,
            None => ShardIteratorType::TrimHorizon,
        };
        let answer = client
            .get_shard_iterator()
            .stream_arn(&shard.stream_arn)
            .shard_id(&shard.id)
            .shard_iterator_type(kind)
            .set_sequence_number(position.map(|at| shard.sequence_number(at)))
            .send()
            .await
            .map_err(|error| PumpError::Stream(chain(&error)))?;
        Ok(Self {
            client: client.clone(),
            stream_arn: shard.stream_arn.clone(),
            iterator: answer.shard_iterator,
        })
    }

    async fn next(&mut self) -> Result<Vec<EventRecord>, PumpError> {
        let answer = self
            .client
            .get_records()
            .set_shard_iterator(self.iterator.clone())
            .limit(i32::try_from(LOOK).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| PumpError::Stream(chain(&error)))?;
        self.iterator = answer.next_shard_iterator;
        let records = answer.records.unwrap_or_default();
        Ok(records.into_iter().map(|record| event(record, &self.stream_arn)).collect())
    }
}

/// A record in the form in which Lambda hands it to a function.
fn event(record: Record, arn: &str) -> EventRecord {
    let mut event = EventRecord::default();
    event.event_id = record.event_id.unwrap_or_default();
    event.event_name = record.event_name.map(|name| name.as_str().to_owned()).unwrap_or_default();
    event.event_source_arn = Some(arn.to_owned());
    if let Some(change) = record.dynamodb {
        event.change.sequence_number = change.sequence_number;
        event.change.keys = change.keys.unwrap_or_default().into();
        event.change.new_image = change.new_image.unwrap_or_default().into();
        event.change.old_image = change.old_image.unwrap_or_default().into();
    }
    event
}

/// Where a record stands.
///
/// # Errors
/// When it has no number, or one that is none.
pub(crate) fn position_of(record: &EventRecord) -> Result<SequenceNumber, PumpError> {
    let number = record.change.sequence_number.as_deref().unwrap_or_default();
    number.parse().map_err(|error: atrio_lake_write::InvalidSequenceNumber| {
        PumpError::Stream(error.to_string())
    })
}

/// Records in their order that a hearer has not heard.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    records: Arc<[EventRecord]>,
    from: usize,
}

impl Deref for Heard {
    type Target = [EventRecord];

    fn deref(&self) -> &[EventRecord] {
        &self.records[self.from..]
    }
}

impl Heard {
    fn all(records: Vec<EventRecord>) -> Self {
        Self { records: records.into(), from: 0 }
    }
}

/// What one look brought.
#[derive(Debug)]
struct Page {
    through: SequenceNumber,
    records: Arc<[EventRecord]>,
}

impl Page {
    fn behind(&self, position: Option<SequenceNumber>) -> Result<Heard, PumpError> {
        let mut from = 0;
        while let Some(record) = self.records.get(from)
            && Some(position_of(record)?) <= position
        {
            from += 1;
        }
        Ok(Heard { records: Arc::clone(&self.records), from })
    }
}

/// The newest records, without a gap.
#[derive(Debug)]
struct Recent {
    /// Stands behind the last of them.
    reader: Reader,
    /// What comes before the first of them.
    from: Option<SequenceNumber>,
    through: Option<SequenceNumber>,
    pages: VecDeque<Page>,
}

impl Recent {
    /// Looks for newer records; false where there are none.
    async fn look(&mut self) -> Result<bool, PumpError> {
        let records = self.reader.next().await?;
        let Some(last) = records.last() else { return Ok(false) };
        let through = position_of(last)?;
        self.through = Some(through);
        self.pages.push_back(Page { through, records: records.into() });
        while self.pages.iter().map(|page| page.records.len()).sum::<usize>() > KEPT
            && let Some(oldest) = self.pages.pop_front()
        {
            self.from = Some(oldest.through);
        }
        Ok(true)
    }
}

/// The end of the table's stream.
#[derive(Debug)]
pub(crate) struct Tail {
    stream: TableStream,
    shard: OnceCell<Shard>,
    recent: Mutex<Option<Recent>>,
}

impl Tail {
    /// Of this stream; nothing is read yet.
    pub(crate) fn of(stream: TableStream) -> Self {
        Self { stream, shard: OnceCell::new(), recent: Mutex::new(None) }
    }

    async fn shard(&self) -> Result<&Shard, PumpError> {
        self.shard.get_or_try_init(|| Shard::of(&self.stream)).await
    }

    /// The name of the stream's shard.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub(crate) async fn shard_id(&self) -> Result<&str, PumpError> {
        Ok(&self.shard().await?.id)
    }

    /// Records behind a position, none of them twice: at most those of one look, and none where there is
    /// nothing newer yet.
    ///
    /// # Errors
    /// When the stream cannot be read.
    pub(crate) async fn behind(
        &self,
        position: Option<SequenceNumber>,
    ) -> Result<Heard, PumpError> {
        let mut held = self.recent.lock().await;
        let heard = self.recent_behind(&mut held, position).await;
        if heard.is_err() {
            // An iterator that failed is not asked again.
            *held = None;
        }
        drop(held);
        if let Some(heard) = heard? {
            return Ok(heard);
        }
        let mut alone = Reader::behind(&self.stream.client, self.shard().await?, position).await?;
        alone.next().await.map(Heard::all)
    }

    /// The same of the newest records; nothing where the position is before them.
    async fn recent_behind(
        &self,
        held: &mut Option<Recent>,
        position: Option<SequenceNumber>,
    ) -> Result<Option<Heard>, PumpError> {
        let recent = match held {
            Some(recent) => recent,
            None => {
                let shard = self.shard().await?;
                let reader = Reader::behind(&self.stream.client, shard, position).await?;
                let pages = VecDeque::new();
                held.insert(Recent { reader, from: position, through: position, pages })
            }
        };
        if position < recent.from {
            return Ok(None);
        }
        while position >= recent.through {
            if !recent.look().await? {
                return Ok(Some(Heard::all(Vec::new())));
            }
        }
        let page = recent.pages.iter().find(|page| Some(page.through) > position);
        page.map(|page| page.behind(position)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use atrio_dynamo::transaction::Condition;

    use super::*;
    use crate::database::{self, Database, Tidying};

    struct Written {
        database: Database,
        store: atrio_dynamo::Store,
        tail: Tail,
    }

    impl Written {
        async fn new() -> Self {
            let database = Database::start(None, Tidying::Off).await.unwrap();
            let store = database::store(database.at());
            store.create_table().await.unwrap();
            let tail = Tail::of(database::stream(database.at()));
            Self { database, store, tail }
        }

        async fn write(&self, names: std::ops::Range<usize>) {
            for name in names {
                let item = atrio_dynamo::key("TEST", format!("{name:04}"));
                self.store
                    .transact(vec![self.store.put(item, Condition::none()).unwrap()])
                    .await
                    .unwrap();
            }
        }
    }

    fn names(records: &[EventRecord]) -> Vec<String> {
        let name = |record: &EventRecord| match record.change.keys.get("sk") {
            Some(serde_dynamo::AttributeValue::S(name)) => name.clone(),
            other => panic!("{other:?}"),
        };
        records.iter().map(name).collect()
    }

    fn expected(range: std::ops::Range<usize>) -> Vec<String> {
        range.map(|name| format!("{name:04}")).collect()
    }

    /// Everything that a hearer has not heard.
    async fn rest(tail: &Tail, position: &mut Option<SequenceNumber>) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            let heard = tail.behind(*position).await.unwrap();
            let Some(last) = heard.last() else { return all };
            *position = Some(position_of(last).unwrap());
            all.extend(names(&heard));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn each_hearer_hears_every_record_once_wherever_it_stands() {
        let written = Written::new().await;
        written.write(0..30).await;
        let tail = &written.tail;
        let (mut early, mut late) = (None, None);
        assert_eq!(rest(tail, &mut early).await, expected(0..30));
        written.write(30..50).await;
        assert_eq!(rest(tail, &mut early).await, expected(30..50));
        assert_eq!(rest(tail, &mut late).await, expected(0..50));
        assert_eq!(rest(tail, &mut late).await, expected(0..0));
        written.database.stop().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_left_off_within_a_page_goes_on_from_there() {
        let written = Written::new().await;
        written.write(0..10).await;
        let tail = &written.tail;
        let page = tail.behind(None).await.unwrap();
        let mut within = Some(position_of(&page[3]).unwrap());
        assert_eq!(rest(tail, &mut within).await, expected(4..10));
        written.database.stop().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_is_further_behind_than_what_is_kept_misses_nothing() {
        let written = Written::new().await;
        written.write(0..10).await;
        let tail = &written.tail;
        // The first to ask stands at the end; what is kept begins there.
        let whole = tail.behind(None).await.unwrap();
        *tail.recent.lock().await = None;
        let mut newest = Some(position_of(&whole[9]).unwrap());
        assert_eq!(rest(tail, &mut newest).await, expected(0..0));
        written.write(10..20).await;
        assert_eq!(rest(tail, &mut newest).await, expected(10..20));
        assert_eq!(rest(tail, &mut None).await, expected(0..20));
        written.database.stop().await;
    }
}
