//! Mail to visitors: when a booking becomes confirmed, its tickets, a PDF and an entry for the calendar
//! go to the address that was given; whoever waited for places, or for a
//! manager's word on a group, is told that they are held. A mark in the table is written before a mail is handed over, so
//! that a change reported twice is told once; what nobody took is handed over again later, and the
//! changes of others never wait for it. No address stands in a log.

mod letter;
mod message;
mod transport;

use atrio_domain::booking::{Booking, Contact};
use atrio_domain::id::{CallerUuid, VenueId};
use atrio_domain::mail::{Mail, MailKind, MailState, is_news, told};
use atrio_domain::ticket::KeyRing;
use atrio_dynamo::booking::Stored;
use atrio_dynamo::change::Change;
use atrio_dynamo::mail::StoredMail;
use atrio_dynamo::{Error, Store};
use atrio_runtime::environment::{self, EnvironmentError};
use atrio_runtime::{Clock, Shared, stream};
use aws_lambda_events::event::dynamodb::EventRecord;
use aws_lambda_events::event::streams::DynamoDbEventResponse;

use letter::Letter;
pub use message::{Message, part};
pub use transport::{NotTaken, Transport};

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Sign the codes of the tickets in the mail.
    pub keys: Shared<KeyRing>,
    /// Takes the mails.
    pub transport: Transport,
    /// The address that mails come from.
    pub from: String,
    /// Where the pages stand.
    pub public_url: String,
}

impl Context {
    /// Works on what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        Ok(Self {
            store: atrio_runtime::aws::store_from_environment()?,
            clock: Clock::system(),
            keys: atrio_runtime::ticket_keys::from_environment()?,
            transport: Transport::ses_from_environment()?,
            from: environment::text("ATRIO_MAIL_FROM", "the address that mails come from")?,
            public_url: environment::text("ATRIO_PUBLIC_URL", "where the pages stand")?,
        })
    }
}

/// Mails handed over in one run of [`retry`].
const PAGE: i32 = 100;

/// Tells visitors what the records of the table's stream report. The answer names the first record
/// whose mail has no mark yet: the stream goes on from there. A mail that nobody took has one.
pub async fn handle(context: &Context, records: &[EventRecord]) -> DynamoDbEventResponse {
    stream::one_by_one(records, |record| take(context, record)).await
}

async fn take(context: &Context, record: &EventRecord) -> Result<(), Error> {
    let Change::Booking { old, new } = stream::change_of(record) else { return Ok(()) };
    match told(old.as_ref().map(|stored| &stored.booking), &new.booking) {
        Some(kind) => begin(context, new.booking.uuid, kind).await,
        None => Ok(()),
    }
}

/// Marks a mail and hands it over for the first time, unless that was done before. What the stream
/// tells may be long past: a booking that has nothing to tell any more, as it stands, gets no mark.
async fn begin(context: &Context, uuid: CallerUuid, kind: MailKind) -> Result<(), Error> {
    let now = context.clock.now();
    let Some(stored) = context.store.booking(uuid).await? else { return Ok(()) };
    if !is_news(&stored.booking, kind, now) {
        return Ok(());
    }
    let mail = Mail::begun(uuid, kind, now);
    let mail = StoredMail { mail, slot_end: stored.booking.slot.end };
    if !context.store.begin_mail(&mail).await? {
        return Ok(());
    }
    if let Err(error) = hand_over(context, &stored, &mail).await {
        waits(&mail, &error);
    }
    Ok(())
}

/// Hands over again what nobody took and is due.
///
/// # Errors
/// When what is due cannot be read; a single mail that fails waits for its next attempt.
pub async fn retry(context: &Context) -> Result<(), Error> {
    for mail in context.store.mails_due(context.clock.now(), PAGE).await? {
        match mail {
            Ok(mail) => {
                if let Err(error) = retry_one(context, &mail).await {
                    waits(&mail, &error);
                }
            }
            Err(error) => tracing::error!(error = error.to_string(), "a mail cannot be read"),
        }
    }
    Ok(())
}

