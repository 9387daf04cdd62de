//! The command that runs a desk or a totem.

use std::net::SocketAddr;
use std::path::PathBuf;

use atrio_domain::booking::Channel;
use atrio_domain::id::{DeskId, OptionId, ProductId, VenueId};

use super::{Failure, say, start_log, stop_signal};
use crate::desk;

#[derive(Debug, clap::Args)]
pub(super) struct DeskOptions {
    /// The venue.
    #[arg(long)]
    venue: VenueId,
    /// The desk, or the totem.
    #[arg(long, default_value = "window-1")]
    desk: DeskId,
    /// Sells as a totem: without a drawer, and what is free.
    #[arg(long)]
    totem: bool,
    /// The platform.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    platform: String,
    /// A staff token of role desk at the venue.
    #[arg(long, env = "ATRIO_DESK_TOKEN", hide_env_values = true)]
    token: String,
    /// How many places it keeps of each slot of the day, leased by itself; none where the clerk asks for
    /// each.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=90))]
    keep: Option<u32>,
    /// Of which product it keeps them.
    #[arg(long, default_value = "admission", requires = "keep")]
    product: ProductId,
    /// Of which option of the product.
    #[arg(long, default_value = "standard", requires = "keep")]
    option: OptionId,
    /// The folder of the desk's journal.
    #[arg(long, default_value = "./desk")]
    state: PathBuf,
    /// Where the desk's page listens, on this machine.
    #[arg(long, default_value = "127.0.0.1:8091")]
    listen: SocketAddr,
    /// The built pages.
    #[arg(long, default_value = "web/build")]
    web: PathBuf,
    /// How often what waits is sent in, in seconds.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    every_seconds: u64,
}

/// Runs a desk until it is told to stop.
pub(super) async fn run(options: DeskOptions) -> Result<(), Failure> {
    start_log();
    let DeskOptions { product, option, .. } = options;
    let opened = desk::open(desk::Settings {
        venue: options.venue,
        desk: options.desk,
        channel: if options.totem { Channel::Totem } else { Channel::Desk },
        platform: options.platform,
        token: options.token,
        keep: options.keep.map(|places| desk::Keep { product, option, places }),
        folder: options.state,
        listen: options.listen,
        web: options.web,
        every: std::time::Duration::from_secs(options.every_seconds),
    })
    .await?;
    say(&format!("the desk is open: {}", opened.address));
    say("stop with Ctrl-C");
    stop_signal().await;
    say("stopped; everything is kept");
    Ok(())
}
