//! The numbers by which pagoPA knows a debt and its creditor: notice number and IUV, fiscal code,
//! taxonomy code. Each can only be made well-formed.

use std::fmt;
use std::str::FromStr;

use crate::id::{InvalidId, PaymentId};

/// The structure of a notice number whose creditor may have several points that number notices; the
/// only one still issued (SACI 3.2, "Generazione dell'Identificativo Univoco di Versamento").
const AUX_DIGIT: u64 = 3;

/// The base of an IUV has 13 digits.
const BASES: u64 = 10_000_000_000_000;

/// Why a text is no such number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNotice {
    /// No notice number.
    #[error("`{0}` is not a notice number: 18 digits, the first a 3, the last two their check")]
    Notice(String),
    /// No fiscal code of a body.
    #[error("`{0}` is not a body's fiscal code: 11 digits, the last one their check")]
    FiscalCode(String),
    /// No segregation code.
    #[error("`{0}` is not a segregation code: two digits, as assigned by PagoPA")]
    Segregation(String),
    /// No taxonomy code.
    #[error("`{0}` is not a taxonomy code: write it as `9/0101108TS/`")]
    Taxonomy(String),
}

fn excerpt(text: &str) -> String {
    text.chars().take(40).collect()
}

fn digits<const N: usize>(text: &str) -> Option<u64> {
    let fits = text.len() == N && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

/// The two digits that tell which of a creditor's partners numbered a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegregationCode(u8);

impl FromStr for SegregationCode {
    type Err = InvalidNotice;

    fn from_str(text: &str) -> Result<Self, InvalidNotice> {
        digits::<2>(text)
            .and_then(|code| u8::try_from(code).ok())
            .map(Self)
            .ok_or_else(|| InvalidNotice::Segregation(excerpt(text)))
    }
}

/// A notice number (NAV): `3`, the segregation code, 13 digits of the creditor's own, and two check
/// digits, the remainder by 93 of all that stands before them (SACI 3.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NoticeNumber(String);

impl NoticeNumber {
    /// The notice whose own digits are the last 13 of `base`.
    #[must_use]
    pub fn of(segregation: SegregationCode, base: u64) -> Self {
        let unchecked = (AUX_DIGIT * 100 + u64::from(segregation.0)) * BASES + base % BASES;
        Self(format!("{unchecked}{:02}", unchecked % 93))
    }

    /// The number itself, 18 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The IUV within it, 17 digits.
    #[must_use]
    pub fn iuv(&self) -> &str {
        &self.0[1..]
    }

    /// The attempt that the notice is for bears its number.
    ///
    /// # Errors
    /// Never in practice: digits are well-formed.
    pub fn payment_id(&self) -> Result<PaymentId, InvalidId> {
        PaymentId::new(self.0.clone())
    }
}

impl FromStr for NoticeNumber {
    type Err = InvalidNotice;

    fn from_str(text: &str) -> Result<Self, InvalidNotice> {
        let refuse = || InvalidNotice::Notice(excerpt(text));
        let whole = digits::<18>(text).ok_or_else(refuse)?;
        let is_ours = text.starts_with('3') && (whole / 100) % 93 == whole % 100;
        if is_ours { Ok(Self(text.to_owned())) } else { Err(refuse()) }
    }
}

impl fmt::Display for NoticeNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The fiscal code of a public body: eleven digits, the last of which checks the others as in a VAT
/// number (decree of the Minister of Finance of 23 December 1976).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FiscalCode(String);

impl FiscalCode {
    /// The code itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FiscalCode {
    type Err = InvalidNotice;

    fn from_str(text: &str) -> Result<Self, InvalidNotice> {
        let refuse = || InvalidNotice::FiscalCode(excerpt(text));
        digits::<11>(text).ok_or_else(refuse)?;
        // Every second digit counts double, and nine less where that makes two digits.
        let weighed = |(place, byte): (usize, u8)| {
            let digit = u32::from(byte - b'0');
            match (place % 2, digit) {
                (0, digit) => digit,
                (_, 0..=4) => digit * 2,
                (_, _) => digit * 2 - 9,
            }
        };
        let sum: u32 = text.bytes().enumerate().map(weighed).sum();
        let is_checked = sum.is_multiple_of(10) && sum > 0;
        if is_checked { Ok(Self(text.to_owned())) } else { Err(refuse()) }
    }
}

impl fmt::Display for FiscalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a sum is for, by pagoPA's taxonomy of takings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxonomyCode(String);

impl TaxonomyCode {
    /// The code itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TaxonomyCode {
    type Err = InvalidNotice;

    fn from_str(text: &str) -> Result<Self, InvalidNotice> {
        // Account group, then body, area and service in seven digits, then the legal reason.
        let shape = b"9/0000000AA/";
        let fits = text.len() == shape.len()
            && text.bytes().zip(shape).all(|(byte, kind)| match kind {
                b'/' => byte == b'/',
                b'A' => byte.is_ascii_uppercase(),
                _ => byte.is_ascii_digit(),
            });
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidNotice::Taxonomy(excerpt(text))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_number_carries_the_check_of_all_digits_before_it() {
        let segregation = "02".parse().unwrap();
        let notice = NoticeNumber::of(segregation, 1_234_567_890_123);
        // 3021234567890123 is 93 times 32486393203119 and 56.
        assert_eq!(notice.as_str(), "302123456789012356");
        assert_eq!(notice.iuv(), "02123456789012356");
        assert_eq!(notice.as_str().parse(), Ok(notice));
    }

    #[test]
    fn a_base_is_cut_to_thirteen_digits_and_filled_up_to_them() {
        let segregation = "47".parse().unwrap();
        assert_eq!(NoticeNumber::of(segregation, 7).as_str().len(), 18);
        let (long, short) = (u64::MAX, u64::MAX % 10_000_000_000_000);
        assert_eq!(NoticeNumber::of(segregation, long), NoticeNumber::of(segregation, short));
    }

    #[test]
    fn a_mistyped_notice_number_is_refused() {
        for wrong in ["302123456789012357", "202123456789012356", "30212345678901235", "3o2"] {
            assert!(wrong.parse::<NoticeNumber>().is_err(), "{wrong}");
        }
        for place in 1..16 {
            let mut typed = *b"302123456789012356";
            typed[place] = b'0' + (typed[place] - b'0' + 1) % 10;
            let typed = std::str::from_utf8(&typed).unwrap();
            assert!(typed.parse::<NoticeNumber>().is_err(), "{typed}");
        }
    }

    #[test]
    fn a_bodys_fiscal_code_is_eleven_digits_that_check() {
        for right in ["06363391001", "15376371009"] {
            assert_eq!(right.parse::<FiscalCode>().unwrap().as_str(), right);
        }
        for wrong in ["06363391002", "0636339100", "00000000000", "RSSMRA80A01H501U", ""] {
            assert!(wrong.parse::<FiscalCode>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_taxonomy_code_has_its_two_strokes() {
        assert!("9/0101108TS/".parse::<TaxonomyCode>().is_ok());
        for wrong in ["9/0101108TS", "0101108TS", "9/010110TSX/", "9/0101108ts/"] {
            assert!(wrong.parse::<TaxonomyCode>().is_err(), "{wrong}");
        }
    }
}
