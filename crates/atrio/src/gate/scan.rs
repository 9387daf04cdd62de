//! What a gate does with a code: ask the neighbours, ask the platform, or decide by itself; and taking
//! an entry back. Whatever it answers, an admission is in the journal first.

use atrio_domain::gate::claim::{Said, Use};
use atrio_domain::gate::offline::{OfflineEntry, Shown, Since, Unread, admit, read};
use atrio_domain::id::{CallerUuid, TicketId};
use atrio_domain::redemption::{Refusal, Undo, undo};
use atrio_redemption::problem;
use atrio_redemption::undo::REASON_MAX_CHARS;
use atrio_runtime::Problem;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::journal::{Own, Record};
use super::site::Heard;
use super::{Gate, Kept};

/// What the gate shows.
pub enum Answer {
    /// Done: the visitor is in, or the entry is taken back.
    Done(StatusCode, Value),
    /// The platform's own words of refusal.
    Passed(StatusCode, Value),
    /// The gate's words.
    Refused(Box<Problem>),
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Self::Done(status, body) => (status, axum::Json(body)).into_response(),
            Self::Passed(status, body) => {
                let kind = [(axum::http::header::CONTENT_TYPE, "application/problem+json")];
                (status, kind, axum::Json(body)).into_response()
            }
            Self::Refused(problem) => problem.into_response(),
        }
    }
}

impl Answer {
    /// The answer as one line, for a gate that is worked by a scanner alone.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Done(_, body) | Self::Passed(_, body) => body.to_string(),
            Self::Refused(problem) => serde_json::to_string(problem).unwrap_or_default(),
        }
    }
}

impl Gate {
    /// Decides on a code shown under a nonce. Sent again, it is the same entry.
    pub async fn scan(&self, uuid: CallerUuid, code: &str) -> Answer {
        let _turn = self.turnstile.lock().await;
        let kept = self.kept();
        let keys = kept.as_ref().map(|kept| kept.bundle.verifying_keys()).unwrap_or_default();
        let shown = read(code, &keys);
        let ticket = shown.as_ref().ok().map(Shown::ticket);
        if let Some(answer) = self.before(uuid, ticket) {
            return answer;
        }
        let now = self.now();
        let known = ticket.and_then(|ticket| self.journal().used(ticket).cloned());
        if let Some(known) = &known {
            // Its own entries a gate knows best. A neighbour may have taken one back that this gate
            // has not heard of; the broker and the platform tell together.
            if known.gate_id == self.settings.gate || !self.line_state().is_up {
                return already(known.clone()).into();
            }
        }
        let by_itself = || self.judge(uuid, kept.as_deref(), shown.clone(), known.as_ref(), now);
        if !self.line_state().is_up
            && let Err(problem) = by_itself()
        {
            return Answer::Refused(problem);
        }
        let claim =
            ticket.map(|ticket| Use { ticket, uuid, gate_id: self.settings.gate.clone(), at: now });
        let mut claimed = None;
        if let Some(claim) = claim {
            match (self.site.say(Said::Used(claim.clone())).await, &known) {
                (Heard::Taken, _) => claimed = Some(claim),
                (Heard::Standing(other), _) => return already(other).into(),
                (Heard::Nobody, Some(known)) => return already(known.clone()).into(),
                (Heard::Nobody, None) => {}
            }
        }
        let answer = match self.ask_platform(uuid, code, now).await {
            Some(answer) => answer,
            None => match by_itself() {
                Ok(entry) => self.let_in(uuid, &entry),
                Err(problem) => Answer::Refused(problem),
            },
        };
        if let (Some(claim), false) = (claimed, matches!(answer, Answer::Done(..))) {
            // A claim of what was not let in would keep the ticket from the other gates.
            let release = Said::Released(claim);
            if self.site.say(release.clone()).await == Heard::Nobody {
                self.journal().owe(release);
            }
        }
        answer
    }

    /// What was answered under that nonce before.
    fn before(&self, uuid: CallerUuid, ticket: Option<TicketId>) -> Option<Answer> {
        let mut journal = self.journal();
        let record = journal.get(uuid)?.clone();
        let own = record.own.clone()?;
        if record.undone.is_some() {
            return Some(problem::nonce_undone(uuid).into());
        }
        if ticket.is_some_and(|ticket| ticket != record.used.ticket) {
            return Some(problem::nonce_reused(uuid).into());
        }
        // Written anew: the first time it may have failed.
        Some(match journal.put(&record) {
            Ok(()) => Answer::Done(StatusCode::OK, own.answer),
            Err(error) => Problem::internal(&error).into(),
        })
    }

