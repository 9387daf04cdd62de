//! The program of a gate: it admits by the platform's word while its line is up and by itself while
//! it is down, and lets a ticket in once at the gates of a venue as long as they reach one broker.
//! Nobody is let in before that is in the journal.
//!
//! It stands in this crate because it needs nothing that the others do not bring: the book of lines,
//! the certificates and the commands are here.

mod journal;
mod line;
mod page;
mod party;
mod scan;
mod site;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use atrio_domain::device::DeviceName;
use atrio_domain::gate::bundle::Bundle;
use atrio_domain::gate::claim::Said;
use atrio_domain::id::{AreaId, GateId, VenueId};
use atrio_domain::redemption::RULES_VERSION;
use atrio_runtime::Clock;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::data_dir::{DataDir, DataDirError, Lock};
use crate::on_site::{Down, OnSiteError, Place, listen, must_be_loopback};
use crate::pump::chain;
use journal::Journal;
use line::{ENTRIES_MAX, Fetched, Line};
pub use scan::Asked;
use site::Site;
pub use site::SiteSettings;

const BUNDLE: &str = "bundle.json";

/// How a gate runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The venue.
    pub venue: VenueId,
    /// The gate.
    pub gate: GateId,
    /// The area behind it; none where it leads into the venue.
    pub area: Option<AreaId>,
    /// The platform's address.
    pub platform: String,
    /// A staff token of role gate at the venue.
    pub token: String,
    /// The broker on site; none where the gate stands alone.
    pub site: Option<SiteSettings>,
    /// The folder of the journal and the bundle.
    pub folder: PathBuf,
    /// Where the page listens.
    pub listen: SocketAddr,
    /// The built pages.
    pub web: PathBuf,
    /// How often the bundle is asked for and what waits is sent in.
    pub every: Duration,
}

