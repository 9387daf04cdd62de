//! The commands that ask the lake and release from it. They read and write its files, whether or not a
//! platform runs on them.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use atrio_domain::release::last_settled_day;
use atrio_domain::venue::TIME_ZONE;
use atrio_lake_query::{Asker, Lake, Venues};
use atrio_lake_write::LakeWriter;
use atrio_release::ReleasedBy;
use clap::{Args, Subcommand, ValueEnum};
use jiff::tz::TimeZone;

use super::{Attached, Failure, clock_of, say};
use crate::data_dir::DataDir;
use crate::lake_check;

/// A question for the lake.
#[derive(Debug, Args)]
pub(super) struct SqlOptions {
    /// One SELECT; `SELECT * FROM dictionary` lists the tables and their columns.
    question: String,
    /// Whose eyes to see with.
    #[arg(long, value_enum, default_value = "analyst")]
    role: AskingRole,
    /// How to print the answer.
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AskingRole {
    /// Sees what is released.
    Analyst,
    /// May also add up facts of settled days.
    DataOfficer,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Columns of fixed width.
    Table,
    /// Comma-separated values.
    Csv,
    /// One JSON object.
    Json,
}

/// What is done with the lake.
#[derive(Debug, Subcommand)]
pub(super) enum LakeCommand {
    /// Compares the table with the lake, and what was released with the facts; ends with status 0 when they
    /// agree.
    #[command(after_help = "Example: atrio lake verify --json")]
    Verify {
        /// Prints the comparison as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Releases the cells of days that are over and not released yet.
    #[command(after_help = "Example: atrio lake release --json")]
    Release {
        /// Prints what was done as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Gathers the small files of every table.
    #[command(after_help = "Example: atrio lake compact")]
    Compact,
}

/// Does it.
pub(super) async fn run(path: &Path, command: &LakeCommand) -> Result<ExitCode, Failure> {
    match command {
        LakeCommand::Verify { json } => return verify(path, *json).await,
        LakeCommand::Release { json } => release(path, *json).await?,
        LakeCommand::Compact => {
            let data = DataDir::open(path)?;
            let writer = LakeWriter::open(data.lake_url()).await?;
            for table in atrio_lake_schema::TABLES {
                let compacted = writer.compact(table).await?;
                say(&format!("{}: {compacted:?}", table.name));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks through the gate.
pub(super) async fn sql(path: &Path, options: &SqlOptions) -> Result<(), Failure> {
    let data = DataDir::open(path)?;
    let clock = clock_of(data.running()?.as_ref());
    let asker = match options.role {
        AskingRole::Analyst => Asker::Analyst,
        AskingRole::DataOfficer => {
            let settled = last_settled_day(clock.now(), &TimeZone::get(TIME_ZONE)?)?;
            Asker::DataOfficer { venues: Venues::All, settled }
        }
    };
    let lake = Lake::open(data.lake_url()).await?;
    let answer = Box::pin(lake.view().answer(&asker, &options.question)).await?;
    let text = match options.format {
        Format::Table => answer.table(),
        Format::Csv => answer.csv()?,
        Format::Json => serde_json::to_string(&answer)?,
    };
    say(text.trim_end());
    Ok(())
}

/// Releases what is due.
async fn release(path: &Path, json: bool) -> Result<(), Failure> {
    let data = DataDir::open(path)?;
    let clock = clock_of(data.running()?.as_ref());
    let writer = Arc::new(LakeWriter::open(data.lake_url()).await?);
    let lake = Arc::new(Lake::open(data.lake_url()).await?);
    let context = atrio_release::Context::new(writer, lake, clock);
    let done = Box::pin(atrio_release::handle(&context, ReleasedBy::Command)).await?;
    say(&if json {
        serde_json::to_string(&done)?
    } else {
        format!("{} releases, {} cells", done.releases, done.cells)
    });
    Ok(())
}

async fn verify(path: &Path, json: bool) -> Result<ExitCode, Failure> {
    let attached = Attached::to(path).await?;
    let comparison = lake_check::compare(&attached.store, &attached.data.lake_url()).await;
    attached.detach().await;
    let comparison = comparison?;
    say(&if json { serde_json::to_string_pretty(&comparison)? } else { comparison.to_string() });
    Ok(if comparison.agrees() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
