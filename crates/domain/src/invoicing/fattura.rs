//! The invoice as the exchange system of the revenue agency reads it: FatturaPA 1.2.2 (the ordinary invoice), in the order of its
//! schema, with the controls that the system makes on receipt met beforehand. It is signed and sent by whoever
//! keeps the supplier's books.

use crate::invoicing::firm::{Address, Firm, FirmKind};
use crate::invoicing::invoice::{DocumentKind, Invoice, InvoiceLine, Summary};
use crate::invoicing::ledger::decimal;
use crate::payment::refund::Iban;

const NAMESPACE: &str = "http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2";

/// Exempt operations.
const EXEMPT: &str = "N4";

/// Why visits to museums bear no tax.
const EXEMPT_BY: &str = "Esente art. 10 n. 22 DPR 633/1972";

/// Why a public body pays the tax itself.
const SPLIT_BY: &str = "Scissione dei pagamenti art. 17-ter DPR 633/1972";

/// Most characters of a line's description, of the cause, and of a name.
const DESCRIPTION_MAX: usize = 1_000;
const CAUSE_MAX: usize = 200;

/// The file.
#[must_use]
pub fn xml(invoice: &Invoice) -> String {
    let format = match invoice.customer.kind {
        FirmKind::Private => "FPR12",
        FirmKind::PublicBody => "FPA12",
    };
    let mut file = Writer::default();
    file.text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    file.text.push_str(&format!(
        "<p:FatturaElettronica versione=\"{format}\" xmlns:p=\"{NAMESPACE}\">\n"
    ));
    file.within("FatturaElettronicaHeader", |file| {
        transmission(file, invoice, format);
        seller(file, invoice);
        file.within("CessionarioCommittente", |file| {
            file.within("DatiAnagrafici", |file| numbers(file, &invoice.customer));
            seat(file, &invoice.customer.address);
        });
    });
    file.within("FatturaElettronicaBody", |file| {
        file.within("DatiGenerali", |file| general(file, invoice));
        file.within("DatiBeniServizi", |file| {
            for (line, number) in invoice.lines.iter().zip(1_u32..) {
                detail(file, invoice, line, number);
            }
            for sums in invoice.summaries() {
                summary(file, invoice, &sums);
            }
        });
        payment(file, invoice);
    });
    file.text.push_str("</p:FatturaElettronica>\n");
    file.text
}

fn transmission(file: &mut Writer, invoice: &Invoice, format: &str) {
    file.within("DatiTrasmissione", |file| {
        file.within("IdTrasmittente", |file| {
            file.leaf("IdPaese", "IT");
            file.leaf("IdCodice", invoice.sender());
        });
        file.leaf("ProgressivoInvio", &invoice.number.progressive());
        file.leaf("FormatoTrasmissione", format);
        file.leaf("CodiceDestinatario", invoice.customer.destination());
        // The address counts only where no code does (00426).
        if let (None, Some(pec), true) =
            (&invoice.customer.sdi_code, &invoice.customer.pec, invoice.customer.is_italian())
        {
            file.leaf("PECDestinatario", pec);
        }
    });
}

fn seller(file: &mut Writer, invoice: &Invoice) {
    file.within("CedentePrestatore", |file| {
        file.within("DatiAnagrafici", |file| {
            numbers(file, &invoice.invoicer.firm);
            file.leaf("RegimeFiscale", &invoice.invoicer.tax_regime);
        });
        seat(file, &invoice.invoicer.firm.address);
    });
}

fn numbers(file: &mut Writer, firm: &Firm) {
    if let Some(number) = &firm.vat_number {
        file.within("IdFiscaleIVA", |file| {
            file.leaf("IdPaese", &firm.address.country);
            file.leaf("IdCodice", number);
        });
    }
    if let Some(code) = &firm.tax_code {
        file.leaf("CodiceFiscale", code);
    }
    file.within("Anagrafica", |file| file.leaf("Denominazione", &latin(&firm.name, 80)));
}

fn seat(file: &mut Writer, address: &Address) {
    file.within("Sede", |file| {
        file.leaf("Indirizzo", &latin(&address.street, 60));
        file.leaf("CAP", &address.postcode);
        file.leaf("Comune", &latin(&address.town, 60));
        if let Some(province) = &address.province {
            file.leaf("Provincia", province);
        }
        file.leaf("Nazione", &address.country);
    });
}

