//! A pass for Apple Wallet: an archive of its description, its pictures, a list of their digests, and
//! a detached CMS signature of that list.

use std::io::{Cursor, Write as _};

use atrio_domain::text::{Locale, Text};
use atrio_domain::ticket::{Ticket, sign};
use atrio_domain::venue::Venue;
use cms::builder::{SignedDataBuilder, SignerInfoBuilder};
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::ContentInfo;
use cms::signed_data::{EncapsulatedContentInfo, SignerIdentifier};
use const_oid::db::rfc5911::{ID_DATA, ID_SIGNING_TIME};
use const_oid::db::rfc5912::ID_SHA_256;
use der::asn1::{SetOfVec, UtcTime};
use der::{Decode as _, DecodePem as _, Encode as _};
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use p256::pkcs8::DecodePrivateKey as _;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use spki::AlgorithmIdentifierOwned;
use x509_cert::Certificate;
use x509_cert::attr::{Attribute, AttributeValue};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::code::NotDrawn;
use crate::wallet::{admits, expires_at, pass_in_words, serial_number};

/// The pictures of a pass: a mark on the lock screen, in two sizes.
const PICTURES: [(&str, &[u8]); 2] = [
    ("icon.png", include_bytes!("../../assets/icon.png")),
    ("icon@2x.png", include_bytes!("../../assets/icon@2x.png")),
];

/// Why no pass can be signed, or one was not.
#[derive(Debug, thiserror::Error)]
pub enum ApplePassError {
    /// What is configured does not read.
    #[error("it is not `pass_type_id`, `team_id`, `certificate`, `issuer` and `key`")]
    Given,
    /// A certificate does not read.
    #[error("`{which}` is no certificate in PEM: {source}")]
    Certificate {
        /// Which.
        which: &'static str,
        /// What is wrong with it.
        source: der::Error,
    },
    /// The key does not read.
    #[error("`key` is no RSA or P-256 key in PKCS #8 PEM")]
    Key,
    /// The ticket's code cannot be made.
    #[error(transparent)]
    Code(#[from] NotDrawn),
    /// The signature cannot be made.
    #[error("the pass cannot be signed: {0}")]
    Signature(String),
    /// The archive cannot be written.
    #[error("the pass cannot be packed")]
    Archive(#[from] zip::result::ZipError),
}

/// What Apple gave the body that issues passes, as configured.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    pass_type_id: String,
    team_id: String,
    /// PEM.
    certificate: String,
    /// PEM: the certificate that signed it.
    issuer: String,
    /// PKCS #8 PEM.
    key: String,
}

enum Key {
    Rsa(Box<rsa::pkcs1v15::SigningKey<Sha256>>),
    P256(Box<p256::ecdsa::SigningKey>),
}

/// Signs passes for Apple Wallet.
pub struct ApplePass {
    pass_type_id: String,
    team_id: String,
    certificate: Certificate,
    issuer: Certificate,
    key: Key,
}

impl std::fmt::Debug for ApplePass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApplePass")
            .field("pass_type_id", &self.pass_type_id)
            .finish_non_exhaustive()
    }
}

impl ApplePass {
    /// Reads what Apple gave: JSON with `pass_type_id`, `team_id`, and in PEM `certificate`, `issuer`
    /// and `key`.
    ///
    /// # Errors
    /// The first part that does not read; never with a word of the secret.
    pub fn of(given: &str) -> Result<Self, ApplePassError> {
        let given: Given = serde_json::from_str(given).map_err(|_| ApplePassError::Given)?;
        let read = |which, pem: &str| {
            Certificate::from_pem(pem)
                .map_err(|source| ApplePassError::Certificate { which, source })
        };
        Ok(Self {
            certificate: read("certificate", &given.certificate)?,
            issuer: read("issuer", &given.issuer)?,
            key: key(&given.key)?,
            pass_type_id: given.pass_type_id,
            team_id: given.team_id,
        })
    }

    /// The pass of a ticket.
    ///
    /// # Errors
    /// When its code cannot be made, or it cannot be signed or packed.
    pub fn pass(
        &self,
        venue: &Venue,
        locale: Locale,
        ticket: &Ticket,
        key: &SigningKey,
        now: Timestamp,
    ) -> Result<Vec<u8>, ApplePassError> {
        let code = sign(&ticket.entitlement, key).map_err(NotDrawn::from)?;
        let description = self.description(venue, locale, ticket, &code).to_string();
        let mut files: Vec<(&str, &[u8])> = vec![("pass.json", description.as_bytes())];
        files.extend(PICTURES);
        let digests: serde_json::Map<String, Value> = files
            .iter()
            .map(|(name, content)| ((*name).to_owned(), json!(sha1_digest(content))))
            .collect();
        let manifest = Value::Object(digests).to_string();
        let signature = self.signature(manifest.as_bytes(), now)?;
        files.push(("manifest.json", manifest.as_bytes()));
        files.push(("signature", &signature));
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        for (name, content) in files {
            archive.start_file(name, stored)?;
            archive.write_all(content).map_err(zip::result::ZipError::from)?;
        }
        Ok(archive.finish()?.into_inner())
    }

