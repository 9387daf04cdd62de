//! The keys that sign tickets: those of the installation and of its suppliers.

use atrio_domain::id::SupplierId;
use atrio_domain::ticket::{KeyRing, key_id};
use clap::Subcommand;
use jiff::Timestamp;

use super::{Failure, clock_of, say};
use crate::data_dir::DataDir;
use crate::keys::Secrets;

#[derive(Debug, Subcommand)]
pub(super) enum TicketKeyCommand {
    /// Adds a fresh key; tickets signed with the keys before it go on to admit. A platform that runs
    /// takes it up within seconds.
    #[command(
        after_help = "Example: atrio ticket-key rotate --from 2026-12-01T03:00:00+01:00\n         atrio ticket-key rotate --supplier uffizi"
    )]
    Rotate {
        /// The supplier whose venues it signs for; the installation, and suppliers without a key, where
        /// none is named.
        #[arg(long)]
        supplier: Option<SupplierId>,
        /// When it begins to sign: now, or later, so that gates that are offline learn it before.
        #[arg(long)]
        from: Option<Timestamp>,
    },
    /// Withdraws a key that leaked: it signs nothing and proves nothing from now on. Where it is the one
    /// that signs, a fresh key takes its place; pages, passes and mails show good codes at once.
    #[command(after_help = "Example: atrio ticket-key withdraw 1f2e3d4c5b6a7988")]
    Withdraw {
        /// The key, as `atrio ticket-key list` names it, or its first 8 digits, as codes name it.
        key: String,
    },
    /// Lists the keys: whose each is, which signs, and until when each is published.
    #[command(after_help = "Example: atrio ticket-key list")]
    List,
}

pub(super) fn run(data: &DataDir, command: TicketKeyCommand) -> Result<(), Failure> {
    let now = clock_of(data.running()?.as_ref()).now();
    let keys = match command {
        TicketKeyCommand::List => Secrets::open(data)?.ticket_keys()?,
        TicketKeyCommand::Rotate { supplier, from } => {
            let from = from.unwrap_or(now);
            if from < now {
                return Err(
                    format!("`--from` is {from}, which is over; name a later instant").into()
                );
            }
            Secrets::rotate_ticket_key(data, supplier, from)?
        }
        TicketKeyCommand::Withdraw { key } => Secrets::withdraw_ticket_key(data, &key, now)?,
    };
    list(&keys, now);
    Ok(())
}

fn list(keys: &KeyRing, now: Timestamp) {
    let of = |supplier: Option<&SupplierId>| {
        supplier.map_or_else(String::new, |supplier| format!(" of {supplier}"))
    };
    for term in keys.terms() {
        let (key, owner) = (term.key.verifying_key(), term.supplier.as_ref());
        let does = match term.published_until {
            _ if key == keys.signing_for(owner, now).verifying_key() => "signs".to_owned(),
            _ if term.from > now => format!("will sign from {}", term.from),
            Some(until) if until > now => format!("is published until {until}"),
            Some(_) | None => "is published no more".to_owned(),
        };
        say(&format!("{}{} {does}", key_id(&key), of(owner)));
    }
    for key in keys.withdrawn() {
        let owner = of(key.supplier_id.as_ref());
        say(&format!("{}{owner} was withdrawn at {}", key.kid, key.withdrawn_at));
    }
}
