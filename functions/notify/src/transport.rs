//! Who takes a mail: the provider on AWS, a folder on one machine.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use atrio_runtime::environment::EnvironmentError;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::config::{BehaviorVersion, Region};
use aws_sdk_sesv2::error::ProvideErrorMetadata as _;
use aws_sdk_sesv2::primitives::Blob;
use aws_sdk_sesv2::types::{Destination, EmailContent, RawMessage};

use crate::message::Message;

/// Mails kept in a folder: older ones go, for they hold addresses and tickets.
const KEPT: usize = 500;

/// How long the provider may take, well below the pause before the next attempt.
const PROVIDER_WITHIN: Duration = Duration::from_secs(20);

/// Takes mails.
#[derive(Debug, Clone)]
pub enum Transport {
    /// Amazon SES.
    Ses(Client),
    /// A folder of `.eml` files, the newest 500.
    Folder(PathBuf),
}

/// Why a mail was not taken. No variant holds the address: what a provider says would.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// The address given cannot stand in a mail.
    #[error("the address cannot stand in a mail")]
    Address,
    /// The provider refused or was not reached.
    #[error("the provider did not take it: {code}")]
    Provider {
        /// Its word for why.
        code: String,
    },
    /// The folder cannot be written.
    #[error("the folder cannot be written: {0}")]
    Folder(#[from] io::Error),
}

impl Transport {
    /// SES in the function's own region, with its own keys.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn ses_from_environment() -> Result<Self, EnvironmentError> {
        let (region, credentials, endpoint) = atrio_runtime::aws::account_from_environment()?;
        let mut config = aws_sdk_sesv2::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(atrio_runtime::aws::http_client())
            .timeout_config(TimeoutConfig::builder().operation_timeout(PROVIDER_WITHIN).build())
            .region(Region::new(region))
            .credentials_provider(credentials);
        config.set_endpoint_url(endpoint);
        Ok(Self::Ses(Client::from_conf(config.build())))
    }

    /// Hands a mail over.
    ///
    /// # Errors
    /// When it was not taken; it may be handed over again.
    pub async fn take(&self, message: &Message) -> Result<(), NotTaken> {
        match self {
            Self::Ses(client) => send(client, message).await,
            Self::Folder(folder) => file(folder, message).map_err(NotTaken::Folder),
        }
    }
}

async fn send(client: &Client, message: &Message) -> Result<(), NotTaken> {
    let refused = |code: Option<&str>| NotTaken::Provider {
        code: code.unwrap_or("it was not reached").to_owned(),
    };
    let raw = RawMessage::builder().data(Blob::new(message.mime.as_bytes())).build();
    let raw = raw.map_err(|_| refused(Some("the mail is empty")))?;
    client
        .send_email()
        .from_email_address(&message.from)
        .destination(Destination::builder().to_addresses(&message.to).build())
        .content(EmailContent::builder().raw(raw).build())
        .send()
        .await
        .map_err(|error| refused(error.code()))?;
    Ok(())
}

/// Files a mail under its name, whole or not at all: handed over again, it replaces itself.
fn file(folder: &Path, message: &Message) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!("{}.new", message.name));
    let mut to = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    to.write_all(message.mime.as_bytes())?;
    fs::rename(&unfinished, folder.join(format!("{}.eml", message.name)))?;
    let mut names: Vec<_> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    names.sort();
    for old in names.iter().take(names.len().saturating_sub(KEPT)) {
        fs::remove_file(old)?;
    }
    Ok(())
}
