use jiff::civil::{date, datetime};
use jiff::tz::TimeZone;

use super::value::{ValueError, cents, euro, quantity, when};
use super::*;

const SISTAN: &str = include_str!("../../../../samples/feeds/sistan-monthly.json");
const POS: &str = include_str!("../../../../samples/feeds/pos-transactions.json");
const SECRET: [u8; 32] = [7; 32];

fn mapping(text: &str) -> Mapping {
    let mapping: Mapping = serde_json::from_str(text).unwrap();
    mapping.check().unwrap();
    mapping
}

/// A row, by the names of its columns.
fn row(reader: &Reader, fields: &[(&str, &str)]) -> Result<Vec<Entry>, Fault> {
    let field = |name: &String| {
        let found = fields.iter().find(|(known, _)| known == name);
        Cell::words(found.map(|(_, value)| *value).unwrap_or_default())
    };
    reader.read(&reader.columns().iter().map(field).collect::<Vec<_>>())
}

const SALE: [(&str, &str); 9] = [
    ("Data", "05/11/2026"),
    ("Ora", "10:47"),
    ("Cassa", "2"),
    ("Scontrino", "0117"),
    ("Riga", "1"),
    ("Tipo", "V"),
    ("Articolo", "INT"),
    ("Canale", "CASSA"),
    ("Quantità", "2"),
];

fn sale(changes: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut fields = SALE.to_vec();
    fields.push(("Importo", "16,00"));
    for (name, value) in changes {
        let at = fields.iter().position(|(known, _)| known == name).unwrap();
        fields[at].1 = value;
    }
    fields
}

#[test]
fn an_amount_is_read_to_the_cent_however_the_office_writes_it() {
    let read = |text: &str, decimal| euro(&Cell::words(text), decimal);
    for (text, cents) in [
        ("8", 800),
        ("8,5", 850),
        ("8,50", 850),
        ("1.234,50", 123_450),
        ("€ 1.234,50", 123_450),
        ("12.000", 1_200_000),
        ("-8,00", -800),
        ("8,00-", -800),
        ("0,00", 0),
        (",50", 50),
        ("1 234,50", 123_450),
    ] {
        assert_eq!(read(text, Decimal::Comma), Ok(cents), "{text}");
    }
    assert_eq!(read("1,234.50", Decimal::Point), Ok(123_450));
    assert_eq!(read("8.00", Decimal::Comma), Err(ValueError::OtherMark));
    assert_eq!(read("1,234.50", Decimal::Comma), Err(ValueError::OtherMark));
    assert_eq!(read("8,005", Decimal::Comma), Err(ValueError::PartOfCent));
    for text in ["", "otto", "8,0,0x", "--8", "8€5x"] {
        assert!(read(text, Decimal::Comma).is_err(), "{text}");
    }
    assert_eq!(read("99999999999999999999", Decimal::Comma), Err(ValueError::TooLarge));
    assert_eq!(read("10000001", Decimal::Comma), Err(ValueError::TooLarge));
    assert_eq!(euro(&Cell::typed("8.1000000001"), Decimal::Comma), Ok(810), "as a sheet reckons");
    assert_eq!(euro(&Cell::typed("8.125"), Decimal::Comma), Err(ValueError::PartOfCent));
    assert_eq!(cents(&Cell::words("850"), Decimal::Comma), Ok(850));
    assert_eq!(quantity(&Cell::words("3,00"), Decimal::Comma), Ok(3));
    assert_eq!(quantity(&Cell::words("2,5"), Decimal::Comma), Err(ValueError::NotWhole));
}

