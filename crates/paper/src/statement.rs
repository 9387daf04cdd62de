//! The statement of a reseller's month on paper: sums by venue, then each sale and each cancelling, in tables
//! that a listener hears as tables. The same statement makes the same bytes, so a signature of them holds.

use atrio_domain::invoicing::ledger::{Entry, EntryKind, decimal};
use atrio_domain::invoicing::statement::{Statement, StatementState, Sums};
use atrio_domain::text::{Locale, Text};
use atrio_domain::venue::day_at;
use pdf_writer::types::StructRole;

use crate::pdf::{BOLD, Cell, MARGIN, Page, Pen, REGULAR, document};

/// Size of the letters in tables.
const SMALL: f32 = 8.0;

/// Where a page is full.
const FOOT: f32 = MARGIN + 16.0;

/// Most characters of a venue's name in a cell.
const NAME_MAX_CHARS: usize = 40;

/// Where the columns of sums end, after the name.
const SUMS: [f32; 5] = [315.0, 370.0, 430.0, 485.0, 539.0];

/// Where the columns of lines begin, then where those of numbers end.
const LINES: [f32; 5] = [MARGIN, 108.0, 168.0, 246.0, 316.0];
const NUMBERS: [f32; 4] = [396.0, 446.0, 492.0, 539.0];

/// The statement as a document.
#[must_use]
pub fn statement(statement: &Statement, locale: Locale) -> Vec<u8> {
    let said = |it: &str, en: &str| Text::new(it, en).in_locale(locale).to_owned();
    let title = format!(
        "{} {}: {}",
        said("Rendiconto", "Statement"),
        statement.month,
        statement.reseller_name
    );
    let mut pages = Pages { done: Vec::new(), pen: Pen::new() };
    pages.pen.text(StructRole::H1, BOLD, 18.0, &title);
    let state = match statement.state {
        StatementState::Open => said(
            "Mese in corso: può ancora cambiare. Importi in euro.",
            "The month goes on: this may still change. Amounts in euro.",
        ),
        StatementState::Closed => said(
            "Mese chiuso. Importi in euro. Ciò che si corregge dopo sta nel mese della correzione.",
            "The month is closed. Amounts in euro. What is corrected later is in the month of the correction.",
        ),
    };
    pages.pen.text(StructRole::P, REGULAR, 10.0, &state);
    venues(&mut pages, statement, locale);
    lines(&mut pages, statement, locale);
    received(&mut pages, statement, locale);
    pages.done.push(pages.pen.page());
    document(&title, locale, &pages.done)
}

/// Pages, the last of which is being drawn.
struct Pages {
    done: Vec<Page>,
    pen: Pen,
}

impl Pages {
    /// Goes on to another page where this one is full; says whether it did.
    fn turn(&mut self, room: f32) -> bool {
        let is_full = self.pen.y - room < FOOT;
        if is_full {
            self.done.push(std::mem::replace(&mut self.pen, Pen::new()).page());
        }
        is_full
    }

    fn heading(&mut self, text: &str) {
        self.turn(60.0);
        self.pen.y -= 6.0;
        self.pen.text(StructRole::H2, BOLD, 12.0, text);
    }

    /// A row, under the row of titles again where it is the first of a page.
    fn row(&mut self, titles: &[Cell<'_>], cells: &[Cell<'_>]) {
        if self.turn(SMALL * 1.6) {
            self.pen.row(StructRole::TH, BOLD, SMALL, titles);
        }
        self.pen.row(StructRole::TD, REGULAR, SMALL, cells);
    }
}

fn venues(pages: &mut Pages, statement: &Statement, locale: Locale) {
    let said = |it: &str, en: &str| Text::new(it, en).in_locale(locale).to_owned();
    pages.heading(&said("Per luogo", "By venue"));
    let titles = [
        said("Luogo", "Venue"),
        said("Venduti", "Sold"),
        said("Annullati", "Cancelled"),
        said("Al pubblico", "Gross"),
        said("Provvigione", "Commission"),
        said("Dovuto", "Net"),
    ];
    let titles = sums_row(&titles);
    pages.pen.row(StructRole::TH, BOLD, SMALL, &titles);
    for venue in &statement.venues {
        let texts = sums_texts(&cut(&venue.name), &venue.sums);
        pages.row(&titles, &sums_row(&texts));
    }
    let texts = sums_texts(&said("Totale", "Total"), &statement.totals);
    pages.pen.row(StructRole::TD, BOLD, SMALL, &sums_row(&texts));
}

fn sums_texts(name: &str, sums: &Sums) -> [String; 6] {
    [
        name.to_owned(),
        sums.places_sold.to_string(),
        sums.places_cancelled.to_string(),
        decimal(sums.gross_cents),
        decimal(sums.commission_cents),
        decimal(sums.net_cents),
    ]
}

fn sums_row(texts: &[String; 6]) -> [Cell<'_>; 6] {
    let [name, sold, cancelled, gross, commission, net] = texts;
    let [a, b, c, d, e] = SUMS;
    [
        Cell::From(MARGIN, name),
        Cell::UpTo(a, sold),
        Cell::UpTo(b, cancelled),
        Cell::UpTo(c, gross),
        Cell::UpTo(d, commission),
        Cell::UpTo(e, net),
    ]
}

