//! P7: no key, no door. Every route of the API's description stands in the table of `doors`, with the
//! reason why it is open or the roles that open it; a route that is missing fails the test.

#![expect(clippy::unwrap_used, reason = "a failed expectation of a test is a panic")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use atrio_tests::{Answer, Device, Process, Visitor, Wish, count_message, fresh_uuid};
use serde_json::{Value, json};

use crate::doors::Door::{Provider, Public, Reseller, Staff};
use crate::doors::{DEVICE, DOORS, INVOICER, MEMBER, RESELLER, Scope, TEMPLATE, TERMS, WEBHOOK};

const VENUE: &str = "20240";
const OTHER_VENUE: &str = "20514";
const ROLES: [&str; 7] =
    ["manager", "desk", "gate", "analyst", "data-officer", "operator", "admin"];

async fn described(museum: &Process) -> BTreeSet<(String, String, bool)> {
    let description = museum.api().get("/openapi.json").await.expect(200);
    let mut routes = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in ["get", "put", "post", "patch", "delete", "options", "head", "trace"] {
            if let Some(operation) = item.get(method) {
                let locked = operation["security"].as_array().is_some_and(|keys| !keys.is_empty());
                routes.insert((method.to_uppercase(), path.clone(), locked));
            }
        }
    }
    routes
}

#[tokio::test]
async fn every_route_is_public_for_a_reason_or_names_the_roles_that_open_it() {
    let museum = Process::fresh().await;
    let listed: BTreeSet<_> = DOORS
        .iter()
        .map(|(method, path, door)| {
            if let Public(reason) = door {
                assert!(!reason.is_empty());
            }
            ((*method).to_owned(), (*path).to_owned(), !matches!(door, Public(_)))
        })
        .collect();
    assert_eq!(described(&museum).await, listed, "the description and the table of this test");

    let sold = Visitor::of(&museum);
    sold.buys(&Wish::at(VENUE, "2026-11-24T12:00", &[("adult", 1)])).await;
    museum.nothing_left_over().await;
    let admin = museum.token("admin", None).await;
    let clerk = json!({"subject": "somebody", "roles": ["desk"]});
    let admin = museum.api().with_token(Some(admin));
    admin.put(MEMBER, "*", &clerk).await.expect(200);
    admin.put(WEBHOOK, "*", &registration()).await.expect(201);
    let template = json!({"id": "state", "name": {"it": "Statale", "en": "State"}, "kinds": [],
        "product_id": "admission", "parts": {}});
    admin.put(TEMPLATE, "*", &template).await.expect(200);
    let added = museum.command(&["reseller", "add", "Doors"]).await;
    assert!(added.status.success(), "{}", added.stderr);
    admin.put(TERMS, "*", &json!({"commission": {"basis_points": 0}})).await.expect(200);
    admin.put(INVOICER, "*", &json!({"firm": atrio_tests::firm()})).await.expect(200);
    let reseller = json!({"name": "Knocked Tours", "scope": "all"});
    admin.put(RESELLER, "*", &reseller).await.expect(201);
    let counter = DEVICE.rsplit('/').next().unwrap();
    let mut counter = Device::of(&museum, VENUE, counter).await;
    let (from, to) = ("2026-11-24T07:00:00Z", "2026-11-24T07:15:00Z");
    let counted = count_message(&counter.name, from.parse().unwrap(), to.parse().unwrap(), 3, 1);
    counter.publish(&counted).await.unwrap();
    let tokens = Tokens { museum: &museum, known: RefCell::default() };
    for (method, route, door) in DOORS {
        match door {
            Public(_) => {}
            Provider => {
                let body = json!({"payment_id": "x", "outcome": "PAID"}).to_string();
                let api = museum.api().with_token(Some(tokens.of("admin", None).await));
                let answer = api.signed(route, "", &body).await;
                answer.expect_problem(401, "unsigned", "X-Atrio-Signature");
            }
            Reseller(path) => opens_to_resellers(&museum, method, path).await,
            Staff { roles, path, scope } => opens_to(&tokens, method, path, roles, scope).await,
        }
    }
}

/// The tokens of staff who were appointed once: hundreds of doors open to the same few.
struct Tokens<'m> {
    museum: &'m Process,
    known: RefCell<BTreeMap<(String, Option<String>), String>>,
}

impl Tokens<'_> {
    async fn of(&self, role: &str, venue: Option<&str>) -> String {
        let whose = (role.to_owned(), venue.map(str::to_owned));
        if let Some(token) = self.known.borrow().get(&whose) {
            return token.clone();
        }
        let token = self.museum.token(role, venue).await;
        self.known.borrow_mut().insert(whose, token.clone());
        token
    }
}

fn registration() -> Value {
    json!({"url": "http://127.0.0.1:9/"})
}

