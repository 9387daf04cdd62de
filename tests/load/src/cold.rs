//! Cold starts of the functions as Lambda carries them: from the execution of the program to its
//! first question for an event, asked of a stand-in of the Runtime API.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use atrio_domain::ticket::PublishedKey;
use ed25519_dalek::SigningKey;

use crate::Failure;
use crate::measure::Times;
use crate::report::{self, mebibytes};

/// Functions without the lake's engine.
const FUNCTIONS: [&str; 12] = [
    "availability",
    "booking",
    "payment",
    "ticketing",
    "redemption",
    "desk",
    "venue",
    "ingest",
    "fraud",
    "notify",
    "webhook",
    "upkeep",
];

/// Those that carry the lake's engine; only their size is told.
const WITH_THE_LAKE: [&str; 2] = ["sink", "dashboard"];

const STARTS: usize = 30;

/// Each function's program: its size, and how it starts.
pub(crate) fn measure() -> Result<(), Failure> {
    let program = std::env::current_exe()?;
    let target =
        program.parent().and_then(Path::parent).ok_or("this program lies in no target folder")?;
    for name in FUNCTIONS {
        let path = target.join("lean").join(format!("atrio-{name}"));
        let value = match std::fs::metadata(&path) {
            Ok(file) => format!("{}; {}", mebibytes(file.len()), starts(&path)?),
            Err(_) => "not built: `make lean`".to_owned(),
        };
        report::row("function's program, first poll after", name, &value);
    }
    for name in WITH_THE_LAKE {
        let value = match std::fs::metadata(target.join("lean").join(format!("atrio-{name}"))) {
            Ok(file) => mebibytes(file.len()),
            Err(_) => "not built: `make lean`".to_owned(),
        };
        report::row("function's program", name, &value);
    }
    Ok(())
}

fn starts(program: &Path) -> Result<Times, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?.to_string();
    let mut times = Vec::with_capacity(STARTS);
    // The first reads the program from the disk; it is not counted.
    for _ in 0..=STARTS {
        let at = Instant::now();
        let _running = Running(start(program, &address)?);
        let (mut asking, _) = listener.accept()?;
        asking.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut question = [0; 256];
        let length = asking.read(&mut question)?;
        let took = at.elapsed();
        if !question[..length].starts_with(b"GET /2018-06-01/runtime/invocation/next") {
            return Err(format!("{} asked for something else", program.display()).into());
        }
        times.push(took);
    }
    Ok(Times::of(times.split_off(1)))
}

/// Ends the function.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended cannot be killed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(program: &Path, api: &str) -> Result<Child, Failure> {
    let key = PublishedKey::of(&SigningKey::from_bytes(&[7; 32]).verifying_key());
    let child = Command::new(program)
        .env_clear()
        .envs([
            ("AWS_LAMBDA_RUNTIME_API", api),
            ("AWS_LAMBDA_FUNCTION_NAME", "measured"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "group"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "stream"),
            ("AWS_REGION", "eu-south-1"),
            ("AWS_ACCESS_KEY_ID", "measured"),
            ("AWS_SECRET_ACCESS_KEY", "measured"),
            ("ATRIO_TABLE", "atrio"),
            ("ATRIO_STAFF_JWKS", r#"{"keys":[]}"#),
            ("ATRIO_STAFF_ISSUER", "https://issuer.example"),
            ("ATRIO_STAFF_AUDIENCE", "atrio"),
            ("ATRIO_PAYMENT_KIND", "sandbox"),
            ("ATRIO_PAYMENT_URL", "http://127.0.0.1:9/sandbox"),
            ("ATRIO_PAYMENT_SECRET", "secret"),
            ("ATRIO_PUBLIC_URL", "https://atrio.example"),
            ("ATRIO_CONTACT_HASH_KEY", "secret"),
            ("ATRIO_MAIL_FROM", "atrio <tickets@atrio.example>"),
            // Base 64 of 32 bytes.
            ("ATRIO_TICKET_SIGNING_KEY", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="),
        ])
        .env("ATRIO_TICKET_PUBLIC_KEYS", serde_json::json!({"keys": [key]}).to_string())
        .stdout(Stdio::null())
        .spawn()?;
    Ok(child)
}
