//! A month is invoiced: once, under numbers without gaps, in a file that the exchange system of the revenue agency
//! takes. Other programs than ours read the files.

use atrio_tests::{Bookkeeper, Manager, Process, Reseller, faults_of_invoices, firm};
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::octo::{EXHIBITION, SITE, TOMORROW};

fn museum_firm() -> Value {
    json!({
        "name": "Museo dell'Esempio", "vat_number": "12345678903", "tax_code": "12345678903",
        "address": firm()["address"],
    })
}

fn invoicer() -> Value {
    json!({"firm": museum_firm(), "iban": "IT60X0542811101000000123456", "show_vat_basis_points": 1_000})
}

/// The content of an element that stands there once.
fn element<'x>(file: &'x str, name: &str) -> &'x str {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut parts = file.split(open.as_str());
    let found = parts.nth(1).unwrap();
    assert!(parts.next().is_none(), "{name} stands there more than once");
    found.split(close.as_str()).next().unwrap()
}

#[tokio::test]
async fn a_month_is_invoiced_once_and_other_programs_read_the_file() {
    let mut museum = Process::fresh().await;
    let tours = Reseller::joins(&museum, "Example Tours", &[]).await;
    let body = Reseller::joins(&museum, "Town Council", &[]).await;
    let books = Bookkeeper::of(&museum).await;
    // The exhibition is a show, with tax in its price.
    let manager = Manager::of(&museum, "101309").await;
    let (mut product, tag) = manager.reads("products/exhibition").await;
    product["fiscal_class"] = json!("SHOW");
    manager.changes("products/exhibition", &tag, &product).await.expect(200);
    let terms = json!({"commission": {"basis_points": 1_000}, "firm": firm()});
    books.agrees("example-tours", &terms).await;
    let mut town = firm();
    town["kind"] = json!("PUBLIC_BODY");
    town["sdi_code"] = json!("UF1234");
    books.agrees("town-council", &json!({"commission": {"cents": 50}, "firm": town})).await;
    for _ in 0..2 {
        tours.books(SITE, TOMORROW, 8).await;
    }
    tours.books(EXHIBITION, TOMORROW, 3).await;
    body.books(EXHIBITION, TOMORROW, 3).await;

    museum.restart_after(SignedDuration::from_hours(7 * 24)).await;
    let books = Bookkeeper::of(&museum).await;
    let unknown = books.invoices("example-tours", "2026-11").await;
    unknown.expect_problem(422, "not-invoiced", "supplier_id");
    books.names_invoicer("~", &invoicer()).await.expect(200);
    let answers = join_all((0..6).map(|_| books.invoices("example-tours", "2026-11"))).await;
    let issued: Vec<Value> = answers.iter().map(|answer| answer.expect(200)).collect();
    assert!(issued.iter().all(|one| *one == issued[0]), "one invoice: {issued:?}");
    let invoice = &issued[0]["invoices"][0];
    assert_eq!(invoice["number"], "AT-2026-00001");
    assert_eq!(invoice["total_cents"], 16 * 720 + 3 * 900);
    let of_body = books.invoices("town-council", "2026-11").await.expect(200);
    let of_body = &of_body["invoices"][0];
    assert_eq!(of_body["number"], "AT-2026-00002", "no number is left out");
    assert_eq!(of_body["total_cents"], 3 * 950);
    assert_eq!(of_body["payable_cents"], 2_591, "the tax goes to the state");

    let tours = Reseller::with_key(&museum, tours.key());
    let listed = tours.reads("/invoices").await.expect(200);
    assert_eq!(listed["invoices"][0], *invoice);
    let name = invoice["file_name"].as_str().unwrap();
    let file = tours.reads(&format!("/invoices/{name}")).await;
    assert_eq!(file.header("content-type"), Some("application/xml"));
    let file = file.text();
    assert_eq!(element(&file, "FormatoTrasmissione"), "FPR12");
    assert_eq!(element(&file, "ImportoTotaleDocumento"), "142.20");
    assert_eq!(element(&file, "ImportoBollo"), "2.00", "more than 77.47 euro are exempt");
    assert_eq!(element(&file, "EsigibilitaIVA"), "I");
    assert_eq!(element(&file, "ImportoPagamento"), "142.20");
    let other = of_body["file_name"].as_str().unwrap();
    tours.reads(&format!("/invoices/{other}")).await.expect_problem(
        404,
        "unknown-invoice",
        "file_name",
    );
    let of_town = books.reads(&format!("/v1/resellers/town-council/invoices/{other}")).await.text();
    assert_eq!(element(&of_town, "FormatoTrasmissione"), "FPA12");
    assert_eq!(element(&of_town, "EsigibilitaIVA"), "S");
    assert!(!of_town.contains("DatiBollo"), "nothing in it is exempt");

    // What is wrong is found, or the check would be none.
    let folder = museum.data();
    let broken = file.replace("<Natura>N4</Natura>", "");
    let faults = faults_of_invoices(folder, &[("broken.xml", &broken)]);
    assert!(faults.iter().any(|fault| fault.contains("00400")), "{faults:?}");
    let disordered = file
        .replace("<Divisa>EUR</Divisa>", "")
        .replace("<Numero>", "<Divisa>EUR</Divisa><Numero>");
    let faults = faults_of_invoices(folder, &[("disordered.xml", &disordered)]);
    assert!(faults.iter().any(|fault| fault.contains("schema")), "{faults:?}");
    let faults = faults_of_invoices(folder, &[(name, &file), (other, &of_town)]);
    assert!(faults.is_empty(), "{faults:?}");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn what_goes_back_after_the_month_is_a_credit_note_of_the_next() {
    let mut museum = Process::fresh().await;
    let tours = Reseller::joins(&museum, "Example Tours", &[]).await;
    let books = Bookkeeper::of(&museum).await;
    let terms = json!({"commission": {"basis_points": 1_000}, "firm": firm()});
    books.agrees("example-tours", &terms).await;
    books.names_invoicer("~", &invoicer()).await.expect(200);
    let sold = tours.books(SITE, "2026-12-10T11:00:00+01:00", 2).await;
    museum.restart_after(SignedDuration::from_hours(7 * 24)).await;
    let tours = Reseller::with_key(&museum, tours.key());
    let books = Bookkeeper::of(&museum).await;
    books.invoices("example-tours", "2026-11").await.expect(200);
    tours.takes(&sold, "cancel", &json!({})).await.expect(200);
    museum.nothing_left_over().await;
    museum.restart_after(SignedDuration::from_hours(38 * 24)).await;
    let books = Bookkeeper::of(&museum).await;
    let issued = books.invoices("example-tours", "2026-12").await.expect(200);
    let note = &issued["invoices"][0];
    assert_eq!((&note["kind"], &note["total_cents"]), (&json!("CREDIT_NOTE"), &json!(1_440)));
    assert_eq!(note["number"], "AT-2027-00001", "a series of the year of its date");
    let name = note["file_name"].as_str().unwrap();
    let file = books.reads(&format!("/v1/resellers/example-tours/invoices/{name}")).await.text();
    assert_eq!(element(&file, "TipoDocumento"), "TD04");
    let faults = faults_of_invoices(museum.data(), &[(name, &file)]);
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(
        books.invoices("example-tours", "2026-10").await.expect(200)["invoices"],
        json!([]),
        "a month without sales is not invoiced"
    );
}
