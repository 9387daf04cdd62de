//! HTTP as the roles speak it, and answers as they check them.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::Value;

/// Who speaks to the platform: an address, and a token where they have one.
#[derive(Debug, Clone)]
pub struct Api {
    client: Client,
    base: String,
    token: Option<String>,
}

/// What the platform answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The request, for messages.
    pub request: String,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Api {
    /// Speaks to this address.
    ///
    /// # Panics
    /// When the client cannot be built.
    #[must_use]
    pub fn new(base: &str, token: Option<String>) -> Self {
        // Two TLS providers are in the tree; a refusal means that one is chosen.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(60))
            .build()
            .expect("an HTTP client");
        Self { client, base: base.to_owned(), token }
    }

    /// The same address, with another token or none.
    #[must_use]
    pub fn with_token(&self, token: Option<String>) -> Self {
        Self { token, ..self.clone() }
    }

    /// Sends a request as it is; nothing of it is checked.
    ///
    /// # Errors
    /// When no answer comes: the connection is refused, cut, or too slow.
    pub async fn try_send(
        &self,
        method: &str,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Answer, reqwest::Error> {
        let url =
            if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let verb = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.client.request(verb, url).body(body);
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Answer::of(format!("{method} {path}"), request).await
    }

    /// Sends a request as it is.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        content_type: Option<&str>,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        self.try_send(method, path, content_type, body.into())
            .await
            .unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, "").await
    }

    /// Reads, unless what is there still bears this entity tag.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn get_unless(&self, path: &str, entity_tag: &str) -> Answer {
        let mut request = self.client.get(format!("{}{path}", self.base));
        request = request.header("if-none-match", entity_tag);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Answer::of(format!("GET {path}"), request).await.expect("an answer")
    }

    /// Puts JSON in the place of what bears this entity tag; where nothing is, for `*`.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn put(&self, path: &str, entity_tag: &str, body: &Value) -> Answer {
        let condition = if entity_tag == "*" { "if-none-match" } else { "if-match" };
        let mut request = self.client.put(format!("{}{path}", self.base)).body(body.to_string());
        request = request.header("content-type", "application/json").header(condition, entity_tag);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Answer::of(format!("PUT {path}"), request).await.expect("an answer")
    }

    /// Removes what bears this entity tag.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn delete(&self, path: &str, entity_tag: &str) -> Answer {
        let request = self.client.delete(format!("{}{path}", self.base));
        let mut request = request.header("if-match", entity_tag);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        Answer::of(format!("DELETE {path}"), request).await.expect("an answer")
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some("application/json"), body.to_string()).await
    }

    /// Brings a payment provider's notification with this signature.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn notify(&self, signature: &str, body: &str) -> Answer {
        self.signed("/v1/payments/notifications", signature, body).await
    }

    /// Posts what another party signed with this signature.
    ///
    /// # Panics
    /// When no answer comes.
    pub async fn signed(&self, path: &str, signature: &str, body: &str) -> Answer {
        self.try_signed(path, signature, body).await.expect("an answer")
    }

    /// Posts what another party signed with this signature; an answer may fail to come, as when the
    /// platform is killed.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn try_signed(
        &self,
        path: &str,
        signature: &str,
        body: &str,
    ) -> Result<Answer, reqwest::Error> {
        let request = self.client.post(format!("{}{path}", self.base)).body(body.to_owned());
        let request = request
            .header("content-type", "application/json")
            .header("x-atrio-signature", signature);
        Answer::of(format!("POST {path}"), request).await
    }

    /// Posts JSON; an answer may fail to come, as when the platform is killed.
    ///
    /// # Errors
    /// When no answer comes.
    pub async fn try_post(&self, path: &str, body: &Value) -> Result<Answer, reqwest::Error> {
        self.try_send("POST", path, Some("application/json"), body.to_string().into_bytes()).await
    }
}

impl Answer {
    /// The entity tag of what was answered; empty when it bears none.
    #[must_use]
    pub fn entity_tag(&self) -> String {
        let tag = self.headers.get("etag").and_then(|tag| tag.to_str().ok());
        tag.unwrap_or_default().to_owned()
    }

    pub(crate) async fn of(
        name: String,
        request: reqwest::RequestBuilder,
    ) -> Result<Self, reqwest::Error> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await?.to_vec();
        Ok(Self { request: name, status, headers, body })
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.request, self.text()))
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, when the answer has this status.
    ///
    /// # Panics
    /// When it has another.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text());
        self.json()
    }

    /// The problem document, when the answer is one of this status and type that names `field` and
    /// says what to do (promise P8).
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, kind: &str, field: &str) -> Value {
        let seen = self.fault_as_problem(status, kind, field);
        assert!(seen.is_none(), "{}: {}: {}", self.request, seen.unwrap_or_default(), self.text());
        self.json()
    }

    /// What keeps the answer from being a problem of this status and type that names `field` and
    /// says what to do; none when nothing does.
    #[must_use]
    pub fn fault_as_problem(&self, status: u16, kind: &str, field: &str) -> Option<String> {
        if self.status != status {
            return Some(format!("status {} instead of {status}", self.status));
        }
        if self.header("content-type") != Some("application/problem+json") {
            return Some(format!("content type {:?}", self.header("content-type")));
        }
        let Ok(problem) = serde_json::from_slice::<Value>(&self.body) else {
            return Some("no JSON".to_owned());
        };
        let text = |value: &Value| value.as_str().map(str::trim).unwrap_or_default().to_owned();
        let suffix = text(&problem["type"]).rsplit('/').next().unwrap_or_default().to_owned();
        if suffix != kind {
            return Some(format!("type `{suffix}` instead of `{kind}`"));
        }
        if problem["status"] != status {
            return Some(format!("the document says status {}", problem["status"]));
        }
        if text(&problem["title"]).is_empty() || text(&problem["detail"]).is_empty() {
            return Some("no title or no detail".to_owned());
        }
        let error = &problem["errors"][0];
        if text(&error["field"]) != field {
            return Some(format!("field {} instead of `{field}`", error["field"]));
        }
        if text(&error["message"]).is_empty() || text(&error["fix"]).is_empty() {
            return Some("no message or no fix".to_owned());
        }
        None
    }
}