#[test]
fn a_day_is_read_by_the_formats_of_the_mapping_and_never_guessed() {
    let formats = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    let words = |text: &'static str| Cell::words(text);
    let italian = formats(&["%d/%m/%Y", "%Y-%m-%d"]);
    assert_eq!(when(&words("05/11/2026"), &italian).unwrap().day, date(2026, 11, 5));
    assert_eq!(when(&words("2026-11-05"), &italian).unwrap().day, date(2026, 11, 5));
    assert_eq!(when(&words("05.11.2026"), &italian), Err(ValueError::NoDay));
    assert_eq!(when(&words("31/02/2026"), &italian), Err(ValueError::NoDay));
    assert_eq!(when(&words("05/11/0026"), &italian), Err(ValueError::ImpossibleDay));
    let both = formats(&["%d/%m/%Y", "%m/%d/%Y"]);
    let two =
        ValueError::TwoDays(datetime(2026, 11, 5, 0, 0, 0, 0), datetime(2026, 5, 11, 0, 0, 0, 0));
    assert_eq!(when(&words("05/11/2026"), &both), Err(two));
    assert_eq!(when(&words("25/11/2026"), &both).unwrap().day, date(2026, 11, 25));
    let typed = when(&Cell::typed("2026-11-05T10:30:00"), &formats(&["%d/%m/%Y"])).unwrap();
    assert_eq!(typed.day, date(2026, 11, 5), "a sheet says itself which day it is");
}

#[test]
fn hours_that_the_clocks_left_out_or_went_through_twice_are_told_apart() {
    let rome = TimeZone::get("Europe/Rome").unwrap();
    let hour = |text: &'static str, format: &str| {
        let read = when(&Cell::words(text), &[format.to_owned()]).unwrap();
        read.hour(&rome).map(|hour| hour.unwrap().to_string())
    };
    let plain = "%d/%m/%Y %H:%M";
    assert_eq!(hour("05/11/2026 10:47", plain).unwrap(), "2026-11-05T09:00:00Z");
    assert_eq!(
        hour("29/03/2026 02:30", plain),
        Err(ValueError::NoSuchHour { zone: "Europe/Rome".to_owned() })
    );
    assert_eq!(hour("25/10/2026 02:30", plain).unwrap(), "2026-10-25T00:00:00Z", "the first");
    let offset = "%d/%m/%Y %H:%M %z";
    assert_eq!(hour("25/10/2026 02:30 +0100", offset).unwrap(), "2026-10-25T01:00:00Z");
}

#[test]
fn a_sale_at_another_office_keeps_the_sale_and_loses_its_number_and_minute() {
    let reader = Reader::of(mapping(POS));
    let entries = row(&reader, &sale(&[])).unwrap();
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((entry.kind, entry.quantity, entry.amount_cents), (Kind::Sale, 2, 1_600));
    assert_eq!((entry.day, entry.through), (date(2026, 11, 5), Through::Desk));
    assert_eq!(entry.hour.unwrap().to_string(), "2026-11-05T09:00:00Z");
    assert_eq!(entry.item.unit_id.as_str(), "adult");
    let key = RowKey::of(&SECRET, &entry.key_words).hex();
    assert!(key.len() == 32 && !key.contains("0117"));
    assert_ne!(key, RowKey::of(&[8; 32], &entry.key_words).hex());
    assert_eq!(RowKey::from_hex(&key).unwrap().hex(), key);
}

#[test]
fn an_hour_of_another_zone_is_of_the_venues_day() {
    let reader = Reader::of(mapping(&POS.replace("Europe/Rome", "UTC")));
    let fields = sale(&[("Data", "30/11/2026"), ("Ora", "23:30")]);
    let entry = row(&reader, &fields).unwrap().remove(0);
    assert_eq!(entry.day, date(2026, 12, 1));
    assert_eq!(entry.hour.unwrap().to_string(), "2026-11-30T23:00:00Z");
}

