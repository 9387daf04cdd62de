//! The commands that take resellers on and end their keys. A key is printed once and kept nowhere.

use std::path::Path;

use atrio_domain::id::VenueId;
use atrio_domain::reseller::{FreshKey, KeyTerm, Mode, OVERLAP_USUAL, Reseller, Scope, id_of};
use atrio_domain::staff::Reach;
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::reseller::{ResellerWritten, StoredReseller};
use atrio_runtime::random;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::reseller_terms::{self, TermsOptions};
use super::{Attached, Failure, say};
use crate::keys::Secrets;

/// How often a change is tried when others change the same reseller.
const ATTEMPTS: u32 = 5;

#[derive(Debug, clap::Subcommand)]
pub(super) enum ResellerCommand {
    /// Takes a reseller on and prints its key, once.
    #[command(
        after_help = "Example: atrio reseller add \"Example Tours\" --test\n         atrio reseller add \"Example Tours\" --venue 20346 --json"
    )]
    Add {
        /// What it is called; its id follows from that.
        name: String,
        /// To try out: everything answers as it would, no place is taken, no gate admits.
        #[arg(long)]
        test: bool,
        /// A venue that it sells for, several by repeating it; where none is named, every venue that opened
        /// products to resellers.
        #[arg(long)]
        venue: Vec<VenueId>,
        /// Prints id, mode and key as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Lists the resellers and how their keys begin.
    #[command(after_help = "Example: atrio reseller list --json")]
    List {
        /// Prints the list as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Prints another key, once; those before go on for a while.
    #[command(after_help = "Example: atrio reseller rotate example-tours --overlap-hours 48")]
    Rotate {
        /// Its id, or its name.
        reseller: String,
        /// A key for trying out, and the ends of those before; where neither kind is asked for, of the kind that was
        /// given last.
        #[arg(long, conflicts_with = "live")]
        test: bool,
        /// A key that sells, and the ends of those before.
        #[arg(long)]
        live: bool,
        /// For how many hours the keys before go on; 0 ends them now.
        #[arg(long, default_value_t = OVERLAP_USUAL.as_hours())]
        overlap_hours: i64,
        /// Prints id, mode and key as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Says what is agreed with a reseller, and sets what is named: the commission, the limit, or all of it.
    #[command(
        after_help = "Example: atrio reseller terms example-tours --commission-percent 15 --credit-limit-cents 500000\n         atrio reseller terms example-tours --file terms.json"
    )]
    Terms(TermsOptions),
    /// Ends all keys of a reseller, from its next request on. What it sold stands.
    #[command(after_help = "Example: atrio reseller revoke example-tours")]
    Revoke {
        /// Its id, or its name.
        reseller: String,
    },
}

/// Runs one of them on the running platform or on the files.
pub(super) async fn run(data: &Path, command: ResellerCommand) -> Result<(), Failure> {
    let attached = Attached::to(data).await?;
    let said = answer(&attached, command).await;
    attached.detach().await;
    said?.iter().for_each(|line| say(line));
    Ok(())
}

async fn answer(attached: &Attached, command: ResellerCommand) -> Result<Vec<String>, Failure> {
    match command {
        ResellerCommand::Add { name, test, venue, json } => {
            let mode = if test { Mode::Test } else { Mode::Live };
            let (reseller, key) = add(attached, &name, mode, venue).await?;
            Ok(vec![told(&reseller, &key, json)])
        }
        ResellerCommand::List { json } => {
            let all = attached.store.resellers().await?;
            Ok(list(&all, attached.clock.now(), json))
        }
        ResellerCommand::Rotate { reseller, test, live, overlap_hours, json } => {
            let overlap = SignedDuration::from_hours(overlap_hours.clamp(-1, 10_000));
            let mode = match (test, live) {
                (true, _) => Some(Mode::Test),
                (_, true) => Some(Mode::Live),
                _ => None,
            };
            let (reseller, key) = rotate(attached, &reseller, mode, overlap).await?;
            Ok(vec![told(&reseller, &key, json)])
        }
        ResellerCommand::Terms(options) => reseller_terms::answer(attached, &options).await,
        ResellerCommand::Revoke { reseller } => {
            let id = change(attached, &reseller, |before, now| Ok(before.revoke(now))).await?.id;
            Ok(vec![format!("{id} sells nothing any more")])
        }
    }
}

