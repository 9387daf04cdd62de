//! The person behind a booking: forgetting them while the visit goes on. A ticket admits its bearer,
//! so nothing of a visit needs its visitor's name once the money is settled (GDPR, article 17).

use jiff::Timestamp;

use crate::booking::{Booking, BookingState, StepError};
use crate::holder::Holders;
use crate::risk::RiskKeys;

/// Stands where a request's fingerprint stood, which was made from the contact too.
pub(crate) const FORGOTTEN: &str = "forgotten";

impl Booking {
    /// The booking without its person: no contact, no keys their behaviour and places are counted under, no trace
    /// of the request they made. Repeated, it answers the same.
    ///
    /// # Errors
    /// A booking on hold or being paid for: who pays must be reachable until the outcome is known.
    pub fn forget_person(&self, now: Timestamp) -> Result<Self, StepError> {
        let seen = self.seen_at(now);
        if let BookingState::OnHold { .. } | BookingState::Paying { .. } = seen.state {
            return Err(StepError::WrongState { state: seen.state.name(), step: "forgotten" });
        }
        Ok(Self {
            contact: None,
            risk_keys: RiskKeys { contact: None, client: None },
            fingerprint: FORGOTTEN.to_owned(),
            // What they took stays counted until it expires: nobody evades a limit by this.
            counted: None,
            holders: Holders { names: Vec::new(), ..self.holders },
            resale: self.resale.as_ref().map(|resale| Box::new(resale.without_persons())),
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hold::HOLD_TTL_SECONDS;
    use crate::hold::tests::held;
    use jiff::ToSpan;

    #[test]
    fn who_may_still_pay_is_not_forgotten() {
        let hold = held();
        assert_eq!(
            hold.forget_person(hold.created_at),
            Err(StepError::WrongState { state: "ON_HOLD", step: "forgotten" })
        );
    }

    #[test]
    fn nothing_of_the_person_is_left_and_everything_of_the_visit_is() {
        let hold = held();
        let late = hold.created_at + HOLD_TTL_SECONDS.seconds();
        let forgotten = hold.forget_person(late).unwrap();
        assert_eq!(forgotten.contact, None);
        assert_eq!(forgotten.risk_keys, RiskKeys { contact: None, client: None });
        assert_ne!(forgotten.fingerprint, hold.fingerprint, "a hash of the contact is one, too");
        assert_eq!((forgotten.units.clone(), forgotten.slot), (hold.units, hold.slot));
        assert_eq!(forgotten.forget_person(late).unwrap(), forgotten);
    }
}
