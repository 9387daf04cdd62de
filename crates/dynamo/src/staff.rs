//! The directory of staff. `STAFF#venue` / id of a member: who they are, what they do, and their
//! address, which stands nowhere else. `SUBJECT#subject` / venue: what whoever signed in may do there;
//! the one item that every staff request reads. `INVITED#hash of an address` / venue: a member who has
//! not signed in yet. `ROSTER` / venue: counts the changes, so that two of them see each other. For the
//! whole platform `*` stands in the place of the venue.

use std::collections::BTreeSet;

use atrio_domain::id::CallerUuid;
use atrio_domain::staff::{Grant, Member, Reach, Role, Subject};

use crate::attributes::{Attributes, json, number, text};
use crate::audit::AuditRecord;
use crate::transaction::{Condition, Written};
use crate::{Error, Item, SK, Store, key};

/// All members of a venue's staff, with the version they were read at.
#[derive(Debug, Clone, PartialEq)]
pub struct Roster {
    /// In order of their ids.
    pub members: Vec<Member>,
    /// Counts the changes; 0 where nobody was ever added.
    pub version: u64,
}

/// One change of the directory.
#[derive(Debug)]
pub struct StaffChange<'m> {
    /// Of whose staff.
    pub reach: &'m Reach,
    /// The version it was made from.
    pub from_version: u64,
    /// The member as they stood; none for a new one.
    pub before: Option<&'m Member>,
    /// The member as they stand from now on; none for one who is removed.
    pub after: Option<&'m Member>,
    /// Under which key whoever signs in with the member's address is found; none without an address.
    pub address_key: Option<String>,
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffChanged {
    /// It is stored, with its record.
    Done,
    /// Someone else changed the staff meanwhile: read it again.
    Stale,
}

fn partition(reach: &Reach) -> String {
    format!("STAFF#{reach}")
}

fn member_key(reach: &Reach, id: CallerUuid) -> Item {
    key(partition(reach), id.to_string())
}

fn subject_key(subject: &Subject, reach: &Reach) -> Item {
    key(format!("SUBJECT#{subject}"), reach.to_string())
}

fn invitation_key(address_key: &str, reach: &Reach) -> Item {
    key(format!("INVITED#{address_key}"), reach.to_string())
}

fn roster_key(reach: &Reach) -> Item {
    key("ROSTER", reach.to_string())
}

fn member_item(reach: &Reach, member: &Member) -> Result<Item, Error> {
    let mut item = member_key(reach, member.id);
    item.insert("roles".to_owned(), json("roles", &member.roles)?);
    item.insert("added_by".to_owned(), text(member.added_by.as_str()));
    if let Some(subject) = &member.subject {
        item.insert("subject".to_owned(), text(subject.as_str()));
    }
    if let Some(address) = &member.address {
        item.insert("address".to_owned(), text(address.as_str()));
    }
    Ok(item)
}

fn member(item: &Item) -> Result<Member, Error> {
    let read = Attributes::of(item);
    Ok(Member {
        id: read.parsed(SK)?,
        subject: read.optional_parsed("subject")?,
        address: read.optional_parsed("address")?,
        roles: read.json::<BTreeSet<Role>>("roles")?,
        added_by: read.parsed("added_by")?,
    })
}

fn is_invited(member: &Option<&Member>) -> bool {
    member.is_some_and(|member| member.subject.is_none())
}

fn grant(item: &Item) -> Result<Grant, Error> {
    let read = Attributes::of(item);
    Ok(Grant { reach: read.parsed(SK)?, roles: read.json("roles")? })
}

