//! Several people of one booking through a gate by one scan: each ticket is scanned by itself, under a
//! nonce made of the party's and its own, so that neighbours, platform and journal know nothing but
//! scans, and a repeat goes on where the first try ended. Decided on together, let through one by one:
//! where another gate or a full place is faster, fewer pass than were asked for, and the answer says who.

use std::sync::Arc;

use atrio_domain::gate::bundle::{Expected, Group};
use atrio_domain::gate::offline::{Shown, Since, read, standing};
use atrio_domain::id::{CallerUuid, TicketId};
use atrio_domain::redemption::{
    Asked as Wanted, Direction, Head, Heads, PartyError, check_party, heads,
};
use atrio_domain::ticket::TicketState;
use atrio_redemption::problem;
use atrio_runtime::Problem;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::scan::{Answer, Asked, never_online};
use super::{Gate, Kept};

/// A ticket of a booking, as this gate knows it.
struct Member<'a> {
    group: &'a Group,
    ticket: TicketId,
    state: TicketState,
    is_able: bool,
}

impl Gate {
    /// Who of a ticket's booking came, is inside and would go through now, as far as this gate knows.
    pub(super) async fn look_at(&self, asked: &Asked<'_>) -> Answer {
        let _turn = self.turnstile.lock().await;
        let (kept, shown) = match self.known(asked.code) {
            Ok(known) => known,
            Err(problem) => return Answer::Refused(problem),
        };
        let members = self.members(asked, &kept, shown);
        let counted = members.iter().map(|member| Head {
            unit: &member.group.unit.unit_id,
            name: &member.group.unit.name,
            state: &member.state,
        });
        let units: Vec<Value> = heads(counted)
            .into_iter()
            .map(|Heads { unit, name, booked, came, inside }| {
                let is_of = |member: &&Member<'_>| member.group.unit.unit_id == unit;
                let able = members.iter().filter(is_of).filter(|member| member.is_able).count();
                json!({"unit": {"id": unit, "name": name}, "booked": booked, "came": came,
                    "inside": inside, "able": able})
            })
            .collect();
        let slot = members.first().map(|member| member.group.slot);
        Answer::Done(StatusCode::OK, json!({"slot": slot, "units": units}))
    }

    /// Lets so many of a ticket's booking through. Sent again, it is the same party, and goes on where
    /// it was cut off.
    pub(super) async fn scan_party(&self, asked: &Asked<'_>, wanted: &[Wanted]) -> Answer {
        let _turn = self.turnstile.lock().await;
        let (kept, shown) = match self.known(asked.code) {
            Ok(known) => known,
            Err(problem) => return Answer::Refused(problem),
        };
        let members = self.members(asked, &kept, shown);
        let has_unit = |unit: &_| members.iter().any(|member| &member.group.unit.unit_id == unit);
        if let Err(error) = check_party(wanted, has_unit) {
            return problem::party(&error).into();
        }
        let before = match self.before_of_party(asked, &members) {
            Ok(before) => before,
            Err(problem) => return Answer::Refused(problem),
        };
        let chosen = match choose(wanted, &members, &before) {
            Ok(chosen) => chosen,
            Err(Choice::Other) => return problem::nonce_reused(asked.uuid).into(),
            Err(Choice::TooFew(error)) => return problem::party(&error).into(),
        };
        let status = if before.is_empty() { StatusCode::CREATED } else { StatusCode::OK };
        let mut through: Vec<Value> = before.into_iter().map(|(_, answer)| answer).collect();
        let mut refused = None;
        for (candidates, mut missing) in chosen {
            for ticket in candidates {
                if missing == 0 || is_full(refused.as_ref()) {
                    break;
                }
                let (uuid, code) = (asked.uuid.for_ticket(ticket), ticket.typed_code());
                match self.scan_one(&Asked { uuid, code: &code, ..*asked }).await {
                    Answer::Done(_, body) => {
                        missing -= 1;
                        through.push(body);
                    }
                    answer => refused = Some(answer),
                }
            }
        }
        match (party_answer(asked.uuid, &through), refused) {
            (Some(answer), _) => Answer::Done(status, answer),
            (None, Some(refused)) => refused,
            (None, None) => problem::party(&PartyError::Nobody).into(),
        }
    }

    /// What this gate decides by: its bundle, and a code that names a ticket of it.
    fn known(&self, code: &str) -> Result<(Arc<Kept>, TicketId), Box<Problem>> {
        let kept = self.kept().ok_or_else(|| Box::new(never_online()))?;
        let shown = read(code, &kept.bundle.keys).map_err(|unread| self.unread(&unread))?;
        let ticket = shown.ticket();
        if kept.bundle.expected(ticket).is_none() {
            let unknown = shown.unknown(kept.bundle.made_at);
            return Err(Box::new(problem::offline_refusal(&unknown)));
        }
        Ok((kept, ticket))
    }

    /// The tickets of a ticket's booking, itself first.
    fn members<'a>(&self, asked: &Asked<'_>, kept: &'a Kept, shown: TicketId) -> Vec<Member<'a>> {
        let mut members: Vec<Member<'a>> = kept
            .bundle
            .party(shown)
            .into_iter()
            .map(|(group, expected)| self.member(asked, kept, group, expected))
            .collect();
        members.sort_by_key(|member| member.ticket != shown);
        members
    }

