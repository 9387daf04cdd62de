//! Tickets on the roll of a thermal printer (ESC/POS), as a desk or a totem prints them: one after
//! the other, each with its code, cut apart. Nothing but text and the printer's own QR code, so that
//! any of these printers understands it.

use std::cell::RefCell;

use atrio_domain::pass::Opens;
use atrio_domain::text::{Locale, Text};
use atrio_domain::ticket::{Ticket, sign};
use atrio_domain::venue::Venue;
use ed25519_dalek::SigningKey;
use escpos::driver::Driver;
use escpos::errors::PrinterError;
use escpos::printer::Printer;
use escpos::printer_options::PrinterOptions;
use escpos::utils::{
    JustifyMode, PageCode, Protocol, QRCodeCorrectionLevel, QRCodeModel, QRCodeOption,
};

use crate::code::NotDrawn;

/// How wide the paper is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paper {
    /// 58 mm: 32 letters a line.
    Narrow,
    /// 80 mm: 48 letters a line.
    Wide,
}

impl Paper {
    fn letters(self) -> usize {
        match self {
            Self::Narrow => 32,
            Self::Wide => 48,
        }
    }

    /// Dots of one module of the code. A code of 181 characters has 53 modules: 212 dots of the 384 of
    /// narrow paper, 318 of the 576 of wide paper.
    fn module_dots(self) -> u8 {
        match self {
            Self::Narrow => 4,
            Self::Wide => 6,
        }
    }
}

/// Whose tickets they are.
#[derive(Debug, Clone, Copy)]
pub struct Heading<'a> {
    /// What the venue is called.
    pub venue_name: &'a str,
    /// Where it is.
    pub municipality: &'a str,
}

/// The bytes for the printer.
///
/// # Errors
/// When a ticket's code cannot be signed, or the printer's language has no word for it.
pub fn receipt(
    venue: &Venue,
    locale: Locale,
    tickets: &[Ticket],
    key: &SigningKey,
    paper: Paper,
) -> Result<Vec<u8>, NotDrawn> {
    let heading = Heading { venue_name: &venue.name, municipality: &venue.municipality };
    let mut signed = Vec::with_capacity(tickets.len());
    for ticket in tickets {
        signed.push((ticket.clone(), sign(&ticket.entitlement, key)?));
    }
    receipt_of_signed(heading, locale, &signed, paper)
}

/// The same of tickets whose codes were signed before.
///
/// # Errors
/// When the printer's language has no word for a ticket.
pub fn receipt_of_signed(
    heading: Heading<'_>,
    locale: Locale,
    tickets: &[(Ticket, String)],
    paper: Paper,
) -> Result<Vec<u8>, NotDrawn> {
    let mut printer =
        Printer::new(Roll::default(), Protocol::default(), Some(PrinterOptions::default()));
    printer.init()?.page_code(PageCode::WPC1252)?;
    for (ticket, code) in tickets {
        print(&mut printer, heading, locale, ticket, code, paper)?;
    }
    printer.print()?;
    Ok(printer.driver().0.into_inner())
}

