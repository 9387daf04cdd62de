use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::ops::ControlFlow;

use atrio_domain::feed::{Mapping, Reader};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;
use crate::check::{Checked, check};
use crate::mappings::mapping_of;

const POS: &str = include_str!("../../../../samples/feeds/pos-transactions.json");
const HEADER: &str = "Data;Ora;Cassa;Scontrino;Riga;Tipo;Articolo;Descrizione;Quantità;Importo;Canale;Operatore;Cliente";

fn pos() -> Mapping {
    mapping_of(POS).unwrap()
}

fn spooled(bytes: &[u8], mapping: &Mapping) -> Result<Spooled, FileRefusal> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    Spooled::of(file, mapping.format.kind)
}

fn looked_at(bytes: &[u8], mapping: &Mapping) -> Result<Checked, FileRefusal> {
    check(spooled(bytes, mapping)?, &Reader::of(mapping.clone()), None)
}

fn line(receipt: u32, amount: &str) -> String {
    format!(
        "05/11/2026;10:47;2;{receipt:04};1;V;INT;Intero;2;{amount};CASSA;Rossi;Artemisia Gentileschi"
    )
}

/// A file whose lines are these, behind the header.
fn file(lines: &[String]) -> Vec<u8> {
    let mut text = HEADER.to_owned();
    for line in lines {
        text.push('\n');
        text.push_str(line);
    }
    text.push('\n');
    text.into_bytes()
}

fn said(checked: &Checked) -> Vec<(u64, String)> {
    checked.faults.iter().map(|fault| (fault.line, fault.message.clone())).collect()
}

#[test]
fn a_file_is_read_whatever_separates_its_fields_and_however_its_letters_are_written() {
    let bytes = file(&[line(1, "16,00"), line(2, "16,00")]);
    let with_mark = [b"\xef\xbb\xbf".as_slice(), &bytes].concat();
    let text = String::from_utf8(bytes.clone()).unwrap();
    let windows = encoding_rs::WINDOWS_1252.encode(&text).0.into_owned();
    let tabs = text.replace(';', "\t").into_bytes();
    let dos = text.replace('\n', "\r\n").into_bytes();
    let unended = text.trim_end().to_owned().into_bytes();
    for bytes in [bytes, with_mark, windows, tabs, dos, unended] {
        let checked = looked_at(&bytes, &pos()).unwrap();
        assert_eq!(said(&checked), []);
        assert_eq!((checked.report.accepted, checked.report.totals.sales.amount_cents), (2, 3_200));
    }
}

#[test]
fn a_row_at_fault_is_told_by_its_line_and_takes_no_other_with_it() {
    let mut bytes = file(&[
        line(1, "16,00"),
        line(2, "16.00"),
        String::new(),
        line(3, "16,00"),
        line(3, "16,00"),
        line(3, "24,00"),
        "05/11/2026;10:47;2".to_owned(),
        line(4, "16,00"),
    ]);
    bytes.extend_from_slice(b"05/11/2026;10:47;2;0005;1;V;INT;Citt\xe0;2;16,00;CASSA;;\n");
    bytes.extend_from_slice(b"05/11/2026;10:47;2;\xe0;1;V;INT;;2;16,00;CASSA;;\n");
    let checked = looked_at(&bytes, &pos()).unwrap();
    assert_eq!(
        said(&checked),
        [
            (
                3,
                "`16.00` in column `Importo` has its decimal mark elsewhere than the mapping says"
                    .into()
            ),
            (6, "the row repeats line 5".into()),
            (7, "the row has the key of line 5 and says something else".into()),
            (8, "the row has 3 fields, the header 13".into()),
            (11, "column `Scontrino` has letters that are not UTF-8".into()),
        ]
    );
    // A letter at fault in a column that nobody reads does no harm.
    assert_eq!((checked.report.rows, checked.report.accepted), (9, 4));
    assert_eq!(checked.report.totals.sales.amount_cents, 6_400);
}

#[test]
fn a_quote_that_is_never_closed_costs_its_own_line_only() {
    let broken = line(2, "16,00").replace("Intero", "\"Intero");
    let good = line(3, "16,00").replace("Intero", "\"Intero; 5\"\" e\nmezzo\"");
    // Before it quotes are read, over lines too; behind it the next one would be its end.
    let mut lines = vec![line(1, "16,00"), good, broken];
    lines.extend((4..200).map(|receipt| line(receipt, "16,00")));
    let checked = looked_at(&file(&lines), &pos()).unwrap();
    assert_eq!(said(&checked), [(5, "a quote is opened and never closed".into())]);
    assert_eq!(checked.report.accepted, 198);
    let endless = format!("\"{}", "x".repeat(300_000));
    let lines = [line(1, "16,00"), endless, line(2, "16,00")];
    let checked = looked_at(&file(&lines), &pos()).unwrap();
    assert_eq!(said(&checked), [(3, "the row is longer than 65536 bytes".into())]);
    assert_eq!(checked.report.accepted, 2);
}

