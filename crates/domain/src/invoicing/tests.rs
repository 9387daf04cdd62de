//! What a month of a reseller comes to, to the cent, and how the exchange system wants to read it.

use jiff::Timestamp;
use jiff::civil::date;

use super::fattura::xml;
use super::firm::{Address, Firm, FirmError, FirmKind};
use super::invoice::{Invoice, InvoiceError, InvoiceNumber, Invoicer, Issue, suppliers};
use super::ledger::{Account, Entry, EntryKind, OverLimit};
use super::month::Month;
use super::statement::{Statement, StatementState};
use super::terms::{Commission, Dealing, Exception, Terms, TermsError, kept_by_venue};
use crate::booking::{Booking, BookingState, Channel};
use crate::hold::tests::{NOW, held};
use crate::id::{ProductId, ResellerId, SupplierId, UnitId, VenueId};
use crate::resale::{Customer, Resale};
use crate::reseller::Mode;
use crate::tariff::{Beneficiary, Cents, PriceComponent};
use crate::text::Text;
use crate::venue::FiscalClass;

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn firm() -> Firm {
    Firm {
        name: "Example Tours S.r.l.".to_owned(),
        vat_number: Some("01234567897".to_owned()),
        tax_code: None,
        address: Address {
            street: "Via dell'Esempio 1".to_owned(),
            postcode: "50122".to_owned(),
            town: "Firenze".to_owned(),
            province: Some("FI".to_owned()),
            country: "IT".to_owned(),
        },
        sdi_code: Some("ABC1234".to_owned()),
        pec: None,
        kind: FirmKind::Private,
    }
}

fn invoicer() -> Invoicer {
    Invoicer {
        firm: Firm {
            name: "Museo dell’Esempio & C.".replace('’', "'"),
            vat_number: Some("12345678903".to_owned()),
            tax_code: Some("12345678903".to_owned()),
            sdi_code: None,
            ..firm()
        },
        tax_regime: "RF01".to_owned(),
        iban: Some("IT60 X054 2811 1010 0000 0123 456".to_owned()),
        show_vat_basis_points: Some(1_000),
    }
}

fn terms(points: u16) -> Terms {
    Terms {
        commission: Commission::BasisPoints(points),
        exceptions: Vec::new(),
        credit_limit_cents: None,
        payment_days: 30,
        firm: Some(firm()),
    }
}

/// An adult for 1000 cents and a child for nothing, of one reseller.
fn hold() -> Booking {
    let resale = Resale {
        reseller: ResellerId::new("tours").unwrap(),
        mode: Mode::Live,
        reference: Some("R-1".to_owned()),
        items: Vec::new(),
        customer: Customer::default(),
        notes: None,
        updated_at: now(),
        confirmed: None,
        reason: None,
        dealing: Some(Dealing::of("Museo di prova".to_owned(), None, FiscalClass::ExemptVisit)),
    };
    let hold = Booking { channel: Channel::Reseller, ..held() };
    hold.resold(resale, "asked".to_owned(), at("2026-11-24T08:15:00Z"))
}

fn entry(at_text: &str, kind: EntryKind, (gross, commission): (i64, i64)) -> Entry {
    Entry {
        at: at(at_text),
        kind,
        reference: format!("{gross:012}"),
        venue_id: VenueId::new("20240").unwrap(),
        venue_name: "Museo di prova".to_owned(),
        supplier_id: None,
        product_id: ProductId::new("admission").unwrap(),
        fiscal_class: FiscalClass::ExemptVisit,
        visit_day: date(2026, 12, 1),
        places: 2,
        gross_cents: Cents(gross),
        commission_cents: Cents(commission),
        net_cents: Cents(gross - commission),
    }
}

fn statement(lines: Vec<Entry>) -> Statement {
    let reseller = (ResellerId::new("tours").unwrap(), "Example Tours".to_owned());
    let month = ("2026-11".parse().unwrap(), StatementState::Closed);
    Statement::of(reseller, month, lines, Vec::new())
}

fn issue<'a>(invoicer: &'a Invoicer, terms: &'a Terms) -> Issue<'a> {
    let number = InvoiceNumber { year: 2026, sequence: 7 };
    Issue { supplier_id: None, invoicer, terms, number, on: date(2026, 12, 1) }
}

