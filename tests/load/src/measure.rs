//! Clients that repeat one operation for a while, and what can be said of the times it took.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::report::milliseconds;

/// Times that something took, shortest first.
#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The time that so many hundredths of the operations did not exceed.
    pub(crate) fn percentile(&self, hundredths: usize) -> Duration {
        let rank = (self.0.len() * hundredths).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (middle, slow) = (self.percentile(50), self.percentile(99));
        write!(f, "p50 {}, p99 {}", milliseconds(middle), milliseconds(slow))
    }
}

/// What clients did.
#[derive(Debug)]
pub(crate) struct Level {
    pub(crate) times: Times,
    pub(crate) took: Duration,
    pub(crate) refused: u64,
    pub(crate) first_refusal: Option<String>,
}

impl Level {
    pub(crate) fn per_second(&self) -> f64 {
        if self.took.is_zero() {
            return 0.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let done = self.times.len() as f64;
        done / self.took.as_secs_f64()
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}/s, {}", self.per_second(), self.times)?;
        if let Some(refusal) = &self.first_refusal {
            write!(f, "; {} refused, the first: {refusal}", self.refused)?;
        }
        Ok(())
    }
}

/// Lets `clients` repeat an operation until `span` is over or the operation was begun `most` times.
/// The operation gets its number, counted from 0.
pub(crate) async fn level<O, F>(clients: usize, span: Duration, most: u64, operation: O) -> Level
where
    O: Fn(u64) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let begun = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let client = || {
        let (begun, operation) = (Arc::clone(&begun), operation.clone());
        tokio::spawn(async move {
            let (mut times, mut refused, mut first) = (Vec::new(), 0, None);
            while start.elapsed() < span {
                let number = begun.fetch_add(1, Ordering::Relaxed);
                if number >= most {
                    break;
                }
                let at = Instant::now();
                match operation(number).await {
                    Ok(()) => times.push(at.elapsed()),
                    Err(error) => {
                        refused += 1;
                        first.get_or_insert_with(|| error.to_string());
                    }
                }
            }
            (times, refused, first)
        })
    };
    let clients: Vec<_> = (0..clients).map(|_| client()).collect();
    let (mut times, mut refused, mut first_refusal) = (Vec::new(), 0, None);
    for client in clients {
        match client.await {
            Ok((more, also_refused, first)) => {
                times.extend(more);
                refused += also_refused;
                first_refusal = first_refusal.or(first);
            }
            Err(error) => {
                refused += 1;
                first_refusal = Some(error.to_string());
            }
        }
    }
    Level { times: Times::of(times), took: start.elapsed(), refused, first_refusal }
}
