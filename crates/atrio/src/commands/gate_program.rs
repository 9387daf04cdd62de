//! The command that runs a gate: its options, and codes typed into it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use atrio_domain::id::{AreaId, GateId, VenueId};
use atrio_domain::redemption::Direction;

use super::{Failure, say, start_log, stop_signal};
use crate::gate;

#[derive(Debug, clap::Args)]
pub(super) struct GateOptions {
    /// The venue.
    #[arg(long)]
    venue: VenueId,
    /// The gate.
    #[arg(long)]
    gate: GateId,
    /// The area of the venue that the gate leads into, where it does not lead into all of it.
    #[arg(long)]
    area: Option<AreaId>,
    /// The platform.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    platform: String,
    /// A staff token of role gate at the venue.
    #[arg(long, env = "ATRIO_GATE_TOKEN", hide_env_values = true)]
    token: String,
    /// The folder that `atrio device enrol --kind gate` wrote; without it the gate shares nothing with
    /// the venue's others.
    #[arg(long)]
    cert: Option<PathBuf>,
    /// The broker on site.
    #[arg(long, default_value = "localhost:8883")]
    mqtt: String,
    /// The folder of the gate's journal.
    #[arg(long, default_value = "./gate")]
    state: PathBuf,
    /// Where the gate's page listens, on this machine.
    #[arg(long, default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// The built pages.
    #[arg(long, default_value = "web/build")]
    web: PathBuf,
    /// How often the day's tickets are asked for and what waits is sent in, in seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every_seconds: u64,
    /// Also takes codes from the standard input, one a line, as a scanner types them; answers each
    /// with a line of JSON.
    #[arg(long)]
    stdin: bool,
    /// Takes the codes of the standard input on the way out.
    #[arg(long, requires = "stdin")]
    exit: bool,
}

/// Runs a gate until it is told to stop.
pub(super) async fn run(options: GateOptions) -> Result<(), Failure> {
    start_log();
    let broker = options.mqtt;
    let direction = if options.exit { Direction::Exit } else { Direction::Entry };
    let opened = gate::open(gate::Settings {
        venue: options.venue,
        gate: options.gate,
        area: options.area,
        platform: options.platform,
        token: options.token,
        site: options.cert.map(|certificate| gate::SiteSettings { broker, certificate }),
        folder: options.state,
        listen: options.listen,
        web: options.web,
        every: std::time::Duration::from_secs(options.every_seconds),
    })
    .await?;
    say(&format!("the gate is open: {}", opened.address));
    if options.stdin {
        let (line, mut lines) = tokio::sync::mpsc::channel(1);
        // A thread of its own, which ends with the program: a read of the standard input cannot be
        // given up.
        std::thread::spawn(move || {
            for code in std::io::stdin().lines().map_while(Result::ok) {
                if line.blocking_send(code).is_err() {
                    return;
                }
            }
        });
        let gate = Arc::clone(&opened.gate);
        tokio::spawn(async move {
            while let Some(code) = lines.recv().await {
                if !code.trim().is_empty() {
                    let uuid = uuid::Uuid::new_v4().into();
                    let over_limit_reason = None;
                    let asked = gate::Asked { uuid, code: &code, direction, over_limit_reason };
                    say(&gate.scan(&asked).await.line());
                }
            }
        });
    }
    say("stop with Ctrl-C");
    stop_signal().await;
    say("stopped; everything is kept");
    Ok(())
}
