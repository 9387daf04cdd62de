//! What a gate does with a code, on the way in or out: ask the neighbours, ask the platform, or decide
//! by itself; and taking an entry back. Whatever it answers, an admission is in the journal first.

use atrio_domain::gate::claim::{Said, Seen, Use};
use atrio_domain::gate::offline::{OfflineEntry, Shown, Since, Unread, pass, read};
use atrio_domain::id::{CallerUuid, TicketId};
use atrio_domain::redemption::{Direction, Refusal, Scan, Undo, undo};
use atrio_redemption::{REASON_MAX_CHARS, problem};
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
    /// Whether somebody went through with a pass, which only the platform knows.
    fn is_of_pass(&self) -> bool {
        matches!(self, Self::Done(_, body) if !body["pass"].is_null())
    }

    /// The answer as one line, for a gate that is worked by a scanner alone.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Done(_, body) | Self::Passed(_, body) => body.to_string(),
            Self::Refused(problem) => serde_json::to_string(problem).unwrap_or_default(),
        }
    }
}

/// A code shown to the gate.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The nonce of the scan.
    pub uuid: CallerUuid,
    /// The code, as read or typed.
    pub code: &'a str,
    /// Which way the visitor goes.
    pub direction: Direction,
    /// Why the steward lets in although the place is full.
    pub over_limit_reason: Option<&'a str>,
}

impl Gate {
    /// Decides on a code shown under a nonce. Sent again, it is the same entry or exit.
    pub async fn scan(&self, asked: &Asked<'_>) -> Answer {
        let _turn = self.turnstile.lock().await;
        self.scan_one(asked).await
    }

    /// The same for one of a party, whose turn it is.
    pub(super) async fn scan_one(&self, asked: &Asked<'_>) -> Answer {
        let kept = self.kept();
        let keys = kept.as_ref().map(|kept| kept.bundle.keys.clone()).unwrap_or_default();
        let shown = read(asked.code, &keys);
        let ticket = shown.as_ref().ok().map(Shown::ticket);
        let is_pass = shown.as_ref().is_ok_and(Shown::is_pass);
        if let Some(answer) = self.before(asked, ticket) {
            return answer;
        }
        let now = self.now();
        let seen = ticket.and_then(|ticket| self.journal().seen(ticket));
        // Of what the platform does not know yet it cannot judge.
        let is_ahead = ticket.is_some_and(|ticket| self.journal().is_ahead(ticket));
        let by_itself = || self.judge(asked, kept.as_deref(), shown.clone(), seen.as_ref(), now);
        let judged = by_itself();
        if (is_ahead || !self.line_state().is_up)
            && let Err(problem) = judged
        {
            return Answer::Refused(problem);
        }
        let used = ticket.map(|ticket| Use {
            ticket,
            uuid: asked.uuid,
            gate_id: self.settings.gate.clone(),
            at: now,
            after: judged.as_ref().ok().and_then(|entry| entry.after),
        });
        // The platform counts a pass, for its venues together; neighbours have nothing to say of it.
        let claims = used.as_ref().filter(|_| !is_pass);
        let claimed = match self.claim(asked.direction, claims, seen.as_ref()).await {
            Ok(claimed) => claimed,
            Err(standing) => return already(standing).into(),
        };
        let after = used.as_ref().and_then(|used| used.after);
        let word = if is_ahead { None } else { self.ask_platform(asked, after, now).await };
        let answer = match word {
            Some(answer) => answer,
            None => match by_itself() {
                Ok(entry) => self.let_through(asked, &entry),
                Err(problem) => Answer::Refused(problem),
            },
        };
        match claimed {
            // A pass that was typed, or that another supplier's key signed, shows by the platform's answer
            // that it is one.
            Some(claim) if answer.is_of_pass() => self.release(claim).await,
            None if is_pass || answer.is_of_pass() => {}
            claimed => self.tell(asked, claimed, &answer).await,
        }
        answer
    }

