//! Who comes in: the password is a token of staff.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use atrio_runtime::{Access, Role};
use datafusion_postgres::pgwire::api::auth::{
    DefaultServerParameterProvider, StartupHandler, finish_authentication, protocol_negotiation,
    save_startup_parameters_to_metadata,
};
use datafusion_postgres::pgwire::api::{
    ClientInfo, ConnectionGuard, ConnectionHandle, ConnectionManager, PgWireConnectionState,
    PidSecretKeyGenerator as _, RandomPidSecretKeyGenerator,
};
use datafusion_postgres::pgwire::error::{PgWireError, PgWireResult};
use datafusion_postgres::pgwire::messages::startup::Authentication;
use datafusion_postgres::pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use futures::{Sink, SinkExt as _};
use tokio::runtime::Handle;

use crate::told;

/// Knows analysts by their tokens.
#[derive(Debug)]
pub(crate) struct Analysts {
    pub(crate) access: Access,
    /// Where tokens are checked: the directory's connections belong to it.
    pub(crate) checks: Handle,
}

/// Why somebody does not come in.
#[derive(Debug)]
pub(crate) enum KeptOut {
    /// The token opens nothing here, in words.
    NoAnalyst(String),
    /// The platform stops.
    Stopping,
}

/// The token that a connection was opened with.
struct Token(String);

impl Analysts {
    /// Whether whoever opened a connection is an analyst still.
    pub(crate) async fn must_be_one(
        &self,
        client: &(impl ClientInfo + ?Sized),
    ) -> PgWireResult<()> {
        let token = client.session_extensions().get::<Token>();
        let token = token.map(|token| token.0.clone()).unwrap_or_default();
        self.must_be_of_one(token).await.map_err(told::kept_out)
    }

    /// Whether a token is an analyst's.
    pub(crate) async fn must_be_of_one(&self, token: String) -> Result<(), KeptOut> {
        let access = self.access.clone();
        let checked = self.checks.spawn(async move {
            let staff = access.staff(&token).await?;
            staff.acting(&[Role::Analyst, Role::DataOfficer])
        });
        match checked.await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(problem)) => Err(KeptOut::NoAnalyst(problem.words().to_owned())),
            Err(_) => Err(KeptOut::Stopping),
        }
    }
}

/// Lets analysts in.
pub(crate) struct Door {
    analysts: Arc<Analysts>,
    connections: Arc<ConnectionManager>,
    keys: RandomPidSecretKeyGenerator,
    parameters: DefaultServerParameterProvider,
}

impl Door {
    pub(crate) fn new(analysts: Arc<Analysts>, connections: Arc<ConnectionManager>) -> Self {
        let mut parameters = DefaultServerParameterProvider::default();
        parameters.is_superuser = false;
        parameters.default_transaction_read_only = true;
        Self { analysts, connections, keys: RandomPidSecretKeyGenerator::default(), parameters }
    }
}

#[async_trait]
impl StartupHandler for Door {
    async fn on_startup<C>(
        &self,
        client: &mut C,
        message: PgWireFrontendMessage,
    ) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        match message {
            PgWireFrontendMessage::Startup(startup) => {
                protocol_negotiation(client, &startup).await?;
                if !client.is_secure() {
                    return Err(told::without_tls());
                }
                save_startup_parameters_to_metadata(client, &startup);
                client.set_state(PgWireConnectionState::AuthenticationInProgress);
                let ask = Authentication::CleartextPassword;
                client.send(PgWireBackendMessage::Authentication(ask)).await?;
            }
            PgWireFrontendMessage::PasswordMessageFamily(password) => {
                let token = password.into_password()?.password;
                self.analysts.must_be_of_one(token.clone()).await.map_err(told::kept_out)?;
                client.session_extensions().insert(Token(token));
                let (number, key) = self.keys.generate(client);
                client.set_pid_and_secret_key(number, key.clone());
                let (handle, guard) = self.connections.register(number, key);
                client.session_extensions().insert::<Arc<ConnectionHandle>>(handle);
                client.session_extensions().insert::<ConnectionGuard>(guard);
                finish_authentication(client, &self.parameters).await?;
            }
            _ => {}
        }
        Ok(())
    }
}
