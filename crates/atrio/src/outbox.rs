//! The mails of one machine, as its operator reads them in a browser. They hold addresses and tickets,
//! so they are shown on loopback only, to whoever sits at this machine: not at all where the platform
//! listens elsewhere, not through a proxy, and not to a page of another site that a browser was led
//! to call here (its name would stand in `Host`).

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use atrio_runtime::Problem;
use axum::Router;
use axum::extract::{ConnectInfo, Path as Parameter, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

/// What the letter may load and do: nothing. Its own colours are in it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// Where the mails are shown of a platform at this address; none where others could see them.
pub(crate) fn address(http: &str) -> Option<String> {
    let listens: SocketAddr = http.strip_prefix("http://")?.parse().ok()?;
    listens.ip().is_loopback().then(|| format!("{http}/outbox"))
}

/// The routes that show the mails of a folder.
pub(crate) fn router(folder: PathBuf) -> Router {
    Router::new()
        .route("/outbox", get(list))
        .route("/outbox/{name}", get(letter))
        .route("/outbox/{name}/source", get(source))
        .layer(middleware::from_fn(only_here))
        .with_state(Arc::new(folder))
}

async fn only_here(
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    if peer.ip().is_loopback() && is_direct(request.headers()) {
        return next.run(request).await;
    }
    Problem::new(StatusCode::FORBIDDEN, "outbox-elsewhere")
        .detail("mails are shown to a browser on this machine only")
        .field("Host", "is another machine's", "open the address that `atrio serve` printed")
        .into_response()
}

/// Whether a request names this machine itself, and no proxy passed it on.
fn is_direct(headers: &HeaderMap) -> bool {
    let forwarded = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_here = host.parse::<SocketAddr>().is_ok_and(|host| host.ip().is_loopback())
        || host.split(':').next() == Some("localhost");
    is_here && !forwarded.iter().any(|name| headers.contains_key(*name))
}

async fn list(State(folder): State<Arc<PathBuf>>) -> Result<Html<String>, Problem> {
    let mut names: Vec<String> = match fs::read_dir(folder.as_path()) {
        Ok(entries) => entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| name.strip_suffix(".eml").map(ToOwned::to_owned))
            .collect(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Problem::internal(&error)),
    };
    names.sort();
    let mut page = PAGE.to_owned();
    for name in names.iter().rev() {
        // Writing to a string does not fail.
        let _ = writeln!(
            page,
            "<li><a href=\"/outbox/{name}\">{name}</a> (<a href=\"/outbox/{name}/source\">source</a>)</li>"
        );
    }
    let _ = write!(page, "</ol><p>{} mails; the newest 500 are kept.</p>", names.len());
    Ok(Html(page))
}

async fn letter(
    State(folder): State<Arc<PathBuf>>,
    Parameter(name): Parameter<String>,
) -> Result<Response, Problem> {
    let mail = read(&folder, &name)?;
    let letter = atrio_notify::part(&mail, "text/html").ok_or_else(|| unknown(&name))?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
    ];
    Ok((headers, letter).into_response())
}

async fn source(
    State(folder): State<Arc<PathBuf>>,
    Parameter(name): Parameter<String>,
) -> Result<Response, Problem> {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    Ok((headers, read(&folder, &name)?).into_response())
}

fn read(folder: &Path, name: &str) -> Result<String, Problem> {
    let is_name = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    if !is_name {
        return Err(unknown(name));
    }
    match fs::read_to_string(folder.join(format!("{name}.eml"))) {
        Ok(mail) => Ok(mail),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(unknown(name)),
        Err(error) => Err(Problem::internal(&error)),
    }
}

fn unknown(name: &str) -> Problem {
    Problem::not_found("unknown-mail", "name", name, "take the name from `/outbox`")
}

const PAGE: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mails of this machine</title>
<style>body{font:16px/1.5 system-ui,sans-serif;color:#17213a;max-width:44rem;margin:2rem auto;padding:0 1rem}li{margin:.35rem 0}</style>
</head><body><h1>Mails of this machine</h1>
<p>Nothing leaves it: each mail is a file of the folder <code>outbox</code>, shown here to this machine only.</p><ol>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(&'static str, &'static str)]) -> bool {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| {
                (header::HeaderName::from_static(name), header::HeaderValue::from_static(value))
            })
            .collect();
        is_direct(&headers)
    }

    #[test]
    fn mails_are_shown_where_only_this_machine_listens() {
        assert!(address("http://127.0.0.1:8080").is_some());
        assert!(address("http://[::1]:8080").is_some());
        assert_eq!(address("http://0.0.0.0:8080"), None);
        assert_eq!(address("http://192.0.2.7:8080"), None);
    }

    #[test]
    fn neither_a_proxy_nor_another_sites_page_reads_them() {
        assert!(asked(&[("host", "127.0.0.1:8080")]));
        assert!(asked(&[("host", "localhost:8080")]));
        assert!(!asked(&[]));
        assert!(!asked(&[("host", "museum.example:8080")]));
        assert!(!asked(&[("host", "127.0.0.1.museum.example:8080")]));
        assert!(!asked(&[("host", "127.0.0.1:8080"), ("x-forwarded-for", "192.0.2.7")]));
    }
}
