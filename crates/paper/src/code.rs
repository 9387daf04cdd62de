//! The QR code of a ticket.

use atrio_domain::ticket::{CodeError, Ticket, sign};
use ed25519_dalek::SigningKey;
use qrcode::render::svg;
use qrcode::types::QrError;
use qrcode::{EcLevel, QrCode};

/// Why a ticket has no picture of its code.
#[derive(Debug, thiserror::Error)]
pub enum NotDrawn {
    /// It cannot be signed.
    #[error("the ticket cannot be signed")]
    Unsigned(#[from] CodeError),
    /// Its code fits no QR code.
    #[error("the code fits no QR code: {0}")]
    TooLong(QrError),
    /// A thermal printer has no words for it.
    #[error("the ticket cannot be printed on a roll: {0}")]
    Unprintable(#[from] escpos::errors::PrinterError),
}

/// A ticket's code and its picture.
pub struct CodePicture {
    /// The text of the code.
    pub text: String,
    pub(crate) drawn: QrCode,
}

impl std::fmt::Debug for CodePicture {
    /// Prints no code: it admits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodePicture(…)")
    }
}

impl CodePicture {
    /// Signs and draws the code of a ticket. Level M: a fold or a smudge on paper still reads, and
    /// the code stays small enough for a phone.
    ///
    /// # Errors
    /// When the ticket cannot be signed or its code is too long.
    pub fn of(ticket: &Ticket, key: &SigningKey) -> Result<Self, NotDrawn> {
        Self::of_code(sign(&ticket.entitlement, key)?)
    }

    /// Draws a code that was signed before.
    ///
    /// # Errors
    /// When the code is too long.
    pub fn of_code(text: String) -> Result<Self, NotDrawn> {
        let drawn =
            QrCode::with_error_correction_level(&text, EcLevel::M).map_err(NotDrawn::TooLong)?;
        Ok(Self { text, drawn })
    }

    /// The picture as SVG, for a page.
    #[must_use]
    pub fn svg(&self) -> String {
        self.drawn
            .render::<svg::Color<'_>>()
            .min_dimensions(240, 240)
            .quiet_zone(true)
            .build()
            .replace(r#"<?xml version="1.0" standalone="yes"?>"#, "")
    }
}