fn general(file: &mut Writer, invoice: &Invoice) {
    file.within("DatiGeneraliDocumento", |file| {
        file.leaf(
            "TipoDocumento",
            match invoice.kind {
                DocumentKind::Invoice => "TD01",
                DocumentKind::CreditNote => "TD04",
            },
        );
        file.leaf("Divisa", "EUR");
        file.leaf("Data", &invoice.issued_on.to_string());
        file.leaf("Numero", &invoice.number.to_string());
        if let Some(stamp) = invoice.stamp() {
            file.within("DatiBollo", |file| {
                file.leaf("BolloVirtuale", "SI");
                file.leaf("ImportoBollo", &decimal(stamp));
            });
        }
        file.leaf("ImportoTotaleDocumento", &decimal(invoice.total()));
        let cause = format!("Biglietti rivenduti nel mese {}", invoice.month);
        file.leaf("Causale", &latin(&cause, CAUSE_MAX));
    });
}

fn detail(file: &mut Writer, invoice: &Invoice, line: &InvoiceLine, number: u32) {
    file.within("DettaglioLinee", |file| {
        file.leaf("NumeroLinea", &number.to_string());
        file.leaf("Descrizione", &latin(&line.description, DESCRIPTION_MAX));
        file.leaf("DataInizioPeriodo", &invoice.month.first_day().to_string());
        file.leaf("DataFinePeriodo", &invoice.month.last_day().to_string());
        // Without a quantity, unit price and total are one (00423).
        file.leaf("PrezzoUnitario", &decimal(line.taxable_cents));
        file.leaf("PrezzoTotale", &decimal(line.taxable_cents));
        file.leaf("AliquotaIVA", &percent(line.vat_basis_points));
        if line.vat_basis_points == 0 {
            file.leaf("Natura", EXEMPT);
        }
    });
}

fn summary(file: &mut Writer, invoice: &Invoice, sums: &Summary) {
    file.within("DatiRiepilogo", |file| {
        file.leaf("AliquotaIVA", &percent(sums.vat_basis_points));
        if sums.vat_basis_points == 0 {
            file.leaf("Natura", EXEMPT);
        }
        file.leaf("ImponibileImporto", &decimal(sums.taxable));
        file.leaf("Imposta", &decimal(sums.tax));
        // Of what is exempt there is no tax to be due, by whomever.
        match (sums.vat_basis_points, invoice.is_split()) {
            (0, _) => file.leaf("RiferimentoNormativo", EXEMPT_BY),
            (_, true) => {
                file.leaf("EsigibilitaIVA", "S");
                file.leaf("RiferimentoNormativo", SPLIT_BY);
            }
            (_, false) => file.leaf("EsigibilitaIVA", "I"),
        }
    });
}

fn payment(file: &mut Writer, invoice: &Invoice) {
    let iban = invoice.invoicer.iban.as_ref().and_then(|iban| iban.parse::<Iban>().ok());
    let Some(iban) = iban else { return };
    if invoice.kind == DocumentKind::CreditNote || invoice.payable().0 <= 0 {
        return;
    }
    file.within("DatiPagamento", |file| {
        // At once and whole, by transfer.
        file.leaf("CondizioniPagamento", "TP02");
        file.within("DettaglioPagamento", |file| {
            file.leaf("ModalitaPagamento", "MP05");
            file.leaf("DataScadenzaPagamento", &invoice.due_on.to_string());
            file.leaf("ImportoPagamento", &decimal(invoice.payable()));
            file.leaf("IBAN", iban.as_str());
        });
    });
}

/// Hundredths of a per cent as the percentage that the system reads: `22.00`, not `0.22` (00424).
fn percent(basis_points: u16) -> String {
    format!("{}.{:02}", basis_points / 100, basis_points % 100)
}

/// A text in the letters that the schema takes, Latin-1, without others and not longer than it may be.
fn latin(text: &str, most: usize) -> String {
    let mut taken = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\u{2018}' | '\u{2019}' => taken.push('\''),
            '\u{201C}' | '\u{201D}' => taken.push('"'),
            '\u{2013}' | '\u{2014}' => taken.push('-'),
            '\u{20AC}' => taken.push_str("EUR"),
            other if other.is_control() => taken.push(' '),
            other if u32::from(other) < 0x100 => taken.push(other),
            _ => taken.push('?'),
        }
    }
    taken.chars().take(most).collect()
}

/// Writes elements, each on a line of its own.
#[derive(Default)]
struct Writer {
    text: String,
    depth: usize,
}

impl Writer {
    fn within(&mut self, name: &str, inner: impl FnOnce(&mut Self)) {
        self.indent();
        self.text.push_str(&format!("<{name}>\n"));
        self.depth += 1;
        inner(self);
        self.depth -= 1;
        self.indent();
        self.text.push_str(&format!("</{name}>\n"));
    }

    fn leaf(&mut self, name: &str, value: &str) {
        self.indent();
        self.text.push_str(&format!("<{name}>{}</{name}>\n", escaped(value)));
    }

    fn indent(&mut self) {
        self.text.push_str(&"  ".repeat(self.depth + 1));
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
