//! What a gate without a line can do: how large a signed code is and how many one core checks.

use std::time::{Duration, Instant};

use atrio_domain::calendar::SlotTimes;
use atrio_domain::id::{ProductId, TicketId, UnitId, VenueId};
use atrio_domain::ticket::{CODE_PREFIX, Entitlement, Grant, sign, verify};
use ed25519_dalek::SigningKey;

use crate::Failure;
use crate::report;

/// Measures on this thread alone.
pub(crate) fn measure(span: Duration) -> Result<(), Failure> {
    let key = SigningKey::from_bytes(&[7; 32]);
    let entitlement = Entitlement {
        ticket: TicketId::from_bytes([7; 10]),
        venue: VenueId::new("20240")?,
        product: ProductId::new("admission")?,
        unit: UnitId::new("adult")?,
        slot: SlotTimes {
            id: "2026-11-24T10:00".parse()?,
            start: "2026-11-24T09:00:00Z".parse()?,
            end: "2026-11-24T10:00:00Z".parse()?,
        },
        grant: Grant::Visit,
    };
    let code = sign(&entitlement, &key)?;
    let keys = [key.verifying_key()];
    let body = code.strip_prefix(CODE_PREFIX).unwrap_or(&code);
    // Base 45 writes two bytes as three characters.
    let bytes = body.len() / 3 * 2 + usize::from(body.len() % 3 == 2);
    report::row("a ticket's code", "", &format!("{} characters, {bytes} bytes", code.len()));
    let (start, mut checked) = (Instant::now(), 0_u32);
    while start.elapsed() < span {
        for _ in 0..100 {
            if verify(&code, &keys)? != entitlement {
                return Err("a code was read as another".into());
            }
        }
        checked += 100;
    }
    let per_second = f64::from(checked) / start.elapsed().as_secs_f64();
    report::row("codes checked offline", "1 core", &format!("{per_second:.0}/s"));
    Ok(())
}
