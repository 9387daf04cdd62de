//! Reading and writing attributes of an item, with errors that name the key and the attribute.

use std::fmt::Display;
use std::str::FromStr;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, Item, PK, SK};

/// A string attribute.
pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub fn number(value: impl Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A binary attribute.
pub fn bytes(value: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

/// An instant, of fixed width so that texts sort as instants do.
#[must_use]
pub fn instant(value: Timestamp) -> AttributeValue {
    AttributeValue::S(instant_text(value))
}

/// An instant as text of fixed width, to the microsecond.
#[must_use]
pub fn instant_text(value: Timestamp) -> String {
    format!("{value:.6}")
}

/// The attribute by which DynamoDB tidies an item away, in epoch seconds.
#[must_use]
pub fn time_to_live(at: Timestamp) -> AttributeValue {
    number(at.as_second())
}

/// A nested value, as JSON text.
///
/// # Errors
/// [`Error::Malformed`] when the value cannot be written as JSON, which none of ours causes.
pub fn json(attribute: &str, value: &impl Serialize) -> Result<AttributeValue, Error> {
    serde_json::to_string(value).map(AttributeValue::S).map_err(|error| Error::Malformed {
        key: "(new)".to_owned(),
        attribute: attribute.to_owned(),
        problem: error.to_string(),
    })
}

/// Reads the attributes of one item.
#[derive(Debug, Clone, Copy)]
pub struct Attributes<'a> {
    item: &'a Item,
}

impl<'a> Attributes<'a> {
    /// Reads this item.
    #[must_use]
    pub fn of(item: &'a Item) -> Self {
        Self { item }
    }

    /// The error for an attribute of this item.
    pub fn malformed(&self, attribute: &str, problem: impl Display) -> Error {
        let part = |name: &str| {
            self.item.get(name).and_then(|value| value.as_s().ok()).map_or("?", String::as_str)
        };
        Error::Malformed {
            key: format!("{}/{}", part(PK), part(SK)),
            attribute: attribute.to_owned(),
            problem: problem.to_string(),
        }
    }

    /// A string.
    ///
    /// # Errors
    /// When it is missing or no string.
    pub fn text(&self, name: &str) -> Result<&'a str, Error> {
        self.optional_text(name)?.ok_or_else(|| self.malformed(name, "is missing"))
    }

    /// A string that may be missing.
    ///
    /// # Errors
    /// When it is no string.
    pub fn optional_text(&self, name: &str) -> Result<Option<&'a str>, Error> {
        self.item
            .get(name)
            .map(|value| value.as_s().map(String::as_str))
            .transpose()
            .map_err(|_| self.malformed(name, "is not a string"))
    }

    /// A string that parses.
    ///
    /// # Errors
    /// When it is missing or does not parse.
    pub fn parsed<T>(&self, name: &str) -> Result<T, Error>
    where
        T: FromStr<Err: Display>,
    {
        self.text(name)?.parse().map_err(|error| self.malformed(name, error))
    }

    /// A string that parses, or is missing.
    ///
    /// # Errors
    /// When it does not parse.
    pub fn optional_parsed<T>(&self, name: &str) -> Result<Option<T>, Error>
    where
        T: FromStr<Err: Display>,
    {
        self.optional_text(name)?
            .map(|text| text.parse().map_err(|error| self.malformed(name, error)))
            .transpose()
    }

    /// An instant that may be missing.
    ///
    /// # Errors
    /// When it does not parse.
    pub fn optional_instant(&self, name: &str) -> Result<Option<Timestamp>, Error> {
        self.optional_parsed(name)
    }

    /// A number.
    ///
    /// # Errors
    /// When it is missing, no number, or out of range.
    pub fn number<T>(&self, name: &str) -> Result<T, Error>
    where
        T: FromStr<Err: Display>,
    {
        self.optional_number(name)?.ok_or_else(|| self.malformed(name, "is missing"))
    }

    /// A number that may be missing.
    ///
    /// # Errors
    /// When it is no number or out of range.
    pub fn optional_number<T>(&self, name: &str) -> Result<Option<T>, Error>
    where
        T: FromStr<Err: Display>,
    {
        let Some(value) = self.item.get(name) else { return Ok(None) };
        let text = value.as_n().map_err(|_| self.malformed(name, "is not a number"))?;
        text.parse().map(Some).map_err(|error| self.malformed(name, error))
    }

    /// Bytes.
    ///
    /// # Errors
    /// When they are missing or no bytes.
    pub fn bytes(&self, name: &str) -> Result<&'a [u8], Error> {
        self.item
            .get(name)
            .and_then(|value| value.as_b().ok())
            .map(AsRef::as_ref)
            .ok_or_else(|| self.malformed(name, "is not binary, or missing"))
    }

    /// A nested value that stands there only where it is not the usual one.
    ///
    /// # Errors
    /// When it is not the JSON it should be.
    pub fn json_or_usual<T: DeserializeOwned + Default>(&self, name: &str) -> Result<T, Error> {
        match self.optional_text(name)? {
            Some(text) => serde_json::from_str(text).map_err(|error| self.malformed(name, error)),
            None => Ok(T::default()),
        }
    }

    /// A nested value.
    ///
    /// # Errors
    /// When it is missing or not the JSON it should be.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T, Error> {
        serde_json::from_str(self.text(name)?).map_err(|error| self.malformed(name, error))
    }
}
