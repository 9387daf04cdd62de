//! The program of a gate, as it stands beside a turnstile: a process with a folder of its own and two
//! lines, to the platform and to the broker on site, that can be cut.

use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Child, Process, program};
use crate::relay::Relay;
use crate::roles::Gate;
use crate::wait::{SOON, eventually};

/// A gate with its program.
#[derive(Debug)]
pub struct GateProgram {
    /// The line to the platform.
    pub line: Relay,
    /// The line to the broker.
    pub site: Relay,
    /// What its page does: to scan, to take back.
    page: Gate,
    venue: String,
    name: String,
    folder: TempDir,
    token: String,
    running: Option<Child>,
}

/// The API of the program's page is the platform's, as far as a gate needs it.
impl std::ops::Deref for GateProgram {
    type Target = Gate;

    fn deref(&self) -> &Gate {
        &self.page
    }
}

impl GateProgram {
    /// Enrols a gate of a venue, starts it, and waits until it is online and has the bundle.
    ///
    /// # Panics
    /// When any of it fails.
    pub async fn open(platform: &Process, venue: &str, name: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("atrio-gate-").tempdir().expect("a folder");
        let out = folder.path().join("cert").display().to_string();
        let enrol = ["device", "enrol", name, "--kind", "gate", "--venue", venue, "--out", &out];
        let enrolled = platform.command(&enrol).await;
        assert!(enrolled.status.success(), "{}", enrolled.stderr);
        let address = |text: &str| text.trim_start_matches("http://").parse().expect("an address");
        let mut gate = Self {
            line: Relay::to(address(&platform.run.http)).await,
            site: Relay::to(address(&platform.run.mqtt)).await,
            page: Gate::at(platform.api(), venue, name),
            venue: venue.to_owned(),
            name: name.to_owned(),
            folder,
            token: platform.token("gate", Some(venue)).await,
            running: None,
        };
        gate.launch().await;
        gate.sees("it is online with its neighbours", |state| {
            state["line"]["state"] == "ONLINE" && state["site"]["is_connected"] == true
        })
        .await;
        gate
    }

    async fn launch(&mut self) {
        let mut command = Command::new(program());
        command
            .args(["gate", "--venue", &self.venue, "--gate", &self.name, "--token", &self.token])
            .args(["--platform", &format!("http://127.0.0.1:{}", self.line.port)])
            .args(["--mqtt", &format!("localhost:{}", self.site.port)])
            .args(["--listen", "127.0.0.1:0", "--every-seconds", "1"])
            .arg("--cert")
            .arg(self.folder.path().join("cert"))
            .arg("--state")
            .arg(self.folder.path().join("state"))
            .stdin(Stdio::null());
        let child = Child::spawn(&mut command, self.folder.path());
        let page = child.api_of_page("the gate is open: ", "/gate/").await;
        self.page = Gate::at(page, &self.venue, &self.name);
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
        self.page.api.get("/v1/gate").await.expect(200)
    }

    /// Waits until its state is as wanted, and answers it.
    pub async fn sees(&self, what: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        eventually(&format!("gate {}: {what}", self.name), SOON, async || {
            let state = self.state().await;
            if is_wanted(&state) { Ok(state) } else { Err(state.to_string()) }
        })
        .await
    }

    /// Waits until it knows so many tickets of the day.
    pub async fn knows(&self, tickets: usize) {
        self.sees("it knows the tickets", |state| state["bundle"]["tickets"] == tickets).await;
    }

    /// Cuts the line to the platform and waits until the gate has noticed.
    pub async fn loses_its_line(&self) {
        self.line.cut();
        self.sees("it is offline", |state| state["line"]["state"] == "OFFLINE").await;
    }

    /// Mends the line and waits until all that waited is sent in.
    pub async fn finds_its_line(&self) -> Value {
        self.line.mend();
        self.sees("its queue is sent in", |state| {
            state["line"]["state"] == "ONLINE" && state["queued"] == 0
        })
        .await
    }
}
