//! The program of a desk or a totem, as it stands at a window: a process with a folder of its own and a
//! line to the platform that can be cut.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::answer::{Answer, Api};
use crate::process::{Child, Process, program};
use crate::relay::Relay;
use crate::roles::fresh_uuid;
use crate::wait::{SOON, eventually};

/// A desk with its program.
#[derive(Debug)]
pub struct DeskProgram {
    /// The line to the platform.
    pub line: Relay,
    /// What its page does.
    pub page: Api,
    venue: String,
    name: String,
    more: Vec<String>,
    folder: TempDir,
    token: String,
    running: Option<Child>,
}

impl DeskProgram {
    /// Starts a desk of a venue and waits until it is online.
    ///
    /// # Panics
    /// When it is not.
    pub async fn open(platform: &Process, venue: &str, name: &str, more: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("atrio-desk-").tempdir().expect("a folder");
        let address = platform.run.http.trim_start_matches("http://").parse();
        let mut desk = Self {
            line: Relay::to(address.expect("an address")).await,
            page: platform.api(),
            venue: venue.to_owned(),
            name: name.to_owned(),
            more: more.iter().map(|&word| word.to_owned()).collect(),
            folder,
            token: platform.token("desk", Some(venue)).await,
            running: None,
        };
        desk.launch().await;
        desk.sees("it is online", |state| state["line"]["state"] == "ONLINE").await;
        desk
    }

    async fn launch(&mut self) {
        let mut command = Command::new(program());
        command
            .args(["desk", "--venue", &self.venue, "--desk", &self.name, "--token", &self.token])
            .args(["--platform", &format!("http://127.0.0.1:{}", self.line.port)])
            .args(["--listen", "127.0.0.1:0", "--every-seconds", "1"])
            .args(&self.more)
            .arg("--state")
            .arg(self.folder.path().join("state"))
            .stdin(Stdio::null());
        let child = Child::spawn(&mut command, self.folder.path());
        self.page = child.api_of_page("the desk is open: ", "/window/").await;
        self.running = Some(child);
    }

    /// Cuts its power: SIGKILL, without a word.
    pub fn kill9(&mut self) {
        self.running = None;
    }

    /// Starts it again on its folder; cuts its power first where it runs.
    pub async fn restart(&mut self) {
        self.kill9();
        self.launch().await;
    }

    /// What it shows of itself.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn state(&self) -> Value {
        self.page.get("/v1/desk").await.expect(200)
    }

    /// Waits until its state is as wanted, and answers it.
    pub async fn sees(&self, what: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("desk {}: {what}", self.name), SOON, async || {
            let state = self.state().await;
            if is_wanted(&state) { Ok(state) } else { Err(state.to_string()) }
        })
        .await
    }

    /// Asks for places of a slot and waits until the desk can sell them; answers the lease's uuid.
    ///
    /// # Panics
    /// When it is not asked.
    pub async fn leases(&self, slot: &str, places: u32) -> String {
        let uuid = fresh_uuid();
        let body = json!({
            "uuid": uuid, "product_id": "admission", "option_id": "standard", "slot_id": slot,
            "places": places,
        });
        let asked = self.page.post("/v1/desk/leases", &body).await;
        assert_eq!(asked.status, 202, "{}", asked.text());
        self.sees("it has its places", |state| self.lease(state, &uuid)["status"] == "OPEN").await;
        uuid
    }

    /// A lease of its state; null where it has none of that uuid.
    #[must_use]
    pub fn lease(&self, state: &Value, uuid: &str) -> Value {
        let leases = state["leases"].as_array().cloned().unwrap_or_default();
        leases.into_iter().find(|lease| lease["uuid"] == uuid).unwrap_or_default()
    }

    /// Opens a shift.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn opens_shift(&self, float_cents: i64) -> String {
        let uuid = fresh_uuid();
        let body = json!({"uuid": uuid, "float_cents": float_cents});
        self.page.post("/v1/desk/shift", &body).await.expect(201);
        uuid
    }

    /// Counts the drawer.
    pub async fn counts(&self, counted_cents: i64) -> Answer {
        let body = json!({"counted_cents": counted_cents});
        self.page.post("/v1/desk/shift/close", &body).await
    }

    /// What the page sends for a party.
    #[must_use]
    pub fn party(&self, uuid: &str, slot: &str, units: &[(&str, u32)], method: &str) -> Value {
        let units: Vec<Value> = units
            .iter()
            .map(|(unit, quantity)| json!({"unit_id": unit, "quantity": quantity}))
            .collect();
        json!({
            "uuid": uuid, "product_id": "admission", "slot_id": slot, "units": units,
            "method": method,
        })
    }

    /// Sells to a party under a fresh uuid.
    pub async fn sells(&self, slot: &str, units: &[(&str, u32)], method: &str) -> Answer {
        let party = self.party(&fresh_uuid(), slot, units, method);
        self.page.post("/v1/desk/sales", &party).await
    }

    /// Gives back what it did not sell of a slot.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn gives_back(&self, slot: &str) {
        let body = json!({"product_id": "admission", "slot_id": slot});
        self.page.post("/v1/desk/returns", &body).await.expect(202);
    }

    /// Cuts the line to the platform and waits until the desk has noticed.
    pub async fn loses_its_line(&self) {
        self.line.cut();
        self.sees("it is offline", |state| state["line"]["state"] == "OFFLINE").await;
    }

    /// Mends the line and waits until all that waited is sent in.
    pub async fn finds_its_line(&self) -> Value {
        self.line.mend();
        self.sees("its sales are sent in", |state| {
            state["line"]["state"] == "ONLINE" && state["waiting"] == 0
        })
        .await
    }
}
