//! The printed tickets: one A4 page each, with the QR code as vectors. Written with the reader's
//! own Helvetica, so a ticket is a few kilobytes.

use atrio_domain::text::{Locale, Text};
use atrio_domain::ticket::Ticket;
use atrio_domain::venue::Venue;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use qrcode::{Color, QrCode};

/// One ticket with its code.
pub(crate) struct Page<'a> {
    pub(crate) ticket: &'a Ticket,
    pub(crate) qr: QrCode,
}

// A4 in points.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 56.0;
const QR_SIDE: f32 = 240.0;

const REGULAR: Name<'_> = Name(b"F1");
const BOLD: Name<'_> = Name(b"F2");

const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const REGULAR_FONT: Ref = Ref::new(3);
const BOLD_FONT: Ref = Ref::new(4);
const FIRST_PAGE: i32 = 10;

/// The document of these tickets.
pub(crate) fn document(venue: &Venue, locale: Locale, pages: &[Page<'_>]) -> Vec<u8> {
    let mut pdf = Pdf::new();
    let language = match locale {
        Locale::It => "it",
        Locale::En => "en",
    };
    pdf.catalog(CATALOG).pages(PAGES).lang(TextStr(language));
    pdf.type1_font(REGULAR_FONT)
        .base_font(Name(b"Helvetica"))
        .encoding_predefined(Name(b"WinAnsiEncoding"));
    pdf.type1_font(BOLD_FONT)
        .base_font(Name(b"Helvetica-Bold"))
        .encoding_predefined(Name(b"WinAnsiEncoding"));
    let mut next = FIRST_PAGE;
    let mut kids = Vec::with_capacity(pages.len());
    for page in pages {
        let (page_ref, content_ref) = (Ref::new(next), Ref::new(next + 1));
        next += 2;
        kids.push(page_ref);
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(&content(venue, locale, page), 6);
        pdf.stream(content_ref, &packed).filter(Filter::FlateDecode);
        let mut writer = pdf.page(page_ref);
        writer.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(PAGES).contents(content_ref);
        writer.resources().fonts().pair(REGULAR, REGULAR_FONT).pair(BOLD, BOLD_FONT);
        writer.finish();
    }
    let count = i32::try_from(kids.len()).unwrap_or(i32::MAX);
    pdf.pages(PAGES).kids(kids).count(count);
    pdf.finish()
}

fn content(venue: &Venue, locale: Locale, page: &Page<'_>) -> Vec<u8> {
    let ticket = page.ticket;
    let slot = ticket.entitlement.slot.id.local_start();
    let label = |it, en| Text::new(it, en).in_locale(locale).to_owned();
    let mut content = Content::new();
    let mut y = HEIGHT - MARGIN - 20.0;
    let mut line = |content: &mut Content, font: Name<'_>, size: f32, text: &str| {
        for part in wrapped(text, size) {
            content.begin_text().set_font(font, size).next_line(MARGIN, y);
            content.show(Str(&win_ansi(&part))).end_text();
            y -= size * 1.45;
        }
        y -= size * 0.35;
    };
    line(&mut content, BOLD, 22.0, &venue.name);
    line(&mut content, REGULAR, 12.0, &format!("{} ({})", venue.municipality, venue.region));
    let when = format!(
        "{:02}.{:02}.{}  {} {:02}:{:02}",
        slot.day(),
        slot.month(),
        slot.year(),
        label("ore", "at"),
        slot.hour(),
        slot.minute()
    );
    line(&mut content, BOLD, 18.0, &when);
    line(&mut content, BOLD, 14.0, ticket.unit_name.in_locale(locale));
    line(&mut content, REGULAR, 11.0, ticket.reason.in_locale(locale));
    if let Some(document) = &ticket.document {
        let show = label("All'ingresso mostrare", "Show at the gate");
        line(&mut content, REGULAR, 11.0, &format!("{show}: {}", document.in_locale(locale)));
    }
    y -= QR_SIDE;
    squares(&mut content, &page.qr, y);
    y -= 28.0;
    let mut line = |font: Name<'_>, size: f32, text: &str| {
        content.begin_text().set_font(font, size).next_line(MARGIN, y);
        content.show(Str(&win_ansi(text))).end_text();
        y -= size * 1.6;
    };
    line(BOLD, 16.0, &ticket.entitlement.ticket.typed_code());
    line(
        REGULAR,
        10.0,
        &label(
            "Un solo ingresso. Se il codice QR non si legge, detta o digita le 16 lettere e cifre.",
            "Admits once. If the QR code does not scan, read out or type the 16 letters and digits.",
        ),
    );
    content.finish().into_vec()
}

fn squares(content: &mut Content, qr: &QrCode, bottom: f32) {
    let modules = qr.width();
    #[expect(clippy::cast_precision_loss, reason = "a QR code has at most 177 modules a side")]
    let (side, at) = (QR_SIDE / modules as f32, |place: usize| place as f32);
    // Dark modules that touch in a row are one rectangle: a page is a fifth as large.
    for (row, colors) in qr.to_colors().chunks(modules).enumerate() {
        let mut column = 0;
        for run in colors.chunk_by(|left, right| left == right) {
            if run.first() == Some(&Color::Dark) {
                let x = MARGIN + at(column) * side;
                let y = bottom + QR_SIDE - at(row + 1) * side;
                content.rect(x, y, at(run.len()) * side, side);
            }
            column += run.len();
        }
    }
    content.fill_nonzero();
}

/// Breaks a text so that it stays on the page. Helvetica's letters are about half as wide as high.
fn wrapped(text: &str, size: f32) -> Vec<String> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive number below 200"
    )]
    let most = ((WIDTH - 2.0 * MARGIN) / (size * 0.52)) as usize;
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let current = lines.last_mut().map_or(0, |line| line.chars().count());
        if current > 0 && current + 1 + word.chars().count() > most {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// The text in Windows-1252, which the standard fonts are encoded in; a letter it lacks becomes `?`.
fn win_ansi(text: &str) -> Vec<u8> {
    text.chars()
        .map(|letter| match letter {
            '\u{2019}' => 0x92,
            '\u{201C}' => 0x93,
            '\u{201D}' => 0x94,
            '\u{2013}' => 0x96,
            '\u{2014}' => 0x97,
            '\u{20AC}' => 0x80,
            other => u8::try_from(u32::from(other)).unwrap_or(b'?'),
        })
        .collect()
}
