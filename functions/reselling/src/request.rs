//! What resellers send. Bodies are read whatever their content type says, and what OCTO does not name is
//! passed over: clients send more than a supplier knows.

use std::collections::BTreeSet;

use atrio_domain::id::{CallerUuid, ResellerId, UnitId};
use atrio_domain::resale::{Customer, HOLD_MAX_MINUTES, ResoldUnit};
use atrio_runtime::extract::BODY_MAX_BYTES;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::error::OctoError;

/// Longest text that a reseller sends, in characters.
const TEXT_MAX_CHARS: usize = 2_000;

/// A JSON body; none is an empty object.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = OctoError;

    async fn from_request(request: Request, _: &S) -> Result<Self, OctoError> {
        let read = axum::body::to_bytes(request.into_body(), BODY_MAX_BYTES).await;
        let body = read.map_err(|_| {
            OctoError::bad(format_args!(
                "the body is larger than {BODY_MAX_BYTES} bytes, or was cut"
            ))
        })?;
        let body = if body.iter().all(u8::is_ascii_whitespace) { &b"{}"[..] } else { &body };
        let mut reader = serde_json::Deserializer::from_slice(body);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            OctoError::bad(format_args!("`{path}`: {}", error.into_inner()))
        })?;
        reader.end().map_err(OctoError::bad)?;
        Ok(Self(value))
    }
}

/// The id in an address.
#[derive(Debug)]
pub(crate) struct Id(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = OctoError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, OctoError> {
        let read = Path::<String>::from_request_parts(parts, state).await;
        read.map(|Path(id)| Self(id)).map_err(OctoError::bad)
    }
}

/// The query of an address.
#[derive(Debug)]
pub(crate) struct Filter<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Filter<T> {
    type Rejection = OctoError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, OctoError> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(query)| Self(query)).map_err(OctoError::bad)
    }
}

/// Which availabilities.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct AvailabilityBody {
    pub(crate) product_id: Option<String>,
    pub(crate) option_id: Option<String>,
    /// First day, `2026-05-01`, together with `localDateEnd`.
    pub(crate) local_date_start: Option<String>,
    pub(crate) local_date_end: Option<String>,
    /// One day.
    pub(crate) local_date: Option<String>,
    pub(crate) availability_ids: Option<Vec<String>>,
    /// Who would come.
    pub(crate) units: Option<Vec<UnitQuantityBody>>,
}

/// So many of a unit.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct UnitQuantityBody {
    pub(crate) id: String,
    pub(crate) quantity: u32,
}

/// A visit to hold.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ReservationBody {
    /// Made by the caller; its idempotency key.
    pub(crate) uuid: Option<String>,
    pub(crate) product_id: Option<String>,
    pub(crate) option_id: Option<String>,
    pub(crate) availability_id: Option<String>,
    pub(crate) expiration_minutes: Option<u32>,
    pub(crate) notes: Option<String>,
    pub(crate) unit_items: Option<Vec<UnitItemBody>>,
    pub(crate) reseller_reference: Option<String>,
    pub(crate) contact: Option<ContactBody>,
}

/// What is to change of a booking.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct UpdateBody {
    pub(crate) product_id: Option<String>,
    pub(crate) option_id: Option<String>,
    pub(crate) availability_id: Option<String>,
    pub(crate) expiration_minutes: Option<u32>,
    pub(crate) notes: Option<String>,
    pub(crate) unit_items: Option<Vec<UnitItemBody>>,
    pub(crate) reseller_reference: Option<String>,
    pub(crate) contact: Option<ContactBody>,
}

/// That a booking is sold.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ConfirmationBody {
    /// Whether the platform mails the tickets to the contact, too.
    pub(crate) email_receipt: Option<bool>,
    pub(crate) reseller_reference: Option<String>,
    pub(crate) contact: Option<ContactBody>,
    /// In place of those that were held.
    pub(crate) unit_items: Option<Vec<UnitItemBody>>,
}

