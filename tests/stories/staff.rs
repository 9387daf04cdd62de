//! Who works where: an operator appoints the manager of a venue, the manager its clerks; what is taken
//! back opens nothing from the next request on, whatever token is shown.

use atrio_tests::{Answer, Api, Appointer, GateProgram, Process, Visitor, Wish, fresh_uuid};
use serde_json::{Value, json};

/// A venue where nobody works yet.
const VENUE: &str = "20514";
const OTHER_VENUE: &str = "106484";
const ANNA: (&str, &str) = ("sub-of-anna", "anna.bassi@museo.example");
const BEA: (&str, &str) = ("sub-of-bea", "bea.conti@museo.example");
const CARLO: (&str, &str) = ("sub-of-carlo", "carlo.dori@museo.example");

async fn opens_a_desk(api: &Api, venue: &str) -> Answer {
    let body = json!({"uuid": fresh_uuid(), "desk_id": fresh_uuid(), "float_cents": 0});
    api.post(&format!("/v1/venues/{venue}/shifts"), &body).await
}

async fn browser(museum: &Process, (subject, address): (&str, &str)) -> Api {
    museum.api().with_token(Some(museum.signs_in(subject, address).await))
}

/// Anna, whom an operator made the manager of the venue, signed in; and the id she is a member under.
async fn manager(museum: &Process) -> (Appointer, String) {
    let operator = Appointer::operator(museum, VENUE).await;
    let id = operator.adds(ANNA.1, &["manager"]).await;
    (Appointer::signed_in(museum, VENUE, ANNA).await, id)
}

