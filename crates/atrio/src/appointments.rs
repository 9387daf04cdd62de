//! Who runs an installation appoints whom they like, by the command line and past the rules that hold
//! among staff: the first operator, a gate's computer, and the staff of a rehearsal. What is appointed so
//! stands in the directory as if a manager had done it, on record, and is taken back the same way.

use std::collections::BTreeSet;

use atrio_domain::id::{CallerUuid, VenueId};
use atrio_domain::staff::{InvalidMember, Member, Reach, Role, Subject};
use atrio_dynamo::Store;
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::staff::{Roster, StaffChange, StaffChanged};
use atrio_runtime::Clock;
use serde_json::json;

/// How often an appointment is tried when others change the staff at the same moment.
const ATTEMPTS: u32 = 8;

/// Why nobody was appointed.
#[derive(Debug, thiserror::Error)]
pub enum AppointmentError {
    /// No one can be called that.
    #[error("no member of staff can be called that")]
    Subject(#[from] InvalidMember),
    /// The table could not be read or written.
    #[error("the directory of staff cannot be reached")]
    Store(#[from] atrio_dynamo::Error),
    /// Others changed the same staff time and again.
    #[error("others are changing the staff of `{reach}` at this moment; try again")]
    Busy {
        /// Whose.
        reach: Reach,
    },
}

/// Gives somebody a role; without a name, the one who has that role there for the asking. Whoever has it
/// keeps it. Answers who it is.
///
/// # Errors
/// [`AppointmentError`].
pub async fn appoint(
    store: &Store,
    clock: &Clock,
    (role, reach): (Role, &Reach),
    subject: Option<Subject>,
) -> Result<Subject, AppointmentError> {
    let subject = match subject {
        Some(subject) => subject,
        None => usual(role, reach)?,
    };
    for _ in 0..ATTEMPTS {
        let roster = store.roster(reach).await?;
        let before = roster.members.iter().find(|known| known.subject.as_ref() == Some(&subject));
        if before.is_some_and(|before| before.roles.contains(&role)) {
            return Ok(subject);
        }
        let after = with_role(before, role, &subject)?;
        if change(store, clock, (reach, &roster), before, Some(&after)).await? {
            return Ok(subject);
        }
    }
    Err(AppointmentError::Busy { reach: reach.clone() })
}

/// Takes back all that somebody may do at a venue, or for the platform as a whole. Answers whether they
/// might do anything there.
///
/// # Errors
/// [`AppointmentError`].
pub async fn dismiss(
    store: &Store,
    clock: &Clock,
    reach: &Reach,
    subject: &Subject,
) -> Result<bool, AppointmentError> {
    for _ in 0..ATTEMPTS {
        let roster = store.roster(reach).await?;
        let before = roster.members.iter().find(|known| known.subject.as_ref() == Some(subject));
        if before.is_none() || change(store, clock, (reach, &roster), before, None).await? {
            return Ok(before.is_some());
        }
    }
    Err(AppointmentError::Busy { reach: reach.clone() })
}

/// Appoints those whom the first start of an installation shows around a venue. Later starts appoint
/// nobody: what the venue's manager took back stays taken back.
///
/// # Errors
/// [`AppointmentError`].
pub async fn appoint_first(
    store: &Store,
    clock: &Clock,
    venue: &VenueId,
    roles: &[Role],
) -> Result<Vec<Subject>, AppointmentError> {
    let reach = Reach::Venue(venue.clone());
    let is_first = store.roster(&reach).await?.version == 0;
    let mut subjects = Vec::with_capacity(roles.len());
    for role in roles.iter().copied() {
        let subject = usual(role, &reach)?;
        if is_first {
            appoint(store, clock, (role, &reach), Some(subject.clone())).await?;
        }
        subjects.push(subject);
    }
    Ok(subjects)
}

/// Writes a change with its record; not when others changed the same staff meanwhile.
async fn change(
    store: &Store,
    clock: &Clock,
    (reach, roster): (&Reach, &Roster),
    before: Option<&Member>,
    after: Option<&Member>,
) -> Result<bool, AppointmentError> {
    let Some(member) = after.or(before) else { return Ok(true) };
    let roles = |side: Option<&Member>| side.map(|member| member.roles.clone());
    let on_record = |roles| json!({"subject": member.subject, "roles": roles});
    let version = roster.version + 1;
    let record = AuditRecord {
        reach: reach.clone(),
        actor: INSTALLATION.to_owned(),
        role: INSTALLATION.to_owned(),
        at: clock.now(),
        version,
        part: format!("staff/{}", member.id),
        before: roles(before).map(on_record),
        after: on_record(roles(after).unwrap_or_default()),
    };
    // Only who has signed in is found by subject, and their invitation is gone.
    let address_key = None;
    let change = StaffChange { reach, from_version: roster.version, before, after, address_key };
    Ok(store.change_staff(&change, &record).await? == StaffChanged::Done)
}

/// Who appoints, as the record of changes names them.
pub(crate) const INSTALLATION: &str = "installation";

/// The member of staff of an installation that has one for each role.
fn usual(role: Role, reach: &Reach) -> Result<Subject, InvalidMember> {
    match reach {
        Reach::Platform => format!("local-{}", role.name()).parse(),
        Reach::Venue(venue) => format!("local-{}-{venue}", role.name()).parse(),
    }
}

fn with_role(
    before: Option<&Member>,
    role: Role,
    subject: &Subject,
) -> Result<Member, InvalidMember> {
    let mut after = match before {
        Some(before) => before.clone(),
        None => Member {
            id: CallerUuid::from(uuid::Uuid::new_v4()),
            subject: Some(subject.clone()),
            address: None,
            roles: BTreeSet::new(),
            added_by: INSTALLATION.parse()?,
        },
    };
    after.roles.insert(role);
    Ok(after)
}
