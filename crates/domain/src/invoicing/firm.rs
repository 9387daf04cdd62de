//! Who an invoice is from or for: name, numbers with their check digits, address, and where the exchange system
//! of the revenue agency (Sistema di Interscambio, SdI) delivers to. What is checked here is what the system
//! would refuse later, so that a mistake is found when it is typed and not at the end of the month.

use serde::{Deserialize, Serialize};

use crate::booking::is_mail_address;
use crate::payment::notice::FiscalCode;

/// Who writes the invoices of firms without an address at the exchange system: none, they read them in their
/// own area of the agency's site.
const NO_CODE: &str = "0000000";

/// The code for whoever is outside Italy.
const ABROAD: &str = "XXXXXXX";

/// Whether a firm is a public administration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FirmKind {
    /// It is none: format FPR12.
    #[default]
    Private,
    /// It is one: format FPA12, and it pays the tax itself where there is any (split payment, article 17-ter of
    /// DPR 633/1972).
    PublicBody,
}

/// Where a firm has its seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Street, with the number.
    pub street: String,
    /// Five digits; in Italy the CAP.
    pub postcode: String,
    /// Town.
    pub town: String,
    /// Two letters; in Italy only.
    #[serde(default)]
    pub province: Option<String>,
    /// Two letters, ISO 3166-1.
    pub country: String,
}

/// A firm as invoices name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firm {
    /// What it is called.
    pub name: String,
    /// Its VAT number without the country's letters; in Italy eleven digits.
    #[serde(default)]
    pub vat_number: Option<String>,
    /// Its codice fiscale: eleven digits, or sixteen letters and digits of a person who trades.
    #[serde(default)]
    pub tax_code: Option<String>,
    /// Its seat.
    pub address: Address,
    /// Its code at the exchange system: seven letters and digits, of a public body six.
    #[serde(default)]
    pub sdi_code: Option<String>,
    /// Its certified mail address, for a firm without a code.
    #[serde(default)]
    pub pec: Option<String>,
    /// Whether it is a public body.
    #[serde(default)]
    pub kind: FirmKind,
}

/// Why a firm can be sent no invoice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FirmError {
    /// A text is missing, too long, or in letters that an invoice cannot hold.
    #[error("`{field}` has to be 1 to {most} letters of Western Europe's alphabet")]
    BadText {
        /// Which.
        field: &'static str,
        /// Most characters.
        most: usize,
    },
    /// No Italian VAT number.
    #[error("`{given}` is not an Italian VAT number: eleven digits, the last one their check")]
    BadVatNumber {
        /// What was given.
        given: String,
    },
    /// No VAT number of another country.
    #[error("`{given}` is not a VAT number: 1 to 28 letters and digits, without the country's")]
    BadForeignVatNumber {
        /// What was given.
        given: String,
    },
    /// No codice fiscale.
    #[error(
        "`{given}` is not a codice fiscale: its check digit or letter does not fit, or its form"
    )]
    BadTaxCode {
        /// What was given.
        given: String,
    },
    /// Neither number: the exchange system refuses it (00417).
    #[error("an invoice names its customer by VAT number or codice fiscale: neither is given")]
    Nameless,
    /// No country.
    #[error("`{given}` is not a country: two capital letters of ISO 3166-1, such as `IT`")]
    BadCountry {
        /// What was given.
        given: String,
    },
    /// No postcode.
    #[error("`{given}` is not a postcode: five digits, `00000` outside Italy")]
    BadPostcode {
        /// What was given.
        given: String,
    },
    /// No province.
    #[error("`{given}` is not a province: two capital letters in Italy, none elsewhere")]
    BadProvince {
        /// What was given.
        given: String,
    },
    /// No code of the exchange system for a firm of that kind (00427).
    #[error(
        "`{given}` is not a code of the exchange system: seven capital letters and digits, six of a public body"
    )]
    BadSdiCode {
        /// What was given.
        given: String,
    },
    /// A public body is written to by its office's code only.
    #[error(
        "a public body is sent invoices by the six characters of its office in the index of bodies (IPA)"
    )]
    NoOffice,
    /// No certified mail address.
    #[error("`pec` is not a mail address")]
    BadPec,
}

impl FirmError {
    /// The field at fault.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::BadText { field, .. } => field,
            Self::BadVatNumber { .. } | Self::BadForeignVatNumber { .. } | Self::Nameless => {
                "vat_number"
            }
            Self::BadTaxCode { .. } => "tax_code",
            Self::BadCountry { .. } => "address.country",
            Self::BadPostcode { .. } => "address.postcode",
            Self::BadProvince { .. } => "address.province",
            Self::BadSdiCode { .. } | Self::NoOffice => "sdi_code",
            Self::BadPec => "pec",
        }
    }

    /// What to do.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::BadText { .. } => "write it shorter, in letters of Western Europe's alphabet",
            Self::BadVatNumber { .. } | Self::BadForeignVatNumber { .. } => {
                "copy it from the firm's own papers, without the country's letters"
            }
            Self::BadTaxCode { .. } => "copy it from the firm's own papers",
            Self::Nameless => "give `vat_number`, `tax_code` or both",
            Self::BadCountry { .. } => "write two capital letters, such as `IT`",
            Self::BadPostcode { .. } => "write five digits, `00000` outside Italy",
            Self::BadProvince { .. } => {
                "write two capital letters in Italy, and leave it out elsewhere"
            }
            Self::BadSdiCode { .. } => "ask the firm for it, or leave it out and give `pec`",
            Self::NoOffice => "find the office's code at indicepa.gov.it",
            Self::BadPec => "write the certified mail address, or leave it out",
        }
    }
}