fn print(
    printer: &mut Printer<Roll>,
    heading: Heading<'_>,
    locale: Locale,
    ticket: &Ticket,
    code: &str,
    paper: Paper,
) -> Result<(), PrinterError> {
    let letters = paper.letters();
    printer.justify(JustifyMode::CENTER)?.bold(true)?;
    for line in wrapped(heading.venue_name, letters) {
        printer.custom(&letters_of(&line))?;
    }
    printer.bold(false)?.custom(&letters_of(&printable(heading.municipality)))?.feed()?;
    let start = ticket.entitlement.slot.id.local_start();
    let (day, hour) = (start.strftime("%d.%m.%Y").to_string(), start.strftime("%H:%M").to_string());
    match &ticket.pass {
        None => {
            printer.size(2, 2)?.custom(&letters_of(&day))?.custom(&letters_of(&hour))?;
            printer.reset_size()?.feed()?;
        }
        Some(pass) => {
            let holds = pass.rule.validity_in_words(&ticket.entitlement.slot, &pass.used);
            let opens = pass.rule.opens.iter().map(Opens::in_words);
            for words in std::iter::once(holds).chain(opens) {
                for line in wrapped(words.in_locale(locale), letters) {
                    printer.custom(&letters_of(&line))?;
                }
            }
            printer.feed()?;
        }
    }
    let option =
        QRCodeOption::new(QRCodeModel::Model2, paper.module_dots(), QRCodeCorrectionLevel::M);
    printer.qrcode_option(code, option)?.feed()?;
    printer.custom(&letters_of(&ticket.entitlement.ticket.typed_code()))?.feed()?;
    printer.justify(JustifyMode::LEFT)?.bold(true)?;
    for line in wrapped(ticket.unit_name.in_locale(locale), letters) {
        printer.custom(&letters_of(&line))?;
    }
    printer.bold(false)?;
    for line in wrapped(ticket.reason.in_locale(locale), letters) {
        printer.custom(&letters_of(&line))?;
    }
    if let Some(document) = &ticket.document {
        let show = Text::new(
            format!("All'ingresso: {}", document.it),
            format!("At the entrance: {}", document.en),
        );
        for line in wrapped(show.in_locale(locale), letters) {
            printer.custom(&letters_of(&line))?;
        }
    }
    printer.feeds(3)?.partial_cut()?;
    Ok(())
}

/// Lines of at most so many letters, broken between words; a longer word is cut.
fn wrapped(text: &str, letters: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in printable(text).split_whitespace() {
        let word: Vec<char> = word.chars().collect();
        for part in word.chunks(letters) {
            let last = lines.len() - 1;
            let line = &mut lines[last];
            let used = line.chars().count();
            if used > 0 && used + 1 + part.len() > letters {
                lines.push(part.iter().collect());
            } else {
                if used > 0 {
                    line.push(' ');
                }
                line.extend(part);
            }
        }
    }
    lines
}

/// The text in letters that the printer has: typographic marks become plain ones, what it lacks
/// becomes a question mark.
fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '‘' | '’' => '\'',
            '“' | '”' => '"',
            '–' | '—' => '-',
            '\t' | '\n' | '\u{a0}' => ' ',
            // What the page of letters has.
            ' '..='~' | '\u{a1}'..='\u{ff}' | '€' => letter,
            _ => '?',
        })
        .collect()
}

/// A line in the printer's letters: the page Windows 1252, in which the Latin letters stand where they
/// do in Unicode, and the euro sign at 0x80.
fn letters_of(line: &str) -> Vec<u8> {
    let letter = |letter: char| match letter {
        '€' => 0x80,
        letter => u8::try_from(letter).unwrap_or(b'?'),
    };
    line.chars().map(letter).chain([b'\n']).collect()
}

/// Takes what would go to the printer.
#[derive(Debug, Default)]
struct Roll(RefCell<Vec<u8>>);

impl Driver for Roll {
    fn name(&self) -> String {
        "roll".to_owned()
    }

    fn write(&self, data: &[u8]) -> escpos::errors::Result<()> {
        self.0.borrow_mut().extend_from_slice(data);
        Ok(())
    }

    fn read(&self, _: &mut [u8]) -> escpos::errors::Result<usize> {
        Ok(0)
    }

    fn flush(&self) -> escpos::errors::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_never_run_over() {
        let text = "Museo archeologico nazionale del Melfese «Massimo Pallottino»";
        let lines = wrapped(text, 32);
        assert!(lines.iter().all(|line| line.chars().count() <= 32), "{lines:?}");
        assert_eq!(lines.join(" "), text);
        assert_eq!(wrapped(&"a".repeat(40), 32), ["a".repeat(32), "a".repeat(8)]);
    }

    #[test]
    fn what_the_printer_lacks_is_not_sent_to_it() {
        assert_eq!(printable("L’università – “oggi” 5 €"), "L'università - \"oggi\" 5 €");
        assert_eq!(printable("Łódź 東"), "?ód? ?");
    }
}
