//! A file as it came: on disk, with its size, its hash and how its letters are written. It is read through
//! once as it comes, in pieces, whatever its size.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

use atrio_domain::feed::Mapping;
use atrio_domain::feed::mapping::{Encoding, FileKind};
use sha2::{Digest as _, Sha256};

use crate::refusal::FileRefusal;

/// Largest file of lines, in bytes: some two million transactions.
pub const LINES_MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Largest workbook, in bytes.
pub const SHEET_MAX_BYTES: u64 = 32 * 1024 * 1024;

const PIECE: usize = 64 * 1024;

/// The most bytes of a file that a mapping reads.
pub(crate) fn most_bytes(kind: FileKind) -> u64 {
    match kind {
        FileKind::Csv | FileKind::JsonLines => LINES_MAX_BYTES,
        FileKind::Xlsx => SHEET_MAX_BYTES,
    }
}

/// A file on disk that was read through once.
#[derive(Debug)]
pub struct Spooled {
    pub(crate) file: File,
    head: Vec<u8>,
    hash: Sha256,
    letters: Letters,
}

/// Takes a file in, piece by piece.
#[derive(Debug)]
pub struct Spool {
    copy: Option<File>,
    most: u64,
    bytes: u64,
    head: Vec<u8>,
    hash: Sha256,
    letters: Letters,
}

impl Spool {
    /// Takes in a file that comes over the wire, for a mapping of this kind.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn temporary(kind: FileKind) -> Result<Self, FileRefusal> {
        let copy = tempfile::tempfile().map_err(FileRefusal::Disk)?;
        Ok(Self::begin(Some(copy), kind))
    }

    fn begin(copy: Option<File>, kind: FileKind) -> Self {
        let (hash, letters) = (Sha256::new(), Letters::default());
        Self { copy, most: most_bytes(kind), bytes: 0, head: Vec::new(), hash, letters }
    }

    /// Takes in the next piece.
    ///
    /// # Errors
    /// [`FileRefusal::TooLarge`], and when the disk is full.
    pub fn take(&mut self, piece: &[u8]) -> Result<(), FileRefusal> {
        self.bytes += piece.len() as u64;
        if self.bytes > self.most {
            return Err(FileRefusal::TooLarge { most: self.most });
        }
        if self.head.len() < 4 {
            self.head.extend(piece.iter().take(4 - self.head.len()));
        }
        self.hash.update(piece);
        self.letters.take(piece);
        match &mut self.copy {
            Some(copy) => copy.write_all(piece).map_err(FileRefusal::Disk),
            None => Ok(()),
        }
    }

    /// The whole of it.
    ///
    /// # Errors
    /// [`FileRefusal::Empty`], and when it cannot be read back.
    pub fn finish(mut self) -> Result<Spooled, FileRefusal> {
        let Some(file) = self.copy.take() else { return Err(FileRefusal::Empty) };
        self.close(file)
    }

    fn close(mut self, mut file: File) -> Result<Spooled, FileRefusal> {
        if self.bytes == 0 {
            return Err(FileRefusal::Empty);
        }
        file.seek(SeekFrom::Start(0)).map_err(FileRefusal::Disk)?;
        self.letters.finish();
        Ok(Spooled { file, head: self.head, hash: self.hash, letters: self.letters })
    }
}

impl Spooled {
    /// A file of this machine's disk, which is read where it lies.
    ///
    /// # Errors
    /// When it is too large, empty, or cannot be read.
    pub fn of(mut file: File, kind: FileKind) -> Result<Self, FileRefusal> {
        let mut spool = Spool::begin(None, kind);
        let mut piece = vec![0; PIECE];
        loop {
            let read = file.read(&mut piece).map_err(FileRefusal::Disk)?;
            if read == 0 {
                return spool.close(file);
            }
            spool.take(piece.get(..read).unwrap_or_default())?;
        }
    }

    /// What the load of this file by this mapping is on record under: the same file read in another way is
    /// another load.
    ///
    /// # Errors
    /// Never in practice: a mapping can be written as JSON.
    pub fn id(&self, mapping: &Mapping) -> Result<String, serde_json::Error> {
        let mut hash = self.hash.clone();
        hash.update(serde_json::to_vec(mapping)?);
        Ok(hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Whether it is what the mapping says, as far as its first bytes tell.
    pub(crate) fn check_kind(&self, mapping: &Mapping) -> Result<(), FileRefusal> {
        let wanted = mapping.format.kind;
        let is_zip = self.head.starts_with(b"PK\x03\x04");
        if is_zip != (wanted == FileKind::Xlsx) {
            return Err(FileRefusal::OtherKind { wanted, is_zip });
        }
        let wide = self.head.starts_with(b"\xff\xfe") || self.head.starts_with(b"\xfe\xff");
        if wide && wanted != FileKind::Xlsx { Err(FileRefusal::WideLetters) } else { Ok(()) }
    }

    /// How its letters are written: as the mapping says, or else as it looks. A file with some letters of
    /// UTF-8 and some that are not is UTF-8 with faults, and they are told row by row.
    pub(crate) fn encoding(&self, mapping: &Mapping) -> Encoding {
        let looks = match self.letters {
            Letters { has_faults: true, has_wide: false, .. } => Encoding::Windows1252,
            _ => Encoding::Utf8,
        };
        mapping.format.encoding.unwrap_or(looks)
    }
}

/// What the bytes of a file look like.
#[derive(Debug, Default)]
struct Letters {
    /// Some letters are of more than one byte, as UTF-8 writes them.
    has_wide: bool,
    /// Some bytes are no UTF-8.
    has_faults: bool,
    /// The beginning of a letter whose end comes with the next piece.
    open: Vec<u8>,
}

impl Letters {
    fn take(&mut self, piece: &[u8]) {
        if self.open.is_empty() && piece.is_ascii() {
            return;
        }
        let mut bytes = std::mem::take(&mut self.open);
        bytes.extend_from_slice(piece);
        let mut rest = bytes.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => {
                    self.has_wide |= !text.is_ascii();
                    return;
                }
                Err(fault) => {
                    let (good, bad) = rest.split_at(fault.valid_up_to());
                    self.has_wide |= !good.is_ascii();
                    let Some(length) = fault.error_len() else {
                        self.open = bad.to_vec();
                        return;
                    };
                    self.has_faults = true;
                    rest = bad.get(length..).unwrap_or_default();
                }
            }
        }
    }

    fn finish(&mut self) {
        self.has_faults |= !self.open.is_empty();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(pieces: &[&[u8]]) -> (bool, bool) {
        let mut letters = Letters::default();
        pieces.iter().for_each(|piece| letters.take(piece));
        letters.finish();
        (letters.has_wide, letters.has_faults)
    }

    #[test]
    fn how_letters_are_written_is_seen_also_where_a_piece_ends_within_one() {
        assert_eq!(letters(&[b"Quantita"]), (false, false));
        assert_eq!(letters(&["Quantità".as_bytes()]), (true, false));
        assert_eq!(letters(&[b"Quantit\xc3", b"\xa0;2"]), (true, false));
        assert_eq!(letters(&[b"Quantit\xe0;2"]), (false, true), "as older programs write");
        assert_eq!(letters(&["à".as_bytes(), b"\xe0;"]), (true, true), "both in one file");
        assert_eq!(letters(&[b"Quantit\xc3"]), (false, true), "cut off within a letter");
    }
}