/// Why a booking is given up.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct CancellationBody {
    pub(crate) reason: Option<String>,
}

/// For how long a hold is kept.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ExtensionBody {
    pub(crate) expiration_minutes: Option<u32>,
}

/// One of the people.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct UnitItemBody {
    pub(crate) uuid: Option<String>,
    pub(crate) unit_id: Option<String>,
    pub(crate) reseller_reference: Option<String>,
    pub(crate) contact: Option<ContactBody>,
}

/// A person, as far as the reseller says who they are.
#[derive(Debug, Default, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ContactBody {
    full_name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    email_address: Option<String>,
    phone_number: Option<String>,
    locales: Option<Vec<String>>,
    postal_code: Option<String>,
    country: Option<String>,
    notes: Option<String>,
}

impl ContactBody {
    /// The person with what is said here in the place of what was said before.
    pub(crate) fn over(self, before: Customer) -> Customer {
        Customer {
            full_name: self.full_name.or(before.full_name),
            first_name: self.first_name.or(before.first_name),
            last_name: self.last_name.or(before.last_name),
            email: self.email_address.or(before.email),
            phone: self.phone_number.or(before.phone),
            locales: self.locales.unwrap_or(before.locales),
            postal_code: self.postal_code.or(before.postal_code),
            country: self.country.or(before.country),
            notes: self.notes.or(before.notes),
        }
    }

    fn texts(&self) -> impl Iterator<Item = &String> {
        let names = [&self.full_name, &self.first_name, &self.last_name, &self.email_address];
        let rest = [&self.phone_number, &self.postal_code, &self.country, &self.notes];
        let locales = self.locales.iter().flatten();
        names.into_iter().chain(rest).filter_map(Option::as_ref).chain(locales)
    }
}

/// Refuses texts that no booking keeps.
pub(crate) fn check_texts<'t>(
    contacts: impl IntoIterator<Item = &'t ContactBody>,
    texts: impl IntoIterator<Item = &'t Option<String>>,
) -> Result<(), OctoError> {
    let texts = texts.into_iter().filter_map(Option::as_ref);
    let mut all = contacts.into_iter().flat_map(ContactBody::texts).chain(texts);
    match all.find(|text| text.chars().count() > TEXT_MAX_CHARS) {
        Some(text) => Err(OctoError::bad(format_args!(
            "a text has {} characters, {TEXT_MAX_CHARS} are taken",
            text.chars().count()
        ))),
        None => Ok(()),
    }
}

/// The people of a request. None are refused here: a missing list and an empty one are the same.
pub(crate) fn items(
    body: Option<Vec<UnitItemBody>>,
    known: &[ResoldUnit],
) -> Result<Vec<ResoldUnit>, OctoError> {
    let bodies = body.unwrap_or_default();
    if bodies.is_empty() {
        return Err(OctoError::unprocessable(
            "`unitItems` names nobody; send one item for each person",
        ));
    }
    check_texts(
        bodies.iter().filter_map(|item| item.contact.as_ref()),
        bodies.iter().map(|item| &item.reseller_reference),
    )?;
    let mut uuids = BTreeSet::new();
    let mut items = Vec::with_capacity(bodies.len());
    for (index, body) in bodies.into_iter().enumerate() {
        let unit = body.unit_id.unwrap_or_default();
        let unit = UnitId::new(unit.as_str()).map_err(|_| OctoError::Unit(unit))?;
        let uuid = match &body.uuid {
            Some(text) => uuid(text, &format!("unitItems[{index}].uuid"))?,
            None => CallerUuid::from(uuid::Uuid::new_v4()),
        };
        if !uuids.insert(uuid) {
            return Err(OctoError::bad(format_args!(
                "`unitItems[{index}].uuid` is that of another item"
            )));
        }
        let before = known.iter().find(|item| item.uuid == uuid);
        let customer = before.map(|item| item.customer.clone()).unwrap_or_default();
        let reference = before.and_then(|item| item.reference.clone());
        items.push(ResoldUnit {
            uuid,
            unit,
            reference: body.reseller_reference.or(reference),
            customer: match body.contact {
                Some(contact) => contact.over(customer),
                None => customer,
            },
        });
    }
    Ok(items)
}

