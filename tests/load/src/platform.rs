//! A platform of its own: the `atrio` program on a data folder, started and stopped as an operator
//! would.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use atrio::appointments::appoint;
use atrio::data_dir::{DataDir, Run};
use atrio::database;
use atrio::keys::Secrets;
use atrio_domain::staff::Reach;
use atrio_dynamo::Store;
use atrio_runtime::{Clock, Role};
use reqwest::Client;

use crate::Failure;
use crate::machine::field_kibibytes;

/// A Tuesday morning at the museum.
pub(crate) const NOW: &str = "2026-11-24T10:05:00+01:00";

/// How long a start or a stop may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How often a starting platform is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// How long the streams must be still to count as at rest, and how long that is waited for.
const STILL: Duration = Duration::from_secs(2);
const STILL_WITHIN: Duration = Duration::from_secs(90);

/// A running platform; killed when it is dropped unstopped.
#[derive(Debug)]
pub(crate) struct Platform {
    child: Child,
    /// From the execution of the program to the first answer of `/healthz`.
    pub(crate) started_in: Duration,
    pub(crate) data: DataDir,
    pub(crate) run: Run,
    pub(crate) client: Client,
}

/// The `atrio` program beside this one, built anew where cargo runs us.
pub(crate) fn program_of_this_build() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()?;
    let folder = own.parent().ok_or("this program lies in no folder")?;
    if let Some(cargo) = std::env::var_os("CARGO") {
        let profile = match folder.file_name().and_then(|name| name.to_str()) {
            Some("debug") | None => "dev",
            Some(profile) => profile,
        };
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--package", "atrio", "--profile", profile])
            .status()?;
        if !built.success() {
            return Err("the `atrio` program does not build".into());
        }
    }
    let program = folder.join("atrio");
    if program.exists() {
        Ok(program)
    } else {
        Err(format!("`{}` is not there: build it, or name one with --atrio", program.display())
            .into())
    }
}

impl Platform {
    /// Runs the program on a folder and waits until it answers.
    pub(crate) async fn start(program: &Path, data: &Path) -> Result<Self, Failure> {
        let http = free_address()?;
        let data = DataDir::open(data)?;
        let client = Client::builder().timeout(Duration::from_secs(60)).build()?;
        let at = Instant::now();
        let child = Command::new(program)
            .arg("serve")
            .arg("--data")
            .arg(data.path())
            .args(["--http", &http.to_string(), "--mqtt", "127.0.0.1:0", "--traffic", "off"])
            .args(["--now", NOW])
            .stdout(Stdio::null())
            .spawn()?;
        let mut starting = Starting { child: Some(child) };
        let health = format!("http://{http}/healthz");
        while !client.get(&health).send().await.is_ok_and(|answer| answer.status().is_success()) {
            starting.check(at)?;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let started_in = at.elapsed();
        let run = loop {
            if let Some(run) = data.read_json("run.json")? {
                break run;
            }
            starting.check(at)?;
            tokio::time::sleep(LOOK_EVERY).await;
        };
        let child = starting.child.take().ok_or("the platform has no process")?;
        Ok(Self { child, started_in, data, run, client })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.run.http)
    }

    pub(crate) fn store(&self) -> Store {
        database::store(&self.run.table)
    }

    pub(crate) fn clock(&self) -> Clock {
        Clock::ahead_by_microseconds(self.run.clock_ahead_microseconds)
    }

    /// A token of a manager of all venues.
    pub(crate) async fn manager(&self) -> Result<String, Failure> {
        let (store, clock) = (self.store(), self.clock());
        let subject = appoint(&store, &clock, (Role::Admin, &Reach::Platform), None).await?;
        Ok(Secrets::open(&self.data)?.issuer().token(&subject, &clock)?)
    }

    /// Memory that the process holds.
    pub(crate) fn resident_bytes(&self) -> Result<u64, Failure> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        Ok(field_kibibytes(&status, "VmRSS:").ok_or("the process does not say how large it is")?
            * 1024)
    }

    /// Waits until the consumers of the table's stream have nothing left; says how long they
    /// worked. What they write comes back to them, so stillness of the one means both.
    pub(crate) async fn rest(&self) -> Result<Duration, Failure> {
        let start = Instant::now();
        let mut moved_at = start;
        let mut seen = self.sunk().await?;
        while moved_at.elapsed() < STILL && start.elapsed() < STILL_WITHIN {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let now = self.sunk().await?;
            if now != seen {
                (seen, moved_at) = (now, Instant::now());
            }
        }
        Ok(moved_at - start)
    }

    async fn sunk(&self) -> Result<u64, Failure> {
        let text = self.client.get(self.url("/metrics")).send().await?.text().await?;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix("atrio_stream_records_total "))
            .ok_or("`/metrics` does not count the records of the stream")?;
        Ok(value.parse()?)
    }

    /// Asks the process to stop and waits for it; answers how long it took.
    pub(crate) async fn stop(mut self) -> Result<Duration, Failure> {
        let at = Instant::now();
        Command::new("kill").arg(self.child.id().to_string()).status()?;
        while self.child.try_wait()?.is_none() {
            if at.elapsed() > PATIENCE {
                return Err("the platform does not stop".into());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(at.elapsed())
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        // One that has stopped cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that does not answer yet; killed when it is given up.
struct Starting {
    child: Option<Child>,
}

impl Starting {
    fn check(&mut self, since: Instant) -> Result<(), Failure> {
        let Some(child) = &mut self.child else { return Ok(()) };
        if let Some(status) = child.try_wait()? {
            return Err(format!("the platform ended while it started: {status}").into());
        }
        if since.elapsed() > PATIENCE {
            return Err("the platform does not become ready".into());
        }
        Ok(())
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// An address that nobody listens on at this moment.
fn free_address() -> Result<SocketAddr, Failure> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