    /// The platform's word; none when the line is down.
    async fn ask_platform(&self, uuid: CallerUuid, code: &str, now: Timestamp) -> Option<Answer> {
        if !self.line_state().is_up {
            return None;
        }
        let word = match self.line.redeem(uuid, code).await {
            Ok(word) => word,
            Err(why) => {
                self.line_is(false, Some(&why));
                self.look.notify_one();
                return None;
            }
        };
        if !word.status.is_success() {
            return Some(Answer::Passed(word.status, word.body));
        }
        let text = |name: &str| word.body[name].as_str();
        let Some(ticket) = text("ticket_id").and_then(|id| id.parse().ok()) else {
            return Some(Answer::Passed(word.status, word.body));
        };
        let at = text("redeemed_at").and_then(|at| at.parse().ok()).unwrap_or(now);
        let used = Use { ticket, uuid, gate_id: self.settings.gate.clone(), at };
        Some(self.write(used, word.status, word.body, Some("DONE")))
    }

    /// Decides by itself.
    fn judge(
        &self,
        uuid: CallerUuid,
        kept: Option<&Kept>,
        shown: Result<Shown, Unread>,
        used: Option<&Use>,
        now: Timestamp,
    ) -> Result<OfflineEntry, Box<Problem>> {
        let kept = kept.ok_or_else(|| Box::new(never_online()))?;
        let shown = shown.map_err(|unread| Box::new(problem::unread(&unread)))?;
        let journal = self.journal();
        let since = Since { used, undone: journal.undone() };
        admit(&kept.bundle, since, shown, self.venue(), uuid, now)
            .map_err(|refusal| Box::new(problem::offline_refusal(&refusal)))
    }

    /// Lets in by itself.
    fn let_in(&self, uuid: CallerUuid, entry: &OfflineEntry) -> Answer {
        let at = entry.redeemed_at;
        let used = Use { ticket: entry.ticket, uuid, gate_id: self.settings.gate.clone(), at };
        let answer = json!({
            "uuid": uuid,
            "outcome": "ADMITTED",
            "ticket_id": entry.ticket,
            "unit": {"id": entry.unit, "name": entry.unit_name},
            "slot": entry.slot,
            "redeemed_at": at,
            "show": entry.show,
        });
        self.write(used, StatusCode::CREATED, answer, None)
    }

    /// Writes an entry down and answers; where it cannot be written nobody is let in.
    fn write(&self, used: Use, status: StatusCode, answer: Value, outcome: Option<&str>) -> Answer {
        let own = Own {
            answer: answer.clone(),
            outcome: outcome.map(ToOwned::to_owned),
            is_undo_known: false,
        };
        match self.journal().put(&Record { used, own: Some(own), undone: None }) {
            Ok(()) => Answer::Done(status, answer),
            Err(error) => Problem::internal(&error).into(),
        }
    }

    /// Takes an entry of this gate back: the visitor did not pass. Repeated, it answers the same.
    pub async fn take_back(&self, uuid: CallerUuid, reason: &str) -> Answer {
        let _turn = self.turnstile.lock().await;
        let reason = reason.trim();
        if !(1..=REASON_MAX_CHARS).contains(&reason.chars().count()) {
            return problem::undo_reason(REASON_MAX_CHARS).into();
        }
        let record = self.journal().get(uuid).filter(|record| record.own.is_some()).cloned();
        let Some(mut record) = record else { return problem::unknown_entry(uuid).into() };
        if let Some(undo) = &record.undone {
            return taken_back(&record.used, undo);
        }
        // The platform's clock stamped it, which may be a moment ahead of the gate's.
        let now = self.now().max(record.used.at);
        if let Err(refusal) =
            undo(&self.settings.gate, record.used.at, &self.settings.gate, now, now)
        {
            return problem::undo_refusal(&refusal).into();
        }
        let undo = Undo { at: now, reason: reason.to_owned() };
        let is_filed = record.own.as_ref().is_some_and(|own| own.outcome.is_some());
        if is_filed && self.line_state().is_up {
            match self.line.undo(uuid, reason, now).await {
                Ok(word) if word.status.is_success() => {
                    if let Some(own) = &mut record.own {
                        own.is_undo_known = true;
                    }
                }
                Ok(word) => return Answer::Passed(word.status, word.body),
                Err(why) => self.line_is(false, Some(&why)),
            }
        }
        record.undone = Some(undo.clone());
        let used = record.used.clone();
        if let Err(error) = self.journal().put(&record) {
            return Problem::internal(&error).into();
        }
        // What nobody hears now is said when the broker is back.
        self.site.say(Said::Released(used.clone())).await;
        self.look.notify_one();
        taken_back(&used, &undo)
    }
}

fn taken_back(used: &Use, undo: &Undo) -> Answer {
    let body = json!({
        "uuid": used.uuid,
        "outcome": "UNDONE",
        "ticket_id": used.ticket,
        "redeemed_at": used.at,
        "undone_at": undo.at,
        "reason": undo.reason,
    });
    Answer::Done(StatusCode::OK, body)
}

/// Another gate's claim stands.
fn already(other: Use) -> Problem {
    problem::refusal(&Refusal::AlreadyRedeemed {
        ticket: other.ticket,
        at: other.at,
        gate: other.gate_id,
    })
}

/// The gate has never seen the platform.
fn never_online() -> Problem {
    let message = "this gate has never reached the platform and knows no ticket and no key";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "gate-never-online").detail(message).field(
        "line",
        message,
        "start the gate once with its line up, and with a token that the platform takes",
    )
}