async fn knock(tokens: &Tokens<'_>, method: &str, path: &str, token: Option<String>) -> Answer {
    let body = match method {
        "POST" => posted(path).to_string(),
        "PUT" if path == WEBHOOK => registration().to_string(),
        // What stands there already: a change that changes nothing.
        "PUT" => {
            let admin = tokens.of("admin", None).await;
            tokens.museum.api().with_token(Some(admin)).get(path).await.expect(200).to_string()
        }
        _ => String::new(),
    };
    tokens.museum.api().with_token(token).send(method, path, Some("application/json"), body).await
}

/// What is behind the door is another reseller's, or needs a body: a good key is told so, and no other.
async fn opens_to_resellers(museum: &Process, method: &str, path: &str) {
    let knock = async |key: Option<String>| {
        let api = museum.api().with_token(key);
        api.send(method, path, Some("application/json"), "{}").await
    };
    let refused = |answer: &Answer, status: u16, error: &str| {
        assert_eq!(answer.expect(status)["error"], error, "{method} {path}");
    };
    refused(&knock(None).await, 401, "UNAUTHORIZED");
    let admin = museum.token("admin", None).await;
    refused(&knock(Some(admin)).await, 403, "FORBIDDEN");
    let name = format!("Tours {}", fresh_uuid());
    let added = museum.command(&["reseller", "add", &name]).await;
    let key = added.stdout.trim().to_owned();
    let answer = knock(Some(key.clone())).await;
    // OCTO's doors know no 404; behind the others a file may not be there.
    let is_missing = answer.status == 404 && path.starts_with("/v1/reseller/");
    let is_open = [200, 400].contains(&answer.status) || is_missing;
    assert!(is_open, "{method} {path}: {}", answer.text());
    let revoked = museum.command(&["reseller", "revoke", &name]).await;
    assert!(revoked.status.success(), "{}", revoked.stderr);
    refused(&knock(Some(key)).await, 403, "FORBIDDEN");
}

/// What a member of staff would post there.
fn posted(path: &str) -> Value {
    match path.rsplit('/').next() {
        // One desk each time: the first knock that is let in opens its drawer.
        Some("shifts") => {
            json!({"uuid": fresh_uuid(), "desk_id": fresh_uuid(), "float_cents": 0})
        }
        Some("leases") => json!({
            "uuid": fresh_uuid(), "product_id": "admission", "option_id": "standard",
            "slot_id": "2026-11-24T15:00", "places": 1, "channel": "DESK", "desk_id": "window-1",
        }),
        Some("return") => json!({"sold_places": 0}),
        Some("withdraw") => json!({"reason": "the desk is lost"}),
        Some("sales") if path.contains("/leases/") => json!({
            "booking_uuid": fresh_uuid(), "shift_uuid": fresh_uuid(), "method": "CASH",
            "sold_at": "2026-11-24T09:06:00Z",
            "places": [{"ticket_id": "0000-0000-0000-0000", "unit_id": "adult"}],
        }),
        Some("sales") => json!({"booking_uuid": fresh_uuid(), "method": "CASH"}),
        Some("payments") => json!({"uuid": fresh_uuid(), "on": "2026-11-24", "cents": 1}),
        Some("codes") => json!({"uuid": fresh_uuid(), "count": 1}),
        Some("approve") => json!({}),
        Some("refuse") => json!({"reason": "the day is full"}),
        Some("files") => json!({"uuid": fresh_uuid()}),
        Some("paid-back") => json!({"reference": "TRN 1"}),
        Some("rotate" | "test") => json!({"uuid": fresh_uuid()}),
        Some("keys") => json!({"uuid": fresh_uuid(), "mode": "TEST"}),
        Some("replay") => json!({"from": 1}),
        Some("call-offs") => json!({"from": "2026-11-24", "to": "2026-11-24"}),
        Some("sql") => json!({"sql": "SELECT count(*) AS cells FROM released_sales"}),
        Some("void") => json!({"booking_uuid": fresh_uuid(), "reason": "wrong slot"}),
        Some("undo") => json!({"venue_id": VENUE, "gate_id": "main", "reason": "it did not turn"}),
        Some("close") if path.contains("/conflicts/") => json!({"note": "a twin"}),
        Some("close") => json!({"counted_cents": 0}),
        Some("presence") => json!({"uuid": fresh_uuid(), "inside": 0, "reason": "counted by hand"}),
        Some("offline") => json!({"venue_id": VENUE, "entries": [{
            "uuid": fresh_uuid(), "gate_id": "main", "code": "0000-0000-0000-0000",
            "redeemed_at": "2026-11-24T09:00:00Z",
        }]}),
        _ => json!({
            "uuid": fresh_uuid(), "venue_id": VENUE, "gate_id": "main",
            "code": "0000-0000-0000-0000",
        }),
    }
}

/// Where somebody has the role: an operator works for the whole platform.
fn at<'v>(role: &str, venue: &'v str) -> Option<&'v str> {
    (role != "operator").then_some(venue)
}

