//! Mail items: `MAIL#booking` / kind. The item is the mark that a booking was told, written before
//! the mail is handed over, and what is due until somebody took it. It holds no address.

use atrio_domain::id::CallerUuid;
use atrio_domain::mail::{Mail, MailKind, MailState};
use atrio_domain::retention::Record;
use jiff::Timestamp;

use crate::attributes::{Attributes, instant, number, text, time_to_live};
use crate::table::{DUE_PK, DUE_SK, TTL};
use crate::transaction::{Condition, Written};
use crate::{Error, Item, PK, SK, Store, key};

fn mail_key(booking: CallerUuid, kind: MailKind) -> Item {
    key(format!("MAIL#{booking}"), kind.name())
}

fn item(mail: &Mail, slot_end: Timestamp) -> Item {
    let mut item = mail_key(mail.booking, mail.kind);
    let (status, at) = match mail.state {
        MailState::Waiting { due_at } => {
            item.insert(DUE_PK.to_owned(), text("MAIL"));
            item.insert(DUE_SK.to_owned(), instant(due_at));
            ("WAITING", due_at)
        }
        MailState::Sent { at } => ("SENT", at),
        MailState::GivenUp { at } => ("GIVEN_UP", at),
        MailState::Needless { at } => ("NEEDLESS", at),
    };
    item.insert("status".to_owned(), text(status));
    item.insert("at".to_owned(), instant(at));
    item.insert("attempts".to_owned(), number(mail.attempts));
    item.insert("slot_end".to_owned(), instant(slot_end));
    item.insert(TTL.to_owned(), time_to_live(Record::Mail.until(slot_end)));
    item
}

/// A mail as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMail {
    /// The mail.
    pub mail: Mail,
    /// When the visit it is about ends.
    pub slot_end: Timestamp,
}

fn stored(item: &Item) -> Result<StoredMail, Error> {
    let read = Attributes::of(item);
    let booking = read
        .text(PK)?
        .strip_prefix("MAIL#")
        .and_then(|uuid| uuid.parse().ok())
        .ok_or_else(|| read.malformed(PK, "is no mail's"))?;
    let name = read.text(SK)?;
    let kind = MailKind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| read.malformed(SK, "is no kind of mail"))?;
    let at = read.parsed("at")?;
    let state = match read.text("status")? {
        "WAITING" => MailState::Waiting { due_at: at },
        "SENT" => MailState::Sent { at },
        "GIVEN_UP" => MailState::GivenUp { at },
        "NEEDLESS" => MailState::Needless { at },
        other => return Err(read.malformed("status", format!("is `{other}`"))),
    };
    let mail = Mail { booking, kind, attempts: read.number("attempts")?, state };
    Ok(StoredMail { mail, slot_end: read.parsed("slot_end")? })
}

impl Store {
    /// One mail.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn mail(
        &self,
        booking: CallerUuid,
        kind: MailKind,
    ) -> Result<Option<StoredMail>, Error> {
        self.get(mail_key(booking, kind)).await?.as_ref().map(stored).transpose()
    }

    /// Marks a mail as begun; false when it was before.
    ///
    /// # Errors
    /// The service's own.
    pub async fn begin_mail(&self, mail: &StoredMail) -> Result<bool, Error> {
        self.put_mail(mail, Condition::absent()).await
    }

    /// Moves a mail on from where it was read; false when another moved it meanwhile.
    ///
    /// # Errors
    /// The service's own.
    pub async fn move_mail(&self, from: &StoredMail, to: Mail) -> Result<bool, Error> {
        let unmoved = Condition::when("#status = :waiting AND attempts = :attempts")
            .name("#status", "status")
            .value(":waiting", text("WAITING"))
            .value(":attempts", number(from.mail.attempts));
        self.put_mail(&StoredMail { mail: to, slot_end: from.slot_end }, unmoved).await
    }

    async fn put_mail(&self, mail: &StoredMail, condition: Condition) -> Result<bool, Error> {
        let write = self.put(item(&mail.mail, mail.slot_end), condition)?;
        Ok(matches!(self.transact(vec![write]).await?, Written::All))
    }

    /// Mails that nobody took and that are due again, oldest first. A malformed one does not hide
    /// the others.
    ///
    /// # Errors
    /// The service's own.
    pub async fn mails_due(
        &self,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<Result<StoredMail, Error>>, Error> {
        Ok(self.due("MAIL", now, limit).await?.iter().map(stored).collect())
    }
}
