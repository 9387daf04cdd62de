//! Which slot a visitor takes, from what the shop offers. Pure choice, no calls.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::platform::{Day, Slot};
use super::shape::Rhythm;

/// When a party wishes to enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// On the first open day offered, in a slot that has not started.
    Later,
    /// Now, at the door.
    Now,
}

/// Chooses a slot with places for `people`: the current one for a party at the door, otherwise
/// one of the first open day, by the venue's rhythm and a `draw` between zero and one.
pub(super) fn choose_slot(
    days: &[Day],
    wish: Wish,
    people: u32,
    now: Timestamp,
    draw: f64,
    (rhythm, zone): (&Rhythm, &TimeZone),
) -> Option<Slot> {
    let offered = |slot: &&Slot| {
        slot.status != "CLOSED"
            && match wish {
                Wish::Now => slot.start <= now && now < slot.end,
                Wish::Later => slot.start > now,
            }
    };
    let day: Vec<&Slot> = days
        .iter()
        .map(|day| day.slots.iter().filter(offered).collect::<Vec<_>>())
        .find(|slots| !slots.is_empty())
        .unwrap_or_default();
    let free: Vec<(&Slot, f64)> = day
        .into_iter()
        .filter(|slot| slot.status != "SOLD_OUT" && slot.vacancies >= people)
        .map(|slot| {
            (slot, rhythm.preference(slot.start.to_zoned_datetime(zone.clone()).datetime()))
        })
        .collect();
    let mut left = draw * free.iter().map(|(_, weight)| weight).sum::<f64>();
    for (slot, weight) in &free {
        if left < *weight {
            return Some((*slot).clone());
        }
        left -= weight;
    }
    // Rounding may leave a crumb past the last slot.
    free.last().map(|(slot, _)| (*slot).clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traffic::shape::tests::default_week;

    fn slot(hour: u32, status: &str, vacancies: u32) -> Slot {
        Slot {
            id: format!("2026-11-24T{:02}:00", hour + 1),
            start: format!("2026-11-24T{hour:02}:00:00Z").parse().unwrap(),
            end: format!("2026-11-24T{:02}:00:00Z", hour + 1).parse().unwrap(),
            status: status.into(),
            vacancies,
        }
    }

    fn choose(slots: Vec<Slot>, wish: Wish, people: u32, now: &str, draw: f64) -> Option<String> {
        let (rhythm, zone) = (default_week(), TimeZone::get("Europe/Rome").unwrap());
        let days = [Day { slots: Vec::new() }, Day { slots }];
        choose_slot(&days, wish, people, now.parse().unwrap(), draw, (&rhythm, &zone))
            .map(|slot| slot.id)
    }

    #[test]
    fn a_party_at_the_door_takes_the_current_slot_or_none() {
        let slots =
            || vec![slot(8, "CLOSED", 0), slot(9, "AVAILABLE", 2), slot(10, "AVAILABLE", 9)];
        let door = |people, now| choose(slots(), Wish::Now, people, now, 0.5);
        assert_eq!(door(2, "2026-11-24T09:20:00Z").unwrap(), "2026-11-24T10:00");
        assert_eq!(door(3, "2026-11-24T09:20:00Z"), None);
        assert_eq!(door(1, "2026-11-24T08:20:00Z"), None);
    }

    #[test]
    fn an_online_visitor_takes_a_free_slot_of_the_first_open_day() {
        let slots =
            || vec![slot(9, "AVAILABLE", 5), slot(10, "SOLD_OUT", 0), slot(11, "LIMITED", 3)];
        let online =
            |people, draw| choose(slots(), Wish::Later, people, "2026-11-23T12:00:00Z", draw);
        assert_eq!(online(2, 0.0).unwrap(), "2026-11-24T10:00");
        assert_eq!(online(2, 0.999_999).unwrap(), "2026-11-24T12:00");
        assert_eq!(online(4, 1.0).unwrap(), "2026-11-24T10:00");
        assert_eq!(online(6, 0.5), None);
    }
}
