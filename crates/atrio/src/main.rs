//! The `atrio` program.

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    // Two TLS providers are in the tree; whoever connects first must find one chosen. A refusal
    // means that one is.
    let _ = rustls::crypto::ring::default_provider().install_default();
    atrio::commands::run(atrio::commands::Program::parse()).await
}