#[test]
fn a_commission_is_rounded_for_each_ticket_and_never_more_than_the_ticket() {
    let of = |commission: Commission, price| commission.of(Cents(price)).0;
    assert_eq!(of(Commission::BasisPoints(1_500), 1_000), 150);
    assert_eq!(of(Commission::BasisPoints(1_250), 1_002), 125, "125.25");
    assert_eq!(of(Commission::BasisPoints(1_250), 1_004), 126, "125.5: half a cent up");
    assert_eq!(of(Commission::BasisPoints(10_000), 333), 333);
    assert_eq!(of(Commission::BasisPoints(1), 1), 0);
    assert_eq!(of(Commission::Cents(200), 150), 150);
    assert_eq!(of(Commission::Cents(200), 0), 0);
    for price in 0..2_000 {
        for points in [0, 1, 333, 1_500, 9_999, 10_000] {
            let kept = of(Commission::BasisPoints(points), price);
            let exact = price * i64::from(points);
            assert!((kept * 10_000 - exact).abs() <= 5_000 && kept <= price, "{price} {points}");
        }
    }
}

#[test]
fn of_a_surcharge_for_another_body_a_reseller_keeps_nothing() {
    let part = |cents, beneficiary: Option<&str>| PriceComponent {
        name: Text::new("parte", "part"),
        price_cents: Cents(cents),
        beneficiary: beneficiary.map(|name| Beneficiary {
            name: name.to_owned(),
            fiscal_code: "97018720587".to_owned().try_into().unwrap(),
        }),
    };
    let parts = [part(1_000, None), part(100, Some("Protezione civile"))];
    assert_eq!(kept_by_venue(Cents(1_100), &parts), Cents(1_000));
    assert_eq!(kept_by_venue(Cents(1_100), &[]), Cents(1_100));
}

#[test]
fn the_most_particular_exception_counts() {
    let venue = VenueId::new("20240").unwrap();
    let (product, unit) = (ProductId::new("admission").unwrap(), UnitId::new("adult").unwrap());
    let exception = |product_id, unit_id, points| Exception {
        venue_id: venue.clone(),
        product_id,
        unit_id,
        commission: Commission::BasisPoints(points),
    };
    let mut agreed = terms(1_000);
    let of = |terms: &Terms, unit: &UnitId| terms.commission_for(&venue, &product, unit);
    assert_eq!(of(&agreed, &unit), Commission::BasisPoints(1_000));
    agreed.exceptions = vec![
        exception(Some(product.clone()), Some(unit.clone()), 3),
        exception(None, None, 1),
        exception(Some(product.clone()), None, 2),
    ];
    assert_eq!(agreed.check(), Ok(()));
    assert_eq!(of(&agreed, &unit), Commission::BasisPoints(3));
    assert_eq!(of(&agreed, &UnitId::new("youth").unwrap()), Commission::BasisPoints(2));
    let other = VenueId::new("20241").unwrap();
    assert_eq!(agreed.commission_for(&other, &product, &unit), Commission::BasisPoints(1_000));
    agreed.exceptions.push(exception(None, None, 9));
    assert_eq!(agreed.check(), Err(TermsError::Repeated { venue: venue.clone() }));
    agreed.exceptions = vec![exception(None, Some(unit.clone()), 9)];
    assert_eq!(agreed.check(), Err(TermsError::UnitAlone { unit }));
    assert_eq!(terms(10_001).check(), Err(TermsError::BadCommission));
}

#[test]
fn what_is_owed_is_bounded_to_the_cent_and_what_is_free_is_never_refused() {
    let limited = Terms { credit_limit_cents: Some(Cents(1_000)), ..terms(0) };
    let owing =
        |owed| Account { version: 1, terms: Some(limited.clone()), owed_cents: Cents(owed) };
    assert_eq!(owing(0).bound(Cents(1_000)), Ok(Some(Cents(0))));
    assert_eq!(owing(150).bound(Cents(850)), Ok(Some(Cents(150))));
    let over = OverLimit { net: Cents(851), owed: Cents(150), limit: Cents(1_000) };
    assert_eq!(owing(150).bound(Cents(851)), Err(over));
    assert_eq!(
        over.to_string(),
        "the booking's 8.51 EUR would be owed beside 1.50 EUR, and the limit agreed is 10.00 EUR"
    );
    assert_eq!(owing(2_000).bound(Cents::ZERO), Ok(None), "the limit was lowered since");
    assert!(owing(-5_000).bound(Cents(6_000)).is_ok(), "who paid in advance");
    assert_eq!(Account::default().bound(Cents(1_000_000)), Ok(None));
}

