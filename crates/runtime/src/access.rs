//! Who may do what: staff show a signed token of the identity provider, which says who they are; the
//! directory says what they may do, and is asked on every request, so that a role taken back opens
//! nothing from the next request on. Every staff route names the roles it admits at which venue.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use atrio_domain::id::VenueId;
use atrio_domain::staff::{Grant, Reach, Subject};
use atrio_dynamo::Store;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::environment::{self, EnvironmentError};
use crate::problem::Problem;

pub use atrio_domain::staff::Role;

/// A member of staff: who the token says they are, and what the directory says they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// Who they are, as the identity provider numbers them.
    pub subject: Subject,
    grants: Vec<Grant>,
}

/// Where a member of staff acts in a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acting {
    /// At every venue.
    Everywhere,
    /// At these.
    At(Vec<VenueId>),
}

/// The claims of a staff token. What somebody may do is none of them: a token outlives a role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// The identity provider.
    pub iss: String,
    /// The platform.
    pub aud: String,
    /// The member of staff, as the provider numbers them.
    pub sub: String,
    /// Epoch seconds when it was issued.
    pub iat: i64,
    /// Epoch seconds when it ends.
    pub exp: i64,
}

/// Checks staff tokens.
#[derive(Clone)]
pub struct Access(Arc<Keys>);

struct Keys {
    keys: HashMap<String, (DecodingKey, Algorithm)>,
    issuer: String,
    audience: String,
    clock: Clock,
    directory: Store,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("issuer", &self.0.issuer).finish_non_exhaustive()
    }
}

const JWKS: &str = "ATRIO_STAFF_JWKS";

impl Access {
    /// Trusts the keys of a JSON Web Key Set, and the directory of staff in that table.
    ///
    /// # Errors
    /// When the set or one of its keys cannot be read.
    pub fn new(
        jwks: &str,
        issuer: &str,
        audience: &str,
        clock: Clock,
        directory: Store,
    ) -> Result<Self, EnvironmentError> {
        let set: JwkSet =
            serde_json::from_str(jwks).map_err(|error| environment::bad(JWKS, error))?;
        let mut keys = HashMap::new();
        for key in &set.keys {
            let id = key.common.key_id.clone().unwrap_or_default();
            let algorithm = key
                .common
                .key_algorithm
                .and_then(|algorithm| algorithm.to_string().parse().ok())
                .unwrap_or(Algorithm::RS256);
            let decoding =
                DecodingKey::from_jwk(key).map_err(|error| environment::bad(JWKS, error))?;
            keys.insert(id, (decoding, algorithm));
        }
        let (issuer, audience) = (issuer.to_owned(), audience.to_owned());
        Ok(Self(Arc::new(Keys { keys, issuer, audience, clock, directory })))
    }

    /// Trusts what the environment names, and the directory of staff in that table.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment(clock: Clock, directory: Store) -> Result<Self, EnvironmentError> {
        Self::new(
            &environment::text(JWKS, "the key set of the identity provider, as JSON")?,
            &environment::text("ATRIO_STAFF_ISSUER", "who issues staff tokens")?,
            &environment::text("ATRIO_STAFF_AUDIENCE", "whom staff tokens are for")?,
            clock,
            directory,
        )
    }

    /// Whom the token among these headers is for, where it is good. What they may do is not looked up.
    #[must_use]
    pub fn subject_of(&self, headers: &HeaderMap) -> Option<Subject> {
        self.subject(token(headers)?).ok()
    }

    /// Who a token is for, with what the directory says they may do now.
    ///
    /// # Errors
    /// A problem where the token is not good, or the directory does not answer.
    pub async fn staff(&self, token: &str) -> Result<Staff, Problem> {
        let subject = self.subject(token)?;
        let grants = self.0.directory.grants_of(&subject).await;
        let grants = grants.map_err(|error| Problem::internal(&error))?;
        Ok(Staff { subject, grants })
    }

    fn subject(&self, token: &str) -> Result<Subject, Refused> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refused::Unreadable)?;
        let id = header.kid.unwrap_or_default();
        let (key, algorithm) = self.0.keys.get(&id).ok_or(Refused::UnknownKey)?;
        let mut validation = Validation::new(*algorithm);
        validation.set_issuer(&[&self.0.issuer]);
        validation.set_audience(&[&self.0.audience]);
        // The platform's clock may be a rehearsal's, so the end is compared here.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation)
            .map_err(|_| Refused::NotOurs)?
            .claims;
        if claims.exp <= self.0.clock.now().as_second() {
            return Err(Refused::Ended);
        }
        claims.sub.parse().map_err(|_| Refused::NotOurs)
    }
}

