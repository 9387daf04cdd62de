//! Waiting for what happens by itself, with a deadline and without fixed sleeps.

use std::time::{Duration, Instant};

/// How long what happens by itself may take. The machine may be building at the same time.
pub const SOON: Duration = Duration::from_secs(30);

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Looks until `look` answers, at most for `within`.
///
/// # Panics
/// When the time is over, with the last thing that `look` said.
pub async fn eventually<T>(
    what: &str,
    within: Duration,
    mut look: impl AsyncFnMut() -> Result<T, String>,
) -> T {
    let begun = Instant::now();
    loop {
        let last = match tokio::time::timeout(within, look()).await {
            Ok(Ok(seen)) => return seen,
            Ok(Err(last)) => last,
            Err(_) => "a look that did not end".to_owned(),
        };
        assert!(begun.elapsed() < within, "{what}: not within {within:?}; last: {last}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
