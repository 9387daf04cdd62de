//! Who works where: the members of a venue's staff and of the whole platform, what each does, and who
//! may say so. A member is known by the number that the identity provider gave them; until they signed
//! in for the first time, by the mail address that they were added under. A visitor is no member.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::booking::is_mail_address;
use crate::id::{CallerUuid, VenueId};
use crate::risk::keyed_bytes;

/// Most members of a venue, so that all of them are read whenever one is changed.
pub const MEMBERS_MAX: usize = 200;

/// Longest number of a member of staff, in bytes; Cognito's have 36.
const SUBJECT_MAX_BYTES: usize = 128;

/// What a member of staff does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Runs a venue.
    Manager,
    /// Sells at a desk.
    Desk,
    /// Admits at a gate.
    Gate,
    /// Asks the lake.
    Analyst,
    /// Guards the data.
    DataOfficer,
    /// Appoints the staff of venues, above all their first managers; opens nothing else.
    Operator,
    /// Runs the platform.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 7] = [
        Self::Manager,
        Self::Desk,
        Self::Gate,
        Self::Analyst,
        Self::DataOfficer,
        Self::Operator,
        Self::Admin,
    ];

    /// The role as it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Manager => "manager",
            Self::Desk => "desk",
            Self::Gate => "gate",
            Self::Analyst => "analyst",
            Self::DataOfficer => "data-officer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// Whether who acts in this role may give and take back `granted` at a venue. A manager does not
    /// choose who guards the data of the venue.
    fn grants(self, granted: Self) -> bool {
        match granted {
            Self::Manager | Self::Desk | Self::Gate | Self::Analyst => {
                matches!(self, Self::Manager | Self::Operator | Self::Admin)
            }
            Self::DataOfficer => matches!(self, Self::Operator | Self::Admin),
            // Of the whole platform: who runs the installation gives them.
            Self::Operator | Self::Admin => self == Self::Admin,
        }
    }
}

/// Why a text does not name a member of staff.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMember {
    /// The text is no number of an identity provider.
    #[error("is not the `sub` of a token: 1 to {SUBJECT_MAX_BYTES} printable ASCII characters")]
    Subject,
    /// The text is no mail address. It is not repeated: it is somebody's.
    #[error("is not a mail address such as `anna@museo.example`")]
    Address,
    /// The text is neither a venue nor `*`.
    #[error("is neither a venue id nor `*`")]
    Reach,
}

/// A member of staff as the identity provider numbers them: the `sub` of their tokens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subject(String);

impl Subject {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subject {
    type Err = InvalidMember;

    fn from_str(text: &str) -> Result<Self, InvalidMember> {
        let fits = (1..=SUBJECT_MAX_BYTES).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidMember::Subject) }
    }
}

impl TryFrom<String> for Subject {
    type Error = InvalidMember;
    fn try_from(text: String) -> Result<Self, InvalidMember> {
        text.parse()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The mail address of a member of staff, in one spelling. It never leaves the directory.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StaffAddress(String);

impl StaffAddress {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the address is found by: only the holder of the secret can tell it.
    #[must_use]
    pub fn key(&self, secret: &[u8]) -> String {
        let key = keyed_bytes(secret, "staff-address", &self.0);
        key.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for StaffAddress {
    /// Prints nothing of the person, so that no log can.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaffAddress(…)")
    }
}

impl FromStr for StaffAddress {
    type Err = InvalidMember;

    fn from_str(text: &str) -> Result<Self, InvalidMember> {
        let spelt = text.trim().to_lowercase();
        if is_mail_address(&spelt) { Ok(Self(spelt)) } else { Err(InvalidMember::Address) }
    }
}

impl TryFrom<String> for StaffAddress {
    type Error = InvalidMember;
    fn try_from(text: String) -> Result<Self, InvalidMember> {
        text.parse()
    }
}

impl From<StaffAddress> for String {
    fn from(address: StaffAddress) -> Self {
        address.0
    }
}

/// Where a role counts. Written as the venue's id, or `*`, which is no id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// At every venue.
    Platform,
    /// At one.
    Venue(VenueId),
}

impl Reach {
    /// Whether it includes the venue.
    #[must_use]
    pub fn includes(&self, venue: &VenueId) -> bool {
        match self {
            Self::Platform => true,
            Self::Venue(own) => own == venue,
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Platform => f.write_str("*"),
            Self::Venue(venue) => venue.fmt(f),
        }
    }
}

impl FromStr for Reach {
    type Err = InvalidMember;

    fn from_str(text: &str) -> Result<Self, InvalidMember> {
        match text {
            "*" => Ok(Self::Platform),
            _ => text.parse().map(Self::Venue).map_err(|_| InvalidMember::Reach),
        }
    }
}

/// What somebody does, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Where.
    pub reach: Reach,
    /// What.
    pub roles: BTreeSet<Role>,
}

/// A member of a venue's staff, or of the platform's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Made by whoever added them; the idempotency key of that.
    pub id: CallerUuid,
    /// Who they are; none before they signed in for the first time.
    pub subject: Option<Subject>,
    /// Where their managers reach them; none for a gate's computer and the like.
    pub address: Option<StaffAddress>,
    /// What they do; never empty.
    pub roles: BTreeSet<Role>,
    /// Who added them.
    pub added_by: Subject,
}