enum Refused {
    Missing,
    Unreadable,
    UnknownKey,
    NotOurs,
    Ended,
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let (message, fix) = match refused {
            Refused::Missing => {
                ("no token came with the request", "send `Authorization: Bearer TOKEN`")
            }
            Refused::Unreadable => ("the token cannot be read", "sign in again for a new one"),
            Refused::UnknownKey => (
                "the token is signed with a key that is not trusted here",
                "sign in again for a new one",
            ),
            Refused::NotOurs => (
                "the token was not issued for this platform, or was changed",
                "sign in again for a new one",
            ),
            Refused::Ended => ("the token has ended", "sign in again for a new one"),
        };
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized").detail(message).field(
            "Authorization",
            message,
            fix,
        )
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Staff
where
    Access: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let token = token(&parts.headers).ok_or(Refused::Missing)?;
        Access::from_ref(state).staff(token).await
    }
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::trim)
}

impl Staff {
    /// Admits those who have one of the roles at the venue, and administrators; answers the role they act
    /// in.
    ///
    /// # Errors
    /// A problem that names the role, or the venue where they have it elsewhere only.
    pub fn must_be_at(&self, venue: &VenueId, roles: &[Role]) -> Result<Role, Problem> {
        let mut here = self.grants.iter().filter(|grant| grant.reach.includes(venue)).peekable();
        let is_here = here.peek().is_some();
        let held: BTreeSet<Role> = here.flat_map(|grant| &grant.roles).copied().collect();
        let acting = roles.iter().chain([&Role::Admin]).copied().find(|role| held.contains(role));
        match acting {
            Some(role) => Ok(role),
            None if !is_here && self.acting(roles).is_ok() => Err(other_venue(venue)),
            None => Err(self.wrong_role(roles)),
        }
    }

    /// Admits those who have one of the roles for the whole platform, and its administrators; answers the role
    /// they act in.
    ///
    /// # Errors
    /// A problem that names the role.
    pub fn must_be_everywhere(&self, roles: &[Role]) -> Result<Role, Problem> {
        let everywhere = self.grants.iter().filter(|grant| grant.reach == Reach::Platform);
        let held: BTreeSet<Role> = everywhere.flat_map(|grant| &grant.roles).copied().collect();
        let acting = roles.iter().chain([&Role::Admin]).copied().find(|role| held.contains(role));
        acting.ok_or_else(|| self.wrong_role(roles))
    }

    /// The venue that an address names, for those who have one of the roles there.
    ///
    /// # Errors
    /// As [`Self::must_be_at`], and when no venue can be called that.
    pub fn at_venue(&self, venue_id: &str, roles: &[Role]) -> Result<VenueId, Problem> {
        let malformed = |error| Problem::malformed_id("venue_id", error);
        let venue = VenueId::new(venue_id).map_err(malformed)?;
        self.must_be_at(&venue, roles)?;
        Ok(venue)
    }

    /// Where they have one of the roles.
    ///
    /// # Errors
    /// A problem that names the role, for those who have it nowhere.
    pub fn acting(&self, roles: &[Role]) -> Result<Acting, Problem> {
        let mut venues = Vec::new();
        for grant in &self.grants {
            if !grant.roles.iter().any(|role| *role == Role::Admin || roles.contains(role)) {
                continue;
            }
            match &grant.reach {
                Reach::Platform => return Ok(Acting::Everywhere),
                Reach::Venue(venue) => venues.push(venue.clone()),
            }
        }
        if venues.is_empty() { Err(self.wrong_role(roles)) } else { Ok(Acting::At(venues)) }
    }