/// Why a gate does not run.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// As with every program on site.
    #[error(transparent)]
    OnSite(#[from] OnSiteError),
    /// A file of the folder cannot be used.
    #[error(transparent)]
    Folder(#[from] DataDirError),
    /// The journal cannot be read or written.
    #[error("the journal of the gate cannot be opened")]
    Journal(#[source] std::io::Error),
    /// A file of the certificate cannot be read.
    #[error("cannot {action} `{}`: run `atrio device enrol --kind gate`", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The broker's address does not read.
    #[error("`{given}` is not a broker: write host and port, such as localhost:8883")]
    Broker {
        /// What was given.
        given: String,
    },
    /// The gate's name and venue make no name of a device.
    #[error(transparent)]
    Name(#[from] atrio_domain::device::InvalidName),
}

/// The bundle as kept, with what the gate learnt of the platform's time.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    bundle: Bundle,
    entity_tag: String,
    clock_ahead_microseconds: i64,
}

/// How the line stands.
#[derive(Debug, Clone)]
struct LineState {
    is_up: bool,
    since: Timestamp,
    why: Option<String>,
    /// The platform said that the gate's role was taken back, and nothing else since.
    is_revoked: bool,
}

/// A running gate.
pub struct Gate {
    settings: Settings,
    folder: DataDir,
    /// Opens the page.
    key: String,
    line: Line,
    site: Site,
    /// One visitor at a time, as at the turnstile.
    turnstile: tokio::sync::Mutex<()>,
    journal: Mutex<Journal>,
    kept: Mutex<Option<Arc<Kept>>>,
    state: Mutex<LineState>,
    clock_ahead_microseconds: AtomicI64,
    /// Wakes who looks after the line.
    look: Notify,
    _lock: Lock,
}

/// A gate that is ready.
pub struct Opened {
    /// The gate.
    pub gate: Arc<Gate>,
    /// Its page, with the key that opens it.
    pub address: String,
}

/// Starts a gate: its page, its line and its word with the neighbours run until the program ends.
///
/// # Errors
/// The first part that does not start, with what to do about it.
pub async fn open(settings: Settings) -> Result<Opened, GateError> {
    must_be_loopback(settings.listen)?;
    let Place { folder, key, lock } = Place::take(&settings.folder)?;
    let kept: Option<Kept> = folder.read_json(BUNDLE)?;
    // A bundle of another venue is none of ours.
    let kept = kept.filter(|kept| kept.bundle.venue_id == settings.venue);
    let ahead = kept.as_ref().map_or(0, |kept| kept.clock_ahead_microseconds);
    let now = Clock::ahead_by_microseconds(ahead).now();
    let journal = Journal::open(&folder.join("journal.jsonl"), now).map_err(GateError::Journal)?;
    let thing = DeviceName::of_gate(&settings.venue, &settings.gate)?;
    let broker = settings.site.as_ref().map(|site| site::options(site, &thing)).transpose()?;
    let (site, conversation) = Site::new(broker.is_some());
    let line = Line::new(
        &settings.platform,
        &settings.token,
        settings.venue.clone(),
        settings.gate.clone(),
        settings.area.clone(),
    )?;
    let gate = Arc::new(Gate {
        folder,
        key,
        line,
        site,
        turnstile: tokio::sync::Mutex::default(),
        journal: Mutex::new(journal),
        kept: Mutex::new(kept.map(Arc::new)),
        state: Mutex::new(LineState { is_up: false, since: now, why: None, is_revoked: false }),
        clock_ahead_microseconds: AtomicI64::new(ahead),
        look: Notify::new(),
        _lock: lock,
        settings,
    });
    let (listener, local) = listen(gate.settings.listen).await?;
    tokio::spawn(page::serve(listener, Arc::clone(&gate)));
    tokio::spawn(Arc::clone(&gate).keep_looking());
    if let Some(broker) = broker {
        tokio::spawn(site::keep(Arc::clone(&gate), broker, thing, conversation));
    }
    let address = format!("http://{local}/gate/#token={}&venue={}", gate.key, gate.settings.venue);
    Ok(Opened { gate, address })
}

impl Gate {
    fn venue(&self) -> &VenueId {
        &self.settings.venue
    }

    /// The platform's time, as far as the gate knows it.
    fn now(&self) -> Timestamp {
        let ahead = self.clock_ahead_microseconds.load(Ordering::Relaxed);
        Clock::ahead_by_microseconds(ahead).now()
    }

    /// Writing to it waits for the disk, which is what a visitor waits for too.
    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> Option<Arc<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn line_state(&self) -> LineState {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn line_is(&self, is_up: bool, why: Option<&Down>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_up != is_up {
            tracing::info!(is_up, "the line of the gate changed");
            state.since = self.now();
        }
        state.is_up = is_up;
        state.why = why.map(|why| chain(why));
        // A line that is cut after it says nothing new of the role.
        state.is_revoked = !is_up && (state.is_revoked || matches!(why, Some(Down::Revoked)));
    }

    fn hear(&self, said: &Said) -> std::io::Result<()> {
        self.journal().hear(said)
    }

    fn was_said(&self, said: &Said) {
        self.journal().was_said(said);
    }

    fn unsaid(&self, has_forgotten: bool) -> Vec<Said> {
        self.journal().unsaid(has_forgotten)
    }

    async fn keep_looking(self: Arc<Self>) {
        loop {
            self.look_after().await;
            // Either way it is time to look again.
            let _ = tokio::time::timeout(self.settings.every, self.look.notified()).await;
        }
    }

    /// Asks for the bundle and sends in what waits. The line is up when all of that went well.
    async fn look_after(&self) {
        let looked = async {
            let known = self.kept();
            let tag = known.as_ref().map(|kept| kept.entity_tag.as_str());
            if let Some(fetched) = self.line.bundle(tag).await? {
                self.keep(fetched);
            }
            self.send_in().await
        };
        match looked.await {
            Ok(()) => self.line_is(true, None),
            Err(why) => self.line_is(false, Some(&why)),
        }
    }

    fn keep(&self, fetched: Fetched) {
        let Fetched { bundle, entity_tag } = fetched;
        // By as much as the answer took the gate's clock is behind, never ahead.
        let machine = Clock::system().now();
        let ahead = bundle.made_at.duration_since(machine).as_micros();
        let clock_ahead_microseconds = i64::try_from(ahead).unwrap_or(0);
        self.clock_ahead_microseconds.store(clock_ahead_microseconds, Ordering::Relaxed);
        let kept = Kept { bundle, entity_tag, clock_ahead_microseconds };
        // One that is not on disk serves until the gate is started again.
        if let Err(error) = self.folder.write_json(BUNDLE, &kept, 0o600) {
            tracing::error!(%error, "the bundle is not kept");
        }
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(kept));
    }

    /// Sends in entries, then what was taken back of them.
    async fn send_in(&self) -> Result<(), Down> {
        loop {
            let waiting = self.journal().waiting(ENTRIES_MAX);
            if waiting.is_empty() {
                break;
            }
            for sent in self.line.send_in(&waiting).await? {
                if !matches!(sent.outcome.as_str(), "DONE" | "KNOWN") {
                    tracing::warn!(uuid = %sent.uuid, outcome = sent.outcome, problem = %sent.problem, "an entry does not stand");
                }
                let entry = waiting.iter().find(|entry| entry.used.uuid == sent.uuid);
                let is_undone = entry.is_some_and(|entry| entry.undone.is_some());
                self.write_down(|journal| journal.conclude(sent.uuid, &sent.outcome, is_undone));
            }
        }
        let undos = self.journal().undos();
        for taken_back in undos {
            let Some(undo) = &taken_back.undone else { continue };
            let uuid = taken_back.used.uuid;
            let word = self.line.undo(uuid, &undo.reason, undo.at).await?;
            if !word.status.is_success() {
                tracing::warn!(%uuid, answer = %word.body, "an entry is not taken back");
            }
            self.write_down(|journal| journal.undo_is_known(uuid));
        }
        Ok(())
    }

    /// Writes down what may be learnt again: sent in twice, an entry is the same entry.
    fn write_down(&self, write: impl FnOnce(&mut Journal) -> std::io::Result<()>) {
        if let Err(error) = write(&mut self.journal()) {
            tracing::error!(%error, "the journal cannot be written");
        }
    }

    /// What the page shows of the gate itself.
    #[must_use]
    pub fn state(&self) -> Value {
        let line = self.line_state();
        let kept = self.kept();
        let journal = self.journal();
        json!({
            "venue_id": self.settings.venue,
            "gate_id": self.settings.gate,
            "area_id": self.settings.area,
            "now": self.now(),
            "line": {
                "state": if line.is_up { "ONLINE" } else { "OFFLINE" },
                "since": line.since,
                "why": line.why,
            },
            "site": {
                "is_set_up": self.settings.site.is_some(),
                "is_connected": self.site.is_connected(),
            },
            "queued": journal.count(None) + journal.undos().len(),
            "conflicts": journal.count(Some("CONFLICT")),
            "refused": journal.count(Some("REFUSED")),
            "bundle": kept.map(|kept| json!({
                "day": kept.bundle.day,
                "made_at": kept.bundle.made_at,
                "tickets": kept.bundle.tickets(),
                "has_same_rules": kept.bundle.rules_version == RULES_VERSION,
            })),
        })
    }
}