    /// Claims a ticket among the gates of the venue before it lets in; none where there is no broker,
    /// or nothing to claim. What this gate let in itself it claimed then, and the platform tells
    /// whether the visitor went out by a gate that it has not heard.
    async fn claim(
        &self,
        direction: Direction,
        used: Option<&Use>,
        seen: Option<&Seen>,
    ) -> Result<Option<Use>, Use> {
        let inside = seen.filter(|seen| seen.exit.is_none()).and_then(|seen| seen.entry.as_ref());
        let is_own = inside.is_some_and(|entry| entry.gate_id == self.settings.gate);
        let Some(claim) = used.filter(|_| direction == Direction::Entry && !is_own) else {
            return Ok(None);
        };
        match (self.site.say(Said::Used(claim.clone())).await, inside) {
            (Heard::Taken, _) => Ok(Some(claim.clone())),
            (Heard::Standing(other), _) => Err(other),
            (Heard::Nobody, Some(known)) => Err(known.clone()),
            (Heard::Nobody, None) => Ok(None),
        }
    }

    /// Tells the neighbours what became of a scan: that an exit was made, an entry that was not claimed
    /// before, or that a claim let nobody in and must not keep the ticket from the other gates. What
    /// nobody hears now is said when the broker is back.
    async fn tell(&self, asked: &Asked<'_>, claimed: Option<Use>, answer: &Answer) {
        let is_through = matches!(answer, Answer::Done(..));
        let made = self.journal().get(asked.uuid).map(|record| record.used.clone());
        match (is_through, claimed, made) {
            (false, Some(claim), _) => self.release(claim).await,
            (true, None, Some(made)) => {
                let said = match asked.direction {
                    Direction::Entry => Said::Used(made),
                    Direction::Exit => Said::Left(made),
                };
                self.site.say(said).await;
            }
            _ => {}
        }
    }

    /// Tells the neighbours that a claim does not stand, so that it keeps the ticket from no gate.
    async fn release(&self, claim: Use) {
        let release = Said::Released(claim);
        if self.site.say(release.clone()).await == Heard::Nobody {
            self.journal().owe(release);
        }
    }

    /// What was answered under that nonce before.
    fn before(&self, asked: &Asked<'_>, ticket: Option<TicketId>) -> Option<Answer> {
        let mut journal = self.journal();
        let record = journal.get(asked.uuid)?.clone();
        let own = record.own.clone()?;
        if record.undone.is_some() {
            return Some(problem::nonce_undone(asked.uuid).into());
        }
        let is_other = ticket.is_some_and(|ticket| ticket != record.used.ticket);
        if is_other || record.direction != asked.direction {
            return Some(problem::nonce_reused(asked.uuid).into());
        }
        // Written anew: the first time it may have failed.
        Some(match journal.put(&record) {
            Ok(()) => Answer::Done(StatusCode::OK, own.answer),
            Err(error) => Problem::internal(&error).into(),
        })
    }

