//! The account of a shift as a file: one line for each unit of each sale, voided ones marked.

use atrio_domain::shift::{Sale, Shift};

const HEAD: [&str; 12] = [
    "venue_id",
    "desk_id",
    "shift",
    "sold_at",
    "booking_reference",
    "method",
    "unit_id",
    "quantity",
    "price_cents",
    "total_cents",
    "reason_it",
    "void_reason",
];

/// The lines, with a header.
pub(crate) fn csv(shift: &Shift, sales: &[Sale]) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEAD)?;
    for sale in sales {
        for unit in &sale.units {
            writer.write_record([
                shift.venue.as_str(),
                shift.desk.as_str(),
                &shift.uuid.to_string(),
                &sale.sold_at.to_string(),
                &sale.booking.reference(),
                sale.method.name(),
                unit.unit_id.as_str(),
                &unit.quantity.to_string(),
                &unit.price_cents.0.to_string(),
                &unit.price_cents.times(unit.quantity).0.to_string(),
                &plain(&unit.reason.it),
                &sale.void.as_ref().map(|void| plain(&void.reason)).unwrap_or_default(),
            ])?;
        }
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Words that a spreadsheet would take for a formula are marked as words.
fn plain(words: &str) -> String {
    if words.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{words}")
    } else {
        words.to_owned()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_reason_is_never_a_formula() {
        assert_eq!(super::plain("=1+1"), "'=1+1");
        assert_eq!(super::plain("wrong slot"), "wrong slot");
    }
}
