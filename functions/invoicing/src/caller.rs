//! A reseller that reads its own accounts, by the key that it sells with.

use atrio_domain::reseller::{KeyHash, Reseller};
use atrio_runtime::Problem;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::header;
use axum::http::request::Parts;

use crate::{Context, problem};

/// A reseller whose key is good.
#[derive(Debug, Clone)]
pub(crate) struct Caller(pub(crate) Reseller);

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Context: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let context = Context::from_ref(state);
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let key = value.and_then(|value| value.split_once(' ')).and_then(|(scheme, key)| {
            let key = key.trim();
            (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then_some(key)
        });
        let hash = KeyHash::of(&context.contact_hash_key, key.ok_or_else(problem::no_key)?);
        let found = context.store.reseller_of(&hash).await.map_err(problem::internal)?;
        let now = context.clock.now();
        // A firm that is suspended sells nothing; what it owes it may still read.
        let is_its = |one: &Reseller| one.revoked_at.is_none() && one.key(&hash, now).is_some();
        let good = found.map(|stored| stored.reseller).filter(is_its);
        good.map(Self).ok_or_else(problem::bad_key)
    }
}