    /// The platform's word; none when the line is down.
    async fn ask_platform(
        &self,
        asked: &Asked<'_>,
        after: Option<CallerUuid>,
        now: Timestamp,
    ) -> Option<Answer> {
        if !self.line_state().is_up {
            return None;
        }
        let word = match self.line.redeem(asked).await {
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
        let gate_id = self.settings.gate.clone();
        let used = Use { ticket, uuid: asked.uuid, gate_id, at, after };
        Some(self.write(used, asked.direction, word.status, word.body, Some("DONE")))
    }

    /// Decides by itself.
    pub(super) fn judge(
        &self,
        asked: &Asked<'_>,
        kept: Option<&Kept>,
        shown: Result<Shown, Unread>,
        seen: Option<&Seen>,
        now: Timestamp,
    ) -> Result<OfflineEntry, Box<Problem>> {
        if self.line_state().is_revoked {
            return Err(Box::new(revoked()));
        }
        let kept = kept.ok_or_else(|| Box::new(never_online()))?;
        let shown = shown.map_err(|unread| self.unread(&unread))?;
        let journal = self.journal();
        let since = Since { seen, undone: journal.undone() };
        let scan = Scan {
            uuid: asked.uuid,
            venue: self.venue(),
            gate: &self.settings.gate,
            area: self.settings.area.as_ref(),
            direction: asked.direction,
            at: now,
        };
        pass(&kept.bundle, since, shown, &scan)
            .map_err(|refusal| Box::new(problem::offline_refusal(&refusal)))
    }

    /// Why what was shown lets nobody in here.
    pub(super) fn unread(&self, unread: &Unread) -> Box<Problem> {
        let elsewhere = unread.elsewhere(self.venue());
        Box::new(elsewhere.map_or_else(|| problem::unread(unread), |why| problem::refusal(&why)))
    }

    /// Lets through by itself.
    fn let_through(&self, asked: &Asked<'_>, entry: &OfflineEntry) -> Answer {
        let (uuid, at, after) = (asked.uuid, entry.redeemed_at, entry.after);
        let gate_id = self.settings.gate.clone();
        let used = Use { ticket: entry.ticket, uuid, gate_id, at, after };
        let answer = json!({
            "uuid": uuid,
            "outcome": atrio_redemption::outcome(asked.direction),
            "direction": asked.direction,
            "area_id": self.settings.area,
            "ticket_id": entry.ticket,
            "unit": {"id": entry.unit, "name": entry.unit_name},
            "slot": entry.slot,
            "redeemed_at": at,
            "show": entry.show,
            "pass": null,
            "party": null,
        });
        self.write(used, asked.direction, StatusCode::CREATED, answer, None)
    }

    /// Writes an entry or exit down and answers; where it cannot be written nobody is let through.
    fn write(
        &self,
        used: Use,
        direction: Direction,
        status: StatusCode,
        answer: Value,
        outcome: Option<&str>,
    ) -> Answer {
        let own = Own {
            answer: answer.clone(),
            outcome: outcome.map(ToOwned::to_owned),
            is_undo_known: false,
        };
        let area = self.settings.area.clone();
        let record = Record { used, direction, area, own: Some(own), undone: None };
        match self.journal().put(&record) {
            Ok(()) => Answer::Done(status, answer),
            Err(error) => Problem::internal(&error).into(),
        }
    }

    /// How many people are inside, by the platform's word.
    pub(super) async fn presence(&self) -> Answer {
        match self.line.presence().await {
            Ok(word) if word.status.is_success() => Answer::Done(word.status, word.body),
            Ok(word) => Answer::Passed(word.status, word.body),
            Err(why) => {
                let message = format!("the line is down: {why}");
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "gate-offline")
                    .detail(&message)
                    .field("line", &message, "ask again when the line is back")
                    .into()
            }
        }
    }

    /// Takes an entry of this gate back, of one or of a party: the visitor did not pass. Repeated, it
    /// answers the same.
    pub async fn take_back(&self, uuid: CallerUuid, reason: &str) -> Answer {
        let _turn = self.turnstile.lock().await;
        match self.take_party_back(uuid, reason).await {
            Some(answer) => answer,
            None => self.take_one_back(uuid, reason).await,
        }
    }

    /// Takes the entry of one ticket back.
    pub(super) async fn take_one_back(&self, uuid: CallerUuid, reason: &str) -> Answer {
        let reason = reason.trim();
        if !(1..=REASON_MAX_CHARS).contains(&reason.chars().count()) {
            return problem::undo_reason(REASON_MAX_CHARS).into();
        }
        let record = self.journal().get(uuid).filter(|record| record.own.is_some()).cloned();
        let Some(mut record) = record else { return problem::unknown_entry(uuid).into() };
        if record.direction == Direction::Exit {
            return problem::exit_stands(uuid).into();
        }
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
        "people": 1,
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

/// The gate's role was taken back: what it knows of tickets lets nobody through any more.
fn revoked() -> Problem {
    let message = "the role of this gate was taken back, so it lets nobody through";
    Problem::new(StatusCode::FORBIDDEN, "gate-revoked").detail(message).field(
        "Authorization",
        message,
        "ask a manager of the venue for the role, or start the gate with another token",
    )
}

/// The gate has never seen the platform.
pub(super) fn never_online() -> Problem {
    let message = "this gate has never reached the platform and knows no ticket and no key";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "gate-never-online").detail(message).field(
        "line",
        message,
        "start the gate once with its line up, and with a token that the platform takes",
    )
}
