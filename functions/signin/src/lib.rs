//! Makes whoever was added to a staff by mail address that member, once they sign in and the identity
//! provider vouches for the address. It puts no role into the token: a token outlives a role, so the
//! functions ask the directory. Nobody is kept from signing in for not being a member.

use std::sync::Arc;

use atrio_domain::id::CallerUuid;
use atrio_domain::staff::{Member, Reach, StaffAddress, Subject, signed_in};
use atrio_dynamo::Store;
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::staff::{StaffChange, StaffChanged};
use atrio_runtime::Clock;
use atrio_runtime::environment::{self, EnvironmentError};
use serde::Deserialize;
use serde_json::{Value, json};

/// How often a change is tried when others change the staff at the same moment.
const ATTEMPTS: u32 = 8;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Hashes the addresses of staff who have not signed in yet.
    pub contact_hash_key: Arc<[u8]>,
}

impl Context {
    /// Works on what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        let key = environment::text(
            "ATRIO_CONTACT_HASH_KEY",
            "the secret under which addresses of staff are hashed",
        )?;
        Ok(Self {
            store: atrio_runtime::aws::store_from_environment()?,
            clock: Clock::system(),
            contact_hash_key: key.into_bytes().into(),
        })
    }
}

/// Why somebody did not become the member they were added as. Signing in again is safe.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The event is none of a user pool.
    #[error("the event is not one of a user pool: {reason}")]
    Event {
        /// What is wrong with it.
        reason: String,
    },
    /// The table could not be read or written.
    #[error("the directory of staff cannot be reached")]
    Store(#[from] atrio_dynamo::Error),
    /// Others changed the same staff time and again.
    #[error("others are changing the staff of `{reach}` at this moment")]
    Busy {
        /// Whose.
        reach: Reach,
    },
}

#[derive(Debug, Deserialize)]
struct Event {
    request: Request,
}

#[derive(Debug, Deserialize)]
struct Request {
    #[serde(rename = "userAttributes")]
    user: User,
}

#[derive(Deserialize)]
struct User {
    sub: Subject,
    #[serde(default)]
    email: String,
    /// `true`, once the provider has seen that mail arrives there.
    #[serde(default)]
    email_verified: String,
}

impl std::fmt::Debug for User {
    /// Prints nothing of the person, so that no log can.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("sub", &self.sub).finish_non_exhaustive()
    }
}

/// Takes the event of a user pool that is about to give somebody a token, and answers it as it came.
///
/// # Errors
/// [`SignInError`]; the pool then gives no token.
pub async fn handle(context: &Context, event: Value) -> Result<Value, SignInError> {
    let Event { request: Request { user } } = Event::deserialize(&event)
        .map_err(|error| SignInError::Event { reason: error.to_string() })?;
    // An address that the provider does not vouch for, or that is none, was never anybody's here.
    if user.email_verified == "true"
        && let Ok(address) = user.email.parse::<StaffAddress>()
    {
        sign_in(context, &user.sub, &address).await?;
    }
    Ok(event)
}

/// Makes the person the member they were added as, wherever that was under this address.
///
/// # Errors
/// [`SignInError`].
pub async fn sign_in(
    context: &Context,
    subject: &Subject,
    address: &StaffAddress,
) -> Result<(), SignInError> {
    let key = address.key(&context.contact_hash_key);
    for (reach, id) in context.store.invitations(&key).await? {
        join(context, subject, &key, &reach, id).await?;
    }
    Ok(())
}

async fn join(
    context: &Context,
    subject: &Subject,
    address_key: &str,
    reach: &Reach,
    id: CallerUuid,
) -> Result<(), SignInError> {
    for _ in 0..ATTEMPTS {
        let roster = context.store.roster(reach).await?;
        let Some(after) = signed_in(&roster.members, id, subject) else { return Ok(()) };
        let change = StaffChange {
            reach,
            from_version: roster.version,
            before: roster.members.iter().find(|member| member.id == id),
            after: Some(&after),
            address_key: Some(address_key.to_owned()),
        };
        let record = record(context, reach, subject, &after, roster.version + 1);
        if context.store.change_staff(&change, &record).await? == StaffChanged::Done {
            return Ok(());
        }
    }
    Err(SignInError::Busy { reach: reach.clone() })
}

fn record(
    context: &Context,
    reach: &Reach,
    subject: &Subject,
    after: &Member,
    version: u64,
) -> AuditRecord {
    AuditRecord {
        reach: reach.clone(),
        actor: subject.to_string(),
        role: "member".to_owned(),
        at: context.clock.now(),
        version,
        part: format!("staff/{}", after.id),
        before: Some(json!({"subject": null, "roles": after.roles})),
        after: json!({"subject": subject, "roles": after.roles}),
    }
}