impl Store {
    /// What somebody who signed in may do, and where; nothing for a stranger.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn grants_of(&self, subject: &Subject) -> Result<Vec<Grant>, Error> {
        let items = self.all(format!("SUBJECT#{subject}")).await?;
        items.iter().map(grant).collect()
    }

    /// The whole staff of a venue or of the platform.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn roster(&self, reach: &Reach) -> Result<Roster, Error> {
        // The version first: what changes between the two readings makes a change from here stale.
        let counted = self.get(roster_key(reach)).await?;
        let version = match &counted {
            Some(item) => Attributes::of(item).number("version")?,
            None => 0,
        };
        let items = self.all(partition(reach)).await?;
        let members = items.iter().map(member).collect::<Result<_, _>>()?;
        Ok(Roster { members, version })
    }

    /// Where somebody was added under an address, and has not signed in since.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn invitations(&self, address_key: &str) -> Result<Vec<(Reach, CallerUuid)>, Error> {
        let items = self.all(format!("INVITED#{address_key}")).await?;
        let read = |item| {
            let read = Attributes::of(item);
            Ok((read.parsed(SK)?, read.parsed("member")?))
        };
        items.iter().map(read).collect()
    }

    /// Writes a change of the directory and its record, or neither.
    ///
    /// # Errors
    /// The service's own.
    pub async fn change_staff(
        &self,
        change: &StaffChange<'_>,
        record: &AuditRecord,
    ) -> Result<StaffChanged, Error> {
        let StaffChange { reach, from_version, before, after, address_key } = change;
        let unchanged = match from_version {
            0 => Condition::absent(),
            version => Condition::when("version = :version").value(":version", number(version)),
        };
        let mut roster = roster_key(reach);
        roster.insert("version".to_owned(), number(from_version + 1));
        let mut writes = vec![
            self.put(roster, unchanged)?,
            self.put(crate::audit::item(record)?, Condition::absent())?,
        ];
        match (before, after) {
            (_, Some(after)) => {
                writes.push(self.put(member_item(reach, after)?, Condition::none())?);
            }
            (Some(before), None) => writes.push(self.delete(member_key(reach, before.id))?),
            (None, None) => {}
        }
        let subject = |member: &Option<&Member>| member.and_then(|member| member.subject.clone());
        match (subject(before), *after) {
            (_, Some(Member { subject: Some(subject), roles, id, .. })) => {
                let mut item = subject_key(subject, reach);
                item.insert("roles".to_owned(), json("roles", roles)?);
                item.insert("member".to_owned(), text(id.to_string()));
                writes.push(self.put(item, Condition::none())?);
            }
            (Some(gone), None) => writes.push(self.delete(subject_key(&gone, reach))?),
            (None, None) | (_, Some(Member { subject: None, .. })) => {}
        }
        if let Some(address_key) = address_key {
            match (is_invited(before), is_invited(after), after) {
                (_, true, Some(after)) => {
                    let mut item = invitation_key(address_key, reach);
                    item.insert("member".to_owned(), text(after.id.to_string()));
                    writes.push(self.put(item, Condition::none())?);
                }
                (true, ..) => writes.push(self.delete(invitation_key(address_key, reach))?),
                (false, ..) => {}
            }
        }
        Ok(match self.transact(writes).await? {
            Written::All => StaffChanged::Done,
            Written::Refused(_) => StaffChanged::Stale,
        })
    }

    /// Every item of a partition, as last written.
    async fn all(&self, pk: String) -> Result<Vec<Item>, Error> {
        // No sort key of the directory lies outside: ids of venues and members are ASCII, as is `*`.
        self.between(pk, " ".to_owned(), "~".to_owned()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_reads_back_and_a_malformed_one_names_key_and_attribute() {
        let reach: Reach = "20240".parse().unwrap();
        let known = Member {
            id: "6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01".parse().unwrap(),
            subject: None,
            address: Some("anna@museo.example".parse().unwrap()),
            roles: [Role::Manager, Role::DataOfficer].into(),
            added_by: "olga".parse().unwrap(),
        };
        let mut item = member_item(&reach, &known).unwrap();
        assert_eq!(member(&item).unwrap(), known);
        item.insert("roles".to_owned(), text(r#"["emperor"]"#));
        let said = member(&item).unwrap_err().to_string();
        assert!(said.contains("STAFF#20240/") && said.contains("roles"), "{said}");
        item.insert("roles".to_owned(), text(r#"["desk"]"#));
        item.insert("address".to_owned(), text("anna at the museum"));
        let said = member(&item).unwrap_err().to_string();
        assert!(said.contains("address") && !said.contains("at the museum"), "{said}");
    }

    #[test]
    fn the_first_operator_of_an_installation_is_what_this_version_reads() {
        let file = include_str!("../../../iac/first-operator.json");
        let writes: Vec<serde_json::Value> = serde_json::from_str(file).unwrap();
        let items: Vec<Item> = writes
            .iter()
            .map(|write| {
                let item = write["Put"]["Item"].as_object().unwrap();
                let plain = |(name, value): (&String, &serde_json::Value)| {
                    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
                    let value = value.as_str().unwrap();
                    let value = if kind == "N" { number(value) } else { text(value) };
                    (name.clone(), value)
                };
                item.iter().map(plain).collect()
            })
            .collect();
        let [counted, operator, may] = items.as_slice() else { panic!("{} items", items.len()) };
        let operator = member(operator).unwrap();
        assert_eq!(operator.roles, [Role::Operator].into());
        let subject = operator.subject.clone().unwrap();
        let keys = |item: &Item| (item[crate::PK].clone(), item[SK].clone());
        let wanted = |key: Item| (key[crate::PK].clone(), key[SK].clone());
        assert_eq!(keys(counted), wanted(roster_key(&Reach::Platform)));
        assert_eq!(keys(may), wanted(subject_key(&subject, &Reach::Platform)));
        assert_eq!(
            grant(may).unwrap(),
            Grant { reach: Reach::Platform, roles: operator.roles.clone() }
        );
    }
}
