//! The receipt: the only thing that says that money was taken. Its amount is written in euro with two
//! decimals and becomes cents without a float.

use crate::payment::ProviderOutcome;
use crate::payment::notice::{FiscalCode, NoticeNumber};
use crate::tariff::Cents;

/// What a receipt says, as far as it concerns a booking. Who paid is not among it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The notice that was paid.
    pub notice: NoticeNumber,
    /// The body that is paid.
    pub creditor: FiscalCode,
    /// How it ended.
    pub outcome: ProviderOutcome,
    /// How much was taken.
    pub amount: Cents,
}

/// Why a receipt cannot be one of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReceipt {
    /// The notice number is none.
    #[error(transparent)]
    Notice(#[from] crate::payment::notice::InvalidNotice),
    /// The IUV is not that of the notice.
    #[error("`{iuv}` is not the IUV of notice `{notice}`")]
    OtherIuv {
        /// What was given.
        iuv: String,
        /// The notice.
        notice: NoticeNumber,
    },
    /// Another body is paid.
    #[error("the receipt is for the body `{given}`, this platform sells for `{ours}`")]
    OtherCreditor {
        /// Who is paid.
        given: FiscalCode,
        /// For whom the platform sells.
        ours: FiscalCode,
    },
    /// The outcome is neither.
    #[error("`{0}` is not an outcome: `OK` or `KO`")]
    Outcome(String),
    /// The amount is none.
    #[error("`{0}` is not an amount: euro with two decimals, such as `12.50`")]
    Amount(String),
}

/// A receipt as it comes in, nothing of it checked.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// The notice number.
    pub notice: &'a str,
    /// The IUV.
    pub iuv: &'a str,
    /// The fiscal code of the body.
    pub creditor: &'a str,
    /// `OK` or `KO`.
    pub outcome: &'a str,
    /// Euro with two decimals.
    pub amount: &'a str,
}

impl Receipt {
    /// Reads a receipt for the body that the platform sells for.
    ///
    /// # Errors
    /// The first part that cannot be right.
    pub fn read(written: Written<'_>, ours: &FiscalCode) -> Result<Self, InvalidReceipt> {
        let notice: NoticeNumber = written.notice.parse()?;
        if written.iuv != notice.iuv() {
            let iuv = written.iuv.chars().take(40).collect();
            return Err(InvalidReceipt::OtherIuv { iuv, notice });
        }
        let creditor: FiscalCode = written.creditor.parse()?;
        if creditor != *ours {
            return Err(InvalidReceipt::OtherCreditor { given: creditor, ours: ours.clone() });
        }
        let outcome = match written.outcome {
            "OK" => ProviderOutcome::Paid,
            "KO" => ProviderOutcome::Declined,
            other => return Err(InvalidReceipt::Outcome(other.chars().take(40).collect())),
        };
        Ok(Self { notice, creditor, outcome, amount: cents(written.amount)? })
    }
}

/// Euro with exactly two decimals, of a size that a payment may have (eleven digits, as pagoPA's own).
fn cents(text: &str) -> Result<Cents, InvalidReceipt> {
    let refuse = || InvalidReceipt::Amount(text.chars().take(40).collect());
    let (euro, decimals) = text.split_once('.').ok_or_else(refuse)?;
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = (1..=9).contains(&euro.len())
        && decimals.len() == 2
        && all_digits(euro)
        && all_digits(decimals);
    if !fits {
        return Err(refuse());
    }
    format!("{euro}{decimals}").parse().map(Cents).map_err(|_| refuse())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> FiscalCode {
        "12345678903".parse().unwrap()
    }

    fn written() -> Written<'static> {
        Written {
            notice: "302123456789012356",
            iuv: "02123456789012356",
            creditor: "12345678903",
            outcome: "OK",
            amount: "12.50",
        }
    }

    #[test]
    fn a_receipt_says_which_notice_was_paid_and_how_much() {
        let receipt = Receipt::read(written(), &ours()).unwrap();
        assert_eq!(receipt.amount, Cents(1_250));
        assert_eq!(receipt.outcome, ProviderOutcome::Paid);
        assert_eq!(receipt.notice.iuv(), "02123456789012356");
    }

    #[test]
    fn a_receipt_of_another_body_or_with_another_iuv_is_not_ours() {
        let other = Written { creditor: "98765432103", ..written() };
        assert!(matches!(Receipt::read(other, &ours()), Err(InvalidReceipt::OtherCreditor { .. })));
        let other = Written { iuv: "02123456789012357", ..written() };
        assert!(matches!(Receipt::read(other, &ours()), Err(InvalidReceipt::OtherIuv { .. })));
    }

    #[test]
    fn an_amount_is_euro_with_two_decimals_and_nothing_else() {
        assert_eq!(cents("0.01"), Ok(Cents(1)));
        assert_eq!(cents("999999999.99"), Ok(Cents(99_999_999_999)));
        for wrong in ["12", "12.5", "12.500", "-1.00", "1,00", "1e2.00", ".50", "+1.00", " 1.00"] {
            assert!(cents(wrong).is_err(), "{wrong}");
        }
    }
}
