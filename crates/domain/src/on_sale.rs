//! A sale that opens at an hour, and the line before it. Who comes before the hour takes part in a draw,
//! so that nobody gains by being a second faster or by a program; who comes after stands behind those. So
//! many a minute have their turn to book, for a quarter of an hour each. A place belongs to one mail
//! address and is signed, so it is neither made up nor sold on. Nothing here holds places of a slot.

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::id::{OnSaleId, ProductId, VenueId};
use crate::venue::Product;

/// How long a turn lasts: as long as a hold.
pub const TURN: SignedDuration = SignedDuration::from_mins(15);

/// Most turns a minute.
pub const TURNS_MAX: u32 = 100_000;

/// Turns that went by unused are given out at most for so long: who comes after a quiet hour does not
/// come with everyone else at once.
const CREDIT: SignedDuration = SignedDuration::from_mins(1);

/// What a token has of its code: 128 bits.
const MAC_BYTES: usize = 16;

/// A sale of the visits of some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnSale {
    /// Identifies it within the product.
    pub id: OnSaleId,
    /// The first day of the visits.
    pub first_day: Date,
    /// The last day of the visits.
    pub last_day: Date,
    /// From then on one may come.
    pub room_opens_at: Timestamp,
    /// The sale opens, and those who came are drawn.
    pub opens_at: Timestamp,
    /// From then on everyone books without a turn.
    pub line_ends_at: Timestamp,
    /// How many have their turn each minute.
    pub turns_per_minute: u32,
}

/// Why a sale cannot be held so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OnSaleError {
    /// Two sales bear one id.
    #[error("two sales are called `{id}`")]
    RepeatedId {
        /// The id.
        id: OnSaleId,
        /// The later one.
        index: usize,
    },
    /// The days do not run forward.
    #[error("the visits from {first_day} to {last_day} end before they begin")]
    Days {
        /// Which sale.
        index: usize,
        /// First day.
        first_day: Date,
        /// Last day.
        last_day: Date,
    },
    /// The instants do not run forward.
    #[error("the line opens at {room}, the sale at {sale}, it ends at {end}: not in this order")]
    Order {
        /// Which sale.
        index: usize,
        /// The line opens.
        room: Timestamp,
        /// The sale opens.
        sale: Timestamp,
        /// The line ends.
        end: Timestamp,
    },
    /// Nobody, or too many at once, would have their turn.
    #[error("{turns} turns a minute are not 1 to {TURNS_MAX}")]
    Turns {
        /// Which sale.
        index: usize,
        /// What was asked for.
        turns: u32,
    },
    /// A day is in two sales.
    #[error("{day} is in the sale before it too")]
    Overlap {
        /// The later sale.
        index: usize,
        /// The day.
        day: Date,
    },
}

impl OnSaleError {
    /// Where it is at fault, as written in JSON.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::RepeatedId { index, .. } => format!("on_sales[{index}].id"),
            Self::Days { index, .. } => format!("on_sales[{index}].last_day"),
            Self::Order { index, .. } => format!("on_sales[{index}].opens_at"),
            Self::Turns { index, .. } => format!("on_sales[{index}].turns_per_minute"),
            Self::Overlap { index, .. } => format!("on_sales[{index}].first_day"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::RepeatedId { .. } => "give each sale an id of its own",
            Self::Days { .. } => "write the last day of the visits, the first one or later",
            Self::Order { .. } => "let the line open first, then the sale, and end it after that",
            Self::Turns { .. } => "write 1 to 100000 turns a minute",
            Self::Overlap { .. } => "let each day be in one sale",
        }
    }
}