async fn retry_one(context: &Context, mail: &StoredMail) -> Result<(), NotTold> {
    // As it stands now, for the address, the tickets or the visit itself may have changed.
    let stored = context.store.booking(mail.mail.booking).await?;
    let booking = stored.as_ref().map(|stored| &stored.booking);
    let next = mail.mail.again(booking, context.clock.now());
    let is_mine = context.store.move_mail(mail, next.clone()).await?;
    match (stored, next.state) {
        (Some(stored), MailState::Waiting { .. }) if is_mine => {
            hand_over(context, &stored, &StoredMail { mail: next, slot_end: mail.slot_end }).await
        }
        _ => Ok(()),
    }
}

/// Why a mail waits for its next attempt.
#[derive(Debug, thiserror::Error)]
enum NotTold {
    #[error(transparent)]
    Store(#[from] Error),
    #[error(transparent)]
    Drawn(#[from] atrio_paper::NotDrawn),
    #[error(transparent)]
    Taken(#[from] NotTaken),
    #[error("there is no venue `{0}`")]
    NoVenue(VenueId),
    #[error("nobody gave an address")]
    NoAddress,
}

fn waits(mail: &StoredMail, error: &NotTold) {
    let (booking, attempt) = (mail.mail.booking.reference(), mail.mail.attempts);
    tracing::warn!(booking, attempt, error = error.to_string(), "a mail waits for another attempt");
}

async fn hand_over(context: &Context, stored: &Stored, mail: &StoredMail) -> Result<(), NotTold> {
    let booking = &stored.booking;
    let contact = booking.contact.as_ref().ok_or(NotTold::NoAddress)?;
    let message = written(context, stored, contact, mail.mail.kind).await?;
    context.transport.take(&message).await?;
    let now = context.clock.now();
    if !context.store.move_mail(mail, mail.mail.sent(now)).await? {
        tracing::warn!(booking = booking.uuid.reference(), "a mail was handed over twice");
    }
    Ok(())
}

/// The mail about a booking as it stands.
async fn written(
    context: &Context,
    stored: &Stored,
    contact: &Contact,
    kind: MailKind,
) -> Result<Message, NotTold> {
    let booking: &Booking = &stored.booking;
    let id = &booking.venue_id;
    let venue = context.store.venue(id).await?.ok_or_else(|| NotTold::NoVenue(id.clone()))?;
    let now = context.clock.now();
    let entry = || atrio_paper::calendar_entry(booking, &venue, booking.locale);
    let (letter, pdf, entry) = match kind {
        // Nothing to put into a calendar yet.
        MailKind::Offered => {
            (Letter::offered(booking, &venue, contact, &context.public_url), None, None)
        }
        MailKind::Approved => {
            (Letter::approved(booking, &venue, contact, &context.public_url), None, None)
        }
        MailKind::MoveOffered => {
            (Letter::move_offered(booking, &venue, contact, &context.public_url), None, None)
        }
        MailKind::Confirmed => {
            let tickets = context.store.tickets(&stored.tickets).await?;
            let named = |ticket| booking.named(ticket, &stored.tickets);
            let tickets: Vec<_> = tickets.into_iter().map(named).collect();
            let keys = context.keys.current();
            let key = keys.signing(&venue.supplied_by, now);
            let pdf = atrio_paper::printed(&venue, booking.locale, &tickets, key)?;
            let letter = Letter::confirmed(booking, &venue, contact, &context.public_url);
            (letter, Some(pdf), Some(entry()))
        }
        MailKind::Cancelled => {
            let letter = Letter::cancelled(booking, &venue, contact, &context.public_url);
            (letter, None, Some(entry()))
        }
    };
    Ok(Message::write(
        &context.from,
        booking,
        contact,
        kind,
        &letter,
        (pdf.as_deref(), entry.as_deref()),
        now,
    )?)
}