#[test]
fn a_sale_and_its_cancelling_are_entries_that_name_nobody() {
    let account = Account { version: 4, terms: Some(terms(1_500)), owed_cents: Cents::ZERO };
    let sold = account.deal(hold().confirm_resold("body", now()).unwrap());
    let sale = Entry::of(&hold(), &sold).unwrap();
    assert_eq!((sale.kind, sale.places), (EntryKind::Sold, 2));
    assert_eq!((sale.gross_cents, sale.commission_cents), (Cents(1_000), Cents(150)));
    assert_eq!(sale.net_cents, Cents(850));
    assert_eq!(sale.reference, sold.uuid.reference());
    let written = serde_json::to_string(&sale).unwrap();
    assert!(!written.contains(&sold.uuid.to_string()) && !written.contains("R-1"), "{written}");

    // Terms that change later change nothing of what was sold.
    let refund = |refund| Booking {
        state: BookingState::Cancelled {
            cancelled_at: now(),
            payment: None,
            refund: Cents(refund),
            exchanged_for: None,
        },
        ..sold.clone()
    };
    let back = Entry::of(&sold, &refund(1_000)).unwrap();
    assert_eq!((back.net_cents, back.commission_cents), (Cents(-850), Cents(-150)));
    let late = Entry::of(&sold, &refund(0)).unwrap();
    assert_eq!(
        (late.kind, late.gross_cents, late.net_cents),
        (EntryKind::Cancelled, Cents(0), Cents(0))
    );
    let part = Entry::of(&sold, &refund(333)).unwrap();
    assert_eq!(
        (part.gross_cents, part.commission_cents, part.net_cents),
        (Cents(-333), Cents(-49), Cents(-284))
    );

    assert_eq!(Entry::of(&sold, &sold), None, "repeated");
    assert_eq!(Entry::of(&hold(), &refund(0)), None, "a hold that was given up");
    let nothing_agreed = Account::default().deal(hold().confirm_resold("body", now()).unwrap());
    assert_eq!(Entry::of(&hold(), &nothing_agreed).unwrap().net_cents, Cents(1_000));
}

#[test]
fn a_month_is_one_of_rome_and_closes_after_its_end() {
    let november: Month = "2026-11".parse().unwrap();
    assert_eq!(Month::of(at("2026-10-31T23:00:00Z")), november);
    assert_eq!(Month::of(at("2026-11-30T22:59:59Z")), november);
    assert_ne!(Month::of(at("2026-11-30T23:00:00Z")), november);
    assert!(!november.is_closed(at("2026-11-30T23:09:59Z")));
    assert!(november.is_closed(at("2026-11-30T23:10:00Z")));
    assert_eq!("2026-06".parse::<Month>().unwrap().end(), at("2026-06-30T22:00:00Z"));
    for wrong in ["2026-13", "2026-1", "26-11", "2026-00", "2026-11-01", "", "-", "+026-11"] {
        assert!(wrong.parse::<Month>().is_err(), "{wrong}");
    }
}

#[test]
fn a_statement_adds_up_by_venue_and_in_all_and_is_the_same_bytes_each_time() {
    let other = VenueId::new("20346").unwrap();
    let mut lines = vec![
        entry("2026-11-03T10:00:00Z", EntryKind::Sold, (2_000, 300)),
        entry("2026-11-02T10:00:00Z", EntryKind::Sold, (1_001, 150)),
        entry("2026-11-04T10:00:00Z", EntryKind::Cancelled, (-2_000, -300)),
        Entry { venue_id: other, ..entry("2026-11-05T10:00:00Z", EntryKind::Sold, (700, 70)) },
    ];
    let made = statement(lines.clone());
    assert_eq!(made.totals.gross_cents, Cents(1_701));
    assert_eq!(made.totals.net_cents, Cents(1_701 - 220));
    assert_eq!((made.totals.sold, made.totals.cancelled, made.totals.places_sold), (3, 1, 6));
    let by_venue: i64 = made.venues.iter().map(|venue| venue.sums.net_cents.0).sum();
    assert_eq!((made.venues.len(), by_venue), (2, made.totals.net_cents.0));
    lines.reverse();
    assert_eq!(statement(lines).json().unwrap(), made.json().unwrap());
    let csv = made.csv().unwrap();
    let sums: i64 = csv
        .lines()
        .skip(1)
        .map(|line| line.rsplit(',').next().unwrap().parse::<i64>().unwrap())
        .sum();
    assert_eq!((csv.lines().count(), sums), (5, made.totals.net_cents.0));
}

