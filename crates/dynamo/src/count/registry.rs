//! Which devices may speak, and for which venue.

use atrio_domain::device::{DeviceName, RegisteredDevice};
use jiff::Timestamp;

use super::items;
use crate::attributes::instant;
use crate::transaction::{Condition, Written};
use crate::{Error, Store, key};

impl Store {
    /// Enrols a device; an earlier enrolment under its name ends.
    ///
    /// # Errors
    /// The service's own.
    pub async fn register_device(&self, device: &RegisteredDevice) -> Result<(), Error> {
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(items::of_device(device)))
            .send()
            .await
            .map_err(Error::service("PutItem"))?;
        Ok(())
    }

    /// What enrolment wrote down about a device.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn registered_device(
        &self,
        device: &DeviceName,
    ) -> Result<Option<RegisteredDevice>, Error> {
        let item = self.get(key(items::partition(device), items::DEVICE)).await?;
        item.as_ref().map(items::registered_device).transpose()
    }

    /// Withdraws a device's right to speak, from its next message on. Answers whether there was
    /// such a device.
    ///
    /// # Errors
    /// The service's own.
    pub async fn revoke_device(&self, device: &DeviceName, at: Timestamp) -> Result<bool, Error> {
        let condition = Condition::when("attribute_exists(pk)").value(":at", instant(at));
        let key = key(items::partition(device), items::DEVICE);
        let write =
            self.update(key, "SET revoked_at = if_not_exists(revoked_at, :at)", condition)?;
        Ok(matches!(self.transact(vec![write]).await?, Written::All))
    }
}
