//! Discount codes: what a venue's campaign takes off which tickets, when its codes are good, and what
//! a booking then costs and why. Codes themselves are known here only by a keyed hash.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::booking::UnitLine;
use crate::hold::{HoldRequest, Offer};
use crate::id::{CallerUuid, CampaignId, OptionId, ProductId, TicketId, UnitId};
use crate::risk::keyed_bytes;
use crate::tariff::{Cents, PriceComponent, Tariff, Validity};
use crate::text::Text;
use crate::venue::Venue;

/// Most campaigns of a venue at one time.
pub const CAMPAIGNS_MAX: usize = 50;

/// Most codes made in one go.
pub const CODES_MAX: u32 = 1_000;

/// Characters of a code, without the spaces and dashes that a visitor may write.
pub const CODE_CHARS: std::ops::RangeInclusive<usize> = 8..=40;

/// Most cents that a campaign takes off, or asks for.
const CENTS_MAX: i64 = 1_000_000;

/// Wrong codes that one network address may try in an hour.
pub const GUESSES_MAX: u32 = 20;

/// What a campaign does to a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// So many hundredths less for each ticket.
    PercentOff(u8),
    /// So many cents less for each ticket.
    CentsOffTicket(Cents),
    /// So many cents less for the whole booking.
    CentsOffBooking(Cents),
    /// Each ticket costs that, where it costs more.
    TicketCosts(Cents),
}

/// A reduction that a venue gives to who has a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Campaign {
    /// Identifies the campaign within the venue.
    pub id: CampaignId,
    /// What it is called, as shown with the price and printed on the ticket.
    pub name: Text,
    /// What it does to the price. Only what the venue keeps is reduced: a surcharge of another body
    /// stays due.
    pub effect: Effect,
    /// Which products; empty for all.
    #[serde(default)]
    pub products: Vec<ProductId>,
    /// Which of their options; empty for all.
    #[serde(default)]
    pub options: Vec<OptionId>,
    /// Which of their units; empty for all.
    #[serde(default)]
    pub units: Vec<UnitId>,
    /// On which days its codes are taken.
    #[serde(default)]
    pub sold: Validity,
    /// For visits of which days.
    #[serde(default)]
    pub visited: Validity,
    /// How many tickets of a booking it reduces, the dearest first; none for all.
    #[serde(default)]
    pub max_tickets: Option<u32>,
    /// Whether it also reduces units that cost less than the dearest of their tariff.
    #[serde(default)]
    pub with_reduced: bool,
}

/// A code as it is stored: a keyed hash, so that who sees the table learns no code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VoucherKey(String);

impl VoucherKey {
    /// The key of a code, however it was typed: any case, with spaces or dashes. None for what is no
    /// code.
    #[must_use]
    pub fn of(secret: &[u8], code: &str) -> Option<Self> {
        let spelt = spell(code)?;
        Some(Self(hex(&keyed_bytes(secret, "voucher", &spelt))))
    }

    /// The key as stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The name under which a batch of codes is on record: of its uuid only a hash is kept, for the codes
/// follow from it.
#[must_use]
pub fn batch_name(secret: &[u8], batch: CallerUuid) -> String {
    hex(&keyed_bytes(secret, "voucher-batch", &batch.to_string()))
}

/// The random code of that number in a batch: 80 bits that nobody can guess. The same batch gives the
/// same codes, so that a lost answer is asked for again and no code needs to be kept.
#[must_use]
pub fn random_code(secret: &[u8], batch: CallerUuid, number: u32) -> String {
    let drawn = keyed_bytes(secret, "voucher-code", &format!("{batch}#{number}"));
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&drawn[..10]);
    // A ticket's typed code is the spelling that people read out and type without mistakes.
    TicketId::from_bytes(bytes).typed_code()
}