async fn add(
    attached: &Attached,
    name: &str,
    mode: Mode,
    venues: Vec<VenueId>,
) -> Result<(Reseller, FreshKey), Failure> {
    let Attached { store, clock, data, .. } = attached;
    for venue in &venues {
        if store.venue(venue).await?.is_none() {
            return Err(format!("there is no venue `{venue}`").into());
        }
    }
    let scope =
        if venues.is_empty() { Scope::All } else { Scope::Venues(venues.into_iter().collect()) };
    let (key, now) = (FreshKey::new(mode, &random::bytes()), clock.now());
    let term = key.term(Secrets::open(data)?.contact_hash_key.as_bytes(), now);
    let reseller = Reseller::new(name, scope, term, now)?;
    match store.write_reseller(&reseller, None, &record(&reseller, 1, now)).await? {
        ResellerWritten::Done => Ok((reseller, key)),
        ResellerWritten::Stale => {
            let id = &reseller.id;
            Err(format!(
                "there is a reseller `{id}`; `atrio reseller rotate {id}` gives it another key"
            )
            .into())
        }
    }
}

async fn rotate(
    attached: &Attached,
    reseller: &str,
    mode: Option<Mode>,
    overlap: SignedDuration,
) -> Result<(Reseller, FreshKey), Failure> {
    let secret = Secrets::open(&attached.data)?.contact_hash_key;
    let bytes = random::bytes();
    let fresh = |mode| FreshKey::new(mode, &bytes);
    let rotated = change(attached, reseller, |before, now| {
        let mode = mode.unwrap_or(before.newest_mode(now));
        let term = fresh(mode).term(secret.as_bytes(), now);
        Ok(before.rotate(term, overlap, now)?)
    })
    .await?;
    // The newest is last.
    let key = fresh(rotated.keys.last().map_or(Mode::Live, KeyTerm::mode));
    Ok((rotated, key))
}

/// That somebody at the machine's own commands did this.
fn record(reseller: &Reseller, version: u64, now: jiff::Timestamp) -> AuditRecord {
    AuditRecord {
        reach: Reach::Platform,
        actor: "atrio reseller".to_owned(),
        role: "operator".to_owned(),
        at: now,
        version,
        part: format!("resellers/{}", reseller.id),
        before: None,
        after: shown(reseller, now),
    }
}

/// Changes a reseller over the version that was read.
async fn change(
    attached: &Attached,
    reseller: &str,
    step: impl Fn(&Reseller, jiff::Timestamp) -> Result<Reseller, Failure>,
) -> Result<Reseller, Failure> {
    let id = id_of(reseller)?;
    for _ in 0..ATTEMPTS {
        let found = attached.store.reseller(&id).await?;
        let StoredReseller { reseller, version } = found
            .ok_or_else(|| format!("there is no reseller `{id}`; see `atrio reseller list`"))?;
        let now = attached.clock.now();
        let next = step(&reseller, now)?;
        let record = record(&next, version + 1, now);
        let written = attached.store.write_reseller(&next, Some(version), &record).await?;
        if written == ResellerWritten::Done {
            return Ok(next);
        }
    }
    Err(format!("reseller `{id}` is being changed by others; try again").into())
}

fn told(reseller: &Reseller, key: &FreshKey, as_json: bool) -> String {
    if as_json {
        let Reseller { id, name, .. } = reseller;
        let mode = reseller.keys.last().map(KeyTerm::mode);
        json!({"id": id, "name": name, "mode": mode, "key": key.reveal()}).to_string()
    } else {
        key.reveal().to_owned()
    }
}

fn list(all: &[StoredReseller], now: jiff::Timestamp, as_json: bool) -> Vec<String> {
    if as_json {
        let shown: Vec<Value> = all.iter().map(|stored| shown(&stored.reseller, now)).collect();
        return vec![json!({"resellers": shown}).to_string()];
    }
    let line = |stored: &StoredReseller| {
        let reseller = &stored.reseller;
        let keys: Vec<String> = reseller
            .keys
            .iter()
            .filter(|term| term.is_good(now))
            .map(|term| match term.until {
                Some(until) => format!("{}… until {until}", term.begins),
                None => format!("{}…", term.begins),
            })
            .collect();
        let keys = match (reseller.revoked_at, reseller.suspended_at) {
            (Some(at), _) => format!("revoked at {at}"),
            (None, Some(at)) => format!("suspended at {at}; {}", keys.join(", ")),
            (None, None) => keys.join(", "),
        };
        format!("{} ({}): {keys}", reseller.id, reseller.name)
    };
    if all.is_empty() { vec!["no resellers".to_owned()] } else { all.iter().map(line).collect() }
}

fn shown(reseller: &Reseller, now: jiff::Timestamp) -> Value {
    let keys: Vec<Value> = reseller
        .keys
        .iter()
        .filter(|term| term.is_good(now))
        .map(|term| {
            let (from, until) = (term.from, term.until);
            json!({"begins": term.begins, "mode": term.mode(), "from": from, "until": until})
        })
        .collect();
    json!({
        "id": reseller.id, "name": reseller.name, "scope": reseller.scope,
        "contact": reseller.contact, "added_at": reseller.added_at,
        "suspended_at": reseller.suspended_at, "revoked_at": reseller.revoked_at, "keys": keys,
    })
}
