//! Codes of the first version, `AT1:`: the same signature over a CBOR map with the names of CWT
//! (RFC 8392). They are read as long as tickets carry them, and issued no more.

use ciborium::Value;
use jiff::Timestamp;

use crate::calendar::SlotTimes;
use crate::id::{ProductId, SlotId, TicketId, UnitId, VenueId};
use crate::ticket::{Entitlement, Grant};

pub(super) const PREFIX: &str = "AT1:";

// Keys of the CBOR map; below -70000 is private use.
const TICKET: i64 = -70_001;
const VENUE: i64 = -70_002;
const PRODUCT: i64 = -70_003;
const UNIT: i64 = -70_004;
const SLOT: i64 = -70_005;
const START: i64 = -70_006;
const END: i64 = -70_007;

pub(super) fn entitlement(claims: &Value) -> Option<Entitlement> {
    let claims = claims.as_map()?;
    let claim = |name: i64| {
        claims.iter().find(|(key, _)| key.as_integer() == Some(name.into())).map(|(_, value)| value)
    };
    let text = |name| claim(name).and_then(Value::as_text);
    let instant = |name| {
        let seconds = i64::try_from(claim(name)?.as_integer()?).ok()?;
        Timestamp::from_second(seconds).ok()
    };
    let ticket: [u8; 10] = claim(TICKET)?.as_bytes()?.as_slice().try_into().ok()?;
    Some(Entitlement {
        ticket: TicketId::from_bytes(ticket),
        venue: VenueId::new(text(VENUE)?).ok()?,
        product: ProductId::new(text(PRODUCT)?).ok()?,
        unit: UnitId::new(text(UNIT)?).ok()?,
        slot: SlotTimes {
            id: text(SLOT)?.parse::<SlotId>().ok()?,
            start: instant(START)?,
            end: instant(END)?,
        },
        grant: Grant::Visit,
    })
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;

    use crate::ticket::{sample, verify};

    /// A code as the version before issued it, signed with the seed of 32 threes.
    const PRINTED: &str = "AT1:$WGSLK/-4D7AE%6$ZCJ%6J.CWG6CL64EC6%C-7BYALX CKWE ED/E7360 8E:*0:*0:*0:*0:*0/E73604FENF6RF6G46100B92MEDEVC+EDPQE-3E/E7360LQE2EC0%E9VE100D92C8E8469%6%965W5VR6$961G7G46100E92DF3CU0E22100F92DF3QU0044%58/AU 8K+AC%9J27OUJS4EET91QNDEXBV30OV47R4H.SMUN76CD600*6IVK$63Q67QLSZ%M5RS*KTO%VN1QBLV6-UQG69R290";

    #[test]
    fn a_ticket_printed_before_the_shorter_code_still_verifies() {
        let key = SigningKey::from_bytes(&[3; 32]).verifying_key();
        assert_eq!(verify(PRINTED, &[key]), Ok(sample::entitlement()));
        let stranger = SigningKey::from_bytes(&[4; 32]).verifying_key();
        assert!(verify(PRINTED, &[stranger]).is_err());
    }
}