    fn wrong_role(&self, roles: &[Role]) -> Problem {
        let names = |roles: &mut dyn Iterator<Item = Role>| {
            roles.map(Role::name).collect::<Vec<_>>().join(" or ")
        };
        let wanted = names(&mut roles.iter().copied());
        let held: BTreeSet<Role> =
            self.grants.iter().flat_map(|grant| &grant.roles).copied().collect();
        let problem = Problem::new(StatusCode::FORBIDDEN, "wrong-role");
        let problem = if held.is_empty() {
            problem.detail(format_args!(
                "this needs the role {wanted}; the directory of staff gives this token's `sub` none"
            ))
        } else {
            let held = names(&mut held.into_iter());
            problem.detail(format_args!("this needs the role {wanted}, the directory gives {held}"))
        };
        problem.field(
            "Authorization",
            "the role does not allow this",
            "ask a manager of the venue for the role",
        )
    }
}

fn other_venue(venue: &VenueId) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "other-venue")
        .detail(format_args!("the directory gives no role at the venue `{venue}`"))
        .field("venue_id", "belongs to other staff", "name a venue where you work")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn venue(id: &str) -> VenueId {
        VenueId::new(id).unwrap()
    }

    fn staff(grants: &[(&str, &[Role])]) -> Staff {
        let grant = |(reach, roles): &(&str, &[Role])| Grant {
            reach: reach.parse().unwrap(),
            roles: roles.iter().copied().collect(),
        };
        Staff { subject: "x".parse().unwrap(), grants: grants.iter().map(grant).collect() }
    }

    fn refusal(answer: Result<Role, Problem>) -> String {
        serde_json::to_value(answer.unwrap_err()).unwrap()["title"].as_str().unwrap().to_owned()
    }

    #[test]
    fn a_role_counts_where_the_directory_says_and_nowhere_else() {
        let clerk = staff(&[("20240", &[Role::Desk, Role::Gate]), ("20514", &[Role::Manager])]);
        let (here, there) = (venue("20240"), venue("20514"));
        assert_eq!(clerk.must_be_at(&here, &[Role::Gate, Role::Manager]).unwrap(), Role::Gate);
        assert_eq!(refusal(clerk.must_be_at(&here, &[Role::Manager])), "wrong role");
        assert_eq!(refusal(clerk.must_be_at(&there, &[Role::Desk])), "wrong role");
        assert_eq!(refusal(clerk.must_be_at(&venue("20311"), &[Role::Desk])), "other venue");
        assert_eq!(refusal(clerk.must_be_at(&venue("20311"), &[Role::Operator])), "wrong role");
        assert_eq!(clerk.acting(&[Role::Manager]).unwrap(), Acting::At(vec![there]));
        assert!(staff(&[]).acting(&[Role::Manager]).is_err());
        assert_eq!(refusal(staff(&[]).must_be_at(&here, &[Role::Desk])), "wrong role");
    }

    #[test]
    fn an_administrator_passes_where_they_are_one_and_an_operator_by_name_only() {
        let (here, there) = (venue("20240"), venue("20514"));
        let one = staff(&[("20240", &[Role::Admin])]);
        assert_eq!(one.must_be_at(&here, &[Role::Desk]).unwrap(), Role::Admin);
        assert_eq!(refusal(one.must_be_at(&there, &[Role::Desk])), "other venue");
        let all = staff(&[("*", &[Role::Admin])]);
        assert_eq!(all.must_be_at(&there, &[Role::Desk]).unwrap(), Role::Admin);
        assert_eq!(all.acting(&[Role::Manager]).unwrap(), Acting::Everywhere);
        let operator = staff(&[("*", &[Role::Operator])]);
        assert_eq!(refusal(operator.must_be_at(&here, &[Role::Desk, Role::Manager])), "wrong role");
        assert_eq!(operator.must_be_at(&here, &[Role::Operator]).unwrap(), Role::Operator);
    }
}