fn lines(pages: &mut Pages, statement: &Statement, locale: Locale) {
    let said = |it: &str, en: &str| Text::new(it, en).in_locale(locale).to_owned();
    pages.heading(&said("Vendite e annullamenti", "Sales and cancellations"));
    let titles = [
        said("Giorno", "Day"),
        said("Che cosa", "What"),
        said("Riferimento", "Reference"),
        said("Luogo", "Venue"),
        said("Visita", "Visit"),
        said("Persone", "People"),
        said("Al pubblico", "Gross"),
        said("Provv.", "Comm."),
        said("Dovuto", "Net"),
    ];
    let titles = line_row(&titles);
    pages.pen.row(StructRole::TH, BOLD, SMALL, &titles);
    for line in &statement.lines {
        let texts = line_texts(line, locale);
        pages.row(&titles, &line_row(&texts));
    }
}

fn line_texts(line: &Entry, locale: Locale) -> [String; 9] {
    let kind = match line.kind {
        EntryKind::Sold => Text::new("Venduto", "Sold"),
        EntryKind::Cancelled => Text::new("Annullato", "Cancelled"),
    };
    [
        day_at(line.at).to_string(),
        kind.in_locale(locale).to_owned(),
        line.reference.clone(),
        line.venue_id.as_str().chars().take(14).collect(),
        line.visit_day.to_string(),
        line.places.to_string(),
        decimal(line.gross_cents),
        decimal(line.commission_cents),
        decimal(line.net_cents),
    ]
}

fn line_row(texts: &[String; 9]) -> [Cell<'_>; 9] {
    let [day, kind, reference, venue, visit, people, gross, commission, net] = texts;
    let [a, b, c, d, e] = LINES;
    let [f, g, h, i] = NUMBERS;
    [
        Cell::From(a, day),
        Cell::From(b, kind),
        Cell::From(c, reference),
        Cell::From(d, venue),
        Cell::From(e, visit),
        Cell::UpTo(f, people),
        Cell::UpTo(g, gross),
        Cell::UpTo(h, commission),
        Cell::UpTo(i, net),
    ]
}

fn received(pages: &mut Pages, statement: &Statement, locale: Locale) {
    if statement.received.is_empty() {
        return;
    }
    let said = |it: &str, en: &str| Text::new(it, en).in_locale(locale).to_owned();
    pages.heading(&said("Pagamenti ricevuti", "Payments received"));
    for received in &statement.received {
        pages.turn(40.0);
        let text = format!("{}: {} EUR {}", received.on, decimal(received.cents), received.note);
        pages.pen.text(StructRole::P, REGULAR, 10.0, text.trim_end());
    }
}

fn cut(name: &str) -> String {
    if name.chars().count() <= NAME_MAX_CHARS {
        name.to_owned()
    } else {
        name.chars().take(NAME_MAX_CHARS - 3).chain("...".chars()).collect()
    }
}

#[cfg(test)]
mod tests {
    use atrio_domain::id::{ProductId, ResellerId, VenueId};
    use atrio_domain::tariff::Cents;
    use atrio_domain::venue::FiscalClass;

    use super::*;

    fn month(lines: i64) -> Statement {
        let entry = |number: i64| Entry {
            at: "2026-11-03T10:00:00Z".parse().unwrap(),
            kind: EntryKind::Sold,
            reference: format!("{number:012x}"),
            venue_id: VenueId::new("20240").unwrap(),
            venue_name: "Museo".to_owned(),
            supplier_id: None,
            product_id: ProductId::new("admission").unwrap(),
            fiscal_class: FiscalClass::ExemptVisit,
            visit_day: "2026-12-01".parse().unwrap(),
            places: 2,
            gross_cents: Cents(2_000),
            commission_cents: Cents(300),
            net_cents: Cents(1_700),
        };
        let reseller = (ResellerId::new("tours").unwrap(), "Example Tours".to_owned());
        let closed = ("2026-11".parse().unwrap(), StatementState::Closed);
        let lines = (0..lines).map(entry).collect();
        Statement::of(reseller, closed, lines, Vec::new())
    }

    #[test]
    fn a_long_month_goes_on_over_pages_each_with_its_titles() {
        let pages = |lines| {
            let made = statement(&month(lines), Locale::It);
            String::from_utf8_lossy(&made).matches("/Type /Page\n").count()
        };
        assert_eq!(pages(3), 1);
        assert!(pages(200) > 3, "{}", pages(200));
    }

    #[test]
    fn the_same_month_makes_the_same_bytes_and_tables_that_are_heard() {
        let made = statement(&month(3), Locale::En);
        assert_eq!(made, statement(&month(3), Locale::En));
        let text = String::from_utf8_lossy(&made).into_owned();
        for tag in ["/S /Table", "/S /TR", "/S /TH", "/S /TD", "/Scope /Column", "/Lang (en)"] {
            assert!(text.contains(tag), "{tag}");
        }
        assert_eq!(text.matches("/S /Table").count(), 2);
        assert_eq!(
            text.matches("/S /TR").count(),
            3 + 4,
            "titles, a venue, the sum; titles, lines"
        );
    }
}
