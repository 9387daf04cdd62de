//! What one machine does by the clock, where AWS has schedules and releases: upkeep, mails that nobody
//! took, webhooks, rotated keys, releases, compaction. Each goes on until told to stop.

use std::sync::Arc;
use std::time::Duration;

use atrio_domain::ticket::{KeyRing, KeySet};
use atrio_lake_write::LakeWriter;
use atrio_release::ReleasedBy;
use atrio_runtime::{Clock, Shared};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::data_dir::DataDir;
use crate::keys::{RotationError, Secrets};
use crate::pump::chain;

/// How often what is due by the clock is done.
const UPKEEP_EVERY: Duration = Duration::from_secs(2);

/// How often mails that nobody took are looked for.
const MAIL_EVERY: Duration = Duration::from_secs(2);

/// How often endpoints that there is something to tell are looked for.
const WEBHOOKS_EVERY: Duration = Duration::from_millis(250);

/// Endpoints that are told at a time.
const WEBHOOKS_AT_A_TIME: usize = 64;

/// How often the keys of tickets are read again, for a rotation.
const KEYS_EVERY: Duration = Duration::from_secs(1);

/// How often it is looked for days whose cells are to be released.
const RELEASE_EVERY: Duration = Duration::from_mins(10);

/// How often the lake's small files are gathered.
const COMPACT_EVERY: Duration = Duration::from_mins(15);

/// Takes up the keys of tickets when a command rotated or withdrew one, and drops those whose time is over.
pub(crate) struct Rotation {
    pub(crate) data: DataDir,
    pub(crate) clock: Clock,
    pub(crate) ticket_keys: Shared<KeyRing>,
    pub(crate) gate_keys: Shared<KeySet>,
}

impl Rotation {
    pub(crate) async fn follow(self, mut stop: watch::Receiver<bool>) {
        while tokio::time::timeout(KEYS_EVERY, stop.wait_for(|stop| *stop)).await.is_err() {
            if let Err(error) = self.take_up() {
                tracing::error!(error = chain(&error), "the keys of tickets stay as they are");
            }
        }
    }

    fn take_up(&self) -> Result<(), RotationError> {
        // A file that somebody took away is none to make anew while tickets are signed with its keys.
        let Some(secrets) = Secrets::known(&self.data)? else { return Ok(()) };
        let keys = secrets.ticket_keys()?;
        // Gates first: they know a key before the first ticket is signed with it. What was signed with a key
        // that is withdrawn now is worth its number to them.
        self.gate_keys.replace(keys.published(self.clock.now()));
        self.ticket_keys.replace(keys);
        Ok(())
    }
}

/// Hands over again what nobody took.
pub(crate) async fn retry_mail(notify: atrio_notify::Context, mut stop: watch::Receiver<bool>) {
    while tokio::time::timeout(MAIL_EVERY, stop.wait_for(|stop| *stop)).await.is_err() {
        if let Err(error) = atrio_notify::retry(&notify).await {
            tracing::error!(error = chain(&error), "mails that wait will be looked for again");
        }
    }
}

/// Tells endpoints what there is to tell, each by itself: one that is slow holds up no other. Whoever is told
/// when all stops is told again after the next start.
pub(crate) async fn tell_webhooks(
    webhook: atrio_webhook::Context,
    mut stop: watch::Receiver<bool>,
) {
    let mut told = JoinSet::new();
    while tokio::time::timeout(WEBHOOKS_EVERY, stop.wait_for(|stop| *stop)).await.is_err() {
        while told.try_join_next().is_some() {}
        let due = match atrio_webhook::due(&webhook).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(error = chain(&error), "endpoints will be looked for again");
                continue;
            }
        };
        let room = WEBHOOKS_AT_A_TIME.saturating_sub(told.len());
        for stored in due.into_iter().take(room) {
            let webhook = webhook.clone();
            told.spawn(async move { atrio_webhook::deliver(&webhook, stored).await });
        }
    }
}

/// Does what is due by the clock.
pub(crate) async fn keep_up(upkeep: atrio_upkeep::Context, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = atrio_upkeep::handle(&upkeep).await {
            tracing::error!(error = chain(&error), "upkeep will try again");
        }
        if tokio::time::timeout(UPKEEP_EVERY, stop.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

/// Releases the cells of days that are over.
pub(crate) async fn release(release: atrio_release::Context, mut stop: watch::Receiver<bool>) {
    while tokio::time::timeout(RELEASE_EVERY, stop.wait_for(|stop| *stop)).await.is_err() {
        let released = Box::pin(atrio_release::handle(&release, ReleasedBy::Schedule)).await;
        if let Err(error) = released {
            tracing::error!(error = chain(&error), "what is due will be released later");
        }
    }
}

/// Gathers the lake's small files.
pub(crate) async fn compact(writer: Arc<LakeWriter>, mut stop: watch::Receiver<bool>) {
    while tokio::time::timeout(COMPACT_EVERY, stop.wait_for(|stop| *stop)).await.is_err() {
        for table in atrio_lake_schema::TABLES {
            if let Err(error) = writer.compact(table).await {
                tracing::error!(table = table.name, error = chain(&error), "not compacted");
            }
        }
    }
}
