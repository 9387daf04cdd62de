//! How much one caller may ask: what a busy place asks is taken, more is answered by when to come again, and
//! nobody pays for another.

use atrio_tests::{Answer, Options, Process, Visitor, Wish, fresh_uuid};
use futures::future::join_all;
use serde_json::json;

const VENUE: &str = "20240";

async fn limited(limits: &str) -> Process {
    let environment = vec![("ATRIO_LIMITS".to_owned(), limits.to_owned())];
    Process::start(Options { environment, ..Options::default() }).await
}

/// Somebody behind a proxy of this machine.
struct Caller<'a> {
    museum: &'a Process,
    address: &'static str,
    token: Option<String>,
}

impl Caller<'_> {
    async fn sends(&self, method: reqwest::Method, path: &str, body: &str) -> (u16, Headers) {
        let client = reqwest::Client::new();
        let mut request = client
            .request(method, format!("{}{path}", self.museum.run.http))
            .header("x-forwarded-for", format!("203.0.113.99, {}", self.address))
            .header("content-type", "application/json")
            .body(body.to_owned());
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        let header =
            |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let headers = Headers {
            policy: header("ratelimit-policy"),
            limit: header("ratelimit"),
            retry_after: header("retry-after"),
        };
        let status = answer.status().as_u16();
        if status == 429 {
            let problem: serde_json::Value = answer.json().await.unwrap();
            assert!(problem["type"].as_str().unwrap().ends_with("/too-many-requests"), "{problem}");
            let error = &problem["errors"][0];
            assert!(error["field"] == "request" && error["fix"].is_string(), "{problem}");
        }
        (status, headers)
    }

    async fn reads(&self) -> (u16, Headers) {
        self.sends(reqwest::Method::GET, &format!("/v1/venues/{VENUE}"), "").await
    }
}

#[derive(Debug, PartialEq)]
struct Headers {
    policy: Option<String>,
    limit: Option<String>,
    retry_after: Option<String>,
}

#[tokio::test]
async fn whoever_asks_too_much_is_told_when_to_come_again_and_nobody_else_is() {
    let museum = limited("reading=5/600,holding=3/600,staff=4/600").await;
    let caller = |address, token| Caller { museum: &museum, address, token };
    let greedy = caller("198.51.100.7", None);
    for left in (0..5).rev() {
        let (status, headers) = greedy.reads().await;
        assert_eq!((status, headers.retry_after), (200, None));
        assert_eq!(headers.policy.as_deref(), Some("\"reading\";q=5;w=600"));
        let limit = headers.limit.unwrap();
        assert!(limit.starts_with(&format!("\"reading\";r={left};t=")), "{limit}");
    }
    let (status, headers) = greedy.reads().await;
    assert_eq!(status, 429);
    let wait: u64 = headers.retry_after.unwrap().parse().unwrap();
    assert!((60..=120).contains(&wait), "the next one in two minutes at most, not {wait} s");
    assert_eq!(headers.limit, Some(format!("\"reading\";r=0;t={wait}")));

    // Another address, another class, and whoever pretends to be somebody else.
    assert_eq!(caller("198.51.100.8", None).reads().await.0, 200);
    let post = reqwest::Method::POST;
    for _ in 0..3 {
        assert_eq!(greedy.sends(post.clone(), "/v1/bookings", "{}").await.0, 422);
    }
    assert_eq!(greedy.sends(post.clone(), "/v1/bookings", "{}").await.0, 429);
    let pretended = caller("198.51.100.7", Some("no.token.atall".to_owned()));
    assert_eq!(pretended.reads().await.0, 429, "a token that is none is not staff's");

    // Staff count by their token, wherever they are; not by the address of the museum's visitors.
    let manager = museum.token("manager", Some(VENUE)).await;
    for address in ["198.51.100.7", "198.51.100.9", "198.51.100.7", "198.51.100.9"] {
        let (status, headers) = caller(address, Some(manager.clone())).reads().await;
        assert_eq!((status, headers.policy.as_deref()), (200, Some("\"staff\";q=4;w=600")));
    }
    assert_eq!(caller("198.51.100.9", Some(manager)).reads().await.0, 429);
    let gate = museum.token("gate", Some(VENUE)).await;
    assert_eq!(caller("198.51.100.9", Some(gate)).reads().await.0, 200);

    // The provider's word, the pages, and programs of this machine itself are not counted.
    for _ in 0..8 {
        let said = greedy.sends(post.clone(), "/v1/payments/notifications", "{}").await;
        assert_eq!((said.0, said.1.policy), (401, None));
        assert_eq!(greedy.sends(reqwest::Method::GET, "/healthz", "").await.0, 200);
        let direct = museum.api().get("/v1/venues").await;
        assert_eq!((direct.status, direct.header("ratelimit")), (200, None));
    }
}

#[tokio::test]
async fn five_hundred_buyers_of_one_address_at_once_are_all_served() {
    let museum = Process::fresh().await;
    let client = reqwest::Client::new();
    let buy = async || {
        let visitor = Visitor::of(&museum);
        let wish = Wish::at(VENUE, "2026-11-24T16:00", &[("minor", 1)]);
        let mut statuses = Vec::new();
        for (path, body) in [
            ("/v1/quotes", json!({})),
            ("/v1/bookings", visitor.request(&fresh_uuid(), &wish)),
            ("/v1/waiting", json!({})),
        ] {
            let request = client.post(format!("{}{path}", museum.run.http)).json(&body);
            let answer = request.header("x-forwarded-for", "198.51.100.7").send().await.unwrap();
            statuses.push(answer.status().as_u16());
        }
        statuses
    };
    let all: Vec<u16> = join_all((0..500).map(|_| buy())).await.into_iter().flatten().collect();
    assert_eq!(all.len(), 1_500);
    assert!(all.iter().all(|status| [201, 409, 422].contains(status)), "nobody is sent away");
    assert!(all.contains(&201), "and who comes first has places");
}

#[tokio::test]
async fn an_operator_who_writes_the_limits_wrong_is_told_how() {
    let folder = tempfile::tempdir().unwrap();
    let output = Process::command_on(folder.path(), &["serve", "--limits", "reading=many"]).await;
    assert!(!output.status.success());
    assert!(output.stderr.contains("reading=30000/300"), "{}", output.stderr);
}

#[tokio::test]
async fn the_description_of_the_api_says_how_the_limits_are_told() {
    let museum = Process::fresh().await;
    let answer: Answer = museum.api().get("/openapi.json").await;
    let description = answer.expect(200);
    let said = description["info"]["description"].as_str().unwrap().to_owned();
    assert!(said.contains("RateLimit-Policy") && said.contains("429"), "{said}");
    for (path, method) in [("/v1/venues", "get"), ("/v1/bookings", "post")] {
        let refused = &description["paths"][path][method]["responses"]["429"];
        for header in ["Retry-After", "RateLimit-Policy", "RateLimit"] {
            assert!(refused["headers"][header].is_object(), "{path}: {header}");
        }
    }
    let provider = &description["paths"]["/v1/payments/notifications"]["post"]["responses"];
    assert!(provider["429"].is_null(), "the provider's word is not limited");
}