/// Checks the sales of a product.
///
/// # Errors
/// The first sale at fault.
pub fn check(sales: &[OnSale]) -> Result<(), OnSaleError> {
    for (index, sale) in sales.iter().enumerate() {
        let OnSale { first_day, last_day, .. } = *sale;
        if sales[..index].iter().any(|other| other.id == sale.id) {
            return Err(OnSaleError::RepeatedId { id: sale.id.clone(), index });
        }
        if last_day < first_day {
            return Err(OnSaleError::Days { index, first_day, last_day });
        }
        if sale.room_opens_at > sale.opens_at || sale.opens_at >= sale.line_ends_at {
            let (room, sale, end) = (sale.room_opens_at, sale.opens_at, sale.line_ends_at);
            return Err(OnSaleError::Order { index, room, sale, end });
        }
        if !(1..=TURNS_MAX).contains(&sale.turns_per_minute) {
            return Err(OnSaleError::Turns { index, turns: sale.turns_per_minute });
        }
        let meets = |other: &&OnSale| other.first_day <= last_day && first_day <= other.last_day;
        if let Some(other) = sales[..index].iter().find(meets) {
            return Err(OnSaleError::Overlap { index, day: first_day.max(other.first_day) });
        }
    }
    Ok(())
}

impl Product {
    /// The sale that visits of `day` are in, if they are in one.
    #[must_use]
    pub fn on_sale_of(&self, day: Date) -> Option<&OnSale> {
        self.on_sales.iter().find(|sale| sale.first_day <= day && day <= sale.last_day)
    }

    /// The sale of that id.
    #[must_use]
    pub fn on_sale(&self, id: &OnSaleId) -> Option<&OnSale> {
        self.on_sales.iter().find(|sale| &sale.id == id)
    }
}

/// How many stand in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Line {
    /// Who came before the sale opened, and are drawn.
    pub drawn: u32,
    /// Turns given out, or gone by unused, behind those.
    pub behind: u32,
}

/// Where somebody stands in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Among those who are drawn, at this part of their number out of 2³².
    Drawn {
        /// The part.
        lot: u32,
    },
    /// Behind them; the turn is at a whole second.
    Behind {
        /// When.
        turn_at: Timestamp,
    },
}

/// The lot of a person: nobody but who holds the key can tell it before the sale opens, and who comes
/// twice has it once.
#[must_use]
pub fn lot(key: &[u8], of: &LineOf<'_>, person: &str) -> u32 {
    let mac = of.mac(key, "lot", person, "").finalize().into_bytes();
    u32::from_be_bytes([mac[0], mac[1], mac[2], mac[3]])
}

/// Which line.
#[derive(Debug, Clone, Copy)]
pub struct LineOf<'a> {
    /// At which venue.
    pub venue: &'a VenueId,
    /// For which product.
    pub product: &'a ProductId,
    /// For which sale.
    pub sale: &'a OnSale,
}

impl LineOf<'_> {
    fn mac(&self, key: &[u8], what_for: &str, person: &str, standing: &str) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length");
        let [venue, product, sale] =
            [self.venue.as_str(), self.product.as_str(), self.sale.id.as_str()];
        for part in ["on-sale", what_for, venue, product, sale, person, standing] {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        mac
    }
}

/// What a token says of a place that is drawn.
const DRAWN: &str = "D";

impl Standing {
    /// The standing as written in items.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Drawn { lot } => format!("D{lot}"),
            Self::Behind { turn_at } => format!("B{}", turn_at.as_second()),
        }
    }

    /// Reads what [`Standing::text`] wrote.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        match text.split_at_checked(1)? {
            ("D", lot) => Some(Self::Drawn { lot: lot.parse().ok()? }),
            ("B", second) => {
                let turn_at = Timestamp::from_second(second.parse().ok()?).ok()?;
                Some(Self::Behind { turn_at })
            }
            _ => None,
        }
    }

    /// The token that proves it, for this line and this person only. A drawn one does not say its lot:
    /// whoever could read it before the draw would join address after address and keep the best.
    #[must_use]
    pub fn token(self, key: &[u8], of: &LineOf<'_>, person: &str) -> String {
        let text = match self {
            Self::Drawn { .. } => DRAWN.to_owned(),
            Self::Behind { .. } => self.text(),
        };
        let mac = of.mac(key, "place", person, &text).finalize().into_bytes();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(&mac[..MAC_BYTES]))
    }

    /// Reads a token; none where it is not of this line and this person.
    #[must_use]
    pub fn of_token(key: &[u8], of: &LineOf<'_>, person: &str, token: &str) -> Option<Self> {
        let (text, proof) = token.split_once('.')?;
        let proof = URL_SAFE_NO_PAD.decode(proof).ok().filter(|proof| proof.len() == MAC_BYTES)?;
        of.mac(key, "place", person, text).verify_truncated_left(&proof).ok()?;
        if text == DRAWN {
            return Some(Self::Drawn { lot: lot(key, of, person) });
        }
        Self::read(text)
    }

    /// When its turn comes; none before the draw.
    #[must_use]
    pub fn turn_at(self, sale: &OnSale, line: Line, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Drawn { .. } if now < sale.opens_at => None,
            Self::Drawn { lot } => {
                let rank = (u64::from(lot) * u64::from(line.drawn)) >> 32;
                Some(sale.turn(rank))
            }
            Self::Behind { turn_at } => Some(turn_at),
        }
    }
}

