//! A file of another ticket office: a till's transactions over HTTP, loaded, and then all of them once more
//! in a file that differs by one row, which is judged against what the lake holds by then.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::Failure;
use crate::platform::Platform;
use crate::report::{self, mebibytes};

/// How often the memory is looked at while a file is loaded.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Loads a file of so many rows.
pub(crate) async fn measure(platform: &Platform, rows: usize) -> Result<(), Failure> {
    let mut file = till(rows);
    let size = mebibytes(file.len() as u64);
    let idle = platform.resident_bytes()?;
    report::row("resident memory, before the file", "", &mebibytes(idle));
    send(platform, rows, file.clone(), &format!("{rows} rows, {size}, new")).await?;
    // Another file with the same rows and one more.
    file.push_str("28/02/2026;17:59;9;Z;1;V;INT;Intero;1;8,00;CASSA;OP9\n");
    send(platform, rows + 1, file, "the same rows and one more").await
}

async fn send(platform: &Platform, rows: usize, file: String, what: &str) -> Result<(), Failure> {
    let token = platform.manager().await?;
    let request = platform
        .client
        .post(platform.url("/v1/venues/20240/feeds/pos-transactions"))
        .bearer_auth(&token)
        .timeout(Duration::from_secs(1_800))
        .body(file);
    let (stop, stopped) = watch::channel(false);
    let start = Instant::now();
    let (answer, highest) = tokio::join!(
        async {
            let answer = request.send().await;
            // A receiver that is gone has stopped looking.
            let _ = stop.send(true);
            answer
        },
        highest_memory(platform, stopped),
    );
    let took = start.elapsed();
    let report: serde_json::Value = answer?.error_for_status()?.json().await?;
    let good = ["accepted", "corrected", "unchanged"]
        .iter()
        .filter_map(|name| report[*name].as_u64())
        .sum::<u64>();
    if good != rows as u64 {
        return Err(format!("{good} of {rows} rows are good").into());
    }
    let rows = u32::try_from(rows)?;
    let per_second = f64::from(rows) / took.as_secs_f64();
    report::row("a till's file loaded", what, &format!("{per_second:.0} rows/s"));
    report::row("resident memory, at most meanwhile", what, &mebibytes(highest?));
    Ok(())
}

async fn highest_memory(
    platform: &Platform,
    mut stop: watch::Receiver<bool>,
) -> Result<u64, Failure> {
    let mut highest = 0;
    while tokio::time::timeout(LOOK_EVERY, stop.wait_for(|stop| *stop)).await.is_err() {
        highest = highest.max(platform.resident_bytes()?);
    }
    Ok(highest)
}

/// A till's transactions of two months.
fn till(rows: usize) -> String {
    let mut text = String::from(
        "Data;Ora;Cassa;Scontrino;Riga;Tipo;Articolo;Descrizione;Quantità;Importo;Canale;Operatore\n",
    );
    for row in 0..rows {
        let (day, month, hour) = (1 + row % 28, 1 + row / 28 % 2, 9 + row % 9);
        let minute = row % 60;
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{day:02}/{month:02}/2026;{hour:02}:{minute:02};{};{row:07};1;V;INT;Biglietto intero;2;16,00;CASSA;OP1",
            row % 9
        );
    }
    text
}
