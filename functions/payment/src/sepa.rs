//! The transfer file for a bank: a SEPA customer credit transfer initiation, ISO 20022 pain.001.001.03,
//! in the characters that every SEPA bank takes (EPC217-08).

use std::fmt::Write as _;

use atrio_domain::id::CallerUuid;
use atrio_domain::payment::refund::Trail;
use atrio_domain::tariff::Cents;
use atrio_runtime::provider::pagopa::Creditor;
use jiff::Timestamp;

use crate::refunds::Transfer;

const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03";

/// Longest name in a SEPA transfer.
const NAME_MAX_CHARS: usize = 70;

/// The file. The same refunds make the same bytes, so that a bank knows a file it was sent before.
pub(crate) fn file(
    uuid: CallerUuid,
    at: Timestamp,
    body: &Creditor,
    transfers: &[Transfer],
) -> String {
    // Without its dashes a uuid fits the 35 characters of a message's id.
    let id = uuid.to_string().replace('-', "");
    let (count, sum) = (transfers.len(), transfers.iter().map(|(t, _)| t.amount_cents).sum());
    let (sum, name) = (euro(sum), plain(&body.name));
    let (created, day) = (at.strftime("%Y-%m-%dT%H:%M:%SZ"), at.strftime("%Y-%m-%d"));
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"{NAMESPACE}\"><CstmrCdtTrfInitn>\
         <GrpHdr><MsgId>{id}</MsgId><CreDtTm>{created}</CreDtTm><NbOfTxs>{count}</NbOfTxs>\
         <CtrlSum>{sum}</CtrlSum><InitgPty><Nm>{name}</Nm></InitgPty></GrpHdr>\
         <PmtInf><PmtInfId>{id}</PmtInfId><PmtMtd>TRF</PmtMtd><NbOfTxs>{count}</NbOfTxs>\
         <CtrlSum>{sum}</CtrlSum><PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>\
         <ReqdExctnDt>{day}</ReqdExctnDt><Dbtr><Nm>{name}</Nm></Dbtr>\
         <DbtrAcct><Id><IBAN>{}</IBAN></Id></DbtrAcct>\
         <DbtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr></FinInstnId></DbtrAgt>\
         <ChrgBr>SLEV</ChrgBr>\n",
        body.iban.as_str()
    );
    for (trail, account) in transfers {
        // Writing to a string does not fail.
        let _ = writeln!(
            xml,
            "<CdtTrfTxInf><PmtId><EndToEndId>{}</EndToEndId></PmtId>\
             <Amt><InstdAmt Ccy=\"EUR\">{}</InstdAmt></Amt><Cdtr><Nm>{}</Nm></Cdtr>\
             <CdtrAcct><Id><IBAN>{}</IBAN></Id></CdtrAcct>\
             <RmtInf><Ustrd>Rimborso avviso {payment}</Ustrd></RmtInf></CdtTrfTxInf>",
            end_to_end(trail),
            euro(trail.amount_cents),
            plain(&account.holder),
            account.iban.as_str(),
            payment = trail.payment,
        );
    }
    xml.push_str("</PmtInf></CstmrCdtTrfInitn></Document>\n");
    xml
}

/// Names a transfer, in at most 35 characters: by its notice, and where that paid for several bookings
/// by the one it is for, too.
fn end_to_end(trail: &Trail) -> String {
    match trail.order {
        Some(_) => format!("{}-{}", trail.payment, trail.booking.reference()),
        None => trail.payment.to_string(),
    }
}

fn euro(cents: Cents) -> String {
    format!("{}.{:02}", cents.0 / 100, cents.0 % 100)
}