#[test]
fn a_firm_is_checked_by_the_digits_of_its_numbers() {
    assert_eq!(firm().check(), Ok(()));
    let wrong = |change: fn(&mut Firm)| {
        let mut firm = firm();
        change(&mut firm);
        firm.check().unwrap_err()
    };
    let digit = wrong(|firm| firm.vat_number = Some("01234567890".to_owned()));
    assert!(matches!(digit, FirmError::BadVatNumber { .. }));
    assert_eq!(wrong(|firm| firm.vat_number = None), FirmError::Nameless);
    assert!(matches!(
        wrong(|firm| firm.sdi_code = Some("ABC123".to_owned())),
        FirmError::BadSdiCode { .. }
    ));
    assert_eq!(
        wrong(|firm| {
            firm.kind = FirmKind::PublicBody;
            firm.sdi_code = None;
        }),
        FirmError::NoOffice
    );
    assert!(matches!(wrong(|firm| firm.address.province = None), FirmError::BadProvince { .. }));
    assert!(matches!(
        wrong(|firm| firm.address.postcode = "5012".to_owned()),
        FirmError::BadPostcode { .. }
    ));
    assert!(matches!(wrong(|firm| firm.name = "東京".to_owned()), FirmError::BadText { .. }));
    // The last letter checks the others; a letter in the place of a digit stands for one of ten.
    let person = |code: &str| Firm { tax_code: Some(code.to_owned()), ..firm() }.check();
    assert_eq!(person("MRTMTT25D09F205Z"), Ok(()));
    assert!(person("MRTMTT25D09F205A").is_err());
    assert!(person("MRTMTT25D0XF205Z").is_err());
    let mut abroad = firm();
    abroad.address.country = "DE".to_owned();
    abroad.address.province = None;
    abroad.address.postcode = "00000".to_owned();
    abroad.vat_number = Some("811115368".to_owned());
    abroad.sdi_code = None;
    assert_eq!(abroad.check(), Ok(()));
    assert_eq!(abroad.destination(), "XXXXXXX");
}

#[test]
fn a_month_of_visits_is_an_exempt_invoice_with_a_stamp_above_its_bound() {
    let (invoicer, terms) = (invoicer(), terms(1_500));
    assert_eq!(invoicer.check(), Ok(()));
    let small = statement(vec![entry("2026-11-03T10:00:00Z", EntryKind::Sold, (7_747, 0))]);
    let small = Invoice::of(&small, issue(&invoicer, &terms)).unwrap();
    assert_eq!(
        (small.total(), small.stamp()),
        (Cents(7_747), None),
        "no stamp at the bound itself"
    );
    let large = statement(vec![entry("2026-11-03T10:00:00Z", EntryKind::Sold, (7_748, 0))]);
    let large = Invoice::of(&large, issue(&invoicer, &terms)).unwrap();
    assert_eq!(large.stamp(), Some(Cents(200)));
    assert_eq!(large.due_on, date(2026, 12, 31));
    let file = xml(&large);
    for part in [
        "versione=\"FPR12\"",
        "<FormatoTrasmissione>FPR12</FormatoTrasmissione>",
        "<CodiceDestinatario>ABC1234</CodiceDestinatario>",
        "<Denominazione>Museo dell'Esempio &amp; C.</Denominazione>",
        "<TipoDocumento>TD01</TipoDocumento>",
        "<Numero>AT-2026-00007</Numero>",
        "<ImportoBollo>2.00</ImportoBollo>",
        "<ImportoTotaleDocumento>77.48</ImportoTotaleDocumento>",
        "<AliquotaIVA>0.00</AliquotaIVA>",
        "<Natura>N4</Natura>",
        "<IBAN>IT60X0542811101000000123456</IBAN>",
    ] {
        assert!(file.contains(part), "{part} is not in {file}");
    }
    assert!(!file.contains("EsigibilitaIVA"), "of what is exempt no tax is due, by whomever");
    assert_eq!(large.file_name(), "IT12345678903_1JQ6F.xml");
}

