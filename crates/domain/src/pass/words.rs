//! What a pass is good for, in words: for its ticket, its mail and the shop.

use jiff::civil::Date;

use super::{Entries, Opens, PassRule, Term, Used, local_day};
use crate::calendar::SlotTimes;
use crate::text::Text;

impl PassRule {
    /// Until when a pass bought for `slot` holds, given what it was used for.
    #[must_use]
    pub fn validity_in_words(&self, slot: &SlotTimes, used: &Used) -> Text {
        let window = self.window(slot, used.first_at);
        let until = written(local_day(window.until));
        let from = written(slot.id.day());
        match (self.term, used.first_at) {
            (Term::FromFirstEntry { days, .. }, None) => Text::new(
                format!("{}, da fare dal {from} al {until}", days_from(days).it),
                format!("{}, which is from {from} to {until}", days_from(days).en),
            ),
            (Term::FromFirstEntry { .. }, Some(_)) => {
                Text::new(format!("fino al {until}"), format!("until {until}"))
            }
            (Term::Season { .. }, _) => {
                Text::new(format!("dal {from} al {until}"), format!("from {from} to {until}"))
            }
        }
    }

    /// How long any such pass holds, for who looks at it in the shop.
    #[must_use]
    pub fn term_in_words(&self) -> Text {
        match self.term {
            Term::Season { from, to } => {
                let (from, to) = (written(from), written(to));
                Text::new(format!("dal {from} al {to}"), format!("from {from} to {to}"))
            }
            Term::FromFirstEntry { days, .. } => days_from(days),
        }
    }

    /// Where it admits and how often.
    #[must_use]
    pub fn opens_in_words(&self) -> Text {
        Text::list(self.opens.iter().map(Opens::in_words), "; ")
    }
}

impl Opens {
    /// The venue, and how often it is opened.
    #[must_use]
    pub fn in_words(&self) -> Text {
        let often = match self.entries {
            Entries::Times { times: 1 } => Text::new("un ingresso", "one entry"),
            Entries::Times { times } => {
                Text::new(format!("{times} ingressi"), format!("{times} entries"))
            }
            Entries::Daily => Text::new("un ingresso al giorno", "one entry a day"),
            Entries::Unlimited => Text::new("ingressi illimitati", "any number of entries"),
        };
        Text::new(format!("{}: {}", self.name, often.it), format!("{}: {}", self.name, often.en))
    }
}

fn days_from(days: u16) -> Text {
    if days == 1 {
        return Text::new("il giorno del primo ingresso", "on the day of the first entry");
    }
    Text::new(
        format!("{days} giorni dal primo ingresso"),
        format!("{days} days from the first entry"),
    )
}

/// A day as it is printed on tickets.
fn written(day: Date) -> String {
    day.strftime("%d.%m.%Y").to_string()
}
