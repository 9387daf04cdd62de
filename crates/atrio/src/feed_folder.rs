//! Files of other ticket offices that somebody puts into the installation's folder:
//! `feeds/VENUE/MAPPING/name`. A file that grows no more is loaded and moved to `loaded/` beside it, with its
//! rejected rows; one that cannot be read is moved to `refused/`, with the reason.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use atrio_domain::feed::Reader;
use atrio_domain::id::{MappingId, VenueId};
use atrio_feed::{FileRefusal, LoadError, Spooled};
use tokio::sync::watch;

use crate::pump::chain;

/// How often the folder is looked at; a file is loaded when two looks see the same size.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// A file that waits.
struct Waiting {
    path: PathBuf,
    venue: VenueId,
    mapping: MappingId,
    bytes: u64,
}

/// Why a file stays where it is, to be tried again.
#[derive(Debug, thiserror::Error)]
enum FolderError {
    #[error("the folder cannot be used")]
    Folder(#[from] io::Error),
    #[error("the table cannot be asked")]
    Table(#[from] atrio_dynamo::Error),
    #[error("the file cannot be loaded now")]
    Load(#[from] LoadError),
    #[error("the rejected rows cannot be written")]
    Rejected(#[from] csv::Error),
}

/// Loads what is put into the folder, until told to stop.
pub(crate) async fn follow(
    feed: atrio_feed::Context,
    folder: PathBuf,
    mut stop: watch::Receiver<bool>,
) {
    let mut sizes: HashMap<PathBuf, u64> = HashMap::new();
    while tokio::time::timeout(LOOK_EVERY, stop.wait_for(|stop| *stop)).await.is_err() {
        let mut seen = HashMap::new();
        for waiting in waiting(&folder) {
            let is_whole = sizes.get(&waiting.path) == Some(&waiting.bytes);
            seen.insert(waiting.path.clone(), waiting.bytes);
            if !is_whole {
                continue;
            }
            if let Err(error) = Box::pin(take(&feed, &waiting)).await {
                tracing::error!(venue = %waiting.venue, mapping = %waiting.mapping, error = chain(&error), "a file in the folder is tried again");
            }
        }
        sizes = seen;
    }
}

/// The files that wait. What is called otherwise than `VENUE/MAPPING/name` is left alone, as is a name that
/// begins with a dot.
fn waiting(folder: &Path) -> Vec<Waiting> {
    let mut found = Vec::new();
    for venue in named::<VenueId>(folder) {
        for mapping in named::<MappingId>(&venue.1) {
            for entry in entries(&mapping.1) {
                let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
                let Ok(about) = fs::symlink_metadata(entry.path()) else { continue };
                if about.is_file() && !is_hidden {
                    let (venue, mapping) = (venue.0.clone(), mapping.0.clone());
                    found.push(Waiting { path: entry.path(), venue, mapping, bytes: about.len() });
                }
            }
        }
    }
    found
}

/// The folders in a folder that are called as such a thing may be.
fn named<Id: std::str::FromStr>(folder: &Path) -> Vec<(Id, PathBuf)> {
    let name = |entry: fs::DirEntry| {
        let id = entry.file_name().to_str()?.parse().ok()?;
        entry.path().is_dir().then(|| (id, entry.path()))
    };
    entries(folder).into_iter().filter_map(name).collect()
}

fn entries(folder: &Path) -> Vec<fs::DirEntry> {
    let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    entries
}

/// Loads a file and moves it away.
async fn take(feed: &atrio_feed::Context, waiting: &Waiting) -> Result<(), FolderError> {
    let Waiting { path, venue, mapping, .. } = waiting;
    if feed.store.venue(venue).await?.is_none() {
        return refuse(path, &format!("there is no venue `{venue}`"));
    }
    let Some(mapping) = atrio_feed::mapping_at(&feed.store, venue, mapping).await? else {
        return refuse(path, &format!("venue `{venue}` has no mapping `{mapping}`"));
    };
    let spooled = match Spooled::of(File::open(path)?, mapping.format.kind) {
        Ok(spooled) => spooled,
        Err(FileRefusal::Disk(error)) => return Err(error.into()),
        Err(refusal) => return refuse(path, &format!("{refusal}: {}", refusal.fix())),
    };
    let reader = Reader::of(mapping.clone());
    match atrio_feed::load(feed, venue, reader, spooled, "folder").await {
        Ok(loaded) => {
            if !loaded.rejected.is_empty() {
                let text = atrio_feed::rejected_csv(&mapping, &loaded.rejected)?;
                beside(path, "loaded", "rejected.csv", &text)?;
            }
            away(path, "loaded")
        }
        Err(LoadError::File(FileRefusal::Disk(error))) => Err(error.into()),
        Err(LoadError::File(refusal)) => refuse(path, &format!("{refusal}: {}", refusal.fix())),
        Err(error) => Err(error.into()),
    }
}

fn refuse(path: &Path, why: &str) -> Result<(), FolderError> {
    beside(path, "refused", "txt", &format!("{why}\n"))?;
    away(path, "refused")
}

/// Writes a text that belongs to a file into the folder that the file goes to.
fn beside(path: &Path, to: &str, ending: &str, text: &str) -> Result<(), FolderError> {
    let folder = path.with_file_name(to);
    fs::create_dir_all(&folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(fs::write(folder.join(format!("{name}.{ending}")), text)?)
}

fn away(path: &Path, to: &str) -> Result<(), FolderError> {
    let folder = path.with_file_name(to);
    fs::create_dir_all(&folder)?;
    Ok(fs::rename(path, folder.join(path.file_name().unwrap_or_default()))?)
}
