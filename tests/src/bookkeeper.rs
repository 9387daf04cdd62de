//! Whoever keeps the books of resellers, as an operator of the platform: agrees on terms, says who invoices, puts
//! in the books what came in, reads statements and issues invoices. Checks what is signed with the published keys
//! and what is invoiced with other programs than ours.

use std::path::Path;

use atrio_domain::ticket::KeySet;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signature;
use serde_json::{Value, json};

use crate::answer::{Answer, Api};
use crate::process::Process;

/// A keeper of books.
#[derive(Debug)]
pub struct Bookkeeper {
    api: Api,
}

/// A firm in Florence whose numbers have the right digits.
#[must_use]
pub fn firm() -> Value {
    json!({
        "name": "Example Tours S.r.l.", "vat_number": "01234567897", "sdi_code": "ABC1234",
        "address": {"street": "Via dell'Esempio 1", "postcode": "50122", "town": "Firenze",
            "province": "FI", "country": "IT"},
    })
}

impl Bookkeeper {
    /// The keeper of an installation's books.
    pub async fn of(platform: &Process) -> Self {
        let token = platform.token("operator", None).await;
        Self { api: platform.api().with_token(Some(token)) }
    }

    /// Reads an address.
    pub async fn reads(&self, path: &str) -> Answer {
        self.api.get(path).await
    }

    /// Asks to agree on terms with a reseller over what stands there.
    pub async fn proposes(&self, reseller: &str, terms: &Value) -> Answer {
        self.writes(&format!("/v1/resellers/{reseller}/terms"), terms).await
    }

    /// Agrees on terms with a reseller.
    ///
    /// # Panics
    /// When they are refused.
    pub async fn agrees(&self, reseller: &str, terms: &Value) {
        self.proposes(reseller, terms).await.expect(200);
    }

    /// Asks to say who invoices for a supplier, `~` for the installation's own.
    pub async fn names_invoicer(&self, supplier: &str, invoicer: &Value) -> Answer {
        self.writes(&format!("/v1/suppliers/{supplier}/invoicer"), invoicer).await
    }

    async fn writes(&self, path: &str, body: &Value) -> Answer {
        let known = self.api.get(path).await;
        let tag = if known.status == 404 { "*".to_owned() } else { known.entity_tag() };
        self.api.put(path, &tag, body).await
    }

    /// Puts money in the books.
    pub async fn receives(&self, reseller: &str, uuid: &str, cents: i64) -> Answer {
        let body = json!({"uuid": uuid, "on": "2026-11-24", "cents": cents, "note": "by transfer"});
        self.api.post(&format!("/v1/resellers/{reseller}/payments"), &body).await
    }

    /// The statement of a month.
    ///
    /// # Panics
    /// When it does not read.
    pub async fn statement(&self, reseller: &str, month: &str) -> Value {
        let path = format!("/v1/resellers/{reseller}/statements/{month}/statement.json");
        self.api.get(&path).await.expect(200)
    }

    /// Asks for the invoices of a month.
    pub async fn invoices(&self, reseller: &str, month: &str) -> Answer {
        let path = format!("/v1/resellers/{reseller}/statements/{month}/invoices");
        self.api.post(&path, &json!({})).await
    }
}

/// Asserts that a file's signature is of its bytes, by a key that is published.
///
/// # Panics
/// When it is not.
pub async fn check_signature(platform: &Process, file: &Answer) {
    let keys: KeySet =
        serde_json::from_value(platform.api().get("/v1/ticket-keys").await.expect(200))
            .expect("a key set");
    let named = file.header("atrio-key-id").expect("the file names its key");
    let key = keys.keys.iter().find(|key| key.kid == named).expect("the key is published");
    let signature = STANDARD.decode(file.header("atrio-signature").expect("it is signed"));
    let signature = Signature::from_slice(&signature.expect("base 64")).expect("64 bytes");
    let key = key.verifying_key().expect("a key");
    key.verify_strict(&file.body, &signature).expect("the signature is of these bytes");
    let mut other = file.body.clone();
    other[0] ^= 1;
    assert!(key.verify_strict(&other, &signature).is_err(), "and of no others");
}

/// What other programs find wrong with invoices: the published schema, and a library for such invoices.
///
/// # Panics
/// When the programs are not installed: an invoice that nobody read is not a checked one.
#[must_use]
pub fn faults_of_invoices(folder: &Path, invoices: &[(&str, &str)]) -> Vec<String> {
    let python = crate::readers_python();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("invoice.py");
    let mut command = std::process::Command::new(python);
    command.arg(script);
    for (name, content) in invoices {
        let path = folder.join(name);
        std::fs::write(&path, content).expect("a file");
        command.arg(path);
    }
    let output = command.output().expect("the programs run");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let has_ended_well = output.status.success() == said.is_empty();
    assert!(has_ended_well && complaint.is_empty(), "run `make reader`? {complaint}{said}");
    said.lines().map(ToOwned::to_owned).collect()
}
