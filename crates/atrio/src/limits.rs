//! How much one caller may ask of the API: so many requests in a while, by what they do. Staff are told apart by
//! their token, everyone else by their network address, and an address may be a whole school's or a museum's
//! own network, so what it may ask is what such a place asks on a busy day. On AWS the firewall in front counts,
//! by the same figures (`iac/global.yaml`).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use atrio_domain::staff::Subject;
use atrio_runtime::{Access, ClientAddress, Problem};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Requests after which callers are forgotten who have all of their allowance again.
const FORGET_EVERY: u32 = 10_000;

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// Looks something up.
    Reading,
    /// Holds, changes or gives up something.
    Holding,
    /// Anything that a member of staff does.
    Staff,
}

impl Class {
    const ALL: [Self; 3] = [Self::Reading, Self::Holding, Self::Staff];

    fn name(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Holding => "holding",
            Self::Staff => "staff",
        }
    }
}

/// So many requests in so many seconds, all of them at once where a caller likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Allowance {
    requests: NonZeroU32,
    seconds: NonZeroU32,
}

impl Allowance {
    const fn of(requests: u32, seconds: u32) -> Self {
        match (NonZeroU32::new(requests), NonZeroU32::new(seconds)) {
            (Some(requests), Some(seconds)) => Self { requests, seconds },
            _ => Self { requests: NonZeroU32::MIN, seconds: NonZeroU32::MIN },
        }
    }

    fn quota(self) -> Option<Quota> {
        let each = Duration::from_secs(self.seconds.get().into()) / self.requests.get();
        Some(Quota::with_period(each)?.allow_burst(self.requests))
    }
}

/// What callers may ask, as an operator sets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowances {
    /// Whatever they like.
    Off,
    /// So much of each class.
    On(Box<Table>),
}

/// What callers may ask of each class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table(BTreeMap<Class, Allowance>);

impl Default for Allowances {
    /// A hundred requests a second and twenty changes a second from one address, on average of five minutes
    /// and at once as many as those make: five hundred buyers of one network, each with a dozen requests, or
    /// a school that books together. A member of staff, or the gates that share a token, fifty a second.
    fn default() -> Self {
        Self::On(Box::new(Table(BTreeMap::from([
            (Class::Reading, Allowance::of(30_000, 300)),
            (Class::Holding, Allowance::of(6_000, 300)),
            (Class::Staff, Allowance::of(15_000, 300)),
        ]))))
    }
}

impl FromStr for Allowances {
    type Err = String;

    /// Reads `off`, or `reading=30000/300,holding=6000/300,staff=15000/300`; a class that is not named keeps
    /// its usual figures.
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let Self::On(mut table) = Self::default() else { return Ok(Self::Off) };
        for part in text.split(',') {
            let wrong = || {
                let example = "`off`, or classes such as `reading=30000/300,holding=6000/300`";
                format!("`{part}` is no allowance: write {example}, requests and seconds")
            };
            let (name, figures) = part.trim().split_once('=').ok_or_else(wrong)?;
            let (requests, seconds) = figures.split_once('/').ok_or_else(wrong)?;
            let class = Class::ALL.into_iter().find(|class| class.name() == name);
            let number = |text: &str| text.parse::<NonZeroU32>().map_err(|_| wrong());
            let allowance = Allowance { requests: number(requests)?, seconds: number(seconds)? };
            table.0.insert(class.ok_or_else(wrong)?, allowance);
        }
        Ok(Self::On(table))
    }
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Caller(String);

type Limiter = DefaultKeyedRateLimiter<Caller, StateInformationMiddleware>;

/// Counts what callers ask.
pub struct Limits {
    access: Access,
    classes: BTreeMap<Class, (Allowance, Limiter)>,
    counted: AtomicU32,
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Limits").finish_non_exhaustive()
    }
}

impl Limits {
    /// Counts by these; nothing where nothing is limited.
    #[must_use]
    pub fn new(allowances: &Allowances, access: Access) -> Option<Arc<Self>> {
        let Allowances::On(table) = allowances else { return None };
        let limiter = |(class, allowance): (&Class, &Allowance)| {
            let limiter = RateLimiter::keyed(allowance.quota()?).with_middleware();
            Some((*class, (*allowance, limiter)))
        };
        let classes = table.0.iter().filter_map(limiter).collect();
        Some(Arc::new(Self { access, classes, counted: AtomicU32::new(0) }))
    }

    /// Whether a caller may ask this; and the headers that say how much they may ask.
    fn count(&self, class: Class, caller: &Caller) -> Counted {
        let Some((allowance, limiter)) = self.classes.get(&class) else { return Counted::free() };
        if self.counted.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            for (_, limiter) in self.classes.values() {
                limiter.retain_recent();
                limiter.shrink_to_fit();
            }
        }
        let (requests, seconds) = (allowance.requests.get(), allowance.seconds.get());
        let (remaining, wait) = match limiter.check_key(caller) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                (0, Some(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1)))
            }
        };
        let missing = u64::from(requests.saturating_sub(remaining));
        let full_in = missing * u64::from(seconds) / u64::from(requests);
        let name = class.name();
        let header = |text: String| HeaderValue::from_str(&text).ok();
        let resets_in = wait.map_or(full_in, u64::from);
        Counted {
            wait_seconds: wait,
            headers: [
                header(format!("\"{name}\";q={requests};w={seconds}")).map(|value| (POLICY, value)),
                header(format!("\"{name}\";r={remaining};t={resets_in}"))
                    .map(|value| (LIMIT, value)),
            ],
        }
    }
}

