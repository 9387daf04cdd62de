//! Who may do what: staff show a signed token of the identity provider; every staff route names
//! the roles it admits, and a venue's staff see that venue only.

use std::collections::HashMap;
use std::sync::Arc;

use atrio_domain::id::VenueId;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::environment::{self, EnvironmentError};
use crate::problem::Problem;

/// What a member of staff does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Runs the platform.
    Admin,
}

impl Role {
    /// The role as tokens name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Manager => "manager",
            Self::Desk => "desk",
            Self::Gate => "gate",
            Self::Analyst => "analyst",
            Self::DataOfficer => "data-officer",
            Self::Admin => "admin",
        }
    }
}

/// A member of staff, as the token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staff {
    /// Who they are, as the identity provider numbers them.
    pub subject: String,
    /// What they do.
    pub role: Role,
    /// Their venue; none for those of the whole platform.
    pub venue: Option<VenueId>,
}

/// The claims of a staff token.
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
    /// What they do.
    #[serde(rename = "atrio:role")]
    pub role: Role,
    /// Their venue.
    #[serde(rename = "atrio:venue", skip_serializing_if = "Option::is_none")]
    pub venue: Option<VenueId>,
}

/// Checks staff tokens.
#[derive(Clone)]
pub struct Access(Arc<Keys>);

struct Keys {
    keys: HashMap<String, (DecodingKey, Algorithm)>,
    issuer: String,
    audience: String,
    clock: Clock,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("issuer", &self.0.issuer).finish_non_exhaustive()
    }
}

const JWKS: &str = "ATRIO_STAFF_JWKS";

impl Access {
    /// Trusts the keys of a JSON Web Key Set.
    ///
    /// # Errors
    /// When the set or one of its keys cannot be read.
    pub fn new(
        jwks: &str,
        issuer: &str,
        audience: &str,
        clock: Clock,
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
        Ok(Self(Arc::new(Keys { keys, issuer, audience, clock })))
    }

    /// Trusts what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment(clock: Clock) -> Result<Self, EnvironmentError> {
        Self::new(
            &environment::text(JWKS, "the key set of the identity provider, as JSON")?,
            &environment::text("ATRIO_STAFF_ISSUER", "who issues staff tokens")?,
            &environment::text("ATRIO_STAFF_AUDIENCE", "whom staff tokens are for")?,
            clock,
        )
    }

    /// Who sends these headers, where their token is good.
    #[must_use]
    pub fn staff_of(&self, headers: &HeaderMap) -> Option<Staff> {
        self.staff(token(headers)?).ok()
    }

    fn staff(&self, token: &str) -> Result<Staff, Refused> {
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
        Ok(Staff { subject: claims.sub, role: claims.role, venue: claims.venue })
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
        Ok(Access::from_ref(state).staff(token)?)
    }
}

fn token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::trim)
}

impl Staff {
    /// Admits the roles named, and administrators.
    ///
    /// # Errors
    /// A problem that names the role, for everyone else.
    pub fn must_be(&self, roles: &[Role]) -> Result<(), Problem> {
        if self.role == Role::Admin || roles.contains(&self.role) {
            return Ok(());
        }
        let wanted: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        Err(Problem::new(StatusCode::FORBIDDEN, "wrong-role")
            .detail(format_args!(
                "this needs the role {}, the token has `{}`",
                wanted.join(" or "),
                self.role.name()
            ))
            .field("Authorization", "the role does not allow this", "ask for a token of that role"))
    }

    /// Whether a token without a venue means all venues: a venue's staff always name theirs, so that a
    /// claim left out by the identity provider opens nothing.
    #[must_use]
    pub fn is_platform_wide(&self) -> bool {
        self.venue.is_none() && matches!(self.role, Role::Admin | Role::Analyst | Role::DataOfficer)
    }

    /// Admits staff of that venue, and those of the whole platform.
    ///
    /// # Errors
    /// A problem that names the venue, for the staff of any other.
    pub fn must_see(&self, venue: &VenueId) -> Result<(), Problem> {
        let sees = self.venue.as_ref().map_or_else(|| self.is_platform_wide(), |own| own == venue);
        if sees {
            return Ok(());
        }
        Err(Problem::new(StatusCode::FORBIDDEN, "other-venue")
            .detail(format_args!("the token is for another venue than `{venue}`"))
            .field("venue_id", "belongs to other staff", "use a token of that venue"))
    }
}