#[test]
fn a_day_that_looks_otherwise_in_a_corrected_file_is_still_the_same_row() {
    let daily = SISTAN.replace(
        r#""when": { "columns": ["Mese", "Anno"], "formats": ["%m %Y"], "grain": "MONTH" }"#,
        r#""when": { "columns": ["Giorno"], "formats": ["%d/%m/%Y", "%Y-%m-%d"], "grain": "DAY" }"#,
    );
    let daily = daily.replace(r#""Anno", "Mese"]"#, r#""Giorno"]"#);
    let reader = Reader::of(mapping(&daily));
    let key = |day: &'static str| {
        let fields = [
            ("Codice istituto", "20240"),
            ("Giorno", day),
            ("Visitatori paganti", "4"),
            ("Visitatori non paganti", "1"),
            ("Introiti lordi", "32,00"),
        ];
        row(&reader, &fields).unwrap().remove(0).key_words
    };
    assert_eq!(key("05/11/2026"), key("2026-11-05"));
    assert_ne!(key("05/11/2026"), key("06/11/2026"));
}

#[test]
fn a_refund_is_below_nothing_wherever_the_office_writes_its_sign() {
    let reader = Reader::of(mapping(POS));
    for (quantity, amount) in [("1", "8,00"), ("-1", "8,00"), ("1", "-8,00"), ("-1", "-8,00")] {
        let fields = sale(&[("Tipo", "R"), ("Quantità", quantity), ("Importo", amount)]);
        let entry = row(&reader, &fields).unwrap().remove(0);
        assert_eq!((entry.kind, entry.quantity, entry.amount_cents), (Kind::Refund, -1, -800));
    }
    let fault = row(&reader, &sale(&[("Quantità", "-1")])).unwrap_err();
    assert_eq!(fault.problem, RowProblem::BelowNothing);
    let by_sign = POS.replace(
        r#"{ "column": "Tipo", "codes": { "V": "SALE", "R": "REFUND" } }"#,
        r#"{ "is": "BY_SIGN" }"#,
    );
    let reader = Reader::of(mapping(&by_sign));
    assert_eq!(row(&reader, &sale(&[("Importo", "-8,00")])).unwrap()[0].kind, Kind::Refund);
    assert_eq!(row(&reader, &sale(&[])).unwrap()[0].kind, Kind::Sale);
}

#[test]
fn a_row_at_fault_says_which_column_which_value_and_what_to_do() {
    let reader = Reader::of(mapping(POS));
    for (column, value, message, fix) in [
        ("Importo", "8.00", "`8.00` in column `Importo` has its decimal mark", "1234,50"),
        ("Importo", "", "column `Importo` is empty", "0 for none"),
        ("Articolo", "XYZ", "`XYZ` in column `Articolo` stands for no product", "codes"),
        ("Tipo", "S", "`S` in column `Tipo` stands for no kind of row", "codes"),
        ("Canale", "FAX", "`FAX` in column `Canale` stands for no channel", "codes"),
        ("Data", "2026-11-05", "in column `Data Ora` is no day", "%d/%m/%Y %H:%M"),
        ("Scontrino", "", "column `Scontrino` is empty, and rows are told apart", "sum of others"),
        ("Quantità", "due", "`due` in column `Quantità` is no number", "number"),
    ] {
        let fault = row(&reader, &sale(&[(column, value)])).unwrap_err();
        let (said, what) = (fault.message(), fault.fix(reader.mapping()));
        assert!(said.contains(message), "{said}");
        assert!(what.contains(fix), "{what}");
    }
    assert_eq!(row(&reader, &[]).unwrap(), [], "an empty row tells nothing");
}

#[test]
fn a_row_of_a_visitor_file_tells_of_those_who_paid_and_of_those_who_did_not() {
    let reader = Reader::of(mapping(SISTAN));
    let fields = [
        ("Codice istituto", "20240"),
        ("Anno", "2026"),
        ("Mese", "9"),
        ("Visitatori paganti", "1.204"),
        ("Visitatori non paganti", "377"),
        ("Introiti lordi", "9.632,00"),
    ];
    let entries = row(&reader, &fields).unwrap();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (entry.item.unit_id.as_str(), entry.quantity, entry.amount_cents))
        .collect();
    assert_eq!(told, [("paying", 1_204, 963_200), ("free", 377, 0)]);
    assert!(entries.iter().all(|entry| entry.day == date(2026, 9, 1) && entry.hour.is_none()));
    assert_eq!(entries[0].venue.as_ref().unwrap().as_str(), "20240");
    assert_ne!(entries[0].key_words, entries[1].key_words);
    let mut totals = Totals::default();
    entries.iter().for_each(|entry| totals.add(entry));
    assert_eq!((totals.admissions.quantity, totals.admissions.amount_cents), (1_581, 963_200));
}