    fn description(&self, venue: &Venue, locale: Locale, ticket: &Ticket, code: &str) -> Value {
        let label = |it, en| Text::new(it, en).in_locale(locale).to_owned();
        let field = |key: &str, label: String, value: &str| json!({"key": key, "label": label, "value": value});
        let entitlement = &ticket.entitlement;
        let start = entitlement.slot.start.to_string();
        let when =
            if ticket.pass.is_some() { label("Dal", "From") } else { label("Ingresso", "Entry") };
        let mut when = field("when", when, &start);
        when["dateStyle"] = json!("PKDateStyleMedium");
        when["timeStyle"] = json!("PKDateStyleShort");
        let mut back = vec![
            field("reason", label("Tariffa", "Tariff"), ticket.reason.in_locale(locale)),
            field("code", label("Codice", "Code"), &entitlement.ticket.typed_code()),
        ];
        if let Some(pass) = pass_in_words(ticket) {
            back.insert(0, field("pass", label("Tessera", "Pass"), pass.in_locale(locale)));
        }
        if let Some(document) = &ticket.document {
            let label = label("All’ingresso", "At the entrance");
            back.insert(0, field("document", label, document.in_locale(locale)));
        }
        json!({
            "formatVersion": 1,
            "passTypeIdentifier": self.pass_type_id,
            "teamIdentifier": self.team_id,
            "serialNumber": serial_number(entitlement.ticket),
            "organizationName": venue.name,
            "description": format!("{}: {}", label("Biglietto", "Ticket"), venue.name),
            "relevantDate": start,
            "expirationDate": expires_at(ticket).to_string(),
            "voided": !admits(ticket),
            "locations": [{"latitude": venue.latitude, "longitude": venue.longitude}],
            "foregroundColor": "rgb(27, 39, 51)",
            "labelColor": "rgb(154, 64, 38)",
            "backgroundColor": "rgb(250, 246, 240)",
            "barcodes": [{
                "format": "PKBarcodeFormatQR",
                "message": code,
                "messageEncoding": "iso-8859-1",
                "altText": entitlement.ticket.typed_code(),
            }],
            "eventTicket": {
                "headerFields": [when],
                "primaryFields": [field("venue", venue.municipality.clone(), &venue.name)],
                "secondaryFields": [
                    field("unit", label("Biglietto", "Ticket"), ticket.unit_name.in_locale(locale)),
                ],
                "backFields": back,
            },
        })
    }

    /// The detached signature of the list of digests.
    fn signature(&self, manifest: &[u8], now: Timestamp) -> Result<Vec<u8>, ApplePassError> {
        let failed = |error: &dyn std::fmt::Display| ApplePassError::Signature(error.to_string());
        let content = EncapsulatedContentInfo { econtent_type: ID_DATA, econtent: None };
        let digest = Sha256::digest(manifest);
        let algorithm = AlgorithmIdentifierOwned { oid: ID_SHA_256, parameters: None };
        let signer = SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: self.certificate.tbs_certificate.issuer.clone(),
            serial_number: self.certificate.tbs_certificate.serial_number.clone(),
        });
        let at = signing_time(now).map_err(|error| failed(&error))?;
        let mut data = SignedDataBuilder::new(&content);
        data.add_digest_algorithm(algorithm.clone()).map_err(|error| failed(&error))?;
        for certificate in [&self.certificate, &self.issuer] {
            let certificate = CertificateChoices::Certificate(certificate.clone());
            data.add_certificate(certificate).map_err(|error| failed(&error))?;
        }
        match &self.key {
            Key::Rsa(key) => {
                let info =
                    SignerInfoBuilder::new(&**key, signer, algorithm, &content, Some(&digest));
                let mut info = info.map_err(|error| failed(&error))?;
                info.add_signed_attribute(at).map_err(|error| failed(&error))?;
                data.add_signer_info::<_, rsa::pkcs1v15::Signature>(info)
                    .map_err(|error| failed(&error))?;
            }
            Key::P256(key) => {
                let info =
                    SignerInfoBuilder::new(&**key, signer, algorithm, &content, Some(&digest));
                let mut info = info.map_err(|error| failed(&error))?;
                info.add_signed_attribute(at).map_err(|error| failed(&error))?;
                data.add_signer_info::<_, p256::ecdsa::DerSignature>(info)
                    .map_err(|error| failed(&error))?;
            }
        }
        let signed: ContentInfo = data.build().map_err(|error| failed(&error))?;
        signed.to_der().map_err(|error| failed(&error))
    }
}

fn key(pem: &str) -> Result<Key, ApplePassError> {
    if let Ok(key) = rsa::RsaPrivateKey::from_pkcs8_pem(pem) {
        return Ok(Key::Rsa(Box::new(rsa::pkcs1v15::SigningKey::new(key))));
    }
    let key = p256::ecdsa::SigningKey::from_pkcs8_pem(pem).map_err(|_| ApplePassError::Key)?;
    Ok(Key::P256(Box::new(key)))
}

fn signing_time(now: Timestamp) -> Result<Attribute, der::Error> {
    let since = std::time::Duration::from_secs(now.as_second().unsigned_abs());
    let time = UtcTime::from_unix_duration(since)?.to_der()?;
    let mut values = SetOfVec::<AttributeValue>::new();
    values.insert(AttributeValue::from_der(&time)?)?;
    Ok(Attribute { oid: ID_SIGNING_TIME, values })
}

/// The digest by which Apple knows a file of a pass; the signature is what protects it.
fn sha1_digest(content: &[u8]) -> String {
    sha1::Sha1::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}