/// A uuid that a caller made: lower case, of a variant that random ones have.
pub(crate) fn uuid(text: &str, field: &str) -> Result<CallerUuid, OctoError> {
    let uuid: CallerUuid =
        text.parse().map_err(|error| OctoError::bad(format_args!("`{field}`: {error}")))?;
    let variant = text.as_bytes().get(19).copied().unwrap_or_default();
    let version = text.as_bytes().get(14).copied().unwrap_or_default();
    if b"089ab".contains(&variant) && version.is_ascii_digit() {
        Ok(uuid)
    } else {
        Err(OctoError::bad(format_args!(
            "`{field}`: `{text}` is no uuid of RFC 9562: make a random one"
        )))
    }
}

/// How many minutes a hold is kept, within what a hold may take.
pub(crate) fn minutes(asked: Option<u32>) -> Result<Option<u32>, OctoError> {
    match asked {
        Some(minutes) if !(1..=HOLD_MAX_MINUTES).contains(&minutes) => Err(OctoError::bad(
            format_args!("`expirationMinutes` is {minutes}, 1 to {HOLD_MAX_MINUTES} are taken"),
        )),
        other => Ok(other),
    }
}

/// What makes two requests of a reseller the same.
pub(crate) fn fingerprint(reseller: &ResellerId, body: &impl Serialize) -> String {
    // These bodies are texts, numbers and lists, which JSON writes.
    let written = serde_json::to_string(body).unwrap_or_default();
    let hash = Sha256::new().chain_update(reseller.as_str()).chain_update([0]);
    let hash = hash.chain_update(written).finalize();
    hash[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_one_that_clients_make() {
        assert!(uuid("6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01", "uuid").is_ok());
        for bad in
            ["6f1c2a34-9b1e-4c55-ca10-2f6f3f7d9a01", "6F1C2A34-9B1E-4C55-8A10-2F6F3F7D9A01", ""]
        {
            assert!(matches!(uuid(bad, "uuid"), Err(OctoError::BadRequest(_))), "{bad}");
        }
    }

    #[test]
    fn an_item_keeps_what_was_said_of_it_before() {
        let body = |json: &str| serde_json::from_str::<Vec<UnitItemBody>>(json).unwrap();
        let one = r#"[{"unitId": "adult", "uuid": "6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01", "contact": {"fullName": "Visitor 1"}}]"#;
        let first = items(Some(body(one)), &[]).unwrap();
        let two = r#"[{"unitId": "adult", "uuid": "6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01"}, {"unitId": "adult"}]"#;
        let second = items(Some(body(two)), &first).unwrap();
        assert_eq!(second[0].customer.full_name.as_deref(), Some("Visitor 1"));
        assert_eq!(second[1].customer, Customer::default());
        assert!(matches!(items(Some(Vec::new()), &[]), Err(OctoError::Unprocessable(_))));
        assert!(matches!(items(None, &[]), Err(OctoError::Unprocessable(_))));
    }

    #[test]
    fn two_bodies_are_one_request_when_all_of_them_is_the_same() {
        let id = ResellerId::new("tours").unwrap();
        let body = |notes: &str| ConfirmationBody {
            reseller_reference: Some(notes.to_owned()),
            ..ConfirmationBody::default()
        };
        assert_eq!(fingerprint(&id, &body("a")), fingerprint(&id, &body("a")));
        assert_ne!(fingerprint(&id, &body("a")), fingerprint(&id, &body("b")));
        let other = ResellerId::new("other").unwrap();
        assert_ne!(fingerprint(&id, &body("a")), fingerprint(&other, &body("a")));
    }
}