fn spell(code: &str) -> Option<String> {
    // Longer than any code with all its dashes: not worth spelling.
    if code.len() > 4 * CODE_CHARS.end() {
        return None;
    }
    let spelt: String =
        code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect::<String>().to_uppercase();
    let fits =
        CODE_CHARS.contains(&spelt.len()) && spelt.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then_some(spelt)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The code that a booking was reduced by. A use goes with the places: it is counted when they are
/// taken and given back when they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherUse {
    /// The campaign.
    pub campaign: CampaignId,
    /// The code.
    pub key: VoucherKey,
}

/// Why a code reduces nothing. The messages name the fields.
#[expect(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VoucherError {
    /// The venue gave out no such code.
    #[error("the venue knows no such code")]
    Unknown,
    /// Somebody seems to guess.
    #[error("too many wrong codes were tried from this network within an hour")]
    TooManyGuesses,
    /// Not yet, or no more.
    #[error("the code is good {}, today is {today}", span(*.sold))]
    NotToday { today: Date, sold: Validity },
    /// Not for that visit.
    #[error("the code is good for visits {}, not of {day}", span(*.visited))]
    NotThatDay { day: Date, visited: Validity },
    /// Not for what is booked.
    #[error("the code is not for this product")]
    NotForProduct { products: Vec<ProductId>, options: Vec<OptionId> },
    /// Nothing of the party is reduced.
    #[error("no ticket of this booking is reduced by the code")]
    NoTicket { units: Vec<UnitId> },
    /// All its uses are taken.
    #[error("the code is used up")]
    UsedUp,
}

fn span(days: Validity) -> String {
    match (days.from, days.to) {
        (None, None) => "always".to_owned(),
        (Some(from), None) => format!("from {from}"),
        (None, Some(to)) => format!("until {to}"),
        (Some(from), Some(to)) => format!("from {from} to {to}"),
    }
}

impl HoldRequest {
    /// Reduces an offer of this request by its code, which the venue gave out in that campaign.
    ///
    /// # Errors
    /// Why the code does not fit.
    pub fn reduce(
        &self,
        offer: &mut Offer,
        venue: &Venue,
        used: VoucherUse,
        now: Timestamp,
    ) -> Result<(), VoucherError> {
        let campaign = venue.campaigns.iter().find(|campaign| campaign.id == used.campaign);
        let campaign = campaign.ok_or(VoucherError::Unknown)?;
        let product = venue.product(&self.product_id);
        let option = product.and_then(|product| product.option(&self.option_id));
        let tariff = option.and_then(|option| option.tariff_on(self.slot_id.day()));
        campaign.check_use(self, venue.day_at(now))?;
        let units = campaign.units.clone();
        let reduced = tariff.and_then(|tariff| campaign.reduced(&offer.units, tariff));
        offer.units = reduced.ok_or(VoucherError::NoTicket { units })?;
        offer.voucher = Some(used);
        Ok(())
    }
}

impl Campaign {
    fn check_use(&self, request: &HoldRequest, today: Date) -> Result<(), VoucherError> {
        let day = request.slot_id.day();
        if !self.sold.covers(today) {
            return Err(VoucherError::NotToday { today, sold: self.sold });
        }
        let products = is_among(&self.products, &request.product_id);
        if !products || !is_among(&self.options, &request.option_id) {
            let (products, options) = (self.products.clone(), self.options.clone());
            return Err(VoucherError::NotForProduct { products, options });
        }
        if !self.visited.covers(day) {
            return Err(VoucherError::NotThatDay { day, visited: self.visited });
        }
        Ok(())
    }

