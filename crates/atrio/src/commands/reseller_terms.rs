//! The command that shows and sets what is agreed with a reseller. What is not named stays as it is.

use std::path::PathBuf;

use atrio_domain::invoicing::ledger::{Account, euro};
use atrio_domain::invoicing::terms::{Commission, Terms};
use atrio_domain::reseller::id_of;
use atrio_domain::staff::Reach;
use atrio_domain::tariff::Cents;
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::venue::VenueChanged;
use serde_json::json;

use super::{Attached, Failure};
use crate::appointments::INSTALLATION;

/// How often a change is tried when others change the same terms.
const ATTEMPTS: u32 = 5;

/// What to agree on.
#[derive(Debug, clap::Args)]
pub(super) struct TermsOptions {
    /// Its id, or its name.
    reseller: String,
    /// A file with all of the terms as JSON, as the API takes them.
    #[arg(long, conflicts_with_all = ["commission_percent", "credit_limit_cents"])]
    file: Option<PathBuf>,
    /// What the reseller keeps of a price, in per cent with at most two decimals.
    #[arg(long)]
    commission_percent: Option<String>,
    /// Up to how many cents it may owe; `none` for no limit.
    #[arg(long)]
    credit_limit_cents: Option<String>,
    /// Prints the terms and what is owed as JSON.
    #[arg(long)]
    json: bool,
}

/// Sets what is named, and says what is agreed then.
pub(super) async fn answer(
    attached: &Attached,
    options: &TermsOptions,
) -> Result<Vec<String>, Failure> {
    let id = id_of(&options.reseller)?;
    let store = &attached.store;
    if store.reseller(&id).await?.is_none() {
        return Err(format!("there is no reseller `{id}`; see `atrio reseller list`").into());
    }
    for _ in 0..ATTEMPTS {
        let account = store.reseller_account(&id).await?;
        let Some(terms) = wanted(options, &account)? else {
            return said(&id.to_string(), &account, options.json);
        };
        terms.check().map_err(|error| format!("{error}; {}", error.fix()))?;
        if account.terms.as_ref() == Some(&terms) {
            return said(&id.to_string(), &account, options.json);
        }
        let record = AuditRecord {
            reach: Reach::Platform,
            actor: INSTALLATION.to_owned(),
            role: INSTALLATION.to_owned(),
            at: attached.clock.now(),
            version: account.version + 1,
            part: format!("resellers/{id}/terms"),
            before: account.terms.as_ref().map(serde_json::to_value).transpose()?,
            after: serde_json::to_value(&terms)?,
        };
        let changed = store.change_terms(&id, &terms, account.version, &record).await?;
        if changed == VenueChanged::Done {
            let account = store.reseller_account(&id).await?;
            return said(&id.to_string(), &account, options.json);
        }
    }
    Err(format!("the terms of `{id}` are being changed by others; try again").into())
}

/// The terms that are asked for; none where nothing is to change.
fn wanted(options: &TermsOptions, account: &Account) -> Result<Option<Terms>, Failure> {
    if let Some(file) = &options.file {
        let text = std::fs::read_to_string(file)
            .map_err(|error| format!("`{}` cannot be read: {error}", file.display()))?;
        let terms = serde_json::from_str(&text)
            .map_err(|error| format!("`{}` holds no terms: {error}", file.display()))?;
        return Ok(Some(terms));
    }
    if options.commission_percent.is_none() && options.credit_limit_cents.is_none() {
        return Ok(None);
    }
    let mut terms = account.terms.clone().unwrap_or_else(|| Terms {
        commission: Commission::BasisPoints(0),
        exceptions: Vec::new(),
        credit_limit_cents: None,
        payment_days: 30,
        firm: None,
    });
    if let Some(percent) = &options.commission_percent {
        let points = basis_points(percent);
        let points = points.ok_or_else(|| format!("`{percent}` is not 0 to 100 per cent"))?;
        terms.commission = Commission::BasisPoints(points);
    }
    if let Some(limit) = &options.credit_limit_cents {
        terms.credit_limit_cents = match limit.as_str() {
            "none" => None,
            cents => {
                let cents =
                    cents.parse().map_err(|_| format!("`{cents}` is no number of cents"))?;
                Some(Cents(cents))
            }
        };
    }
    Ok(Some(terms))
}

/// Hundredths of a per cent of a text such as `12.5`.
fn basis_points(percent: &str) -> Option<u16> {
    let (whole, part) = percent.split_once('.').unwrap_or((percent, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty()
        || whole.len() > 3
        || part.len() > 2
        || !are_digits(whole)
        || !are_digits(part)
    {
        return None;
    }
    let whole: u16 = whole.parse().ok()?;
    let part: u16 = format!("{part:0<2}").parse().ok()?;
    whole.checked_mul(100)?.checked_add(part)
}

fn said(id: &str, account: &Account, as_json: bool) -> Result<Vec<String>, Failure> {
    let Account { version, terms, owed_cents } = account;
    if as_json {
        let told = json!({
            "id": id, "version": version, "terms": terms, "owed_cents": owed_cents,
        });
        return Ok(vec![told.to_string()]);
    }
    let Some(terms) = terms else {
        return Ok(vec![format!("{id}: nothing is agreed; it owes {}", euro(*owed_cents))]);
    };
    let commission = match terms.commission {
        Commission::BasisPoints(points) => format!("{}.{:02} %", points / 100, points % 100),
        Commission::Cents(cents) => format!("{} a ticket", euro(Cents(cents))),
    };
    let limit = match terms.credit_limit_cents {
        Some(limit) => format!("up to {}", euro(limit)),
        None => "without a limit".to_owned(),
    };
    Ok(vec![format!(
        "{id}: keeps {commission}, {} exceptions, may owe {limit}, owes {}",
        terms.exceptions.len(),
        euro(*owed_cents)
    )])
}

#[cfg(test)]
mod tests {
    use super::basis_points;

    #[test]
    fn a_percentage_is_read_to_its_hundredth() {
        let read = |text| basis_points(text);
        assert_eq!(read("15"), Some(1_500));
        assert_eq!(read("12.5"), Some(1_250));
        assert_eq!(read("0.01"), Some(1));
        for wrong in ["", ".5", "-1", "12.345", "1,5", "1000", "+15"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