#[test]
fn a_row_is_new_once_and_other_values_under_its_key_correct_it() {
    let (key, other) = (RowKey(1), RowKey(2));
    let (first, second) = (Content(10), Content(20));
    let mut judge = Judge::default();
    assert_eq!(judge.judge(key, first, 2), Verdict::Write { version: 1 });
    assert_eq!(judge.judge(key, first, 3), Verdict::Repeats { line: 2 });
    assert_eq!(judge.judge(key, second, 4), Verdict::Contradicts { line: 2 });
    assert_eq!(judge.judge(other, first, 5), Verdict::Write { version: 1 });

    let mut judge = Judge::default();
    judge.learn(key, second, 2, false);
    judge.learn(key, first, 1, false);
    judge.learn(other, first, 1, true);
    assert_eq!(judge.judge(key, second, 2), Verdict::Unchanged, "the newest counts");
    assert_eq!(judge.judge(other, first, 3), Verdict::Written { version: 1 }, "was cut off");
    let mut judge = Judge::default();
    judge.learn(key, second, 2, false);
    assert_eq!(judge.judge(key, first, 2), Verdict::Write { version: 3 });
}

#[test]
fn a_batch_that_lost_a_race_is_judged_anew_and_earlier_lines_stand() {
    let (key, other) = (RowKey(1), RowKey(2));
    let mut judge = Judge::default();
    assert_eq!(judge.judge(key, Content(1), 2), Verdict::Write { version: 1 });
    assert_eq!(judge.judge(other, Content(1), 9), Verdict::Write { version: 1 });
    judge.forget_from(9);
    judge.learn(key, Content(1), 1, true);
    judge.learn(other, Content(5), 1, false);
    assert_eq!(judge.judge(other, Content(1), 9), Verdict::Write { version: 2 });
    assert_eq!(judge.judge(key, Content(1), 10), Verdict::Repeats { line: 2 });
}

#[test]
fn a_mapping_that_would_misread_a_file_is_refused_with_the_place_and_the_fix() {
    for (from, to, field) in [
        ("\"header_row\": 1", "\"header_row\": 0", "format.header_row"),
        ("Europe/Rome", "Europe/Roma", "time_zone"),
        ("%d/%m/%Y %H:%M", "%d/%m/%Y", "when.formats"),
        ("%d/%m/%Y %H:%M", "giorno", "when.formats"),
        (r#"["Data", "Cassa", "Scontrino", "Riga"]"#, "[]", "row_key"),
        (r#""quantity": { "column": "Quantità" }"#, r#""quantity": {}"#, "entries[0].quantity"),
        (
            r#"{ "column": "Tipo", "codes": { "V": "SALE", "R": "REFUND" } }"#,
            "{}",
            "entries[0].kind",
        ),
        (r#""codes": { "V": "SALE", "R": "REFUND" }"#, r#""codes": {}"#, "entries[0].kind.codes"),
    ] {
        assert!(POS.contains(from), "{from}");
        let mapping: Mapping = serde_json::from_str(&POS.replacen(from, to, 1)).unwrap();
        let error = mapping.check().unwrap_err();
        assert_eq!(error.field, field, "{error}");
        assert!(!error.fix.is_empty());
    }
    let misspelt = POS.replace("\"row_key\"", "\"key\"");
    assert!(serde_json::from_str::<Mapping>(&misspelt).is_err());
}
