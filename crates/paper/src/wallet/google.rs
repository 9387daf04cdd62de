//! A link that puts a ticket into Google Wallet: all that is to be said of it, as a token signed with
//! the key of the body's service account.

use atrio_domain::id::TicketId;
use atrio_domain::text::{Locale, Text};
use atrio_domain::ticket::{Ticket, sign};
use atrio_domain::venue::Venue;
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::DecodePrivateKey as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::code::NotDrawn;
use crate::wallet::{admits, expires_at, pass_in_words, serial_number};

/// Where the link leads.
const SAVE: &str = "https://pay.google.com/gp/v/save/";

/// Why no link can be signed, or one was not.
#[derive(Debug, thiserror::Error)]
pub enum GoogleWalletError {
    /// What is configured does not read.
    #[error("it is not `issuer_id`, `account` and `key`, an RSA key in PEM")]
    Given,
    /// The ticket's code cannot be made.
    #[error(transparent)]
    Code(#[from] NotDrawn),
    /// The token cannot be signed.
    #[error("the link cannot be signed")]
    Signature(#[from] jsonwebtoken::errors::Error),
}

/// What Google gave the body that issues passes, as configured.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    issuer_id: String,
    account: String,
    /// PEM.
    key: String,
}

/// Signs links for Google Wallet.
pub struct GoogleWallet {
    issuer_id: String,
    account: String,
    key: EncodingKey,
}

impl std::fmt::Debug for GoogleWallet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GoogleWallet").field("issuer_id", &self.issuer_id).finish_non_exhaustive()
    }
}

impl GoogleWallet {
    /// Reads what Google gave: JSON with `issuer_id`, `account` (the service account's address) and
    /// `key` (its RSA key in PEM).
    ///
    /// # Errors
    /// When it does not read; never with a word of the secret.
    pub fn of(given: &str) -> Result<Self, GoogleWalletError> {
        let given: Given = serde_json::from_str(given).map_err(|_| GoogleWalletError::Given)?;
        let key =
            rsa::RsaPrivateKey::from_pkcs8_pem(&given.key).map_err(|_| GoogleWalletError::Given)?;
        let key = key.to_pkcs1_der().map_err(|_| GoogleWalletError::Given)?;
        let key = EncodingKey::from_rsa_der(key.as_bytes());
        Ok(Self { issuer_id: given.issuer_id, account: given.account, key })
    }

    /// The link that puts a ticket into the wallet.
    ///
    /// # Errors
    /// When its code or the link cannot be signed.
    pub fn link(
        &self,
        venue: &Venue,
        locale: Locale,
        ticket: &Ticket,
        key: &SigningKey,
        now: Timestamp,
    ) -> Result<String, GoogleWalletError> {
        let code = sign(&ticket.entitlement, key).map_err(NotDrawn::from)?;
        let claims = json!({
            "iss": self.account,
            "aud": "google",
            "typ": "savetowallet",
            "iat": now.as_second(),
            "origins": [],
            "payload": {
                "eventTicketClasses": [self.class(venue, locale, ticket)],
                "eventTicketObjects": [self.object(locale, ticket, &code)],
            },
        });
        let token = jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.key)?;
        Ok(format!("{SAVE}{token}"))
    }

    /// What all tickets of a slot share.
    fn class(&self, venue: &Venue, locale: Locale, ticket: &Ticket) -> Value {
        let slot = &ticket.entitlement.slot;
        json!({
            "id": self.class_id(ticket),
            "issuerName": venue.name,
            "reviewStatus": "UNDER_REVIEW",
            "eventName": words(locale, &venue.name),
            "venue": {
                "name": words(locale, &venue.name),
                "address": words(locale, &format!("{} ({})", venue.municipality, venue.region)),
            },
            "dateTime": {"start": slot.start.to_string(), "end": slot.end.to_string()},
        })
    }

    fn object(&self, locale: Locale, ticket: &Ticket, code: &str) -> Value {
        let id: TicketId = ticket.entitlement.ticket;
        let state = if admits(ticket) { "ACTIVE" } else { "INACTIVE" };
        let mut notes = vec![json!({
            "id": "reason",
            "header": Text::new("Tariffa", "Tariff").in_locale(locale),
            "body": ticket.reason.in_locale(locale),
        })];
        if let Some(pass) = pass_in_words(ticket) {
            notes.push(json!({
                "id": "pass",
                "header": Text::new("Tessera", "Pass").in_locale(locale),
                "body": pass.in_locale(locale),
            }));
        }
        if let Some(document) = &ticket.document {
            notes.push(json!({
                "id": "document",
                "header": Text::new("All’ingresso", "At the entrance").in_locale(locale),
                "body": document.in_locale(locale),
            }));
        }
        json!({
            "id": format!("{}.{}", self.issuer_id, serial_number(id)),
            "classId": self.class_id(ticket),
            "state": state,
            "ticketType": words(locale, ticket.unit_name.in_locale(locale)),
            "barcode": {"type": "QR_CODE", "value": code, "alternateText": id.typed_code()},
            "validTimeInterval": {"end": {"date": expires_at(ticket).to_string()}},
            "textModulesData": notes,
        })
    }

    fn class_id(&self, ticket: &Ticket) -> String {
        let entitlement = &ticket.entitlement;
        let slot = entitlement.slot.id.local_start().strftime("%Y%m%d%H%M");
        format!("{}.{}-{}-{slot}", self.issuer_id, entitlement.venue, entitlement.product)
    }
}

fn words(locale: Locale, text: &str) -> Value {
    let language = match locale {
        Locale::It => "it",
        Locale::En => "en",
    };
    json!({"defaultValue": {"language": language, "value": text}})
}
