//! The folder that holds an installation: database, lake, keys, certificates. One process at a
//! time works on it; others find it through `run.json`.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

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
    /// The table's endpoint, on loopback.
    pub dynamodb: String,
    /// The lake.
    pub lake: String,
    /// Seconds by which the platform's clock is ahead of the machine's.
    pub clock_ahead_seconds: i64,
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
        let path = self.join("lock");
        let file = File::create(&path).map_err(self::file("create", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse { path: self.path.clone() }),
            Err(TryLockError::Error(source)) => Err(self::file("lock", &path)(source)),
        }
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
        match self.lock() {
            Ok(_) => Ok(None),
            Err(DataDirError::InUse { .. }) => self.read_json("run.json"),
            Err(error) => Err(error),
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
