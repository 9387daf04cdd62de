//! The commands of the `atrio` program. Each acts on the platform that runs on its data folder, or
//! on the files where none runs; it ends with one clear line and a status.

mod desk_program;
mod device;
mod feed;
mod gate_program;
mod lake;
mod past;
mod reseller;
mod reseller_terms;
mod ticket_key;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use atrio_domain::id::VenueId;
use atrio_domain::staff::{Reach, StaffAddress, Subject};
use atrio_runtime::provider;
use atrio_runtime::{Clock, Role};
use clap::{Parser, Subcommand};
use jiff::Timestamp;

use self::desk_program::DeskOptions;
use self::device::DeviceCommand;
use self::feed::FeedCommand;
use self::gate_program::GateOptions;
use self::lake::{LakeCommand, SqlOptions};
use self::reseller::ResellerCommand;
use self::ticket_key::TicketKeyCommand;
use crate::appointments::{appoint, appoint_first, dismiss};
use crate::data_dir::{DataDir, Lock, Run};
use crate::database::{self, Database, Tidying};
use crate::devices::DeviceCa;
use crate::keys::Secrets;
use crate::limits::Allowances;
use crate::platform::{Installation, Platform, Settings};
use crate::pump::chain;
use crate::{outbox, sample_traffic};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Tickets and visitor data of Italian cultural venues, whole on one machine.
#[derive(Debug, Parser)]
#[command(name = "atrio", version, about)]
pub struct Program {
    /// The installation's folder.
    #[arg(long, global = true, default_value = "./data", env = "ATRIO_DATA")]
    data: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the platform and prints its addresses.
    #[command(after_help = "Example: atrio serve --http 127.0.0.1:8080 --traffic 20")]
    Serve {
        /// Where the pages and the API listen.
        #[arg(long, default_value = "127.0.0.1:8080")]
        http: SocketAddr,
        /// Where devices connect.
        #[arg(long, default_value = "127.0.0.1:8883")]
        mqtt: SocketAddr,
        /// Where what is released is asked over PostgreSQL's protocol, such as 127.0.0.1:5432; nowhere where
        /// nothing is said.
        #[arg(long, env = "ATRIO_SQL")]
        sql: Option<SocketAddr>,
        /// Where it is asked over Arrow Flight SQL, such as 127.0.0.1:32010; nowhere where nothing is said.
        #[arg(long, env = "ATRIO_FLIGHT")]
        flight: Option<SocketAddr>,
        /// How many times the sample's visitors come, or `off`.
        #[arg(long, default_value = "20", value_parser = speed_or_off)]
        traffic: Speed,
        /// The built pages.
        #[arg(long, default_value = "web/build")]
        web: PathBuf,
        /// Rehearse: the clock shows this instant at the start, such as 2026-05-05T10:00:00+02:00.
        #[arg(long)]
        now: Option<Timestamp>,
        /// Who takes the money: `sandbox`, or `pagopa` as the variables ATRIO_PAGOPA_… name it.
        #[arg(long, default_value = "sandbox", env = "ATRIO_PAYMENT_KIND")]
        payment: provider::Kind,
        /// How much one caller may ask of the API: `off`, or requests and seconds by class, such as
        /// `reading=30000/300,holding=6000/300,staff=15000/300`, which is what holds where nothing is said.
        #[arg(long, env = "ATRIO_LIMITS")]
        limits: Option<Allowances>,
    },
    /// Prints a bearer token of the embedded issuer, which stands in for the identity provider: it says
    /// who somebody is. With a role, appoints them first.
    #[command(
        after_help = "Example: atrio token --role gate --venue 20240\n         atrio token --subject carlo --address carlo@museo.example"
    )]
    Token {
        /// The role to appoint them to: manager, desk, gate, analyst, data-officer, operator, admin.
        #[arg(long, value_parser = role, required_unless_present = "subject")]
        role: Option<Role>,
        /// The venue of the role; all venues where none is named.
        #[arg(long, requires = "role")]
        venue: Option<VenueId>,
        /// Who signs in; with a role alone, the one member of staff who has it for the asking.
        #[arg(long)]
        subject: Option<Subject>,
        /// The mail address that they prove: whoever was added to a staff by it becomes that member.
        #[arg(long, requires = "subject")]
        address: Option<StaffAddress>,
    },
    /// Takes back all that somebody may do at a venue, or for the platform as a whole.
    #[command(after_help = "Example: atrio dismiss --subject local-operator")]
    Dismiss {
        /// Who, as the identity provider numbers them.
        #[arg(long)]
        subject: Subject,
        /// The venue; where none is named, what they may do for the whole platform.
        #[arg(long)]
        venue: Option<VenueId>,
    },
    /// The keys that sign tickets.
    #[command(subcommand)]
    TicketKey(TicketKeyCommand),
    /// People counters and other devices.
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Businesses that sell on, by OCTO.
    #[command(subcommand)]
    Reseller(ResellerCommand),
    /// Files of ticket offices that are not ours.
    #[command(subcommand)]
    Feed(FeedCommand),
    /// Runs a gate: it admits also while its line is down, and sends in what it did afterwards.
    #[command(
        after_help = "Example: atrio gate --venue 20240 --gate north --token TOKEN --cert ./north --state ./north-state"
    )]
    Gate(GateOptions),
    /// Runs a desk or a totem: it sells from what it leased also while its line is down, and sends its sales
    /// in afterwards.
    #[command(
        after_help = "Example: atrio desk --venue 20240 --desk window-1 --token TOKEN --keep 20 --state ./window-1"
    )]
    Desk(DeskOptions),
    /// Feeds yesterday and today so far, drawn from the sample, to the running platform; or a table of
    /// hourly counts of the past, a column a counter.
    #[command(
        after_help = "Example: atrio replay samples --speed 3600\n         atrio replay counts.csv --venue 20240 --zone Europe/Rome"
    )]
    Replay {
        /// What to replay: `samples`, or a file with the columns `date`, `hour` and one for each counter.
        source: String,
        /// The venue that counts of a file belong to.
        #[arg(long)]
        venue: Option<VenueId>,
        /// Whose time a file is written in.
        #[arg(long, default_value = "Europe/Rome")]
        zone: String,
        /// What the devices of a file are called, before the names of its columns.
        #[arg(long, default_value = "past")]
        prefix: String,
        /// How many times faster than it happened: 3600 sends an hour a second.
        #[arg(long, default_value_t = 3600.0)]
        speed: f64,
        /// Prints the figures as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Asks the lake through its privacy gate.
    #[command(
        after_help = "Example: atrio sql \"SELECT venue_id, sum(sales) FROM released_sales GROUP BY venue_id\""
    )]
    Sql(SqlOptions),
    /// The lake.
    #[command(subcommand)]
    Lake(LakeCommand),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Speed {
    Off,
    Times(f64),
}

