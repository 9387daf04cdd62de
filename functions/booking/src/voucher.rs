//! The discount code of a visit: found by its hash, tried against the venue's campaign before any place
//! is touched. Who tries wrong codes is let go on without one, not with another, for an hour.

use atrio_domain::hold::{HoldRequest, Offer};
use atrio_domain::venue::Venue;
use atrio_domain::voucher::{GUESSES_MAX, VoucherError, VoucherKey, VoucherUse};
use atrio_runtime::Problem;
use jiff::Timestamp;

use crate::{Context, internal, problem, risk_keys};

/// The hash of a code; `place` is where the request that gives it stands.
pub(crate) fn key(
    context: &Context,
    code: Option<&str>,
    place: &str,
) -> Result<Option<VoucherKey>, Problem> {
    let Some(code) = code else { return Ok(None) };
    let key = VoucherKey::of(&context.contact_hash_key, code);
    key.map(Some).ok_or_else(|| problem::voucher(place, &VoucherError::Unknown))
}

/// Reduces an offer by the code of its request, where there is one.
///
/// # Errors
/// Why the code does not fit, or the table's own.
pub(crate) async fn reduce(
    context: &Context,
    request: &HoldRequest,
    offer: &mut Offer,
    venue: &Venue,
    address: Option<&str>,
    place: &str,
    now: Timestamp,
) -> Result<(), Problem> {
    let Some(key) = &request.voucher else { return Ok(()) };
    let refused = |error: VoucherError| problem::voucher(place, &error);
    let keys = risk_keys(context, request, address);
    // A desk has a clerk in the place of a network.
    let network = keys.client.or(keys.contact);
    if let Some(network) = &network
        && context.store.guesses(network, now).await.map_err(internal)? >= GUESSES_MAX
    {
        return Err(refused(VoucherError::TooManyGuesses));
    }
    let Some(campaign) = context.store.campaign_of(&venue.id, key).await.map_err(internal)? else {
        if let Some(network) = &network {
            context.store.count_guess(network, now).await.map_err(internal)?;
        }
        return Err(refused(VoucherError::Unknown));
    };
    let used = VoucherUse { campaign, key: key.clone() };
    request.reduce(offer, venue, used, now).map_err(refused)
}