impl OnSale {
    /// When the turn of this rank is, counted from 0; a whole second.
    fn turn(&self, rank: u64) -> Timestamp {
        let seconds = rank.saturating_mul(60) / u64::from(self.turns_per_minute.max(1));
        let after = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        self.opens_at.saturating_add(after).unwrap_or(Timestamp::MAX)
    }

    /// How many turns have come by `now`.
    fn turns_by(&self, now: Timestamp) -> u64 {
        let seconds = u64::try_from(now.duration_since(self.opens_at).as_secs()).unwrap_or(0);
        seconds.saturating_mul(u64::from(self.turns_per_minute)) / 60
    }

    /// Where somebody stands who is the last of `line.behind`; or how many turns must be let go by first,
    /// because they went by unused long ago.
    ///
    /// # Errors
    /// What `line.behind` must be at least.
    pub fn stand_behind(&self, line: Line, now: Timestamp) -> Result<Standing, u32> {
        let rank = u64::from(line.drawn) + u64::from(line.behind.saturating_sub(1));
        let missed = self.turns_by(now.saturating_sub(CREDIT).unwrap_or(now));
        if rank < missed {
            let behind = missed - u64::from(line.drawn);
            return Err(u32::try_from(behind).unwrap_or(u32::MAX));
        }
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        Ok(Standing::Behind { turn_at: self.turn(rank).max(now) })
    }

    /// Whether a visit may be booked through the web at `now` by who stands there.
    ///
    /// # Errors
    /// Why not.
    pub fn may_book(
        &self,
        standing: Option<Standing>,
        line: Line,
        now: Timestamp,
    ) -> Result<(), NotYourTurn> {
        let sale = || self.id.clone();
        if now >= self.line_ends_at {
            return Ok(());
        }
        let Some(standing) = standing else { return Err(NotYourTurn::NoPlace { sale: sale() }) };
        let Some(turn_at) = standing.turn_at(self, line, now) else {
            return Err(NotYourTurn::Waiting { sale: sale(), turn_at: self.opens_at });
        };
        let until = turn_at.saturating_add(TURN).unwrap_or(Timestamp::MAX);
        if now < turn_at {
            return Err(NotYourTurn::Waiting { sale: sale(), turn_at });
        }
        if until <= now { Err(NotYourTurn::Over { sale: sale(), until }) } else { Ok(()) }
    }

    /// How many have their turn before this one.
    #[must_use]
    pub fn ahead(&self, turn_at: Timestamp, now: Timestamp) -> u64 {
        let by_then = self.turns_by(turn_at);
        by_then.saturating_sub(self.turns_by(now))
    }
}

/// Why somebody may not book yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotYourTurn {
    /// They stand in no line, or show another's place.
    #[error("the sale `{sale}` has a line, and this is no place in it of this mail address")]
    NoPlace {
        /// The sale.
        sale: OnSaleId,
    },
    /// Their turn comes.
    #[error("the turn in the line of sale `{sale}` is at {turn_at}")]
    Waiting {
        /// The sale.
        sale: OnSaleId,
        /// When.
        turn_at: Timestamp,
    },
    /// Their turn went by.
    #[error("the turn in the line of sale `{sale}` ended at {until}")]
    Over {
        /// The sale.
        sale: OnSaleId,
        /// When.
        until: Timestamp,
    },
}
