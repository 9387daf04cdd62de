//! The printed tickets: one A4 page each, with the QR code as vectors. Written with the reader's
//! own Helvetica, so a ticket is a few kilobytes. Tagged for people who listen: language, title,
//! headings, reading order, and what the picture is.

use atrio_domain::text::{Locale, Text};
use atrio_domain::ticket::Ticket;
use atrio_domain::venue::Venue;
use ed25519_dalek::SigningKey;
use pdf_writer::types::{Placement, StructRole, TabOrder, TableHeaderScope};
use pdf_writer::writers::StructTreeRoot;
use pdf_writer::{Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use qrcode::{Color, QrCode};

use crate::code::{CodePicture, NotDrawn};

// A4 in points.
const WIDTH: f32 = 595.0;
pub(crate) const HEIGHT: f32 = 842.0;
pub(crate) const MARGIN: f32 = 56.0;
const QR_SIDE: f32 = 240.0;

pub(crate) const REGULAR: Name<'_> = Name(b"F1");
pub(crate) const BOLD: Name<'_> = Name(b"F2");

const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const REGULAR_FONT: Ref = Ref::new(3);
const BOLD_FONT: Ref = Ref::new(4);
const INFO: Ref = Ref::new(5);
const METADATA: Ref = Ref::new(6);
const TREE: Ref = Ref::new(7);
const DOCUMENT: Ref = Ref::new(8);

/// The tickets as a document, a page each.
///
/// # Errors
/// When a ticket's code cannot be drawn.
pub fn printed(
    venue: &Venue,
    locale: Locale,
    tickets: &[Ticket],
    key: &SigningKey,
) -> Result<Vec<u8>, NotDrawn> {
    let mut pages = Vec::with_capacity(tickets.len());
    for ticket in tickets {
        pages.push(Page::of(venue, locale, ticket, &CodePicture::of(ticket, key)?));
    }
    Ok(document(&title(venue, locale), locale, &pages))
}

fn title(venue: &Venue, locale: Locale) -> String {
    let tickets = Text::new("Biglietti", "Tickets");
    format!("{}: {}", tickets.in_locale(locale), venue.name)
}

/// A drawn page, and what a listener hears of it, in order.
pub(crate) struct Page {
    content: Vec<u8>,
    parts: Vec<Part>,
}

/// One part of a page: the part with the number `n` is drawn between marks with that number.
struct Part {
    role: StructRole,
    /// What a picture shows, and where.
    picture: Option<(String, Rect)>,
    /// In which row of a table it is a cell; cells of one row follow each other, and so do rows of one table.
    row: Option<usize>,
}

/// Hands out the numbers of objects.
struct Numbers(i32);

impl Numbers {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

/// The pages as one document of that title.
pub(crate) fn document(title: &str, locale: Locale, pages: &[Page]) -> Vec<u8> {
    let mut pdf = Pdf::new();
    pdf.set_version(1, 7);
    let mut numbers = Numbers(DOCUMENT.get());
    let mut kids = Vec::with_capacity(pages.len());
    let mut sections = Vec::with_capacity(pages.len());
    let mut parents = Vec::with_capacity(pages.len());
    for (page, number) in pages.iter().zip(0..) {
        let (page_ref, content_ref) = (numbers.next(), numbers.next());
        kids.push(page_ref);
        let packed = miniz_oxide::deflate::compress_to_vec_zlib(&page.content, 6);
        pdf.stream(content_ref, &packed).filter(Filter::FlateDecode);
        let mut writer = pdf.page(page_ref);
        writer.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(PAGES).contents(content_ref);
        writer.struct_parents(number).tab_order(TabOrder::StructureOrder);
        writer.resources().fonts().pair(REGULAR, REGULAR_FONT).pair(BOLD, BOLD_FONT);
        writer.finish();
        let section = numbers.next();
        let elements = tag(&mut pdf, &mut numbers, page_ref, section, &page.parts);
        let parent = numbers.next();
        pdf.indirect(parent).array().items(elements);
        sections.push(section);
        parents.push((number, parent));
    }
    let mut root = pdf.struct_element(DOCUMENT);
    root.kind(StructRole::Document).parent(TREE);
    root.children().items(sections);
    root.finish();
    let count = i32::try_from(kids.len()).unwrap_or(i32::MAX);
    pdf.pages(PAGES).kids(kids).count(count);
    describe(&mut pdf, title, locale, &parents);
    pdf.finish()
}

/// Writes what a listener hears of a page; answers the elements, the element of part `n` at `n`.
fn tag(pdf: &mut Pdf, numbers: &mut Numbers, page: Ref, section: Ref, parts: &[Part]) -> Vec<Ref> {
    let mut elements = Vec::with_capacity(parts.len());
    let mut tree = Tree::default();
    for (part, number) in parts.iter().zip(0..) {
        let id = numbers.next();
        let parent = tree.place(numbers, section, part.row, id);
        let mut element = pdf.struct_element(id);
        element.kind(part.role).parent(parent).page(page);
        element.children().marked_content_id(number);
        if part.role == StructRole::TH {
            let mut attributes = element.attributes();
            attributes.push().table().scope(TableHeaderScope::Column);
        }
        if let Some((shows, place)) = &part.picture {
            element.alt(TextStr(shows));
            let mut attributes = element.attributes();
            attributes.push().layout().bbox(*place).placement(Placement::Block);
        }
        element.finish();
        elements.push(id);
    }
    for (role, groups) in [(StructRole::TR, &tree.rows), (StructRole::Table, &tree.tables)] {
        for group in groups {
            let mut writer = pdf.struct_element(group.id);
            writer.kind(role).parent(group.parent);
            writer.children().items(group.children.iter().copied());
            writer.finish();
        }
    }
    let mut writer = pdf.struct_element(section);
    writer.kind(StructRole::Sect).parent(DOCUMENT);
    writer.children().items(tree.children.iter().copied());
    writer.finish();
    elements
}

/// Elements below one that is a row or a table.
struct Group {
    id: Ref,
    parent: Ref,
    children: Vec<Ref>,
}

/// How the elements of a page stand in rows, and rows in tables.
#[derive(Default)]
struct Tree {
    /// What the page's section holds itself.
    children: Vec<Ref>,
    tables: Vec<Group>,
    rows: Vec<Group>,
    /// The row that the last element stands in.
    row: Option<usize>,
}

impl Tree {
    /// Finds the place of the next element, which begins a table or a row where it is the first there; answers
    /// what is above it.
    fn place(&mut self, numbers: &mut Numbers, section: Ref, row: Option<usize>, id: Ref) -> Ref {
        let before = std::mem::replace(&mut self.row, row);
        if row.is_none() {
            self.children.push(id);
            return section;
        }
        if before.is_none() {
            let table = numbers.next();
            self.children.push(table);
            self.tables.push(Group { id: table, parent: section, children: Vec::new() });
        }
        if before != row
            && let Some(table) = self.tables.last_mut()
        {
            let id = numbers.next();
            table.children.push(id);
            self.rows.push(Group { id, parent: table.id, children: Vec::new() });
        }
        match self.rows.last_mut() {
            Some(row) => {
                row.children.push(id);
                row.id
            }
            None => section,
        }
    }
}

/// Writes what holds for the whole document: fonts, language, title, and where the tags begin.
fn describe(pdf: &mut Pdf, title: &str, locale: Locale, parents: &[(i32, Ref)]) {
    for (font, name) in [(REGULAR_FONT, &b"Helvetica"[..]), (BOLD_FONT, &b"Helvetica-Bold"[..])] {
        let name = Name(name);
        pdf.type1_font(font).base_font(name).encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    let language = language(locale);
    let mut tree = pdf.indirect(TREE).start::<StructTreeRoot<'_>>();
    tree.child(DOCUMENT);
    let mut parent_tree = tree.parent_tree();
    let mut entries = parent_tree.nums();
    for (number, parent) in parents {
        entries.insert(*number, *parent);
    }
    entries.finish();
    parent_tree.finish();
    tree.parent_tree_next_key(i32::try_from(parents.len()).unwrap_or(i32::MAX));
    tree.finish();
    pdf.document_info(INFO).title(TextStr(title));
    pdf.metadata(METADATA, metadata(title, language).as_bytes());
    let mut catalog = pdf.catalog(CATALOG);
    catalog.pages(PAGES).lang(TextStr(language)).metadata(METADATA);
    catalog.pair(Name(b"StructTreeRoot"), TREE);
    catalog.mark_info().marked(true);
    catalog.viewer_preferences().display_doc_title(true);
}

fn language(locale: Locale) -> &'static str {
    match locale {
        Locale::It => "it-IT",
        Locale::En => "en",
    }
}

/// The title again, in the form that newer readers ask for (XMP, ISO 16684).
fn metadata(title: &str, language: &str) -> String {
    let title = title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!(
        r#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language></rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"#
    )
}

/// A cell of a table: where it begins or, for a number, ends.
pub(crate) enum Cell<'a> {
    From(f32, &'a str),
    UpTo(f32, &'a str),
}

/// Draws a page from top to bottom.
pub(crate) struct Pen {
    content: Content,
    parts: Vec<Part>,
    pub(crate) y: f32,
    rows: usize,
}

impl Pen {
    /// Begins a page.
    pub(crate) fn new() -> Self {
        Self { content: Content::new(), parts: Vec::new(), y: HEIGHT - MARGIN - 20.0, rows: 0 }
    }

    /// The page as it is drawn so far.
    pub(crate) fn page(self) -> Page {
        Page { content: self.content.finish().into_vec(), parts: self.parts }
    }

    /// Draws a row of a table: cells of titles or of data, each on one line.
    pub(crate) fn row(&mut self, role: StructRole, font: Name<'_>, size: f32, cells: &[Cell<'_>]) {
        for cell in cells {
            let (x, text) = match cell {
                Cell::From(x, text) => (*x, *text),
                Cell::UpTo(x, text) => (x - width(text, size), *text),
            };
            self.begin(role, None, Some(self.rows));
            self.content.begin_text().set_font(font, size).next_line(x, self.y);
            self.content.show(Str(&win_ansi(text))).end_text();
            self.content.end_marked_content();
        }
        self.rows += 1;
        self.y -= size * 1.6;
    }

    /// Begins a part; what is drawn until its end is heard as one.
    fn begin(&mut self, role: StructRole, picture: Option<(String, Rect)>, row: Option<usize>) {
        let number = i32::try_from(self.parts.len()).unwrap_or(i32::MAX);
        let mut mark = self.content.begin_marked_content_with_properties(role.to_name());
        mark.properties().identify(number);
        mark.finish();
        self.parts.push(Part { role, picture, row });
    }

    pub(crate) fn text(&mut self, role: StructRole, font: Name<'_>, size: f32, text: &str) {
        self.begin(role, None, None);
        for line in wrapped(text, size) {
            self.content.begin_text().set_font(font, size).next_line(MARGIN, self.y);
            self.content.show(Str(&win_ansi(&line))).end_text();
            self.y -= size * 1.45;
        }
        self.content.end_marked_content();
        self.y -= size * 0.35;
    }

    fn picture(&mut self, shows: String, qr: &QrCode) {
        self.y -= QR_SIDE;
        let place = Rect::new(MARGIN, self.y, MARGIN + QR_SIDE, self.y + QR_SIDE);
        self.begin(StructRole::Figure, Some((shows, place)), None);
        squares(&mut self.content, qr, self.y);
        self.content.end_marked_content();
        self.y -= 28.0;
    }
}

impl Page {
    fn of(venue: &Venue, locale: Locale, ticket: &Ticket, code: &CodePicture) -> Self {
        let label = |it, en| Text::new(it, en).in_locale(locale).to_owned();
        let slot = ticket.entitlement.slot.id.local_start();
        let typed = ticket.entitlement.ticket.typed_code();
        let mut pen = Pen::new();
        pen.text(StructRole::H1, BOLD, 22.0, &venue.name);
        let place = format!("{} ({})", venue.municipality, venue.region);
        pen.text(StructRole::P, REGULAR, 12.0, &place);
        match &ticket.pass {
            None => {
                let day = format!("{:02}.{:02}.{}", slot.day(), slot.month(), slot.year());
                let hour =
                    format!("{} {:02}:{:02}", label("ore", "at"), slot.hour(), slot.minute());
                pen.text(StructRole::P, BOLD, 18.0, &format!("{day}  {hour}"));
            }
            Some(pass) => {
                let holds = pass.rule.validity_in_words(&ticket.entitlement.slot, &pass.used);
                let line = format!("{}: {}", label("Tessera", "Pass"), holds.in_locale(locale));
                pen.text(StructRole::P, BOLD, 16.0, &line);
                for opens in &pass.rule.opens {
                    pen.text(StructRole::P, REGULAR, 11.0, opens.in_words().in_locale(locale));
                }
            }
        }
        pen.text(StructRole::P, BOLD, 14.0, ticket.unit_name.in_locale(locale));
        pen.text(StructRole::P, REGULAR, 11.0, ticket.reason.in_locale(locale));
        if let Some(document) = &ticket.document {
            let show = label("All'ingresso mostrare", "Show at the gate");
            let line = format!("{show}: {}", document.in_locale(locale));
            pen.text(StructRole::P, REGULAR, 11.0, &line);
        }
        let shows = label("Codice QR del biglietto", "QR code of ticket");
        pen.picture(format!("{shows} {typed}"), &code.drawn);
        pen.text(StructRole::P, BOLD, 16.0, &typed);
        let note = match ticket.pass {
            Some(_) => label(
                "Ingressi come sopra. Se il codice QR non si legge, detta o digita le 16 lettere e cifre.",
                "Admits as above. If the QR code does not scan, read out or type the 16 letters and digits.",
            ),
            None => label(
                "Un solo ingresso. Se il codice QR non si legge, detta o digita le 16 lettere e cifre.",
                "Admits once. If the QR code does not scan, read out or type the 16 letters and digits.",
            ),
        };
        pen.text(StructRole::P, REGULAR, 10.0, &note);
        pen.page()
    }
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

/// Breaks a text so that it stays on the page. Helvetica's letters are about half as wide as high. A
/// line that another follows ends with a space: to a listener they are one sentence.
fn wrapped(text: &str, size: f32) -> Vec<String> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive number below 200"
    )]
    let most = ((WIDTH - 2.0 * MARGIN) / (size * 0.52)) as usize;
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let current = lines.last().map_or(0, |line| line.chars().count());
        if current > 0 && current + 1 + word.chars().count() > most {
            if let Some(full) = lines.last_mut() {
                full.push(' ');
            }
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

/// How wide a number is: Helvetica's digits are all of one width, and letters about as wide.
fn width(text: &str, size: f32) -> f32 {
    let of = |letter: char| match letter {
        '.' | ',' | ' ' => 0.278,
        '-' => 0.333,
        _ => 0.556,
    };
    text.chars().map(of).sum::<f32>() * size
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
