//! What a desk tells the platform and hears of it, in this order: its shift, what it asks for, its sales,
//! what it gives back, its count. Each is sent until the platform has said what became of it.

use std::collections::BTreeSet;

use atrio_domain::id::{ProductId, SlotId};
use atrio_domain::lease::Pack;
use axum::http::StatusCode;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::journal::{Journal, LeaseRecord, Outcome, SaleRecord, ShiftRecord, Stage};
use super::{Desk, returning};
use crate::on_site::{Down, LOOK_WITHIN, Word};

impl Desk {
    /// Does what is to be done at the platform. The line is up when all of that got an answer.
    pub(super) async fn look_after(&self) -> Result<(), Down> {
        self.send_shifts().await?;
        self.ask_for_leases().await?;
        self.send_sales().await?;
        self.hear_of_leases().await?;
        self.return_leases().await?;
        self.send_counts().await?;
        self.keep_places().await
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/venues/{}{rest}", self.settings.venue)
    }

    async fn post(&self, rest: &str, body: &Value) -> Result<Word, Down> {
        let word = self.connection.post(&self.path(rest), body, LOOK_WITHIN).await?;
        self.heard(word)
    }

    async fn get(&self, rest: &str) -> Result<Word, Down> {
        let word = self.connection.get(&self.path(rest), LOOK_WITHIN).await?;
        self.heard(word)
    }

    fn heard(&self, word: Word) -> Result<Word, Down> {
        self.hear_time(&word);
        if word.status == StatusCode::FORBIDDEN { Err(Down::Revoked) } else { Ok(word) }
    }

    /// Writes down what may be learnt again: sent twice, a sale is the same sale.
    fn write_down(&self, write: impl FnOnce(&mut Journal) -> std::io::Result<()>) {
        if let Err(error) = write(&mut self.journal()) {
            tracing::error!(%error, "the journal cannot be written");
        }
    }

    async fn send_shifts(&self) -> Result<(), Down> {
        let shifts: Vec<ShiftRecord> = self.journal().shifts().into_iter().cloned().collect();
        for mut shift in shifts.into_iter().filter(|shift| !shift.is_known) {
            let body = json!({
                "uuid": shift.uuid, "desk_id": self.settings.desk, "float_cents": shift.float_cents,
            });
            let word = self.post("/shifts", &body).await?;
            // Where another shift is open at the desk somebody must close that one first.
            shift.is_known = word.status.is_success();
            let problem = (!shift.is_known).then_some(word.body);
            if shift.is_known || shift.problem != problem {
                // It may have been counted meanwhile.
                self.write_down(|journal| {
                    let Some(mut by_now) = journal.shift(shift.uuid).cloned() else {
                        return Ok(());
                    };
                    (by_now.is_known, by_now.problem) = (shift.is_known, problem);
                    journal.put_shift(by_now)
                });
            }
        }
        Ok(())
    }

    async fn ask_for_leases(&self) -> Result<(), Down> {
        let asked = self.leases(|lease| matches!(lease.stage, Stage::Asked));
        for mut lease in asked {
            let body = json!({
                "uuid": lease.uuid, "product_id": lease.product_id, "option_id": lease.option_id,
                "slot_id": lease.slot_id, "places": lease.places,
                "channel": self.settings.channel, "desk_id": self.settings.desk,
            });
            let word = self.post("/leases", &body).await?;
            lease.stage = if word.status.is_success() {
                match serde_json::from_value::<Option<Pack>>(word.body["pack"].clone()) {
                    Ok(Some(pack)) => Stage::Open(Box::new(pack)),
                    Ok(None) => Stage::Closed { why: text(&word.body["status"]), pack: None },
                    Err(error) => {
                        tracing::error!(%error, "what was leased cannot be read");
                        return Err(Down::Status(word.status));
                    }
                }
            } else {
                tracing::warn!(slot = %lease.slot_id, problem = %word.body, "no places are leased");
                Stage::Refused { problem: word.body }
            };
            self.write_down(|journal| journal.put_lease(lease));
        }
        Ok(())
    }

    async fn send_sales(&self) -> Result<(), Down> {
        loop {
            // What was sold while the last one was on its way comes after it.
            let next = {
                let journal = self.journal();
                journal.waiting().into_iter().find(|sale| is_sendable(&journal, sale))
            };
            let Some(mut sale) = next else { return Ok(()) };
            let body = json!({
                "booking_uuid": sale.uuid, "shift_uuid": sale.shift, "places": sale.places,
                "method": sale.method, "given_cents": sale.given_cents, "locale": sale.locale,
                "sold_at": sale.sold_at,
            });
            let word = self.post(&format!("/leases/{}/sales", sale.lease), &body).await?;
            sale.outcome = Some(if word.status.is_success() {
                Outcome::Done
            } else {
                tracing::warn!(uuid = %sale.uuid, problem = %word.body, "a sale does not stand");
                Outcome::Refused { problem: word.body }
            });
            self.write_down(|journal| journal.put_sale(sale));
        }
    }

