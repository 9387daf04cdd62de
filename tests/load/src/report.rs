//! The table that a run prints, row by row as figures come, in the form of `docs/benchmarks.md`.

use std::time::Duration;

use atrio_runtime::Clock;

use crate::machine;

#[expect(clippy::print_stdout, reason = "what the command was asked for")]
fn say(line: &str) {
    println!("{line}");
}

/// Prints where and when, and the head of the table.
pub(crate) fn begin() {
    let now = Clock::system().now().strftime("%Y-%m-%d %H:%M UTC");
    say(&format!("{now}; {}\n", machine::describe()));
    say("| figure | at | value |\n| --- | --- | --- |");
}

/// Prints a line of a table of its own.
pub(crate) fn line(line: &str) {
    say(line);
}

/// Prints a figure.
pub(crate) fn row(figure: &str, at: &str, value: &str) {
    say(&format!("| {figure} | {at} | {value} |"));
}

/// Prints how busy the machine was before a part and after it.
pub(crate) fn load(part: &str, before: &str) {
    row("load of the machine", part, &format!("{before} before, {} after", machine::load()));
}

/// Prints why the run ended early.
#[expect(clippy::print_stderr, reason = "the one line of a failure")]
pub(crate) fn failed(error: &(dyn std::error::Error + 'static)) {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    eprintln!("atrio-load: {text}");
}

/// A span in milliseconds.
pub(crate) fn milliseconds(span: Duration) -> String {
    let milliseconds = span.as_secs_f64() * 1e3;
    if milliseconds < 10.0 {
        format!("{milliseconds:.2} ms")
    } else {
        format!("{milliseconds:.0} ms")
    }
}

/// A span in seconds.
pub(crate) fn seconds(span: Duration) -> String {
    format!("{:.2} s", span.as_secs_f64())
}

/// A size in MiB.
pub(crate) fn mebibytes(bytes: u64) -> String {
    let tenths = bytes * 10 / (1024 * 1024);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}
