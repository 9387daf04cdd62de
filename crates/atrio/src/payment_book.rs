//! The sandbox provider's book: what was opened, how it ended, what went back. Each change is one line
//! at the end of a file, durable before anyone is answered, so that a long book costs no more to write
//! than a short one. At the opening the last line of each payment counts, and a line that a kill cut
//! short never was.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Readable by its owner only.
const MODE: u32 = 0o600;

/// Entries by name, and the file they are kept in.
pub struct Book<T> {
    entries: HashMap<String, T>,
    file: File,
}

impl<T: Serialize + DeserializeOwned> Book<T> {
    /// Reads the book and drops the lines that later ones replaced.
    ///
    /// # Errors
    /// When the file cannot be read or written, or a line other than the last is no entry.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_keeping(path, |_| true)
    }

    /// Reads the book and drops also the entries that need not be kept.
    ///
    /// # Errors
    /// As [`Book::open`].
    pub fn open_keeping(path: &Path, is_kept: impl Fn(&T) -> bool) -> io::Result<Self> {
        let mut entries = read(path)?;
        entries.retain(|_, entry| is_kept(entry));
        let fresh = path.with_extension("new");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(&fresh)?;
        for (name, entry) in &entries {
            file.write_all(&line(name, entry)?)?;
        }
        file.sync_all()?;
        std::fs::rename(&fresh, path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        let file = OpenOptions::new().append(true).open(path)?;
        Ok(Self { entries, file })
    }

    /// The entry of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&T> {
        self.entries.get(name)
    }

    /// All entries, in no order.
    pub fn entries(&self) -> impl Iterator<Item = &T> {
        self.entries.values()
    }

    /// Puts an entry in the place of what stood under its name. It is durable when this returns.
    ///
    /// # Errors
    /// When the line cannot be written; the entry then stands for as long as the process runs.
    pub fn put(&mut self, name: &str, entry: T) -> io::Result<()> {
        let written =
            line(name, &entry).and_then(|line| self.file.write_all(&line)).and_then(|()| {
                // The length of the file is all of its metadata that a reader needs.
                self.file.sync_data()
            });
        self.entries.insert(name.to_owned(), entry);
        written
    }
}

fn line<T: Serialize>(name: &str, entry: &T) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&(name, entry))?;
    line.push(b'\n');
    Ok(line)
}

/// The entries as they stand in a file; none where there is no file.
///
/// # Errors
/// When the file cannot be read, or a whole line is no entry.
pub fn read<T: DeserializeOwned>(path: &Path) -> io::Result<HashMap<String, T>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashMap::new()),
        Err(error) => return Err(error),
    };
    let mut entries = HashMap::new();
    let mut lines = BufReader::new(file);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        // Without its end the line was cut, and nobody was told that it stands.
        if !line.ends_with(b"\n") {
            break;
        }
        let (name, entry): (String, T) = serde_json::from_slice(&line)?;
        entries.insert(name, entry);
        line.clear();
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_book_keeps_the_last_word_on_each_entry_and_forgets_a_cut_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("book.jsonl");
        let mut book = Book::open(&path).unwrap();
        for (name, value) in [("a", 1), ("b", 2), ("a", 3)] {
            book.put(name, value).unwrap();
        }
        drop(book);
        let mut torn = OpenOptions::new().append(true).open(&path).unwrap();
        torn.write_all(b"[\"b\",").unwrap();
        let mut book = Book::<i32>::open(&path).unwrap();
        assert_eq!((book.get("a"), book.get("b")), (Some(&3), Some(&2)));
        book.put("c", 4).unwrap();
        let book = Book::<i32>::open(&path).unwrap();
        assert_eq!(book.get("c"), Some(&4));
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 3);
    }
}
