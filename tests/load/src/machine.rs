//! What is said of the machine beside the figures: how busy it is, how fast its disk syncs, how
//! large the programs are.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use crate::Failure;
use crate::measure::Times;

/// Writes of the probe.
const PROBES: usize = 300;

/// The mean number of runnable processes over the last minute, and those of this moment.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut fields = text.split_whitespace();
    let minute = fields.next().unwrap_or("unknown");
    let runnable = fields.nth(2).and_then(|field| field.split('/').next()).unwrap_or("?");
    format!("{minute} ({runnable} runnable)")
}

/// Cores and memory.
pub(crate) fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kibibytes = field_kibibytes(&memory, "MemTotal:").unwrap_or(0);
    format!("{cores} cores, {} GiB of memory, load {}", kibibytes.div_ceil(1024 * 1024), load())
}

/// A field of `/proc` that is given in kB.
pub(crate) fn field_kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// How long the disk under a folder takes to make a page durable: what each commit of the database
/// waits for at least once.
pub(crate) fn sync_probe(folder: &Path) -> Result<Times, Failure> {
    let path = folder.join("sync-probe");
    let mut file = fs::File::create(&path)?;
    let mut times = Vec::with_capacity(PROBES);
    for _ in 0..PROBES {
        let at = Instant::now();
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(at.elapsed());
    }
    fs::remove_file(path)?;
    Ok(Times::of(times))
}
