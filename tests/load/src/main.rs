//! Measures the platform as an operator runs it: the `atrio` program of the same build, a data
//! folder of its own, real clients over HTTP and MQTT. It prints figures and judges none of them;
//! what must hold is tested elsewhere.

mod cold;
mod devices;
mod faults;
mod feed;
mod lake;
mod machine;
mod measure;
mod orders;
mod platform;
mod report;
mod seed;
mod shop;
mod start;
mod stream;
mod tickets;
mod units;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Whatever ends a measurement.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measures the platform of this build on this machine.
#[derive(Debug, Parser)]
#[command(
    name = "atrio-load",
    after_help = "Example: cargo run --profile platform -p atrio-load -- --seconds 5"
)]
struct Options {
    /// Which measurements; all of them where none is named.
    #[arg(value_enum)]
    only: Vec<Part>,
    /// Seconds for each level of each measurement.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Bookings in the seeded lake.
    #[arg(long, default_value_t = 1_000_000)]
    bookings: usize,
    /// Repetitions of each question to the lake.
    #[arg(long, default_value_t = 200)]
    questions: usize,
    /// Rows of another ticket office's file.
    #[arg(long, default_value_t = 1_000_000)]
    rows: usize,
    /// The `atrio` program to measure; the one of this build where none is named.
    #[arg(long)]
    atrio: Option<PathBuf>,
    /// A table of hourly counts (CSV: `date`, `hour`, a column for each sensor) for the part `faults`.
    #[arg(long)]
    counts: Option<PathBuf>,
    /// The year of that table into which faults are put.
    #[arg(long, default_value_t = 2024)]
    year: i16,
    /// Where faults are put follows from this.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the data folders are made; their disk is what is measured.
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// A measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Start-up of an empty folder.
    Start,
    /// Holds, confirmations and the bare transaction they are compared with.
    Shop,
    /// Whole paid orders, a crowd for one slot, and what an order costs at the table.
    Orders,
    /// From a confirmation to the lake.
    Stream,
    /// Messages of counters.
    Devices,
    /// Questions to a lake of many bookings.
    Lake,
    /// A file of another ticket office.
    Feed,
    /// Codes of tickets, checked offline.
    Tickets,
    /// Sizes and cold starts of the functions' programs.
    Functions,
    /// Faults of people counters, put into the counts that `--counts` names; only where it is named.
    Faults,
}

#[tokio::main]
async fn main() -> ExitCode {
    // Two TLS providers are in the tree; a refusal means that one is chosen.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match measure_all(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::failed(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn measure_all(options: &Options) -> Result<(), Failure> {
    let wants = |part| options.only.is_empty() || options.only.contains(&part);
    if options.only == [Part::Faults] {
        let file = options.counts.as_deref().ok_or("name the table of counts: `--counts FILE`")?;
        return faults::measure(file, options.year, options.seed);
    }
    let atrio = match &options.atrio {
        Some(path) => path.clone(),
        None => platform::program_of_this_build()?,
    };
    let temporary = match &options.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let level = Duration::from_secs(options.seconds);
    report::begin();

    let load = machine::load();
    if wants(Part::Start) {
        start::cold(&atrio, temporary.path()).await?;
        report::load("start-up", &load);
    }
    if wants(Part::Tickets) {
        let load = machine::load();
        tickets::measure(level)?;
        report::load("tickets", &load);
    }
    if [Part::Shop, Part::Orders, Part::Stream, Part::Devices].into_iter().any(wants) {
        let data = temporary.path().join("platform");
        let platform = platform::Platform::start(&atrio, &data).await?;
        report::row("resident memory, idle", "", &report::mebibytes(platform.resident_bytes()?));
        if wants(Part::Shop) {
            let load = machine::load();
            report::row(
                "4 KiB written and synced",
                "1 writer",
                &machine::sync_probe(&data)?.to_string(),
            );
            shop::measure(&platform, level).await?;
            report::load("shop", &load);
        }
        if wants(Part::Orders) {
            let load = machine::load();
            units::measure(&platform).await?;
            orders::measure(&platform, level).await?;
            report::load("orders", &load);
        }
        if wants(Part::Stream) {
            let load = machine::load();
            stream::measure(&platform).await?;
            report::load("stream", &load);
        }
        if wants(Part::Devices) {
            let load = machine::load();
            devices::measure(&platform, level).await?;
            report::load("devices", &load);
        }
        report::row(
            "resident memory, after the load",
            "",
            &report::mebibytes(platform.resident_bytes()?),
        );
        let started = platform.stop().await?;
        report::row("stopping after the load", "", &report::seconds(started));
        start::warm(&atrio, &data, "after the load").await?;
    }
    if wants(Part::Lake) {
        let load = machine::load();
        lake::measure(&atrio, &temporary.path().join("seeded"), options).await?;
        report::load("lake", &load);
    }
    if wants(Part::Feed) {
        let load = machine::load();
        let data = temporary.path().join("fed");
        let platform = platform::Platform::start(&atrio, &data).await?;
        feed::measure(&platform, options.rows).await?;
        platform.stop().await?;
        report::load("feed", &load);
    }
    if wants(Part::Functions) {
        let load = machine::load();
        cold::measure()?;
        report::load("functions", &load);
    }
    Ok(())
}