#[test]
fn taxes_of_shows_sum_up_and_a_public_body_pays_them_itself() {
    let mut body = terms(0);
    body.firm =
        Some(Firm { kind: FirmKind::PublicBody, sdi_code: Some("UF1234".to_owned()), ..firm() });
    assert_eq!(body.check(), Ok(()));
    let invoicer = invoicer();
    for cents in 1..400 {
        let show = |cents, venue: &str| Entry {
            fiscal_class: FiscalClass::Show,
            venue_id: VenueId::new(venue).unwrap(),
            ..entry("2026-11-03T10:00:00Z", EntryKind::Sold, (cents, 0))
        };
        let month = statement(vec![show(cents, "1"), show(7 * cents + 3, "2"), show(13, "3")]);
        let invoice = Invoice::of(&month, issue(&invoicer, &body)).unwrap();
        assert_eq!(invoice.total(), month.totals.net_cents, "nothing is lost to rounding");
        let [sums] = invoice.summaries()[..] else { panic!("one rate") };
        // 00421: the tax is the taxable sum by the rate, to the cent.
        let exact = sums.taxable.0 * 1_000;
        assert!((sums.tax.0 * 10_000 - exact).abs() <= 10_000, "{sums:?}");
        // 00422: the taxable sum is that of the lines.
        let lines: i64 = invoice.lines.iter().map(|line| line.taxable_cents.0).sum();
        assert_eq!(lines, sums.taxable.0);
        assert_eq!(invoice.payable(), sums.taxable, "the tax goes to the state");
        let file = xml(&invoice);
        assert!(file.contains("<EsigibilitaIVA>S</EsigibilitaIVA>"), "{file}");
        assert!(file.contains("versione=\"FPA12\"") && !file.contains("DatiBollo"), "{file}");
    }
}

#[test]
fn a_month_in_which_more_went_back_is_a_credit_note_of_positive_amounts() {
    let (invoicer, terms) = (invoicer(), terms(0));
    let month = statement(vec![
        entry("2026-11-03T10:00:00Z", EntryKind::Sold, (1_000, 0)),
        entry("2026-11-04T10:00:00Z", EntryKind::Cancelled, (-5_000, 0)),
    ]);
    let note = Invoice::of(&month, issue(&invoicer, &terms)).unwrap();
    assert_eq!(note.total(), Cents(4_000));
    let file = xml(&note);
    assert!(
        file.contains("<TipoDocumento>TD04</TipoDocumento>") && !file.contains("DatiPagamento"),
        "{file}"
    );
}

#[test]
fn nobody_invoices_an_open_month_an_unknown_firm_or_what_nobody_decided_on() {
    let (invoicer, terms) = (invoicer(), terms(0));
    let sold = entry("2026-11-03T10:00:00Z", EntryKind::Sold, (1_000, 0));
    let refused = |statement: &Statement, terms: &Terms| {
        Invoice::of(statement, issue(&invoicer, terms)).unwrap_err()
    };
    let open = Statement { state: StatementState::Open, ..statement(vec![sold.clone()]) };
    assert!(matches!(refused(&open, &terms), InvoiceError::OpenMonth { .. }));
    let month = statement(vec![sold.clone()]);
    assert_eq!(refused(&month, &Terms { firm: None, ..terms.clone() }), InvoiceError::NoFirm);
    let undecided = Entry { fiscal_class: FiscalClass::Undecided, ..sold.clone() };
    assert!(matches!(refused(&statement(vec![undecided]), &terms), InvoiceError::Undecided { .. }));
    let free = entry("2026-11-03T10:00:00Z", EntryKind::Sold, (0, 0));
    assert!(suppliers(&statement(vec![free])).is_empty(), "what is free is not invoiced");
    let theirs = Entry { supplier_id: Some(SupplierId::new("uffizi").unwrap()), ..sold.clone() };
    assert_eq!(suppliers(&statement(vec![theirs, sold])).len(), 2, "an invoice of each supplier");
}
