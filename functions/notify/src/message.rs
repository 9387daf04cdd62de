//! A mail as it goes over the wire (RFC 5322, MIME): the letter as plain text and as a page, with the
//! printed tickets and the calendar's entry attached, where there are any. All parts are base 64 in short
//! lines, so that no name or address can end a header or a part.

use std::fmt::Write as _;

use atrio_domain::booking::{Booking, Contact};
use atrio_domain::mail::MailKind;
use atrio_domain::text::Locale;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::letter::Letter;
use crate::transport::NotTaken;

/// Characters of base 64 in a line.
const LINE_CHARS: usize = 76;

/// Bytes of text in one encoded word of a header: 45 make 60 characters, below the 75 of RFC 2047.
const WORD_BYTES: usize = 45;

/// A mail, ready to be handed over.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Who sends it.
    pub from: String,
    /// To whom, as headers and providers write it.
    pub to: String,
    /// Names the mail: the same for every attempt, and nobody's address.
    pub name: String,
    /// The mail itself.
    pub mime: String,
}

impl std::fmt::Debug for Message {
    /// Prints nothing of the person, so that no log can.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Message {
    /// Writes the mail of this kind about a booking, with the printed tickets, where it has some that
    /// admit, and the entry, where there is a visit to enter.
    ///
    /// # Errors
    /// [`NotTaken::Address`] when the address given cannot stand in a mail.
    pub(crate) fn write(
        from: &str,
        booking: &Booking,
        contact: &Contact,
        kind: MailKind,
        letter: &Letter,
        (pdf, entry): (Option<&[u8]>, Option<&str>),
        now: Timestamp,
    ) -> Result<Self, NotTaken> {
        let to = mailbox(&contact.email).ok_or(NotTaken::Address)?;
        let reference = booking.uuid.reference();
        let day = booking.slot.id.day();
        let (language, tickets, visit) = match booking.locale {
            Locale::It => ("it", "biglietti", "visita"),
            Locale::En => ("en", "tickets", "visit"),
        };
        let host = from.rsplit('@').next().unwrap_or(from).trim_end_matches('>');
        let mut mime = String::new();
        let mut line = |text: &str| {
            mime.push_str(text);
            mime.push_str("\r\n");
        };
        line(&format!("From: {from}"));
        line(&format!("To: {to}"));
        line(&format!("Date: {}", now.strftime("%a, %d %b %Y %H:%M:%S +0000")));
        // The same at every attempt: a reader that got one twice shows it once.
        line(&format!("Message-ID: <{}.{reference}@{host}>", kind.name().to_lowercase()));
        line(&format!("Subject: {}", encoded_words(&letter.subject)));
        line("Auto-Submitted: auto-generated");
        line(&format!("Content-Language: {language}"));
        line("MIME-Version: 1.0");
        // Base 64 has no dash: no content can end a part.
        line("Content-Type: multipart/mixed; boundary=\"mixed-atrio\"");
        line("\r\n--mixed-atrio");
        line("Content-Type: multipart/alternative; boundary=\"either-atrio\"");
        line("\r\n--either-atrio");
        line(&body("text/plain; charset=utf-8", None, letter.text.as_bytes()));
        line("--either-atrio");
        line(&body("text/html; charset=utf-8", None, letter.html.as_bytes()));
        line("--either-atrio--");
        if let Some(pdf) = pdf {
            line("\r\n--mixed-atrio");
            line(&body("application/pdf", Some(&format!("{tickets}-{day}.pdf")), pdf));
        }
        if let Some(entry) = entry {
            line("\r\n--mixed-atrio");
            let calendar = "text/calendar; charset=utf-8";
            line(&body(calendar, Some(&format!("{visit}-{day}.ics")), entry.as_bytes()));
        }
        line("\r\n--mixed-atrio--");
        let name = format!("{}-{reference}-{}", stamp(booking), kind.name().to_lowercase());
        Ok(Self { from: from.to_owned(), to, name, mime })
    }
}