#[tokio::test]
async fn a_clerk_appointed_by_the_manager_whom_an_operator_appointed_loses_the_desk_at_once() {
    let museum = Process::fresh().await;
    let operator = Appointer::operator(&museum, VENUE).await;
    assert_eq!(operator.list().await, Vec::<Value>::new());
    let early = browser(&museum, ANNA).await;
    let opening = format!("/v1/venues/{VENUE}/opening");
    early.get(&opening).await.expect_problem(403, "wrong-role", "Authorization");

    // The address is known in one spelling, and the person once they prove it.
    operator.adds("Anna.Bassi@Museo.example ", &["manager"]).await;
    assert_eq!(operator.list().await[0]["subject"], Value::Null);
    let anna = Appointer::signed_in(&museum, VENUE, ANNA).await;
    assert_eq!(anna.list().await[0]["subject"], ANNA.0);
    anna.api.get(&opening).await.expect(200);
    let closed = operator.api.get(&opening).await;
    closed.expect_problem(403, "wrong-role", "Authorization");

    let carlo = anna.adds(CARLO.1, &["desk"]).await;
    let till = browser(&museum, CARLO).await;
    opens_a_desk(&till, VENUE).await.expect(201);
    opens_a_desk(&till, OTHER_VENUE).await.expect_problem(403, "other-venue", "venue_id");
    till.get(&anna.path("")).await.expect_problem(403, "wrong-role", "Authorization");
    till.get(&opening).await.expect_problem(403, "wrong-role", "Authorization");

    anna.gives(&carlo, &["gate"]).await.expect(200);
    opens_a_desk(&till, VENUE).await.expect_problem(403, "wrong-role", "Authorization");
    anna.gives(&carlo, &["gate", "desk"]).await.expect(200);
    opens_a_desk(&till, VENUE).await.expect(201);
    assert_eq!(anna.takes_back(&carlo).await.status, 204);
    opens_a_desk(&till, VENUE).await.expect_problem(403, "wrong-role", "Authorization");
    let again = browser(&museum, CARLO).await;
    opens_a_desk(&again, VENUE).await.expect_problem(403, "wrong-role", "Authorization");

    let dismissed = museum.command(&["dismiss", "--subject", "local-operator"]).await;
    assert!(dismissed.status.success(), "{}", dismissed.stderr);
    operator.api.get(&operator.path("")).await.expect_problem(403, "wrong-role", "Authorization");

    // A stranger with another address is nobody, whatever was added.
    anna.adds(BEA.1, &["desk"]).await;
    let stranger = browser(&museum, ("sub-of-a-stranger", "bea.conti@elsewhere.example")).await;
    opens_a_desk(&stranger, VENUE).await.expect_problem(403, "wrong-role", "Authorization");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn every_change_of_the_staff_is_on_record_without_the_address_and_forgets_who_is_removed() {
    let mut museum = Process::fresh().await;
    let (anna, manager_id) = manager(&museum).await;
    let carlo = anna.adds(CARLO.1, &["desk"]).await;
    browser(&museum, CARLO).await;
    anna.gives(&carlo, &["desk", "gate"]).await.expect(200);
    anna.takes_back(&carlo).await;
    museum.restart().await;
    let (anna, changes) = {
        let anna = Appointer::signed_in(&museum, VENUE, ANNA).await;
        let path = format!("/v1/venues/{VENUE}/changes");
        let changes = anna.api.get(&path).await.expect(200);
        (anna, changes)
    };
    let told: Vec<(&str, &str, Vec<&str>)> = changes["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            let text = |value: &'_ Value| value.as_str().unwrap_or_default().to_owned();
            assert!(text(&change["part"]).starts_with("staff/"));
            let roles = change["after"]["roles"].as_array().unwrap();
            (
                change["actor"].as_str().unwrap(),
                change["role"].as_str().unwrap(),
                roles.iter().filter_map(Value::as_str).collect(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (ANNA.0, "manager", vec![]),
            (ANNA.0, "manager", vec!["desk", "gate"]),
            (CARLO.0, "member", vec!["desk"]),
            (ANNA.0, "manager", vec!["desk"]),
            (ANNA.0, "member", vec!["manager"]),
            ("local-operator", "operator", vec!["manager"]),
        ]
    );
    assert_eq!(anna.list().await.len(), 1);
    assert_eq!(anna.list().await[0]["member_id"], manager_id.as_str());
    let store = museum.store();
    let (mut items, mut from) = (Vec::new(), None);
    loop {
        let page = store.client.scan().table_name(&store.table).set_exclusive_start_key(from);
        let page = page.send().await.unwrap();
        items.extend(page.items().iter().map(|item| format!("{item:?}")));
        from = page.last_evaluated_key;
        if from.is_none() {
            break;
        }
    }
    let with = |needle: &str| items.iter().filter(|item| item.contains(needle)).count();
    assert_eq!((with("anna.bassi"), with("carlo.dori")), (1, 0), "an address stands in one place");
    let said = museum.log();
    assert!(!said.contains("museo.example") && !changes.to_string().contains("museo.example"));
}

#[tokio::test]
async fn nobody_gives_more_than_they_may_and_nobody_lifts_themselves() {
    let museum = Process::fresh().await;
    let (anna, own) = manager(&museum).await;
    let refused = |answer: Answer, status, kind| answer.expect_problem(status, kind, "roles");
    refused(anna.gives(&own, &["manager", "analyst"]).await, 403, "role-not-yours");
    let new = |roles: &[&str]| json!({"address": CARLO.1, "roles": roles});
    for (roles, status, kind) in [
        (&["data-officer"][..], 403, "role-not-yours"),
        (&["desk", "operator"][..], 422, "invalid-member"),
        (&["admin"][..], 422, "invalid-member"),
        (&[][..], 422, "invalid-member"),
    ] {
        refused(anna.sets(&fresh_uuid(), "*", &new(roles)).await, status, kind);
    }
    let operator = Appointer::operator(&museum, VENUE).await;
    let officer = operator.adds("dora.elmi@museo.example", &["data-officer"]).await;
    refused(anna.takes_back(&officer).await, 403, "role-not-yours");
    let lifted = json!({"subject": "local-operator", "roles": ["manager"]});
    refused(operator.sets(&fresh_uuid(), "*", &lifted).await, 403, "role-not-yours");

    // Nor by an address of one's own.
    operator.adds("olga@platform.example", &["manager"]).await;
    let olga = browser(&museum, ("local-operator", "olga@platform.example")).await;
    let opening = olga.get(&format!("/v1/venues/{VENUE}/opening")).await;
    opening.expect_problem(403, "wrong-role", "Authorization");

    let elsewhere = anna.path("").replace(VENUE, OTHER_VENUE);
    let there = anna.api.get(&elsewhere).await;
    there.expect_problem(403, "other-venue", "venue_id");
    let added = anna.api.put(&format!("{elsewhere}/{}", fresh_uuid()), "*", &new(&["desk"])).await;
    added.expect_problem(403, "other-venue", "venue_id");
    assert_eq!(anna.list().await.len(), 3, "nobody came by any of this but dora and olga");
}

#[tokio::test]
async fn two_managers_who_remove_each_other_at_once_leave_one() {
    let museum = Process::fresh().await;
    for _ in 0..5 {
        let (anna, anna_id) = manager(&museum).await;
        anna.takes_back(&anna_id).await.expect_problem(409, "last-manager", "roles");
        let bea_id = anna.adds(BEA.1, &["manager"]).await;
        anna.takes_back(&anna_id).await.expect_problem(409, "last-manager", "roles");
        let bea = Appointer::signed_in(&museum, VENUE, BEA).await;

        let (first, second) = tokio::join!(anna.takes_back(&bea_id), bea.takes_back(&anna_id));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        // Who was removed first has no right to remove any more, or sees that nobody would be left.
        assert_eq!(statuses[0], 204, "{statuses:?}");
        assert!([403, 409].contains(&statuses[1]), "{statuses:?}");
        let operator = Appointer::operator(&museum, VENUE).await;
        let left = operator.list().await;
        assert_eq!(left.len(), 1);
        let id = left[0]["member_id"].as_str().unwrap();
        assert_eq!(operator.takes_back(id).await.status, 204, "an operator may close a venue");
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_is_given_again_and_an_old_view_changes_nothing() {
    let museum = Process::fresh().await;
    let (anna, _) = manager(&museum).await;
    let (id, clerk) = (fresh_uuid(), json!({"address": CARLO.1, "roles": ["desk"]}));
    let added = anna.sets(&id, "*", &clerk).await;
    let again = anna.sets(&id, "*", &clerk).await;
    assert_eq!((again.expect(200), again.entity_tag()), (added.expect(200), added.entity_tag()));
    browser(&museum, CARLO).await;
    let signed = anna.sets(&id, "*", &clerk).await;
    assert_eq!(signed.expect(200)["subject"], CARLO.0, "a late repeat undoes no signing in");

    let twin = anna.sets(&fresh_uuid(), "*", &clerk).await;
    twin.expect_problem(409, "member-already", "address");
    let other = anna.sets(&id, "*", &json!({"address": BEA.1, "roles": ["desk"]})).await;
    other.expect_problem(409, "uuid-reused", "member_id");
    let stale = anna.sets(&id, &added.entity_tag(), &json!({"roles": ["gate"]})).await;
    stale.expect_problem(412, "changed-meanwhile", "If-Match");
    let path = anna.path(&format!("/{id}"));
    let blind = anna.api.send("DELETE", &path, None, "").await;
    blind.expect_problem(428, "entity-tag-missing", "If-Match");
    let stale = anna.api.delete(&path, &added.entity_tag()).await;
    stale.expect_problem(412, "changed-meanwhile", "If-Match");
    for _ in 0..2 {
        assert_eq!(anna.api.delete(&path, &signed.entity_tag()).await.status, 204);
    }
    anna.reads(&id).await.expect_problem(404, "unknown-member", "member_id");

    for number in 0..5 {
        anna.adds(&format!("clerk{number}@museo.example"), &["desk"]).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = anna.api.get(&anna.path(&format!("?limit=2{cursor}"))).await.expect(200);
        seen.extend(page["staff"].as_array().cloned().unwrap());
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, anna.list().await);
    assert_eq!(seen.len(), 6);
}

#[tokio::test]
async fn a_gate_program_whose_role_was_taken_back_lets_nobody_through_with_its_line_cut_either() {
    let museum = Process::fresh().await;
    let ticket = async || {
        let wish = Wish::at(VENUE, "2026-11-24T10:00", &[("minor", 1)]);
        let (_, tickets) = Visitor::of(&museum).books_free(&wish).await;
        tickets[0]["code"].as_str().unwrap().to_owned()
    };
    let (first, second) = (ticket().await, ticket().await);
    let gate = GateProgram::open(&museum, VENUE, "main").await;
    gate.knows(2).await;
    gate.loses_its_line().await;
    gate.scan(&first).await.expect(201);
    let operator = Appointer::operator(&museum, VENUE).await;
    let member = operator.list().await[0]["member_id"].as_str().unwrap().to_owned();
    assert_eq!(operator.takes_back(&member).await.status, 204);
    gate.line.mend();
    gate.sees("it says why", |state| {
        state["line"]["why"].as_str().is_some_and(|why| why.contains("taken back"))
    })
    .await;
    gate.scan(&second).await.expect_problem(403, "gate-revoked", "Authorization");
    gate.line.cut();
    gate.sees("its line is cut", |state| {
        state["line"]["why"].as_str().is_some_and(|why| why.contains("does not answer"))
    })
    .await;
    gate.scan(&second).await.expect_problem(403, "gate-revoked", "Authorization");

    // The entry from before waits, and is sent in once the gate has its role again.
    museum.token("gate", Some(VENUE)).await;
    gate.finds_its_line().await;
    gate.scan(&second).await.expect(201);
    museum.lake_agrees().await;
}
