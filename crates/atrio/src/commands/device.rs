//! `atrio device`: who may speak, with which certificate.

use std::path::{Path, PathBuf};

use atrio_domain::device::{DeviceName, DeviceState, RegisteredDevice};
use atrio_domain::id::{GateId, VenueId};
use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;

use super::{Attached, Failure, say};
use crate::devices::{DeviceCa, DevicesError, Enrolment};

/// What is enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum DeviceKind {
    /// A people counter, a feed of cells, or another sensor.
    Counter,
    /// A gate: it tells the venue's other gates which tickets are used.
    Gate,
}

#[derive(Debug, Subcommand)]
pub(super) enum DeviceCommand {
    /// Writes ca.pem, cert.pem and key.pem and enters the device in the registry.
    #[command(
        after_help = "Example: atrio device enrol counter-door --venue 20240 --out ./counter-door"
    )]
    Enrol {
        /// The device: a-z, 0-9 and `-`, 3 to 64 of them; of a gate, its name at the venue.
        name: String,
        /// What it is.
        #[arg(long, value_enum, default_value = "counter")]
        kind: DeviceKind,
        /// Where it stands.
        #[arg(long)]
        venue: VenueId,
        /// Where to write its files.
        #[arg(long)]
        out: PathBuf,
    },
    /// Writes a new certificate and key; the ones before open nothing from now on.
    #[command(after_help = "Example: atrio device rotate counter-door --out ./counter-door-2027")]
    Rotate {
        /// The device, as `list` names it.
        name: DeviceName,
        /// Where to write its files.
        #[arg(long)]
        out: PathBuf,
    },
    /// Withdraws a device's right to speak: its connection ends, and it does not get another.
    #[command(after_help = "Example: atrio device revoke counter-door")]
    Revoke {
        /// The device, as `list` names it.
        name: DeviceName,
    },
    /// Lists the devices: where they stand, whether they may speak, when they were last heard.
    #[command(after_help = "Example: atrio device list --venue 20240 --json")]
    List {
        /// Of this venue only.
        #[arg(long)]
        venue: Option<VenueId>,
        /// Prints them as JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(data: &Path, command: DeviceCommand) -> Result<(), Failure> {
    let attached = Attached::to(data).await?;
    let done = act(&attached, command).await;
    attached.detach().await;
    done
}

async fn act(attached: &Attached, command: DeviceCommand) -> Result<(), Failure> {
    let Attached { data, store, clock, .. } = attached;
    match command {
        DeviceCommand::Enrol { name, kind, venue, out } => {
            let (device, gate) = match kind {
                DeviceKind::Counter => (DeviceName::new(name)?, None),
                DeviceKind::Gate => {
                    let gate = GateId::new(name)?;
                    (DeviceName::of_gate(&venue, &gate)?, Some(gate))
                }
            };
            let ca = DeviceCa::open(data.path())?;
            let enrolled = ca.enrol(store, device, (venue, gate), &out, clock.now()).await?;
            say(&told("is enrolled", &enrolled));
        }
        DeviceCommand::Rotate { name, out } => {
            let rotated = DeviceCa::open(data.path())?.rotate(store, name, &out).await?;
            say(&told("has a new certificate", &rotated));
        }
        DeviceCommand::Revoke { name } => match store.revoke_device(&name, clock.now()).await? {
            Some(at) => say(&format!("{name} is revoked since {at}")),
            None => return Err(DevicesError::NotEnrolled { device: name }.into()),
        },
        DeviceCommand::List { venue, json } => {
            let devices = store.devices(venue.as_ref()).await?;
            let mut states = store.device_states(devices.iter().map(|one| &one.device)).await?;
            let lines: Vec<Line> = devices
                .into_iter()
                .map(|device| {
                    let state = states.remove(&device.device);
                    Line::of(device, state.as_ref(), clock.now())
                })
                .collect();
            if json {
                say(&serde_json::to_string_pretty(&lines)?);
            } else {
                lines.iter().for_each(|line| say(&line.text()));
            }
        }
    }
    Ok(())
}

fn told(what: &str, enrolment: &Enrolment) -> String {
    let RegisteredDevice { device, venue, .. } = &enrolment.registered;
    let directory = enrolment.directory.display();
    format!("{device} {what} at venue {venue}; its files are in {directory}")
}

/// Whether a device may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Right {
    Active,
    Revoked,
}

/// A device as it is listed.
#[derive(Debug, Serialize)]
struct Line {
    device: DeviceName,
    venue_id: VenueId,
    state: Right,
    /// The gate that it is; none for a counter.
    gate_id: Option<GateId>,
    certificate_serial: String,
    fingerprint_sha256: String,
    enrolled_at: Timestamp,
    revoked_at: Option<Timestamp>,
    heard_at: Option<Timestamp>,
    silent_since: Option<Timestamp>,
}

impl Line {
    fn of(device: RegisteredDevice, state: Option<&DeviceState>, now: Timestamp) -> Self {
        Self {
            state: if device.revoked_at.is_some() { Right::Revoked } else { Right::Active },
            device: device.device,
            venue_id: device.venue,
            gate_id: device.gate,
            certificate_serial: device.certificate_serial,
            fingerprint_sha256: device.fingerprint,
            enrolled_at: device.enrolled_at,
            revoked_at: device.revoked_at,
            heard_at: state.map(|state| state.heard_at),
            silent_since: state.and_then(|state| state.silent_since(now)),
        }
    }

    fn text(&self) -> String {
        let Self { device, venue_id, enrolled_at, .. } = self;
        let right = match self.revoked_at {
            Some(at) => format!("revoked since {at}"),
            None => format!("active since {enrolled_at}"),
        };
        let heard = match (self.silent_since, self.heard_at) {
            (Some(since), _) => format!("silent since {since}"),
            (None, Some(at)) => format!("heard at {at}"),
            (None, None) => "never heard".to_owned(),
        };
        format!("{device} at venue {venue_id}, {right}, {heard}")
    }
}