struct Counted {
    wait_seconds: Option<u32>,
    headers: [Option<(HeaderName, HeaderValue)>; 2],
}

impl Counted {
    fn free() -> Self {
        Self { wait_seconds: None, headers: [None, None] }
    }
}

/// What class a request is of; none for what is not limited: pages, health, and the payment provider, whose
/// word must always arrive and is signed.
fn class_of(path: &str, method: &Method, is_staff: bool) -> Option<Class> {
    // A reseller's key is looked up in the table, so whoever tries keys must be counted before.
    if path.starts_with("/octo/") {
        return Some(Class::Reading);
    }
    let is_limited = path.starts_with("/v1/") || path.starts_with("/ngsi-ld/v1/");
    if !is_limited || path.starts_with("/v1/payments/") {
        return None;
    }
    Some(match (is_staff, method) {
        (true, _) => Class::Staff,
        (false, &Method::GET | &Method::HEAD) => Class::Reading,
        (false, _) => Class::Holding,
    })
}

/// Who asks: a member of staff, or an address. One household has a whole /64 of the newer kind, so that is
/// one caller. None for a program of this machine, which nobody need be protected from.
fn caller_of(staff: Option<&Subject>, address: Option<&str>) -> Option<Caller> {
    let address = match address.map(str::parse::<IpAddr>) {
        Some(Ok(ip)) if ip.to_canonical().is_loopback() => return None,
        Some(Ok(ip)) => match ip.to_canonical() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}/64")
            }
        },
        Some(Err(_)) | None => "unknown".to_owned(),
    };
    Some(Caller(staff.map_or(address, ToString::to_string)))
}

/// Counts a request, and answers one too many by when to come again. Whoever speaks from this machine itself is
/// not counted; a proxy on it names for whom it speaks (`X-Forwarded-For`).
pub(crate) async fn limit(
    State(limits): State<Option<Arc<Limits>>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(limits) = limits else { return next.run(request).await };
    let (mut parts, body) = request.into_parts();
    let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(&mut parts, &()).await;
    let staff = limits.access.subject_of(&parts.headers);
    let class = class_of(parts.uri.path(), &parts.method, staff.is_some());
    let caller = caller_of(staff.as_ref(), address.as_deref());
    let request = Request::from_parts(parts, body);
    let (Some(class), Some(caller)) = (class, caller) else { return next.run(request).await };
    let counted = limits.count(class, &caller);
    let mut response = match counted.wait_seconds {
        None => next.run(request).await,
        Some(seconds) => too_many(class, seconds).into_response(),
    };
    response.headers_mut().extend(counted.headers.into_iter().flatten());
    response
}

fn too_many(class: Class, seconds: u32) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests")
        .detail(format_args!("this caller sent too many requests ({})", class.name()))
        .field(
            "request",
            "is one too many for now",
            format!("wait {seconds} seconds, and send fewer: the header `RateLimit-Policy` says how many"),
        )
        .retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_sets_classes_or_turns_all_off() {
        let read = |text: &str| text.parse::<Allowances>();
        assert_eq!(read("off"), Ok(Allowances::Off));
        let Ok(Allowances::On(table)) = read("holding=5/60, staff=7/1") else { panic!("it reads") };
        assert_eq!(table.0[&Class::Holding], Allowance::of(5, 60));
        assert_eq!(table.0[&Class::Staff], Allowance::of(7, 1));
        assert_eq!(table.0[&Class::Reading], Allowance::of(30_000, 300));
        for bad in ["", "on", "reading", "reading=1", "reading=0/1", "reading=1/0", "other=1/1"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_household_is_one_caller_and_this_machine_is_none() {
        let caller = |address: &str| caller_of(None, Some(address)).map(|caller| caller.0);
        assert_eq!(caller("127.0.0.1"), None);
        assert_eq!(caller("::1"), None);
        assert_eq!(caller("::ffff:127.0.0.1"), None);
        assert_eq!(caller("192.0.2.7").as_deref(), Some("192.0.2.7"));
        assert_eq!(caller("::ffff:192.0.2.7"), caller("192.0.2.7"));
        assert_eq!(caller("2001:db8:1:2::5"), caller("2001:db8:1:2:9::1"));
        assert_ne!(caller("2001:db8:1:2::5"), caller("2001:db8:1:3::5"));
    }

    #[test]
    fn the_providers_word_and_pages_are_not_limited() {
        let class = |path, method| class_of(path, method, false);
        assert_eq!(class("/v1/venues", &Method::GET), Some(Class::Reading));
        assert_eq!(class("/v1/bookings", &Method::POST), Some(Class::Holding));
        assert_eq!(class_of("/v1/redemptions", &Method::POST, true), Some(Class::Staff));
        assert_eq!(class("/octo/bookings", &Method::POST), Some(Class::Reading));
        assert_eq!(class("/v1/payments/notifications", &Method::POST), None);
        assert_eq!(class("/healthz", &Method::GET), None);
        assert_eq!(class("/shop/", &Method::GET), None);
    }
}