async fn opens_to(tokens: &Tokens<'_>, method: &str, path: &str, roles: &[&str], scope: &Scope) {
    let refused = knock(tokens, method, path, None).await;
    refused.expect_problem(401, "unauthorized", "Authorization");
    for role in ROLES {
        let is_platforms = role == "admin" && matches!(scope, Scope::Platform);
        let own = tokens.of(role, at(role, VENUE).filter(|_| !is_platforms)).await;
        let answer = knock(tokens, method, path, Some(own)).await;
        if roles.contains(&role) || role == "admin" {
            // An unknown ticket is what is behind the gate's door, an unknown shift behind the desk's, and
            // no refund to file behind the manager's.
            assert!(
                [200, 201, 202, 204, 404, 409].contains(&answer.status),
                "{role}: {}",
                answer.text()
            );
        } else {
            answer.expect_problem(403, "wrong-role", "Authorization");
        }
    }
    if matches!(scope, Scope::Platform) {
        let of_one = tokens.of("admin", Some(VENUE)).await;
        let answer = knock(tokens, method, path, Some(of_one)).await;
        answer.expect_problem(403, "wrong-role", "Authorization");
    }
    for role in roles.iter().filter(|role| at(role, VENUE).is_some()) {
        let elsewhere = tokens.of(role, Some(OTHER_VENUE)).await;
        let answer = knock(tokens, method, path, Some(elsewhere)).await;
        match scope {
            Scope::Platform => unreachable!("nobody has a role for the platform at one venue"),
            Scope::Named => {
                answer.expect_problem(403, "other-venue", "venue_id");
            }
            Scope::Empty => {
                assert_eq!(answer.expect(200), json!([]), "of {VENUE} nothing is shown");
            }
            Scope::Released => {
                assert_eq!(answer.expect(200)["columns"], json!(["cells"]));
            }
            Scope::Cut => {
                assert_eq!(answer.expect(200)["venues"], json!([]), "nothing of {VENUE} is shown");
                let own = tokens.of(role, Some(VENUE)).await;
                let own = knock(tokens, method, path, Some(own)).await.expect(200);
                assert_eq!(own["venues"][0]["venue_id"], VENUE, "its own is");
            }
        }
    }
}

#[tokio::test]
async fn the_desks_channel_opens_to_the_desk_of_that_venue_only() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let request = || {
        let mut body =
            visitor.request(&fresh_uuid(), &Wish::at(VENUE, "2026-11-24T12:00", &[("adult", 1)]));
        body["channel"] = json!("DESK");
        body
    };
    let by = async |role: &str, venue: &str| {
        let token = museum.token(role, Some(venue)).await;
        museum.api().with_token(Some(token)).post("/v1/bookings", &request()).await
    };
    let nobody = visitor.api.post("/v1/bookings", &request()).await;
    nobody.expect_problem(401, "unauthorized", "channel");
    by("gate", VENUE).await.expect_problem(403, "wrong-role", "Authorization");
    by("desk", OTHER_VENUE).await.expect_problem(403, "other-venue", "venue_id");
    assert_eq!(by("desk", VENUE).await.expect(201)["channel"], "DESK");
}

#[tokio::test]
async fn the_pages_beside_the_api_show_no_venue_and_no_visitor() {
    let museum = Process::fresh().await;
    let visitor = Visitor::of(&museum);
    let (uuid, _) = visitor.buys(&Wish::at(VENUE, "2026-11-24T12:00", &[("adult", 1)])).await;
    for path in ["/healthz", "/metrics", "/openapi.json"] {
        let page = museum.api().get(path).await;
        assert_eq!(page.status, 200);
        let text = page.text();
        assert!(
            ![VENUE, &uuid, &visitor.contact.email].iter().any(|secret| text.contains(secret)),
            "{path}"
        );
    }
    let files =
        ["/secrets.json", "/data/secrets.json", "/..%2fsecrets.json", "/run.json", "/atrio.db"];
    for path in files {
        let page = museum.api().get(path).await;
        assert_eq!(page.status, 404, "{path}");
    }
    let stranger: Value = museum.api().get(&format!("/v1/bookings/{}", fresh_uuid())).await.json();
    assert_eq!(stranger["status"], 404);
}

#[tokio::test]
async fn mails_are_shown_to_this_machine_and_to_no_page_of_another() {
    let museum = Process::fresh().await;
    let ask = async |path: &str, header: (&'static str, &str)| {
        let client = reqwest::Client::new();
        let request = client.get(format!("{}{path}", museum.run.http)).header(header.0, header.1);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask("/outbox", ("accept", "text/html")).await, 200);
    for led_here in [("host", "museum.example"), ("x-forwarded-for", "192.0.2.7")] {
        assert_eq!(ask("/outbox", led_here).await, 403, "{led_here:?}");
    }
    for path in ["/outbox/..%2fsecrets", "/outbox/nothing", "/outbox/..%2f..%2fsecrets/source"] {
        assert_eq!(ask(path, ("accept", "text/html")).await, 404, "{path}");
    }
}