    /// The lines with what is taken off; none where nothing is. Tickets of one unit may come to cost
    /// differently, so a line may become several.
    fn reduced(&self, lines: &[UnitLine], tariff: &Tariff) -> Option<Vec<UnitLine>> {
        let full = tariff.units.iter().map(|unit| unit.price_cents).max()?;
        let is_reduced = |line: &UnitLine| {
            tariff.units.iter().any(|unit| unit.id == line.unit_id && unit.price_cents < full)
        };
        let mut tickets: Vec<(usize, Cents)> = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            let is_taken = is_among(&self.units, &line.unit_id)
                && (self.with_reduced || !is_reduced(line))
                && kept(line) > Cents::ZERO;
            let count = if is_taken { line.quantity as usize } else { 0 };
            tickets.extend(std::iter::repeat_n((index, kept(line)), count));
        }
        tickets.sort_by_key(|(_, price)| std::cmp::Reverse(*price));
        tickets.truncate(self.max_tickets.map_or(usize::MAX, |most| most as usize));
        let prices: Vec<Cents> = tickets.iter().map(|(_, price)| *price).collect();
        let off = self.effect.off(&prices);
        if off.iter().all(|off| *off == Cents::ZERO) {
            return None;
        }
        let mut by_line: Vec<BTreeMap<Cents, u32>> = vec![BTreeMap::new(); lines.len()];
        for ((index, _), off) in tickets.iter().zip(off) {
            *by_line[*index].entry(off).or_default() += 1;
        }
        let pairs = lines.iter().zip(by_line);
        Some(pairs.flat_map(|(line, off)| self.split(line, off)).collect())
    }

    /// A line's tickets by what is taken off each, most first.
    fn split(&self, line: &UnitLine, mut off: BTreeMap<Cents, u32>) -> Vec<UnitLine> {
        let counted: u32 = off.values().sum();
        *off.entry(Cents::ZERO).or_default() += line.quantity - counted;
        let lines = off.into_iter().rev().filter(|(_, quantity)| *quantity > 0);
        lines.map(|(off, quantity)| self.line(line, off, quantity)).collect()
    }

    fn line(&self, line: &UnitLine, off: Cents, quantity: u32) -> UnitLine {
        if off == Cents::ZERO {
            return UnitLine { quantity, ..line.clone() };
        }
        let less = PriceComponent {
            name: self.name.clone(),
            price_cents: Cents(-off.0),
            beneficiary: None,
        };
        let components = line.components.iter().cloned().chain([less]).collect();
        let reason = Text::list([line.reason.clone(), self.name.clone()].into_iter(), "; ");
        let price_cents = Cents(line.price_cents.0 - off.0);
        UnitLine { quantity, price_cents, components, reason, ..line.clone() }
    }
}

fn is_among<T: PartialEq>(some: &[T], one: &T) -> bool {
    some.is_empty() || some.contains(one)
}

/// What the body that runs the venue keeps of one ticket.
fn kept(line: &UnitLine) -> Cents {
    let own = line.components.iter().filter(|component| component.beneficiary.is_none());
    own.map(|component| component.price_cents).sum()
}

impl Effect {
    /// What is taken off each of some tickets, never more than it costs.
    fn off(self, prices: &[Cents]) -> Vec<Cents> {
        let each = |off: &dyn Fn(i64) -> i64| -> Vec<Cents> {
            prices.iter().map(|price| Cents(off(price.0).clamp(0, price.0))).collect()
        };
        match self {
            // Half a cent is the visitor's.
            Self::PercentOff(percent) => each(&|price| (price * i64::from(percent) + 50) / 100),
            Self::CentsOffTicket(off) => each(&|_| off.0),
            Self::TicketCosts(costs) => each(&|price| price - costs.0),
            Self::CentsOffBooking(off) => shared(off, prices),
        }
    }
}

/// An amount shared among tickets by what they cost, to the cent.
fn shared(off: Cents, prices: &[Cents]) -> Vec<Cents> {
    let total: Cents = prices.iter().copied().sum();
    if total == Cents::ZERO {
        return Vec::new();
    }
    let off = off.0.min(total.0);
    let mut parts: Vec<i64> = prices.iter().map(|price| off * price.0 / total.0).collect();
    let mut left = off - parts.iter().sum::<i64>();
    for (part, price) in parts.iter_mut().zip(prices) {
        let more = i64::from(left > 0 && *part < price.0);
        *part += more;
        left -= more;
    }
    parts.into_iter().map(Cents).collect()
}