impl Firm {
    /// Checks that it can be named in an invoice and sent one.
    ///
    /// # Errors
    /// The first field that cannot be right.
    pub fn check(&self) -> Result<(), FirmError> {
        must_be_text("name", &self.name, 80)?;
        must_be_text("address.street", &self.address.street, 60)?;
        must_be_text("address.town", &self.address.town, 60)?;
        let country = &self.address.country;
        if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(FirmError::BadCountry { given: excerpt(country) });
        }
        self.check_address()?;
        self.check_numbers()?;
        self.check_delivery()
    }

    /// Whether its seat is in Italy.
    #[must_use]
    pub fn is_italian(&self) -> bool {
        self.address.country == "IT"
    }

    fn check_address(&self) -> Result<(), FirmError> {
        let Address { postcode, province, .. } = &self.address;
        if postcode.len() != 5 || !postcode.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(FirmError::BadPostcode { given: excerpt(postcode) });
        }
        let is_right = match province {
            Some(province) => {
                self.is_italian()
                    && province.len() == 2
                    && province.bytes().all(|byte| byte.is_ascii_uppercase())
            }
            None => !self.is_italian(),
        };
        if is_right {
            Ok(())
        } else {
            let given = province.as_deref().unwrap_or_default();
            Err(FirmError::BadProvince { given: excerpt(given) })
        }
    }

    fn check_numbers(&self) -> Result<(), FirmError> {
        if self.vat_number.is_none() && self.tax_code.is_none() {
            return Err(FirmError::Nameless);
        }
        if let Some(given) = &self.vat_number {
            if self.is_italian() && given.parse::<FiscalCode>().is_err() {
                return Err(FirmError::BadVatNumber { given: excerpt(given) });
            }
            let fits = (1..=28).contains(&given.len())
                && given.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if !fits {
                return Err(FirmError::BadForeignVatNumber { given: excerpt(given) });
            }
        }
        match &self.tax_code {
            Some(given) if !is_tax_code(given) => {
                Err(FirmError::BadTaxCode { given: excerpt(given) })
            }
            _ => Ok(()),
        }
    }

    fn check_delivery(&self) -> Result<(), FirmError> {
        if let Some(given) = &self.sdi_code {
            let length = match self.kind {
                FirmKind::Private => 7,
                FirmKind::PublicBody => 6,
            };
            let is_code = given.len() == length
                && given.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            if !is_code {
                return Err(FirmError::BadSdiCode { given: excerpt(given) });
            }
        } else if self.kind == FirmKind::PublicBody {
            return Err(FirmError::NoOffice);
        }
        match &self.pec {
            Some(pec) if !is_mail_address(pec) || !pec.is_ascii() || pec.len() < 7 => {
                Err(FirmError::BadPec)
            }
            _ => Ok(()),
        }
    }

    /// Where the exchange system delivers, in its own codes.
    #[must_use]
    pub fn destination(&self) -> &str {
        match &self.sdi_code {
            Some(code) => code,
            None if self.is_italian() => NO_CODE,
            None => ABROAD,
        }
    }
}

fn must_be_text(field: &'static str, text: &str, most: usize) -> Result<(), FirmError> {
    let fits = (1..=most).contains(&text.chars().count())
        && !text.trim().is_empty()
        && text.chars().all(|letter| !letter.is_control() && u32::from(letter) < 0x100);
    if fits { Ok(()) } else { Err(FirmError::BadText { field, most }) }
}

/// What each letter or digit in an odd place weighs: first the ten digits, then the alphabet (decree of the
/// Minister of Finance of 23 December 1976, article 8).
const ODD: [u32; 36] = [
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6,
    8, 12, 14, 16, 10, 22, 25, 24, 23,
];

/// Where the digits of a person's code stand; a letter stands for a digit where two would have the same code.
const DIGITS: [usize; 7] = [6, 7, 9, 10, 12, 13, 14];

fn is_tax_code(text: &str) -> bool {
    match text.len() {
        11 => text.parse::<FiscalCode>().is_ok(),
        16 => is_personal_code(text.as_bytes()),
        _ => false,
    }
}

fn is_personal_code(code: &[u8]) -> bool {
    let is_formed = code.iter().enumerate().all(|(place, byte)| {
        if DIGITS.contains(&place) {
            byte.is_ascii_digit() || b"LMNPQRSTUV".contains(byte)
        } else if place == 8 {
            b"ABCDEHLMPRST".contains(byte)
        } else {
            byte.is_ascii_uppercase()
        }
    });
    if !is_formed {
        return false;
    }
    let weighed = |(place, byte): (usize, &u8)| {
        let value = match byte {
            b'0'..=b'9' => byte - b'0',
            letter => letter.saturating_sub(b'A'),
        };
        if place % 2 == 0 {
            let index = if byte.is_ascii_digit() { value } else { value + 10 };
            ODD.get(usize::from(index)).copied().unwrap_or_default()
        } else {
            u32::from(value)
        }
    };
    let sum: u32 = code.iter().take(15).enumerate().map(weighed).sum();
    code.get(15).is_some_and(|check| u32::from(check.saturating_sub(b'A')) == sum % 26)
}

fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}