/// When the booking was made, so that names of mails sort by it.
fn stamp(booking: &Booking) -> String {
    booking.created_at.strftime("%Y%m%dT%H%M%S%6fZ").to_string()
}

fn body(kind: &str, file: Option<&str>, content: &[u8]) -> String {
    let mut part = format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n");
    if let Some(file) = file {
        // Writing to a string does not fail.
        let _ = write!(part, "Content-Disposition: attachment; filename=\"{file}\"\r\n");
    }
    let mut rest = STANDARD.encode(content);
    while !rest.is_empty() {
        let next = rest.split_off(rest.len().min(LINE_CHARS));
        let _ = write!(part, "\r\n{rest}");
        rest = next;
    }
    part
}

/// A part of a mail written here, decoded: the first of this type. For those who show a mail.
#[must_use]
pub fn part(mime: &str, kind: &str) -> Option<Vec<u8>> {
    let (_, rest) = mime.split_once(&format!("Content-Type: {kind}"))?;
    let (_, rest) = rest.split_once("\r\n\r\n")?;
    let (content, _) = rest.split_once("\r\n--")?;
    STANDARD.decode(content.replace("\r\n", "")).ok()
}

/// Text of a header in encoded words (RFC 2047), broken between letters.
fn encoded_words(text: &str) -> String {
    let mut words: Vec<String> = vec![String::new()];
    for letter in text.chars().filter(|letter| !letter.is_control()) {
        let is_full = words.last().is_none_or(|word| word.len() + letter.len_utf8() > WORD_BYTES);
        if is_full {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(letter);
        }
    }
    let words: Vec<String> =
        words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word))).collect();
    words.join("\r\n ")
}

/// An address as it stands in a header: what has a meaning there is quoted, and what can have no
/// place there is refused.
fn mailbox(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@')?;
    let is_plain =
        |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(letter);
    let is_label = |label: &str| {
        !label.is_empty()
            && label.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
    };
    if local.is_empty() || !domain.split('.').all(is_label) {
        return None;
    }
    if local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_plain)) {
        return Some(address.to_owned());
    }
    if !local.chars().all(|letter| letter.is_ascii_graphic()) {
        return None;
    }
    let quoted = local.replace('\\', "\\\\").replace('"', "\\\"");
    Some(format!("\"{quoted}\"@{domain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stands_in_a_header_as_one_address_or_not_at_all() {
        let plain = "ada.prova+musei@example.org";
        assert_eq!(mailbox(plain).as_deref(), Some(plain));
        assert_eq!(mailbox("a,b@example.org").as_deref(), Some("\"a,b\"@example.org"));
        assert_eq!(mailbox("a\"b@example.org").as_deref(), Some("\"a\\\"b\"@example.org"));
        for foreign in
            ["a@b>,c.org", "à@example.org", "@example.org", "a b@example.org", "a@b..org"]
        {
            assert_eq!(mailbox(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_long_subject_is_broken_into_words_that_decode_to_it() {
        let subject = "I tuoi biglietti: Galleria d’Arte “Città di Più”, martedì 24 novembre 2026";
        let header = encoded_words(subject);
        assert!(header.lines().all(|line| line.len() <= 76), "{header}");
        let decoded: Vec<u8> = header
            .split("\r\n ")
            .flat_map(|word| {
                let word = word.strip_prefix("=?UTF-8?B?").unwrap().strip_suffix("?=").unwrap();
                STANDARD.decode(word).unwrap()
            })
            .collect();
        assert_eq!(String::from_utf8(decoded).unwrap(), subject);
    }

    #[test]
    fn a_part_reads_back_and_its_lines_are_short() {
        let content = "perché no? ".repeat(40);
        let written = body("text/plain; charset=utf-8", None, content.as_bytes()) + "\r\n--end";
        assert!(written.lines().all(|line| line.len() <= LINE_CHARS), "{written}");
        assert_eq!(part(&written, "text/plain").unwrap(), content.as_bytes());
    }
}