/// Why campaigns cannot be offered.
#[expect(missing_docs, reason = "each message says what its fields are")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CampaignError {
    /// More than a venue holds.
    #[error("{count} campaigns are more than {CAMPAIGNS_MAX}")]
    TooMany { count: usize },
    /// Two bear one id.
    #[error("two campaigns are called `{id}`")]
    Repeated { id: CampaignId, index: usize },
    /// Nobody could be told what it is.
    #[error("words are missing in one language or both")]
    Wordless { index: usize },
    /// It would take nothing off, or more than there is.
    #[error("the effect is out of range")]
    Effect { index: usize },
    /// It ends before it begins.
    #[error("the last day comes before the first")]
    Order { index: usize, field: &'static str },
    /// It reduces no ticket at all.
    #[error("no ticket of a booking would be reduced")]
    NoTickets { index: usize },
    /// The venue has no such product.
    #[error("the venue has no product `{product}`")]
    UnknownProduct { index: usize, at: usize, product: ProductId },
}

impl CampaignError {
    /// Where the campaigns are at fault, as written in JSON.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::TooMany { .. } => "campaigns".to_owned(),
            Self::Repeated { index, .. } => format!("campaigns[{index}].id"),
            Self::Wordless { index } => format!("campaigns[{index}].name"),
            Self::Effect { index } => format!("campaigns[{index}].effect"),
            Self::Order { index, field } => format!("campaigns[{index}].{field}.to"),
            Self::NoTickets { index } => format!("campaigns[{index}].max_tickets"),
            Self::UnknownProduct { index, at, .. } => format!("campaigns[{index}].products[{at}]"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::TooMany { .. } => "take away a campaign that is over",
            Self::Repeated { .. } => "give each campaign an id of its own",
            Self::Wordless { .. } => "write it as {\"it\": …, \"en\": …}, neither empty",
            Self::Effect { .. } => {
                "write 1 to 100 percent, 1 to 1000000 cents off, or a price of 0 or more"
            }
            Self::Order { .. } => "write the first day or a later one, or null",
            Self::NoTickets { .. } => "write 1 or more, or null for all",
            Self::UnknownProduct { .. } => "take ids of the venue's products, or none for all",
        }
    }
}

/// Checks that a venue can give out codes for its campaigns.
///
/// # Errors
/// The first campaign at fault.
pub fn check_campaigns(venue: &Venue) -> Result<(), CampaignError> {
    let count = venue.campaigns.len();
    if count > CAMPAIGNS_MAX {
        return Err(CampaignError::TooMany { count });
    }
    let mut ids = BTreeSet::new();
    for (index, campaign) in venue.campaigns.iter().enumerate() {
        if !ids.insert(&campaign.id) {
            return Err(CampaignError::Repeated { id: campaign.id.clone(), index });
        }
        if !campaign.name.is_complete() {
            return Err(CampaignError::Wordless { index });
        }
        let cents = 1..=CENTS_MAX;
        let fits = match campaign.effect {
            Effect::PercentOff(percent) => (1..=100).contains(&percent),
            Effect::CentsOffTicket(off) | Effect::CentsOffBooking(off) => cents.contains(&off.0),
            Effect::TicketCosts(costs) => (0..=CENTS_MAX).contains(&costs.0),
        };
        if !fits {
            return Err(CampaignError::Effect { index });
        }
        let days = [("sold", campaign.sold), ("visited", campaign.visited)];
        if let Some((field, _)) = days.into_iter().find(|(_, days)| !days.is_ordered()) {
            return Err(CampaignError::Order { index, field });
        }
        if campaign.max_tickets == Some(0) {
            return Err(CampaignError::NoTickets { index });
        }
        let unknown = |product: &&ProductId| venue.product(product).is_none();
        if let Some(product) = campaign.products.iter().find(unknown) {
            let at = campaign.products.iter().position(|one| one == product).unwrap_or(0);
            return Err(CampaignError::UnknownProduct { index, at, product: product.clone() });
        }
    }
    Ok(())
}
