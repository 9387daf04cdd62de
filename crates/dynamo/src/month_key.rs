//! Keys of the lake's pseudonyms: `KEY#PSEUDONYM` / month. Made at first use, destroyed by upkeep
//! when the month is over and nothing late can arrive for it any more.

use crate::attributes::{Attributes, bytes, text};
use crate::transaction::Condition;
use crate::{Error, Store, key};

const PARTITION: &str = "KEY#PSEUDONYM";

impl Store {
    /// The key of a month; `fresh` becomes it when there is none yet.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn month_key(&self, month: &str, fresh: [u8; 32]) -> Result<[u8; 32], Error> {
        if let Some(known) = self.stored_month_key(month).await? {
            return Ok(known);
        }
        let mut item = key(PARTITION, month);
        item.insert("secret".to_owned(), bytes(&fresh));
        self.transact(vec![self.put(item, Condition::absent())?]).await?;
        // Whoever was first made the key: read back what stands there now.
        self.stored_month_key(month)
            .await?
            .ok_or_else(|| Error::Stale { key: format!("{PARTITION}/{month}") })
    }

    async fn stored_month_key(&self, month: &str) -> Result<Option<[u8; 32]>, Error> {
        let Some(item) = self.get(key(PARTITION, month)).await? else { return Ok(None) };
        let read = Attributes::of(&item);
        let secret = read.bytes("secret")?;
        secret.try_into().map(Some).map_err(|_| read.malformed("secret", "is not 32 bytes"))
    }

    /// Destroys the keys of all months before `month`; says how many.
    ///
    /// # Errors
    /// The service's own.
    pub async fn destroy_month_keys_before(&self, month: &str) -> Result<usize, Error> {
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk < :month")
            .expression_attribute_values(":pk", text(PARTITION))
            .expression_attribute_values(":month", text(month))
            .projection_expression("pk, sk")
            .send()
            .await
            .map_err(Error::service("Query"))?;
        let old = page.items.unwrap_or_default();
        for item in &old {
            self.transact(vec![self.delete(item.clone())?]).await?;
        }
        Ok(old.len())
    }
}