    /// Hears which leases were withdrawn, or ended: nothing is sold from them any more.
    async fn hear_of_leases(&self) -> Result<(), Down> {
        let days: BTreeSet<Date> = self
            .leases(|lease| matches!(lease.stage, Stage::Open(_) | Stage::Returning(_)))
            .iter()
            .map(|lease| lease.slot_id.day())
            .collect();
        for day in days {
            let word = self.get(&format!("/leases?day={day}")).await?;
            let told = word.body["leases"].as_array().cloned().unwrap_or_default();
            for one in told.iter().filter(|one| matches!(one["status"].as_str(), Some("WITHDRAWN")))
            {
                let Some(uuid) = one["uuid"].as_str().and_then(|uuid| uuid.parse().ok()) else {
                    continue;
                };
                let _turn = self.window.lock().await;
                self.write_down(|journal| {
                    let Some(mut lease) = journal.lease(uuid).cloned() else { return Ok(()) };
                    let pack = lease.pack().cloned().map(Box::new);
                    lease.stage = Stage::Closed { why: "WITHDRAWN".to_owned(), pack };
                    journal.put_lease(lease)
                });
            }
        }
        Ok(())
    }

    /// Gives back what is left of slots that are over, and of those that the clerk gave up.
    async fn return_leases(&self) -> Result<(), Down> {
        let now = self.now();
        let over =
            self.leases(|lease| matches!(&lease.stage, Stage::Open(pack) if pack.slot.end < now));
        for lease in over {
            let _turn = self.window.lock().await;
            self.write_down(|journal| journal.put_lease(returning(lease)));
        }
        for mut lease in self.leases(|lease| matches!(lease.stage, Stage::Returning(_))) {
            let Some(sold) = self.journal().filed(lease.uuid) else { continue };
            let body = json!({"sold_places": sold});
            let word = self.post(&format!("/leases/{}/return", lease.uuid), &body).await?;
            if !word.status.is_success() {
                tracing::warn!(uuid = %lease.uuid, problem = %word.body, "a lease is not returned");
                continue;
            }
            let pack = lease.pack().cloned().map(Box::new);
            lease.stage = Stage::Closed { why: text(&word.body["status"]), pack };
            self.write_down(|journal| journal.put_lease(lease));
        }
        Ok(())
    }

    async fn send_counts(&self) -> Result<(), Down> {
        let shifts: Vec<ShiftRecord> = self.journal().shifts().into_iter().cloned().collect();
        for mut shift in shifts.into_iter().filter(|shift| shift.is_known && !shift.is_closed) {
            let Some(counted) = shift.counted_cents else { continue };
            if self.journal().has_waiting(shift.uuid) {
                continue;
            }
            let body = json!({"counted_cents": counted});
            let word = self.post(&format!("/shifts/{}/close", shift.uuid), &body).await?;
            // Where somebody counted it otherwise, that count stands, and the account says so.
            shift.is_closed = true;
            shift.problem = (!word.status.is_success()).then_some(word.body);
            self.write_down(|journal| journal.put_shift(shift));
        }
        Ok(())
    }

    /// Leases anew what the desk shall keep of each slot of the day, once half of it is sold.
    async fn keep_places(&self) -> Result<(), Down> {
        let Some(keep) = &self.settings.keep else { return Ok(()) };
        let now = self.now();
        let Ok(local) = now.in_tz(atrio_domain::venue::TIME_ZONE) else { return Ok(()) };
        let day = local.date();
        let channel = self.settings.channel.name();
        let product = &keep.product;
        let asked =
            format!("/availability?product_id={product}&from={day}&to={day}&channel={channel}");
        let word = self.get(&asked).await?;
        let slots = word.body["days"][0]["slots"].as_array().cloned().unwrap_or_default();
        for slot in slots {
            let Ok(slot_id) = text(&slot["id"]).parse() else { continue };
            let vacancies =
                u32::try_from(slot["vacancies"].as_u64().unwrap_or(0)).unwrap_or(u32::MAX);
            let is_over = text(&slot["end"]).parse().is_ok_and(|end: jiff::Timestamp| end <= now);
            let left = self.left(product, slot_id);
            let places = keep.places.saturating_sub(left).min(vacancies);
            if is_over || left.saturating_mul(2) > keep.places || places == 0 {
                continue;
            }
            let lease = LeaseRecord {
                uuid: uuid::Uuid::new_v4().into(),
                product_id: product.clone(),
                option_id: keep.option.clone(),
                slot_id,
                places,
                asked_at: now,
                stage: Stage::Asked,
            };
            self.write_down(|journal| journal.put_lease(lease));
        }
        self.ask_for_leases().await
    }

    /// Places of a slot that the desk can still sell. A slot that the clerk gave back counts as full: it is
    /// not leased again.
    fn left(&self, product: &ProductId, slot: SlotId) -> u32 {
        let journal = self.journal();
        let mut left = 0_u32;
        for lease in journal.leases() {
            if lease.slot_id != slot || &lease.product_id != product {
                continue;
            }
            left = match &lease.stage {
                Stage::Asked => left.saturating_add(lease.places),
                Stage::Open(_) => {
                    let sold = u32::try_from(journal.sold(lease.uuid).len()).unwrap_or(u32::MAX);
                    left.saturating_add(lease.places.saturating_sub(sold))
                }
                Stage::Returning(_) | Stage::Closed { .. } => return u32::MAX,
                Stage::Refused { .. } => left,
            };
        }
        left
    }

    fn leases(&self, is_meant: impl Fn(&LeaseRecord) -> bool) -> Vec<LeaseRecord> {
        let journal = self.journal();
        journal.leases().into_iter().filter(|lease| is_meant(lease)).cloned().collect()
    }
}

/// A sale waits for its shift: the platform knows no drawer before it.
fn is_sendable(journal: &Journal, sale: &SaleRecord) -> bool {
    let Some(shift) = sale.shift else { return true };
    journal.shift(shift).is_some_and(|shift| shift.is_known)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