    fn member<'a>(
        &self,
        asked: &Asked<'_>,
        kept: &'a Kept,
        group: &'a Group,
        expected: &Expected,
    ) -> Member<'a> {
        let ticket = expected.id;
        let seen = self.journal().seen(ticket);
        let state = {
            let journal = self.journal();
            standing(expected, Since { seen: seen.as_ref(), undone: journal.undone() })
        };
        let asked = Asked { uuid: asked.uuid.for_ticket(ticket), ..*asked };
        let shown = Ok(Shown::Typed(ticket));
        let judged = self.judge(&asked, Some(kept), shown, seen.as_ref(), self.now());
        let is_inside = matches!(state, TicketState::Redeemed { exit: None, .. });
        // Alone, somebody of whose entry the gate does not know is let out; a party is let out by who
        // came in.
        let is_able = judged.is_ok() && (asked.direction == Direction::Entry || is_inside);
        Member { group, ticket, state, is_able }
    }

    /// Which of them went through under the party's nonce before, with what was answered.
    fn before_of_party(
        &self,
        asked: &Asked<'_>,
        members: &[Member<'_>],
    ) -> Result<Vec<(TicketId, Value)>, Box<Problem>> {
        let journal = self.journal();
        let mut before = Vec::new();
        for member in members {
            let Some(record) = journal.get(asked.uuid.for_ticket(member.ticket)) else { continue };
            if record.undone.is_some() {
                return Err(Box::new(problem::nonce_undone(asked.uuid)));
            }
            if record.direction != asked.direction {
                return Err(Box::new(problem::nonce_reused(asked.uuid)));
            }
            if let Some(own) = &record.own {
                before.push((member.ticket, own.answer.clone()));
            }
        }
        Ok(before)
    }

    /// Takes back all that this gate let in under a party's nonce; none where there is no such party.
    pub(super) async fn take_party_back(&self, uuid: CallerUuid, reason: &str) -> Option<Answer> {
        let party = self.journal().of_party(uuid);
        let first = *party.first()?;
        let mut last = None;
        for nonce in &party {
            match self.take_one_back(*nonce, reason).await {
                Answer::Done(_, body) => last = Some(body),
                refused => return Some(refused),
            }
        }
        let mut body = last?;
        let ticket = self.journal().get(first).map(|record| record.used.ticket);
        body["uuid"] = json!(uuid);
        body["ticket_id"] = json!(ticket);
        body["people"] = json!(party.len());
        Some(Answer::Done(StatusCode::OK, body))
    }
}

/// Why nobody is let through.
enum Choice {
    /// The nonce stands for others.
    Other,
    /// Fewer can pass.
    TooFew(PartyError),
}

/// For each unit, who may go through, and how many of them are still to.
fn choose(
    wanted: &[Wanted],
    members: &[Member<'_>],
    before: &[(TicketId, Value)],
) -> Result<Vec<(Vec<TicketId>, usize)>, Choice> {
    let is_done = |ticket: TicketId| before.iter().any(|(done, _)| *done == ticket);
    let mut chosen = Vec::new();
    let mut known = 0;
    for (at, Wanted { unit, quantity }) in wanted.iter().enumerate() {
        let of_unit = || members.iter().filter(|member| &member.group.unit.unit_id == unit);
        let done = of_unit().filter(|member| is_done(member.ticket)).count();
        let quantity = usize::try_from(*quantity).unwrap_or(usize::MAX);
        let missing = quantity.checked_sub(done).ok_or(Choice::Other)?;
        let is_candidate = |member: &&Member<'_>| member.is_able && !is_done(member.ticket);
        let candidates: Vec<TicketId> =
            of_unit().filter(is_candidate).map(|member| member.ticket).collect();
        // What was cut off goes on with whoever is left.
        if before.is_empty() && candidates.len() < missing {
            let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            return Err(Choice::TooFew(PartyError::TooFew {
                at,
                unit: unit.clone(),
                requested: count(quantity),
                able: count(candidates.len()),
            }));
        }
        known += done;
        chosen.push((candidates, missing));
    }
    if known == before.len() { Ok(chosen) } else { Err(Choice::Other) }
}

/// Whether there is no room for anybody more.
fn is_full(refused: Option<&Answer>) -> bool {
    let Some(Answer::Passed(_, body)) = refused else { return false };
    body["type"].as_str().is_some_and(|kind| kind.ends_with("/place-full"))
}

/// The answers of all who went through as one; none where nobody did.
fn party_answer(uuid: CallerUuid, through: &[Value]) -> Option<Value> {
    let mut party: Vec<(Value, u32)> = Vec::new();
    for answer in through {
        let line = json!({"unit": answer["unit"], "show": answer["show"]});
        match party.iter_mut().find(|(known, _)| *known == line) {
            Some((_, quantity)) => *quantity += 1,
            None => party.push((line, 1)),
        }
    }
    let mut answer = through.first()?.clone();
    answer["uuid"] = json!(uuid);
    answer["party"] = party
        .into_iter()
        .map(|(mut line, quantity)| {
            line["quantity"] = json!(quantity);
            line
        })
        .collect();
    Some(answer)
}
