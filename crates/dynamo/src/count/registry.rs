//! Which devices may speak, and for which venue. Each change of it also moves one number on, so that a
//! broker sees with one read whether any of its connections has lost its right.

use std::collections::HashMap;

use atrio_domain::device::{DeviceName, RegisteredDevice};
use atrio_domain::id::VenueId;
use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;

use super::items;
use crate::attributes::{Attributes, instant, number, text};
use crate::table::DUE_INDEX;
use crate::transaction::{Condition, Written};
use crate::{Error, Item, Store, key};

/// Where all devices stand in the index, in order of venue and name; and the item of their changes.
pub(super) const DEVICES: &str = "DEVICES";

impl Store {
    /// Enrols a device; an earlier enrolment under its name ends.
    ///
    /// # Errors
    /// The service's own.
    pub async fn register_device(&self, device: &RegisteredDevice) -> Result<(), Error> {
        let put = self.put(items::of_device(device), Condition::none())?;
        self.transact(vec![put, self.registry_change()?]).await.map(|_| ())
    }

    /// Gives a device another certificate, unless its enrolment changed since it was read. Answers
    /// whether it was given.
    ///
    /// # Errors
    /// The service's own.
    pub async fn rotate_device(
        &self,
        read: &RegisteredDevice,
        rotated: &RegisteredDevice,
    ) -> Result<bool, Error> {
        let unchanged =
            Condition::when("certificate_serial = :serial AND attribute_not_exists(revoked_at)")
                .value(":serial", text(&read.certificate_serial));
        let put = self.put(items::of_device(rotated), unchanged)?;
        let written = self.transact(vec![put, self.registry_change()?]).await?;
        Ok(matches!(written, Written::All))
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

    /// What enrolment wrote down about some devices.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn registered_devices(
        &self,
        devices: &[DeviceName],
    ) -> Result<HashMap<DeviceName, RegisteredDevice>, Error> {
        let keys: Vec<Item> =
            devices.iter().map(|device| key(items::partition(device), items::DEVICE)).collect();
        let mut found = HashMap::with_capacity(devices.len());
        for item in self.get_all(&keys).await? {
            let registered = items::registered_device(&item)?;
            found.insert(registered.device.clone(), registered);
        }
        Ok(found)
    }

    /// The devices of a venue, or all of them, in order of venue and name.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn devices(&self, venue: Option<&VenueId>) -> Result<Vec<RegisteredDevice>, Error> {
        let of_venue = venue.map_or_else(String::new, |venue| format!("{venue}#"));
        let condition = match venue {
            Some(_) => "due_pk = :devices AND begins_with(due_sk, :venue)",
            None => "due_pk = :devices",
        };
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(DUE_INDEX)
                .key_condition_expression(condition)
                .expression_attribute_values(":devices", text(DEVICES))
                .set_exclusive_start_key(start);
            let page = match venue {
                Some(_) => page.expression_attribute_values(":venue", text(&of_venue)),
                None => page,
            };
            let page = page.send().await.map_err(Error::service("Query"))?;
            for item in page.items() {
                found.push(items::registered_device(item)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(found);
            }
        }
    }

    /// Withdraws a device's right to speak. Answers since when it is withdrawn, or `None` where there
    /// is no such device.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn revoke_device(
        &self,
        device: &DeviceName,
        at: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let condition = Condition::when("attribute_exists(pk)").value(":at", instant(at));
        let key = key(items::partition(device), items::DEVICE);
        let write =
            self.update(key, "SET revoked_at = if_not_exists(revoked_at, :at)", condition)?;
        match self.transact(vec![write, self.registry_change()?]).await? {
            Written::All => {
                let registered = self.registered_device(device).await?;
                Ok(registered.and_then(|registered| registered.revoked_at))
            }
            Written::Refused(_) => Ok(None),
        }
    }

    /// How often the registry changed: whoever saw this number before has seen all changes.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn registry_changes(&self) -> Result<u64, Error> {
        match self.get(changes_key()).await? {
            Some(item) => Attributes::of(&item).number("changes"),
            None => Ok(0),
        }
    }

    fn registry_change(&self) -> Result<TransactWriteItem, Error> {
        let one = Condition::none().value(":one", number(1));
        self.update(changes_key(), "ADD changes :one", one)
    }
}

fn changes_key() -> Item {
    key(DEVICES.to_owned(), "CHANGES")
}
