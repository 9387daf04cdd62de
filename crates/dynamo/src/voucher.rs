//! Code items: `VOUCHERS#venue` / keyed hash of a code, with its campaign, how often it was used and
//! may be; `BATCHES#venue` / hash says which codes were made in one go; `GUESSES#network` / hour counts
//! the wrong ones that were tried. No item holds a code.

use atrio_domain::booking::Booking;
use atrio_domain::id::{CampaignId, VenueId};
use atrio_domain::retention::Record;
use atrio_domain::voucher::VoucherKey;
use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;

use crate::attributes::{Attributes, number, text, time_to_live};
use crate::audit::AuditRecord;
use crate::table::TTL;
use crate::transaction::{Condition, Written};
use crate::{Error, Item, Store, key};

/// Codes of one transaction, which takes a hundred writes: those of a batch and its record beside.
const CHUNK: usize = 98;

/// Codes that are made in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Where.
    pub venue: VenueId,
    /// Under which name it is on record.
    pub name: String,
    /// What they are for.
    pub campaign: CampaignId,
    /// How many bookings each reduces; none for any number.
    pub uses: Option<u32>,
    /// The codes.
    pub keys: Vec<VoucherKey>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchMade {
    /// All its codes are there.
    Done,
    /// Another batch was made under its name before.
    NameReused,
    /// One of its codes was given out before.
    CodeTaken,
}

/// How a campaign's codes are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Codes.
    pub codes: u32,
    /// Bookings that hold a use now.
    pub used: u32,
}

fn partition(venue: &VenueId) -> String {
    format!("VOUCHERS#{venue}")
}

fn voucher_key(venue: &VenueId, voucher: &VoucherKey) -> Item {
    key(partition(venue), voucher.as_str())
}

/// The hour's count of one network.
fn guesses_key(network: &str, now: Timestamp) -> Item {
    let hour = now.as_second().div_euclid(3_600);
    key(format!("GUESSES#{network}"), hour.to_string())
}

impl Store {
    /// The campaign that a code was given out for.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn campaign_of(
        &self,
        venue: &VenueId,
        voucher: &VoucherKey,
    ) -> Result<Option<CampaignId>, Error> {
        let item = self.get(voucher_key(venue, voucher)).await?;
        item.as_ref().map(|item| Attributes::of(item).parsed("campaign")).transpose()
    }

    /// Makes the codes of a batch and its record. Repeated, it makes those that a cut line left out.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn make_codes(
        &self,
        batch: &Batch,
        record: &AuditRecord,
    ) -> Result<BatchMade, Error> {
        let mut item = key(format!("BATCHES#{}", batch.venue), batch.name.as_str());
        item.insert("campaign".to_owned(), text(batch.campaign.as_str()));
        item.insert("codes".to_owned(), number(batch.keys.len()));
        if let Some(uses) = batch.uses {
            item.insert("uses".to_owned(), number(uses));
        }
        // The last code speaks for all: they follow from the batch, but for one that a manager chose.
        let last = batch.keys.last().map(VoucherKey::as_str).unwrap_or_default();
        item.insert("last".to_owned(), text(last));
        let mut writes = vec![
            self.put(item.clone(), Condition::absent())?,
            self.put(crate::audit::item(record)?, Condition::none())?,
        ];
        let (first, others) = batch.keys.split_at(CHUNK.min(batch.keys.len()));
        for key in first {
            writes.push(self.make_code(batch, key)?);
        }
        if let Written::Refused(refused) = self.transact(writes).await? {
            match refused.into_iter().next().flatten() {
                // Its first codes came with it; of the others some may be missing.
                Some(before) if before == item => {}
                Some(_) => return Ok(BatchMade::NameReused),
                None => return Ok(BatchMade::CodeTaken),
            }
        }
        for keys in others.chunks(CHUNK) {
            let made: Result<Vec<_>, _> =
                keys.iter().map(|key| self.make_code(batch, key)).collect();
            if let Written::Refused(_) = self.transact(made?).await? {
                return Ok(BatchMade::CodeTaken);
            }
        }
        Ok(BatchMade::Done)
    }

    fn make_code(&self, batch: &Batch, voucher: &VoucherKey) -> Result<TransactWriteItem, Error> {
        let mut update =
            "SET campaign = :campaign, made_in = :batch, used = if_not_exists(used, :none)"
                .to_owned();
        let mut condition = Condition::when("attribute_not_exists(made_in) OR made_in = :batch")
            .value(":campaign", text(batch.campaign.as_str()))
            .value(":batch", text(&batch.name))
            .value(":none", number(0));
        if let Some(uses) = batch.uses {
            update += ", uses = :uses";
            condition = condition.value(":uses", number(uses));
        }
        self.update(voucher_key(&batch.venue, voucher), &update, condition)
    }

    /// How the codes of a campaign are used now.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn usage(&self, venue: &VenueId, campaign: &CampaignId) -> Result<Usage, Error> {
        let mut usage = Usage::default();
        // Hexadecimal digits sort from `0` to `f`.
        for item in self.between(partition(venue), "0".to_owned(), "g".to_owned()).await? {
            let read = Attributes::of(&item);
            if read.text("campaign")? == campaign.as_str() {
                usage.codes += 1;
                usage.used += read.number::<u32>("used")?;
            }
        }
        Ok(usage)
    }

    /// The write that counts the use of a booking's code, refused when none is left.
    pub(crate) fn use_voucher(
        &self,
        booking: &Booking,
    ) -> Result<Option<TransactWriteItem>, Error> {
        let left =
            Condition::when("attribute_exists(pk) AND (attribute_not_exists(uses) OR used < uses)");
        self.count_voucher(booking, "SET used = used + :one", left)
    }

    /// The write that gives the use back.
    pub(crate) fn return_voucher(
        &self,
        booking: &Booking,
    ) -> Result<Option<TransactWriteItem>, Error> {
        self.count_voucher(booking, "SET used = used - :one", Condition::when("used >= :one"))
    }

    fn count_voucher(
        &self,
        booking: &Booking,
        update: &str,
        condition: Condition,
    ) -> Result<Option<TransactWriteItem>, Error> {
        let Some(used) = &booking.voucher else { return Ok(None) };
        let key = voucher_key(&booking.venue_id, &used.key);
        self.update(key, update, condition.value(":one", number(1))).map(Some)
    }

    /// Wrong codes that a network tried this hour.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn guesses(&self, network: &str, now: Timestamp) -> Result<u32, Error> {
        let item = self.get(guesses_key(network, now)).await?;
        let count = item.as_ref().map(|item| Attributes::of(item).number("tried")).transpose()?;
        Ok(count.unwrap_or(0))
    }

    /// Counts a wrong code that a network tried.
    ///
    /// # Errors
    /// The service's own.
    pub async fn count_guess(&self, network: &str, now: Timestamp) -> Result<(), Error> {
        let values = Condition::none()
            .name("#ttl", TTL)
            .value(":one", number(1))
            .value(":ttl", time_to_live(Record::CodeGuess.until(now)));
        let update = "ADD tried :one SET #ttl = :ttl";
        self.transact(vec![self.update(guesses_key(network, now), update, values)?]).await?;
        Ok(())
    }
}