#[test]
fn a_file_that_is_read_wrongly_as_a_whole_is_refused_with_what_to_change() {
    let text = String::from_utf8(file(&[line(1, "16,00")])).unwrap();
    let refused = |bytes: &[u8], mapping: &Mapping| looked_at(bytes, mapping).unwrap_err();
    let mut commas = pos();
    commas.format.separator = Some(',');
    let refusal = refused(text.as_bytes(), &commas);
    assert_eq!(refusal.to_string(), "the separator is `;`, the mapping says `,`");
    let renamed = text.replace("Importo", "Totale");
    let refusal = refused(renamed.as_bytes(), &pos());
    let words = refusal.to_string();
    assert!(words.starts_with("row 1 has no column `Importo`; it has `Data`, `Ora`"), "{words}");
    let twice = text.replace("Descrizione", "Importo");
    assert_eq!(refused(twice.as_bytes(), &pos()).kind(), "repeated-column");
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide = [b"\xff\xfe".as_slice(), &wide].concat();
    assert_eq!(refused(&wide, &pos()).kind(), "wrong-encoding");
    assert_eq!(refused(b"PK\x03\x04 and so on", &pos()).kind(), "other-kind-of-file");
    assert_eq!(refused(b"", &pos()).kind(), "empty-file");
    let mut late = pos();
    late.format.header_row = 9;
    assert_eq!(refused(text.as_bytes(), &late).kind(), "no-header");
}

#[test]
fn lines_of_json_are_read_by_the_names_of_their_fields() {
    let mut mapping = pos();
    mapping.format.kind = FileKind::JsonLines;
    let good = r#"{"Data":"05/11/2026","Ora":"10:47","Cassa":2,"Scontrino":17,"Riga":1,"Tipo":"V","Articolo":"INT","Quantità":2,"Importo":16.5,"Canale":"CASSA","Cliente":"Artemisia"}"#;
    let other = good.replace("17", "18").replace("16.5", "[16.5]");
    let cut = &good[..60];
    let checked = looked_at(format!("{good}\n\n{other}\n{cut}").as_bytes(), &mapping).unwrap();
    assert_eq!(
        said(&checked),
        [
            (3, "column `Importo` is a list or an object".into()),
            (4, "the line is no JSON object".into()),
        ]
    );
    assert_eq!(checked.report.totals.sales.amount_cents, 1_650);
}

#[test]
fn no_row_is_shown_any_more_to_whoever_has_enough() {
    let lines: Vec<String> = (1..10).map(|receipt| line(receipt, "16,00")).collect();
    let mut seen = 0;
    let spooled = spooled(&file(&lines), &pos()).unwrap();
    read(spooled, &Reader::of(pos()), &mut |_| {
        seen += 1;
        if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert_eq!(seen, 3);
}

const VISITORS: &[u8] = include_bytes!("../../../../samples/feeds/visitors-2026.xlsx");

fn workbook_mapping() -> Mapping {
    mapping_of(include_str!("../../../../samples/feeds/visitors-workbook.json")).unwrap()
}

#[test]
fn a_workbook_says_itself_what_is_a_day_and_what_a_number() {
    let checked = looked_at(VISITORS, &workbook_mapping()).unwrap();
    assert_eq!(said(&checked), [(9, "column `Paganti` is an error of the sheet".into())]);
    assert_eq!((checked.report.rows, checked.report.accepted), (6, 5));
    let admissions = checked.report.totals.admissions;
    assert_eq!((admissions.quantity, admissions.amount_cents), (412 + 88 + 50 + 31 + 120, 329_610));
    let (line, entry) = &checked.preview[0];
    assert_eq!((*line, entry.day.to_string().as_str()), (4, "2026-11-03"));
    let mut mapping = workbook_mapping();
    mapping.format.sheet = Some("Dicembre".into());
    let refusal = looked_at(VISITORS, &mapping).unwrap_err().to_string();
    assert_eq!(refusal, "the workbook has no sheet `Dicembre`; it has `Novembre`, `Note`");
}

/// A workbook made of these parts.
fn workbook(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in parts {
        archive.start_file(*name, packed).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_workbook_that_was_cut_off_or_is_none_is_refused() {
    for bytes in [&VISITORS[..VISITORS.len() / 2], b"PK\x03\x04", &workbook(&[("a.txt", b"a")])] {
        let refusal = looked_at(bytes, &workbook_mapping()).unwrap_err();
        assert_eq!(refusal.kind(), "unreadable-workbook", "{refusal}");
    }
}

#[test]
fn a_workbook_that_unpacks_to_more_than_it_should_is_refused_before_it_is_read() {
    let zeros = vec![0; 3_000_000];
    let bomb = workbook(&[("xl/workbook.xml", &zeros), ("xl/worksheets/sheet1.xml", &zeros)]);
    assert!(bomb.len() < 50_000, "{} bytes unpack to {}", bomb.len(), 2 * zeros.len());
    let on_disk = |bytes: &[u8]| -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        file
    };
    let refusal = workbook::counted(on_disk(&bomb), 5_000_000, 10).unwrap_err();
    assert_eq!(refusal.kind(), "unpacks-too-large");
    assert!(workbook::counted(on_disk(&bomb), 7_000_000, 10).is_ok());
    let parts: Vec<String> = (0..11).map(|number| format!("xl/{number}.xml")).collect();
    let parts: Vec<(&str, &[u8])> =
        parts.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    let refusal = workbook::counted(on_disk(&workbook(&parts)), 5_000_000, 10).unwrap_err();
    assert_eq!(refusal.kind(), "unpacks-too-large", "many parts");
}
