//! Who calls: the reseller by its key, and what of OCTO beside the core it asks for.

use std::ops::Deref;

use atrio_domain::reseller::KeyHash;
use atrio_domain::text::Locale;
use atrio_domain::webhook::Owner;
use atrio_dynamo::reseller::StoredReseller;
use atrio_octo::viewer::Capabilities;
use axum::extract::{FromRef, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::error::OctoError;
use crate::{Context, USUAL_LOCALE};

/// Names capabilities, in requests and in answers.
const CAPABILITIES: HeaderName = HeaderName::from_static("octo-capabilities");

/// A reseller whose key is good.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    viewer: atrio_octo::viewer::Caller,
    /// Counts the changes of its reseller.
    pub(crate) version: u64,
    /// The hash of its key.
    pub(crate) key: KeyHash,
}

impl Deref for Caller {
    type Target = atrio_octo::viewer::Caller;

    fn deref(&self) -> &Self::Target {
        &self.viewer
    }
}

impl Caller {
    /// Whose events its servers are told.
    pub(crate) fn owner(&self) -> Owner {
        Owner::Reseller { reseller: self.reseller.id.clone(), mode: self.mode }
    }
}

fn asked(headers: &HeaderMap) -> Capabilities {
    let lines = headers.get_all(&CAPABILITIES).iter().filter_map(|value| value.to_str().ok());
    Capabilities::of(lines.flat_map(|line| line.split(',')))
}

fn granted(capabilities: Capabilities) -> HeaderValue {
    // Names of our own are always a value of a header.
    HeaderValue::from_str(&capabilities.names().join(", "))
        .unwrap_or_else(|_| HeaderValue::from_static(""))
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Context: FromRef<S>,
{
    type Rejection = OctoError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, OctoError> {
        let context = Context::from_ref(state);
        let key = key(&parts.headers).ok_or(OctoError::Unauthorized(
            "no key came with the request; send `Authorization: Bearer KEY`",
        ))?;
        let hash = KeyHash::of(&context.contact_hash_key, key);
        let found = context.store.reseller_of(&hash).await?;
        let now = context.clock.now();
        let unknown = || {
            let why =
                "the key is not known here, has ended or was revoked; ask the supplier for another";
            OctoError::Forbidden(why.to_owned())
        };
        let StoredReseller { reseller, version } = found.ok_or_else(unknown)?;
        let mode = reseller.key(&hash, now).ok_or_else(unknown)?.mode();
        reseller.must_sell().map_err(|error| {
            OctoError::Forbidden(format!("{error}: ask the supplier to let you sell again"))
        })?;
        let capabilities = asked(&parts.headers);
        let locale = locale(&parts.headers);
        let account = if capabilities.pricing {
            Some(context.store.reseller_account(&reseller.id).await?)
        } else {
            None
        };
        let viewer = atrio_octo::viewer::Caller { reseller, mode, capabilities, locale, account };
        Ok(Self { viewer, version, key: hash })
    }
}

fn key(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then_some(key)
}

/// The first language asked for that is spoken here. Clients list them by preference.
fn locale(headers: &HeaderMap) -> Locale {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let spoken = |language: &str| {
        let language = language.split([';', '-']).next().unwrap_or_default().trim();
        if language.eq_ignore_ascii_case("it") {
            Some(Locale::It)
        } else {
            language.eq_ignore_ascii_case("en").then_some(Locale::En)
        }
    };
    asked.unwrap_or_default().split(',').find_map(spoken).unwrap_or(USUAL_LOCALE)
}

/// Names what was granted in each answer, as OCTO asks.
pub(crate) async fn say_capabilities(request: Request, next: Next) -> Response {
    let granted = granted(asked(request.headers()));
    let mut response = next.run(request).await;
    response.headers_mut().insert(CAPABILITIES, granted);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        )])
    }

    #[test]
    fn capabilities_may_be_none_many_or_unknown() {
        let asked = |text| asked(&headers("octo-capabilities", text));
        assert_eq!(asked(""), Capabilities::default());
        assert_eq!(asked("octo/unheard-of"), Capabilities::default());
        let both = asked("octo/content,octo/pricing , octo/pickups");
        assert_eq!(both, Capabilities { pricing: true, content: true, webhooks: false });
        assert_eq!(granted(both), "octo/pricing, octo/content");
        assert_eq!(granted(asked("octo/webhooks")), "octo/webhooks");
    }

    #[test]
    fn the_first_language_that_is_spoken_here_is_answered() {
        let asked = |text| locale(&headers("accept-language", text));
        assert_eq!(asked("de-DE, en-GB;q=0.8, it;q=0.5"), Locale::En);
        assert_eq!(asked("IT"), Locale::It);
        assert_eq!(asked("zh"), USUAL_LOCALE);
    }

    #[test]
    fn a_key_comes_as_a_bearer_whatever_the_case_of_the_word() {
        assert_eq!(key(&headers("authorization", "bearer  k ")), Some("k"));
        assert_eq!(key(&headers("authorization", "Basic k")), None);
        assert_eq!(key(&headers("authorization", "Bearer ")), None);
    }
}