impl Member {
    /// Whether they run the venue now: who has never signed in does not yet.
    #[must_use]
    pub fn is_acting_manager(&self) -> bool {
        self.subject.is_some() && self.roles.contains(&Role::Manager)
    }
}

/// Who changes the directory, and in which role.
#[derive(Debug, Clone)]
pub struct Granter {
    /// Who.
    pub subject: Subject,
    /// As what.
    pub role: Role,
}

/// What a member shall be.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Which member.
    pub id: CallerUuid,
    /// Who, where the granter knows it; as it is, where nothing is said.
    pub subject: Option<Subject>,
    /// Under which address; as it is, where nothing is said.
    pub address: Option<StaffAddress>,
    /// With which roles.
    pub roles: BTreeSet<Role>,
}

/// Why a change of the directory is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StaffError {
    /// A member without a role is none.
    #[error("a member without a role is none")]
    NoRole,
    /// Neither address nor subject says who it is.
    #[error("neither `address` nor `subject` says who it is")]
    Nobody,
    /// The id stands for somebody else.
    #[error("`{id}` stands for another person")]
    OtherPerson {
        /// Which.
        id: CallerUuid,
    },
    /// The person is a member under another id.
    #[error("this person is a member already, as `{id}`")]
    MemberAlready {
        /// Which.
        id: CallerUuid,
    },
    /// There are too many.
    #[error("a venue has at most {MEMBERS_MAX} members of staff")]
    TooMany,
    /// The role is not given at a venue.
    #[error("`{}` is a role of the whole platform and not of a venue", role.name())]
    OfPlatform {
        /// Which.
        role: Role,
    },
    /// The role is not this granter's to give or to take back.
    #[error("a {} does not give or take back the role `{}`", granter.name(), role.name())]
    NotTheirs {
        /// As what they act.
        granter: Role,
        /// What they would give or take.
        role: Role,
    },
    /// Nobody lifts themselves.
    #[error("nobody gives themselves the role `{}`", role.name())]
    Themselves {
        /// Which role.
        role: Role,
    },
    /// The venue would be left without a manager.
    #[error("the venue would be left without a manager who has signed in")]
    LastManager,
}

impl StaffError {
    /// The field at fault.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::Nobody | Self::MemberAlready { .. } => "address",
            Self::OtherPerson { .. } | Self::TooMany => "member_id",
            Self::NoRole
            | Self::OfPlatform { .. }
            | Self::NotTheirs { .. }
            | Self::Themselves { .. }
            | Self::LastManager => "roles",
        }
    }

    /// What to do.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::NoRole => "name a role, or remove the member",
            Self::Nobody => "write the person's mail address",
            Self::OtherPerson { .. } => "add another person under a fresh uuid",
            Self::MemberAlready { .. } => "change the roles of the member who is there",
            Self::TooMany => "remove members who have left",
            Self::OfPlatform { .. } => "choose manager, desk, gate, analyst or data-officer",
            Self::NotTheirs { .. } => "ask an operator of the platform",
            Self::Themselves { .. } => "ask another manager, or an operator",
            Self::LastManager => "appoint another manager first, or ask an operator",
        }
    }
}

