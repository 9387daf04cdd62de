//! `atrio feed check`: looks at a file of another ticket office as the platform would, without a platform
//! and without a network.

use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use atrio_domain::feed::{Entry, Mapping, Reader, Sum};
use atrio_domain::id::VenueId;
use atrio_feed::{Checked, Spooled};
use clap::Subcommand;

use super::{Failure, say};

#[derive(Debug, Subcommand)]
pub(super) enum FeedCommand {
    /// Looks at a file: what its first rows would become, its sums, and each row at fault with the fix.
    /// Ends with a status other than 0 where a row is at fault.
    #[command(
        after_help = "Example: atrio feed check november.csv --mapping pos-transactions\n         atrio feed check visitors.xlsx --mapping ./our-mapping.json --venue 20240"
    )]
    Check {
        /// The file.
        file: PathBuf,
        /// How it is read: the name of a mapping that comes with the program, or a file with one.
        #[arg(long)]
        mapping: String,
        /// The venue it is for; rows of others are left alone then.
        #[arg(long)]
        venue: Option<VenueId>,
        /// Prints the figures as JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: FeedCommand) -> Result<ExitCode, Failure> {
    let FeedCommand::Check { file, mapping, venue, json } = command;
    let mapping = mapping_named(&mapping)?;
    let open =
        File::open(&file).map_err(|error| format!("cannot read `{}`: {error}", file.display()))?;
    let refused = |refusal: atrio_feed::FileRefusal| format!("{refusal}; {}", refusal.fix());
    let spooled = Spooled::of(open, mapping.format.kind).map_err(refused)?;
    let reader = Reader::of(mapping);
    let checked = atrio_feed::check(spooled, &reader, venue.as_ref()).map_err(refused)?;
    say(&if json { as_json(&checked)? } else { as_text(&checked)? });
    Ok(if checked.report.rejected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn mapping_named(name: &str) -> Result<Mapping, Failure> {
    let known = atrio_feed::shipped();
    if let Some(mapping) = known.iter().find(|mapping| mapping.id.as_str() == name) {
        return Ok(mapping.clone());
    }
    let text = std::fs::read_to_string(Path::new(name)).map_err(|error| {
        let names: Vec<_> = known.iter().map(|mapping| mapping.id.as_str()).collect();
        format!(
            "there is no mapping `{name}`, and no such file ({error}); write one of {}, or the path of a \
             file with one",
            names.join(", ")
        )
    })?;
    let mapping = atrio_feed::mapping_of(&text);
    Ok(mapping.map_err(|error| format!("`{name}` is no mapping: {error}"))?)
}

fn as_json(checked: &Checked) -> Result<String, Failure> {
    let preview: Vec<_> =
        checked.preview.iter().map(|(line, entry)| line_of(*line, entry)).collect();
    Ok(serde_json::to_string(&serde_json::json!({
        "report": checked.report,
        "preview": preview,
        "errors": checked.faults,
    }))?)
}

fn as_text(checked: &Checked) -> Result<String, Failure> {
    let report = &checked.report;
    let mut text = String::new();
    for (line, entry) in &checked.preview {
        writeln!(text, "{}", line_of(*line, entry))?;
    }
    writeln!(
        text,
        "{} rows: {} good, {} at fault, {} of other venues",
        report.rows, report.accepted, report.rejected, report.elsewhere
    )?;
    let totals = report.totals;
    let sums =
        [("sold", totals.sales), ("refunded", totals.refunds), ("admitted", totals.admissions)];
    for (name, sum) in sums {
        if sum != Sum::default() {
            writeln!(text, "{name}: {} for {}", sum.quantity, euro(sum.amount_cents))?;
        }
    }
    if let (Some(first), Some(last)) = (report.first_day, report.last_day) {
        writeln!(text, "days: {first} to {last}")?;
    }
    for fault in &checked.faults {
        writeln!(text, "line {}: {}; {}", fault.line, fault.message, fault.fix)?;
    }
    let more = report.rejected.saturating_sub(checked.faults.len() as u64);
    if more > 0 {
        writeln!(text, "and {more} more rows at fault")?;
    }
    Ok(text.trim_end().to_owned())
}

fn line_of(line: u64, entry: &Entry) -> String {
    let when = entry.hour.map_or_else(|| entry.day.to_string(), |hour| hour.to_string());
    let venue = entry.venue.as_ref().map(|venue| format!(" venue {venue}")).unwrap_or_default();
    format!(
        "line {line}:{venue} {when} {} {} {}/{} through {} for {}",
        entry.kind.name(),
        entry.quantity,
        entry.item.product_id,
        entry.item.unit_id,
        entry.through.name(),
        euro(entry.amount_cents),
    )
}

fn euro(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}EUR {}.{:02}", cents.abs() / 100, cents.abs() % 100)
}