/// A name in the characters that every SEPA bank takes: accents fall, what has no plain form becomes a
/// question mark. None of them means anything in XML.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.chars() {
        let base = match letter {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ă' | 'ą' => 'a',
            'À' | 'Á' | 'Â' | 'Ã' | 'Ä' | 'Å' | 'Ă' | 'Ą' => 'A',
            'ç' | 'ć' | 'č' => 'c',
            'Ç' | 'Ć' | 'Č' => 'C',
            'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => 'e',
            'È' | 'É' | 'Ê' | 'Ë' | 'Ę' | 'Ě' => 'E',
            'ì' | 'í' | 'î' | 'ï' => 'i',
            'Ì' | 'Í' | 'Î' | 'Ï' => 'I',
            'ł' => 'l',
            'Ł' => 'L',
            'ñ' | 'ń' | 'ň' => 'n',
            'Ñ' | 'Ń' | 'Ň' => 'N',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ő' => 'o',
            'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ö' | 'Ø' | 'Ő' => 'O',
            'ř' => 'r',
            'Ř' => 'R',
            'ś' | 'š' | 'ș' | 'ş' => 's',
            'Ś' | 'Š' | 'Ș' | 'Ş' => 'S',
            'ț' | 'ť' => 't',
            'Ț' | 'Ť' => 'T',
            'ù' | 'ú' | 'û' | 'ü' | 'ů' | 'ű' => 'u',
            'Ù' | 'Ú' | 'Û' | 'Ü' | 'Ů' | 'Ű' => 'U',
            'ý' => 'y',
            'Ý' => 'Y',
            'ź' | 'ż' | 'ž' => 'z',
            'Ź' | 'Ż' | 'Ž' => 'Z',
            '’' => '\'',
            other if other.is_ascii_alphanumeric() || " /-?:().,'+".contains(other) => other,
            _ => '?',
        };
        plain.push(base);
    }
    plain.chars().take(NAME_MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use atrio_domain::id::{PaymentId, VenueId};
    use atrio_domain::payment::refund::Account;

    use super::*;

    fn transfer(payment: &str, cents: i64, holder: &str) -> Transfer {
        let trail = Trail {
            venue: VenueId::new("20240").unwrap(),
            payment: PaymentId::new(payment).unwrap(),
            booking: "6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01".parse().unwrap(),
            order: None,
            amount_cents: Cents(cents),
            filed: None,
            paid_back: None,
        };
        (trail, Account::new(holder, "IT60X0542811101000000123456").unwrap())
    }

    fn body() -> Creditor {
        Creditor {
            fiscal_code: "12345678903".parse().unwrap(),
            name: "Direzione musei <prova>".to_owned(),
            iban: "IT60X0542811101000000123456".parse().unwrap(),
            taxonomy: "9/0101108TS/".parse().unwrap(),
            segregation: "02".parse().unwrap(),
        }
    }

    #[test]
    fn a_file_counts_and_sums_its_transfers_and_is_the_same_each_time() {
        let uuid = "6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a02".parse().unwrap();
        let at = "2026-11-24T09:05:00Z".parse().unwrap();
        let transfers = [transfer("1", 500, "A"), transfer("2", 1_005, "B")];
        let xml = file(uuid, at, &body(), &transfers);
        assert_eq!(xml.matches("<NbOfTxs>2</NbOfTxs><CtrlSum>15.05</CtrlSum>").count(), 2);
        assert!(xml.contains("<InstdAmt Ccy=\"EUR\">10.05</InstdAmt>"), "{xml}");
        assert!(xml.contains("<MsgId>6f1c2a349b1e4c558a102f6f3f7d9a02</MsgId>"), "{xml}");
        assert_eq!(xml, file(uuid, at, &body(), &transfers));
    }

    #[test]
    fn two_visits_paid_by_one_notice_are_two_transfers_of_different_names() {
        let uuid = "6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a02".parse().unwrap();
        let at = "2026-11-24T09:05:00Z".parse().unwrap();
        let part = |booking: &str| {
            let (trail, account) = transfer("302123456789012356", 500, "A");
            let booking = booking.parse().unwrap();
            (Trail { booking, order: Some(uuid), ..trail }, account)
        };
        let parts = [
            part("6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a03"),
            part("6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a04"),
        ];
        let names = parts.each_ref().map(|(trail, _)| end_to_end(trail));
        assert_ne!(names[0], names[1]);
        let xml = file(uuid, at, &body(), &parts);
        for name in names {
            assert!(name.len() <= 35 && xml.contains(&format!("<EndToEndId>{name}<")), "{xml}");
        }
    }

    #[test]
    fn a_name_is_written_in_letters_that_every_bank_takes() {
        assert_eq!(plain("Zoë Żółkiewska-D’Amò"), "Zoe Zolkiewska-D'Amo");
        assert_eq!(plain("<&>\"李"), "?????");
        let uuid = "6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a02".parse().unwrap();
        let at = "2026-11-24T09:05:00Z".parse().unwrap();
        let xml = file(uuid, at, &body(), &[transfer("1", 500, "A & B")]);
        assert!(xml.contains("Direzione musei ?prova?") && xml.contains("<Nm>A ? B</Nm>"), "{xml}");
    }
}