fn speed_or_off(text: &str) -> Result<Speed, String> {
    if text == "off" {
        return Ok(Speed::Off);
    }
    match text.parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(Speed::Times(speed)),
        _ => Err("write a positive number, or `off`".to_owned()),
    }
}

fn role(text: &str) -> Result<Role, String> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).map_err(|_| {
        "write manager, desk, gate, analyst, data-officer, operator or admin".to_owned()
    })
}

/// Runs a command and says how it ended.
pub async fn run(program: Program) -> ExitCode {
    match dispatch(program).await {
        Ok(code) => code,
        Err(error) => {
            say_error(&format!("atrio: {}", chain(&*error)));
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(program: Program) -> Result<ExitCode, Failure> {
    let data = program.data;
    match program.command {
        Command::Serve { http, mqtt, sql, flight, traffic, web, now, payment, limits } => {
            let traffic = match traffic {
                Speed::Off => None,
                Speed::Times(_) if payment == provider::Kind::PagoPa => {
                    return Err("sample visitors would open real debts; add `--traffic off`".into());
                }
                Speed::Times(speed) => Some(speed),
            };
            let limits = limits.unwrap_or_default();
            serve(Settings { data, http, mqtt, sql, flight, traffic, web, now, payment, limits })
                .await?;
        }
        Command::Token { role, venue, subject, address } => {
            let attached = Attached::to(&data).await?;
            let role = role.map(|role| (role, venue.map_or(Reach::Platform, Reach::Venue)));
            let token = sign_in(&attached, role, subject, address).await;
            attached.detach().await;
            say(&token?);
        }
        Command::Dismiss { subject, venue } => {
            let attached = Attached::to(&data).await?;
            let reach = venue.map_or(Reach::Platform, Reach::Venue);
            let dismissed = dismiss(&attached.store, &attached.clock, &reach, &subject).await;
            attached.detach().await;
            if !dismissed? {
                return Err(format!("`{subject}` may do nothing there").into());
            }
            say(&format!("{subject} may do nothing there any more"));
        }
        Command::TicketKey(command) => ticket_key::run(&DataDir::open(&data)?, command)?,
        Command::Device(command) => device::run(&data, command).await?,
        Command::Reseller(command) => reseller::run(&data, command).await?,
        Command::Feed(command) => return feed::run(command),
        Command::Gate(options) => gate_program::run(options).await?,
        Command::Desk(options) => desk_program::run(options).await?,
        Command::Replay { source, speed, json, .. } if source == "samples" => {
            return replay(&data, speed, json).await;
        }
        Command::Replay { source, venue, zone, prefix, json, .. } => {
            past::replay(&data, &source, (venue, &zone, prefix), json).await?;
        }
        Command::Sql(options) => lake::sql(&data, &options).await?,
        Command::Lake(command) => return lake::run(&data, &command).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// What the identity provider does when somebody signs in, after whoever runs the installation appointed
/// them where a role is named.
async fn sign_in(
    attached: &Attached,
    role: Option<(Role, Reach)>,
    subject: Option<Subject>,
    address: Option<StaffAddress>,
) -> Result<String, Failure> {
    let Attached { data, store, clock, .. } = attached;
    let subject = match (role, subject) {
        (Some((role, reach)), named) => appoint(store, clock, (role, &reach), named).await?,
        (None, Some(subject)) => subject,
        (None, None) => return Err("name a role or a subject".into()),
    };
    let secrets = Secrets::open(data)?;
    if let Some(address) = address {
        let context = atrio_signin::Context {
            store: store.clone(),
            clock: *clock,
            contact_hash_key: secrets.contact_hash_key.as_bytes().into(),
        };
        atrio_signin::sign_in(&context, &subject, &address).await?;
    }
    Ok(secrets.issuer().token(&subject, clock)?)
}

fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("ATRIO_LOG").unwrap_or_else(|_| {
        tracing_subscriber::EnvFilter::new("warn,rmqtt=error,dynoxide=error,rumqttc=error")
    });
    // A logger that is set already stays.
    let _ =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

async fn serve(settings: Settings) -> Result<(), Failure> {
    start_log();
    let (traffic, payment) = (settings.traffic, settings.payment);
    let web_missing = !settings.web.join("index.html").exists();
    let platform = Platform::start(settings).await?;
    announce(&platform, traffic, payment, web_missing).await?;
    stop_signal().await;
    say("stopping");
    platform.stop().await;
    say("stopped; everything is kept");
    Ok(())
}

/// The venue of the printed staff links: a museum with an entrance price and a counter.
const SHOWN_VENUE: &str = "20240";

async fn announce(
    platform: &Platform,
    traffic: Option<f64>,
    payment: provider::Kind,
    web_missing: bool,
) -> Result<(), Failure> {
    let http = &platform.run.http;
    let venue = VenueId::new(SHOWN_VENUE)?;
    let roles = [Role::Desk, Role::Gate, Role::Manager];
    let mut tokens = Vec::with_capacity(roles.len());
    for subject in appoint_first(&platform.store, &platform.clock, &venue, &roles).await? {
        tokens.push(platform.issuer.token(&subject, &platform.clock)?);
    }
    let [desk, gate, manager] = &tokens[..] else { return Err("staff are missing".into()) };
    let zone = jiff::tz::TimeZone::get(atrio_domain::venue::TIME_ZONE)?;
    say(&format!(
        "atrio is ready; its clock shows {}",
        platform.clock.now().to_zoned_datetime(zone).strftime("%A %-d %B %Y, %H:%M in Italy")
    ));
    say(&format!("  shop       {http}/"));
    say(&format!("  desk       {http}/desk/#token={desk}&venue={venue}"));
    say(&format!("  gate       {http}/gate/#token={gate}&venue={venue}"));
    say(&format!("  dashboard  {http}/dashboard/#token={manager}&venue={venue}"));
    say(&format!("  staff      {http}/staff/#token={manager}&venue={venue}"));
    if let Some(outbox) = outbox::address(http) {
        say(&format!("  mail       {outbox}"));
    }
    say(&format!("  API        {http}/openapi.json"));
    say(&format!("  devices    mqtts://{}", platform.run.mqtt));
    if let Some(sql) = &platform.run.sql {
        say(&format!("  SQL        postgresql://analyst@{sql}/atrio?sslmode=require"));
    }
    if let Some(flight) = &platform.run.flight {
        say(&format!("  Flight SQL grpc+tls://{flight}"));
    }
    match payment {
        provider::Kind::Sandbox => say("  payments   sandbox: no money moves"),
        provider::Kind::PagoPa => say("  payments   pagoPA"),
    }
    match traffic {
        Some(speed) => {
            say(&format!("  traffic    sample visitors at {speed} times their real number"));
        }
        None => say("  traffic    off"),
    }
    if web_missing {
        say("  the pages are not built: run `make web`");
    }
    say("stop with Ctrl-C");
    Ok(())
}

async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without a handler Ctrl-C ends the process by itself.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

fn clock_of(run: Option<&Run>) -> Clock {
    run.map_or_else(Clock::system, |run| Clock::ahead_by_microseconds(run.clock_ahead_microseconds))
}

/// An installation that a command works on: the running one, or its files.
struct Attached {
    data: DataDir,
    store: atrio_dynamo::Store,
    clock: Clock,
    run: Option<Run>,
    own: Option<(Database, Lock)>,
}

impl Attached {
    async fn to(path: &std::path::Path) -> Result<Self, Failure> {
        let data = DataDir::open(path)?;
        if let Some(run) = data.running()? {
            let (store, clock) = (database::store(&run.table), clock_of(Some(&run)));
            return Ok(Self { data, store, clock, run: Some(run), own: None });
        }
        let lock = data.lock()?;
        let own = Database::of(&data, Tidying::Off).await?;
        let store = database::store(own.at());
        store.create_table().await?;
        Ok(Self { data, store, clock: Clock::system(), run: None, own: Some((own, lock)) })
    }

    async fn detach(self) {
        if let Some((database, _lock)) = self.own {
            database.stop().await;
        }
    }
}

async fn replay(path: &std::path::Path, speed: f64, json: bool) -> Result<ExitCode, Failure> {
    let attached = Attached::to(path).await?;
    let Some(run) = attached.run.clone() else {
        attached.detach().await;
        return Err("no platform runs on this folder; start one with `atrio serve`".into());
    };
    if run.moves_money {
        attached.detach().await;
        return Err("sample visitors would open real debts on the running platform".into());
    }
    let ca = DeviceCa::open(attached.data.path())?;
    let installation = Installation {
        issuer: Secrets::open(&attached.data)?.issuer(),
        data: attached.data,
        run,
        store: attached.store,
        clock: attached.clock,
        figures: Arc::default(),
    };
    let settings = sample_traffic::replay(&installation, &ca, speed, None).await?;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        stop_signal().await;
        // A receiver that is gone has ended already.
        let _ = stop.send(true);
    });
    let figures = crate::traffic::replay(settings, stopped).await?;
    say(&if json { serde_json::to_string(&figures)? } else { figures.to_string() });
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "what the command was asked for")]
fn say(line: &str) {
    println!("{line}");
}

#[expect(clippy::print_stderr, reason = "the one line of a failure")]
fn say_error(line: &str) {
    eprintln!("{line}");
}
