//! Whoever runs the installation and keeps the keys that sign tickets: by the command line and, for who
//! operates which venue, as an operator of the platform.

use atrio_domain::ticket::{KeySeed, KeySet, PublishedKey};
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

use crate::answer::Api;
use crate::process::Process;
use crate::wait::{SOON, eventually};

/// The keeper of an installation's keys.
#[derive(Debug)]
pub struct KeyKeeper<'a> {
    platform: &'a Process,
    api: Api,
}

impl<'a> KeyKeeper<'a> {
    /// The keeper, who is an operator of the platform, too.
    pub async fn of(platform: &'a Process) -> Self {
        let token = platform.token("operator", None).await;
        Self { platform, api: platform.api().with_token(Some(token)) }
    }

    /// Says who operates a venue.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn gives(&self, venue: &str, supplier: Option<&str>) {
        let path = format!("/v1/venues/{venue}/supplier");
        let known = self.api.get(&path).await;
        known.expect(200);
        let body = json!({"supplier_id": supplier});
        self.api.put(&path, &known.entity_tag(), &body).await.expect(200);
        let shown = self.api.get(&format!("/v1/venues/{venue}")).await.expect(200);
        assert_eq!(shown["supplier_id"], json!(supplier), "the shop's window says so");
    }

    /// The keys as anybody reads them, of a supplier where one is named.
    ///
    /// # Panics
    /// When they do not read.
    pub async fn published(&self, supplier: Option<&str>) -> KeySet {
        let filter = supplier.map(|id| format!("?supplier_id={id}")).unwrap_or_default();
        let set: Value = self.api.get(&format!("/v1/ticket-keys{filter}")).await.expect(200);
        serde_json::from_value(set).expect("a key set")
    }

    /// Rotates a supplier's key by command and waits until the running platform has the fresh one, which it
    /// answers.
    ///
    /// # Panics
    /// When it is refused, or not taken up.
    pub async fn rotates(&self, supplier: &str) -> PublishedKey {
        let before = self.published(None).await;
        let rotated =
            self.platform.command(&["ticket-key", "rotate", "--supplier", supplier]).await;
        assert!(rotated.status.success(), "{}", rotated.stderr);
        eventually("the running platform takes the key up", SOON, async || {
            let is_fresh = |key: &PublishedKey| before.keys.iter().all(|old| old.kid != key.kid);
            let keys = self.published(None).await.keys;
            keys.into_iter().find(is_fresh).ok_or_else(|| "no fresh key".to_owned())
        })
        .await
    }

    /// Withdraws a key by command and waits until the running platform says so.
    ///
    /// # Panics
    /// When it is refused, or not taken up.
    pub async fn withdraws(&self, key_id: &str) {
        let withdrawn = self.platform.command(&["ticket-key", "withdraw", key_id]).await;
        assert!(withdrawn.status.success(), "{}", withdrawn.stderr);
        assert!(withdrawn.stdout.contains("was withdrawn at"), "{}", withdrawn.stdout);
        eventually("the running platform withdraws the key", SOON, async || {
            let set = self.published(None).await;
            let is_gone = set.keys.iter().all(|key| key.kid != key_id)
                && set.withdrawn_keys.iter().any(|key| key.kid == key_id);
            if is_gone { Ok(()) } else { Err(format!("{set:?}")) }
        })
        .await;
    }

    /// The secret of a published key, as it leaks with a copy of the folder.
    ///
    /// # Panics
    /// When the folder does not hold it.
    #[must_use]
    pub fn leaks(&self, key_id: &str) -> SigningKey {
        let path = self.platform.data().join("secrets.json");
        let secrets = std::fs::read(path).expect("the secrets");
        let secrets: Value = serde_json::from_slice(&secrets).expect("JSON");
        let seeds: Vec<KeySeed> =
            serde_json::from_value(secrets["later_ticket_seeds"].clone()).expect("seeds");
        let keys = seeds.iter().map(|seed| seed.signing_key().expect("a key"));
        let is_it = |key: &SigningKey| atrio_domain::ticket::key_id(&key.verifying_key()) == key_id;
        keys.into_iter().find(is_it).expect("the key is in the folder")
    }
}
