//! Tickets in telephones and on a roll: what a wallet gets is judged by programs that are not ours
//! (openssl, an archive's reader), and says the same as the ticket on the page.

use std::io::{Cursor, Read as _};
use std::path::Path;
use std::process::Command;

use atrio_tests::{Options, Process, Visitor, Wish};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

const VENUE: &str = "20240";

fn wish() -> Wish {
    Wish::at(VENUE, "2026-11-25T11:00", &[("adult", 1), ("minor", 1)])
}

/// Runs openssl in a folder; answers what it printed.
fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "openssl {arguments:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The files of an archive, written into a folder.
fn unpacked(archive: &[u8], folder: &Path) -> Vec<String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut names = Vec::new();
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        let name = file.name().unwrap().into_owned();
        std::fs::write(folder.join(&name), content).unwrap();
        names.push(name);
    }
    names
}

/// A pass is whole: each file is what the list says, and the list is signed.
fn is_whole(folder: &Path, trust: &[&str]) -> Value {
    let manifest: Value = read(folder, "manifest.json");
    for (name, digest) in manifest.as_object().unwrap() {
        let said = openssl(folder, &["dgst", "-sha1", "-r", name]);
        assert!(said.starts_with(digest.as_str().unwrap()), "{name}: {said}");
    }
    let verify = ["smime", "-verify", "-inform", "DER", "-in", "signature", "-content"];
    let verify = [&verify[..], &["manifest.json", "-out", "verified"], trust].concat();
    openssl(folder, &verify);
    read(folder, "pass.json")
}

fn read(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
}

#[tokio::test]
async fn a_pass_for_an_iphone_is_signed_and_carries_the_tickets_own_code() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let (uuid, tickets) = visitor.buys(&wish()).await;
    let list = visitor.ask_tickets(&uuid).await.expect(200);
    assert_eq!(list["wallets"], json!(["apple"]));
    let ticket = &tickets[1];
    let path = format!(
        "/v1/bookings/{uuid}/tickets/{}/pass.pkpass?lang=en",
        ticket["id"].as_str().unwrap()
    );
    let answer = visitor.api.get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/vnd.apple.pkpass"));
    let folder = tempfile::tempdir().unwrap();
    let mut names = unpacked(&answer.body, folder.path());
    names.sort();
    assert_eq!(names, ["icon.png", "icon@2x.png", "manifest.json", "pass.json", "signature"]);
    // Nobody vouches for the certificate made here; the signature is sound all the same.
    let pass = is_whole(folder.path(), &["-noverify"]);
    assert_eq!(pass["barcodes"][0]["message"], ticket["code"]);
    assert_eq!(pass["relevantDate"], "2026-11-25T10:00:00Z");
    assert_eq!(pass["voided"], false);
    let text = pass.to_string();
    assert!(text.contains("At the entrance") && !text.contains(&uuid), "{text}");

    visitor.cancel(&uuid).await.expect(200);
    let folder = tempfile::tempdir().unwrap();
    unpacked(&visitor.api.get(&path).await.body, folder.path());
    assert_eq!(is_whole(folder.path(), &["-noverify"])["voided"], true);
    let google = path.replace("pass.pkpass", "google-wallet");
    visitor.api.get(&google).await.expect_problem(404, "wallet-not-offered", "wallet");
}

/// A body that was given what Apple and Google give: RSA keys, and a certificate that someone signed.
fn given(folder: &Path) -> Vec<(String, String)> {
    let (leaf, root) = ("/CN=Pass Type ID: pass.example.museum", "/CN=Test root");
    let rsa = ["-newkey", "rsa:2048", "-nodes"];
    openssl(
        folder,
        &[&["req", "-x509"][..], &rsa, &["-keyout", "ca.key", "-out", "ca.pem", "-subj", root]]
            .concat(),
    );
    openssl(
        folder,
        &[&["req"][..], &rsa, &["-keyout", "key.pem", "-out", "csr.pem", "-subj", leaf]].concat(),
    );
    let sign = ["x509", "-req", "-in", "csr.pem", "-CA", "ca.pem", "-CAkey", "ca.key"];
    openssl(folder, &[&sign[..], &["-CAcreateserial", "-out", "cert.pem"]].concat());
    let pem = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let apple = json!({
        "pass_type_id": "pass.example.museum", "team_id": "MUSEUM0000",
        "certificate": pem("cert.pem"), "issuer": pem("ca.pem"), "key": pem("key.pem"),
    });
    let google = json!({
        "issuer_id": "3388000000012345678", "account": "atrio@museum.example",
        "key": pem("key.pem"),
    });
    vec![
        ("ATRIO_APPLE_PASS".to_owned(), apple.to_string()),
        ("ATRIO_GOOGLE_WALLET".to_owned(), google.to_string()),
    ]
}

