//! How long the platform takes from the execution of the program to its first healthy answer.

use std::path::Path;
use std::time::Duration;

use crate::Failure;
use crate::platform::Platform;
use crate::report::{self, seconds};

const REPEATS: usize = 3;

/// On folders that are not there: venues are loaded, keys and tables made.
pub(crate) async fn cold(program: &Path, folder: &Path) -> Result<(), Failure> {
    let mut times = Vec::with_capacity(REPEATS);
    for number in 0..REPEATS {
        let platform = Platform::start(program, &folder.join(format!("cold-{number}"))).await?;
        times.push(platform.started_in);
        platform.stop().await?;
    }
    report::row("start-up", "empty folder", &spread(times));
    Ok(())
}

/// On a folder that holds something.
pub(crate) async fn warm(program: &Path, data: &Path, what: &str) -> Result<(), Failure> {
    let mut times = Vec::with_capacity(REPEATS);
    for _ in 0..REPEATS {
        let platform = Platform::start(program, data).await?;
        times.push(platform.started_in);
        platform.stop().await?;
    }
    report::row("start-up", what, &spread(times));
    Ok(())
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let listed: Vec<String> = times.into_iter().map(seconds).collect();
    listed.join(", ")
}
