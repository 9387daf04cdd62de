//! The folder that holds an installation: database, lake, keys, certificates. One process at a
//! time works on it; others find it through `run.json`.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::database::TableAt;

/// How often a lock that another process holds is tried before that process is taken for a platform
/// at work.
const LOOKS: u32 = 10;
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// Why an installation cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// A file cannot be read or written.
    #[error("cannot {action} `{}`", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// Another process works on it.
    #[error("`{}` is in use by another atrio; stop that one, or name another folder with `--data`", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// A file is not what this version writes.
    #[error("`{}` is not what this version writes", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        #[source]
        source: serde_json::Error,
    },
}

/// The folder of an installation.
#[derive(Debug, Clone)]
pub struct DataDir {
    path: PathBuf,
}

/// Held while a process works on the folder; dropping it lets the next one in.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Where a running platform can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The pages and the API.
    pub http: String,
    /// The broker's host and port.
    pub mqtt: String,
    /// The host and port of PostgreSQL's protocol, where it is spoken.
    #[serde(default)]
    pub sql: Option<String>,
    /// The host and port of Arrow Flight SQL, where it is spoken.
    #[serde(default)]
    pub flight: Option<String>,
    /// The table.
    pub table: TableAt,
    /// The lake.
    pub lake: String,
    /// Microseconds by which the platform's clock is ahead of the machine's.
    pub clock_ahead_microseconds: i64,
    /// Whether payments move money; sample visitors stay away from such a platform.
    pub moves_money: bool,
}

impl DataDir {
    /// Opens the folder; makes it when it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        fs::create_dir_all(path).map_err(file("create", path))?;
        let path = path.canonicalize().map_err(file("find", path))?;
        Ok(Self { path })
    }

    /// A file or folder in it.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The lake's URL.
    #[must_use]
    pub fn lake_url(&self) -> String {
        format!("file://{}", self.join("lake").display())
    }

    /// Takes the folder for this process.
    ///
    /// # Errors
    /// When another process has it.
    pub fn lock(&self) -> Result<Lock, DataDirError> {
        let mut looks = 0;
        loop {
            if let Some(file) = self.lock_file(File::try_lock)? {
                return Ok(Lock { _file: file });
            }
            looks += 1;
            if looks == LOOKS {
                return Err(DataDirError::InUse { path: self.path.clone() });
            }
            // A command that asks whether a platform runs holds the lock for that moment.
            std::thread::sleep(LOOK_AGAIN_AFTER);
        }
    }

    /// The locked file; none when another process has a lock that does not go with this one.
    fn lock_file(
        &self,
        lock: impl FnOnce(&File) -> Result<(), TryLockError>,
    ) -> Result<Option<File>, DataDirError> {
        let path = self.join("lock");
        let opened = File::create(&path).map_err(file("create", &path))?;
        match lock(&opened) {
            Ok(()) => Ok(Some(opened)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(file("lock", &path)(source)),
        }
    }

    /// Waits for a turn at something that one process does at a time; dropping it ends the turn.
    ///
    /// # Errors
    /// When the file cannot be written or locked.
    pub fn turn(&self, name: &str) -> Result<File, DataDirError> {
        let path = self.join(name);
        let opened = File::create(&path).map_err(file("create", &path))?;
        opened.lock().map_err(file("lock", &path))?;
        Ok(opened)
    }

    /// Says where the platform that runs here can be reached.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn announce(&self, run: &Run) -> Result<(), DataDirError> {
        self.write_json("run.json", run, 0o600)
    }

    /// Takes the announcement back.
    pub fn withdraw(&self) {
        // A file that is not there announces nothing.
        let _ = fs::remove_file(self.join("run.json"));
    }

    /// Where the platform that runs here can be reached; none where none runs, whatever a killed
    /// one left behind.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn running(&self) -> Result<Option<Run>, DataDirError> {
        // Shared: two commands that ask at once must not take each other for a platform.
        match self.lock_file(File::try_lock_shared)? {
            Some(_) => Ok(None),
            None => self.read_json("run.json"),
        }
    }

    /// Reads a JSON file; none where there is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_json<T: for<'de> Deserialize<'de>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, DataDirError> {
        let path = self.join(name);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(file("read", &path)(source)),
        };
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|source| DataDirError::Malformed { path, source })
    }

    /// Writes a JSON file with these permissions, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_json(
        &self,
        name: &str,
        value: &impl Serialize,
        mode: u32,
    ) -> Result<(), DataDirError> {
        let path = self.join(name);
        let unfinished = self.join(&format!("{name}.new"));
        let text = serde_json::to_vec_pretty(value)
            .map_err(|source| DataDirError::Malformed { path: path.clone(), source })?;
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(mode)
            .open(&unfinished)
            .map_err(self::file("create", &unfinished))?;
        file.write_all(&text).map_err(self::file("write", &unfinished))?;
        file.sync_all().map_err(self::file("write", &unfinished))?;
        fs::rename(&unfinished, &path).map_err(self::file("write", &path))?;
        // The new name survives a power cut only once the folder itself is on disk.
        File::open(&self.path)
            .and_then(|folder| folder.sync_all())
            .map_err(self::file("write", &path))
    }
}

fn file(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> DataDirError {
    move |source| DataDirError::File { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn commands_that_ask_whether_a_platform_runs_keep_none_from_starting() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        assert!(data.lock_file(File::try_lock_shared).is_ok());
                        std::thread::sleep(Duration::from_micros(100));
                    }
                });
            }
            let refused = (0..300).filter(|_| data.lock().is_err()).count();
            done.store(true, Ordering::Relaxed);
            assert_eq!(refused, 0);
        });
    }

    #[test]
    fn a_platform_at_work_keeps_every_other_out() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let lock = data.lock().unwrap();
        assert!(matches!(data.lock(), Err(DataDirError::InUse { .. })));
        drop(lock);
        assert!(data.lock().is_ok());
    }
}