#[tokio::test]
async fn with_the_makers_own_keys_both_wallets_get_what_they_can_verify() {
    let keys = tempfile::tempdir().unwrap();
    let environment = given(keys.path());
    let museum = Process::start(Options { environment, ..Options::default() }).await;
    let visitor = Visitor::of(&museum);
    let (uuid, tickets) = visitor.buys(&wish()).await;
    let list = visitor.ask_tickets(&uuid).await.expect(200);
    assert_eq!(list["wallets"], json!(["apple", "google"]));
    let of = |kind: &str| {
        format!("/v1/bookings/{uuid}/tickets/{}/{kind}", tickets[0]["id"].as_str().unwrap())
    };
    let folder = tempfile::tempdir().unwrap();
    unpacked(&visitor.api.get(&of("pass.pkpass")).await.body, folder.path());
    let root = keys.path().join("ca.pem");
    let trust = ["-CAfile", root.to_str().unwrap(), "-purpose", "any"];
    let pass = is_whole(folder.path(), &trust);
    assert_eq!(pass["passTypeIdentifier"], "pass.example.museum");

    let link = visitor.api.get(&of("google-wallet")).await;
    assert_eq!(link.status, 303, "{}", link.text());
    let link = link.header("location").unwrap();
    let token = link.strip_prefix("https://pay.google.com/gp/v/save/").unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let object = &claims["payload"]["eventTicketObjects"][0];
    assert_eq!(object["barcode"]["value"], tickets[0]["code"]);
    assert_eq!(object["classId"], claims["payload"]["eventTicketClasses"][0]["id"]);
    assert_eq!((&claims["aud"], &claims["typ"]), (&json!("google"), &json!("savetowallet")));
    std::fs::write(keys.path().join("signed"), signed).unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    std::fs::write(keys.path().join("signature"), signature).unwrap();
    openssl(keys.path(), &["rsa", "-in", "key.pem", "-pubout", "-out", "public.pem"]);
    let judge = ["dgst", "-sha256", "-verify", "public.pem", "-signature", "signature", "signed"];
    openssl(keys.path(), &judge);

    let other = visitor.buys(&wish()).await.0;
    let not_of_it = of("pass.pkpass").replace(&uuid, &other);
    visitor.api.get(&not_of_it).await.expect_problem(404, "unknown-ticket", "ticket_id");
}

#[tokio::test]
async fn a_desk_prints_tickets_on_a_roll() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let (uuid, tickets) = visitor.buys(&wish()).await;
    for paper in ["58", "80"] {
        let path = format!("/v1/bookings/{uuid}/tickets.escpos?lang=it&paper={paper}");
        let answer = visitor.api.get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let roll = &answer.body;
        assert!(roll.starts_with(b"\x1b@"), "the printer is set up first");
        let cuts = roll.windows(2).filter(|pair| *pair == b"\x1dV").count();
        assert_eq!(cuts, tickets.len(), "each ticket is cut off");
        for ticket in &tickets {
            for printed in [&ticket["code"], &ticket["typed_code"]] {
                let printed = printed.as_str().unwrap().as_bytes();
                assert!(roll.windows(printed.len()).any(|part| part == printed), "{ticket}");
            }
        }
    }
    let wide = visitor.api.get(&format!("/v1/bookings/{uuid}/tickets.escpos?paper=100")).await;
    wide.expect_problem(400, "invalid-query", "paper");
}