/// The member as they stand after `by` gave them what is wanted, seeing all of the venue's `staff`.
///
/// # Errors
/// [`StaffError`], the first rule that forbids it.
pub fn grant(staff: &[Member], by: &Granter, wanted: Wanted) -> Result<Member, StaffError> {
    let before = staff.iter().find(|member| member.id == wanted.id);
    if wanted.roles.is_empty() {
        return Err(StaffError::NoRole);
    }
    let member = match before {
        Some(before) => changed(before, wanted)?,
        None => added(staff, by, wanted)?,
    };
    may_change(by, before, &member)?;
    keeps_a_manager(staff, by, member.id, Some(&member))?;
    Ok(member)
}

/// The member whom `by` may remove from the venue's `staff`; none where there is none of that id.
///
/// # Errors
/// [`StaffError`], the first rule that forbids it.
pub fn take_back<'s>(
    staff: &'s [Member],
    by: &Granter,
    id: CallerUuid,
) -> Result<Option<&'s Member>, StaffError> {
    let Some(member) = staff.iter().find(|member| member.id == id) else { return Ok(None) };
    may_change(by, Some(member), &Member { roles: BTreeSet::new(), ..member.clone() })?;
    keeps_a_manager(staff, by, id, None)?;
    Ok(Some(member))
}

/// The member once the person behind the address signed in; none where the invitation is not for them
/// any more: who was added under an address is never who added it, and is nobody who is a member
/// already.
#[must_use]
pub fn signed_in(staff: &[Member], id: CallerUuid, subject: &Subject) -> Option<Member> {
    let member = staff.iter().find(|member| member.id == id && member.subject.is_none())?;
    let is_known = staff.iter().any(|known| known.subject.as_ref() == Some(subject));
    (!is_known && &member.added_by != subject)
        .then(|| Member { subject: Some(subject.clone()), ..member.clone() })
}

fn changed(before: &Member, wanted: Wanted) -> Result<Member, StaffError> {
    let is_same = (wanted.subject.is_none() || wanted.subject == before.subject)
        && (wanted.address.is_none() || wanted.address == before.address);
    if !is_same {
        return Err(StaffError::OtherPerson { id: before.id });
    }
    Ok(Member { roles: wanted.roles, ..before.clone() })
}

fn added(staff: &[Member], by: &Granter, wanted: Wanted) -> Result<Member, StaffError> {
    let Wanted { id, subject, address, roles } = wanted;
    if subject.is_none() && address.is_none() {
        return Err(StaffError::Nobody);
    }
    let is_known = |known: &&Member| {
        (subject.is_some() && known.subject == subject)
            || (address.is_some() && known.address == address)
    };
    if let Some(known) = staff.iter().find(is_known) {
        return Err(StaffError::MemberAlready { id: known.id });
    }
    if staff.len() >= MEMBERS_MAX {
        return Err(StaffError::TooMany);
    }
    Ok(Member { id, subject, address, roles, added_by: by.subject.clone() })
}

/// Every role given or taken back must be the granter's to give, and nobody gives to themselves.
fn may_change(by: &Granter, before: Option<&Member>, after: &Member) -> Result<(), StaffError> {
    let none = BTreeSet::new();
    let had = before.map_or(&none, |before| &before.roles);
    for role in had.symmetric_difference(&after.roles).copied() {
        if matches!(role, Role::Operator | Role::Admin) && after.roles.contains(&role) {
            return Err(StaffError::OfPlatform { role });
        }
        if !by.role.grants(role) {
            return Err(StaffError::NotTheirs { granter: by.role, role });
        }
        if after.subject.as_ref() == Some(&by.subject) && after.roles.contains(&role) {
            return Err(StaffError::Themselves { role });
        }
    }
    Ok(())
}

/// Only an operator leaves a venue without a manager.
fn keeps_a_manager(
    staff: &[Member],
    by: &Granter,
    id: CallerUuid,
    after: Option<&Member>,
) -> Result<(), StaffError> {
    let was = staff.iter().any(Member::is_acting_manager);
    let mut others = staff.iter().filter(|member| member.id != id);
    let is = others.any(Member::is_acting_manager) || after.is_some_and(Member::is_acting_manager);
    if was && !is && by.role == Role::Manager { Err(StaffError::LastManager) } else { Ok(()) }
}
