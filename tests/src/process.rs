//! The platform as an operator runs it: the real program, a folder, signals and commands.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Seek as _};
use std::net::TcpListener;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use atrio::data_dir::{DataDir, Run};
use atrio::database::{RunBy, TableAt};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;

use crate::answer::Api;
use crate::mail::Mail;
use crate::wait::{SOON, eventually};

/// A Tuesday morning on which the museums are open.
const NOW: &str = "2026-11-24T10:05:00+01:00";

/// How long the platform may take to be ready, and to stop.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// How long a command may take.
const COMMAND_WITHIN: Duration = Duration::from_secs(30);

/// How to start a platform.
#[derive(Debug, Clone)]
pub struct Options {
    /// What its clock shows at the start.
    pub now: Timestamp,
    /// `off`, or how many times the sample's visitors come.
    pub traffic: String,
    /// What it logs, in the form of `ATRIO_LOG`.
    pub log: String,
    /// Further variables of its environment.
    pub environment: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            now: NOW.parse().expect("an instant"),
            traffic: "off".to_owned(),
            log: "warn,rmqtt=error".to_owned(),
            environment: Vec::new(),
        }
    }
}

/// What a command printed and how it ended.
#[derive(Debug, Clone)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// What it answered.
    pub stdout: String,
    /// What it complained of.
    pub stderr: String,
}

/// A platform in a process of its own. Dropping it kills it and removes its folder.
#[derive(Debug)]
pub struct Process {
    /// Where it can be reached.
    pub run: Run,
    options: Options,
    data: TempDir,
    http_port: u16,
    mqtt_port: u16,
    begun: Instant,
    running: Option<Running>,
    log: Arc<Mutex<String>>,
}

#[derive(Debug)]
struct Running {
    child: std::process::Child,
    watchdog: Watchdog,
}

/// Kills the platform and removes its folder when the test's process is gone, however it ended: a
/// shared platform lives in a static, which Rust does not drop.
#[derive(Debug)]
struct Watchdog {
    shell: std::process::Child,
    _lifeline: ChildStdin,
}

impl Watchdog {
    fn over(pid: u32, folder: &Path) -> Self {
        let mut shell = Command::new("sh")
            .args(["-c", "read -r _; kill -9 \"$1\"; rm -rf \"$2\"", "watchdog"])
            .arg(pid.to_string())
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let lifeline = shell.stdin.take().expect("a pipe");
        Self { shell, _lifeline: lifeline }
    }

    fn dismiss(mut self) {
        // A watchdog that is gone needs no dismissal.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

/// Ports that no system gives out by itself: one of those would be another connection's by the time
/// the platform asks for it.
const PORTS: Range<u16> = 12_000..32_000;

/// A port that is free and stays so: no other test of this process gets it.
///
/// # Panics
/// When none is free.
#[must_use]
pub fn free_port() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let count = u32::from(PORTS.end - PORTS.start);
    // Test programs that run side by side begin at different ports.
    let first = std::process::id().wrapping_mul(997);
    (0..count)
        .map(|_| first.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed)) % count)
        .filter_map(|offset| PORTS.start.checked_add(u16::try_from(offset).ok()?))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// The program under test: `ATRIO_BIN`, or the one that cargo built beside this test.
pub(crate) fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("ATRIO_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("the test's own path");
    let beside = test.parent().and_then(Path::parent).expect("the target folder").join("atrio");
    assert!(beside.exists(), "{} is not there: run `cargo build -p atrio`", beside.display());
    beside
}

impl Process {
    /// Starts a platform in a fresh folder and waits until it is ready.
    ///
    /// # Panics
    /// When it is not ready within 30 seconds.
    pub async fn start(options: Options) -> Self {
        let data = tempfile::Builder::new().prefix("atrio-test-").tempdir().expect("a folder");
        let run = Run {
            http: String::new(),
            mqtt: String::new(),
            sql: None,
            flight: None,
            table: TableAt { endpoint: String::new(), name: String::new(), run_by: RunBy::Atrio },
            lake: String::new(),
            clock_ahead_microseconds: 0,
            moves_money: false,
        };
        let (http_port, mqtt_port) = (free_port(), free_port());
        let (begun, log) = (Instant::now(), Arc::default());
        let mut process =
            Self { run, options, data, http_port, mqtt_port, begun, running: None, log };
        process.launch().await;
        process
    }

    /// Starts a platform as most tests want it: Tuesday 24 November 2026, 10:05, no traffic.
    pub async fn fresh() -> Self {
        Self::start(Options::default()).await
    }

    async fn launch(&mut self) {
        // The ports stay the same: links and payment notifications written before point there.
        let mut child = Command::new(program())
            .args(["serve", "--http", &format!("127.0.0.1:{}", self.http_port)])
            .args(["--mqtt", &format!("127.0.0.1:{}", self.mqtt_port)])
            .args(["--traffic", &self.options.traffic, "--now", &self.now().to_string()])
            .arg("--data")
            .arg(self.data.path())
            .env("ATRIO_LOG", &self.options.log)
            .envs(self.options.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let watchdog = Watchdog::over(child.id(), self.data.path());
        let said = Arc::new(Mutex::new(String::new()));
        self.listen(child.stdout.take(), Some(Arc::clone(&said)));
        self.listen(child.stderr.take(), None);
        self.running = Some(Running { child, watchdog });
        let begun = Instant::now();
        // Its last line comes after `run.json`, which a killed run may have left behind.
        while !said.lock().unwrap_or_else(PoisonError::into_inner).contains("stop with Ctrl-C") {
            let ended = self.running.as_mut().and_then(|r| r.child.try_wait().ok().flatten());
            assert!(ended.is_none(), "the platform ended with {ended:?}: {}", self.log());
            assert!(begun.elapsed() < READY_WITHIN, "not ready: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.run = DataDir::open(self.data.path())
            .and_then(|data| data.read_json("run.json"))
            .expect("run.json reads")
            .expect("run.json is there");
        let health = self.api().get("/healthz").await;
        assert_eq!(health.status, 200, "{}", health.text());
    }

    fn listen(&self, from: Option<impl Read + Send + 'static>, also: Option<Arc<Mutex<String>>>) {
        let logs = also.into_iter().chain([Arc::clone(&self.log)]).collect();
        listen(from, logs);
    }

    /// Everything that it printed and logged so far, in all its runs.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What its clock shows, to a second or so.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.begun.elapsed()).unwrap_or_default();
        self.options.now.saturating_add(elapsed).unwrap_or(Timestamp::MAX)
    }

    /// Its folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Its process id; none while it does not run.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.child.id())
    }

    /// Cuts its power: SIGKILL, without a word.
    pub fn kill9(&mut self) {
        kill9(self.running.take());
    }

    /// Asks it to stop with SIGTERM and waits for it.
    ///
    /// # Panics
    /// When it does not run, or does not end within 30 seconds.
    pub async fn stop(&mut self) -> (ExitStatus, Duration) {
        let mut running = self.running.take().expect("a running platform");
        let begun = Instant::now();
        let pid = running.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().expect("kill");
        assert!(sent.success(), "SIGTERM was not sent");
        let status = eventually("the platform stops", READY_WITHIN, async || {
            running.child.try_wait().ok().flatten().ok_or_else(|| "it still runs".to_owned())
        })
        .await;
        running.watchdog.dismiss();
        (status, begun.elapsed())
    }

    /// Starts it again on the same folder and ports; its clock has run on. Cuts its power first
    /// where it still runs.
    pub async fn restart(&mut self) {
        self.kill9();
        self.launch().await;
    }

    /// Starts it again at a later hour.
    pub async fn restart_after(&mut self, passed: SignedDuration) {
        self.options.now = self.options.now.saturating_add(passed).unwrap_or(Timestamp::MAX);
        self.restart().await;
    }

    /// Someone who speaks HTTP to it, without a token.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::new(&self.run.http, None)
    }

    /// The table, as the platform's own clients reach it.
    #[must_use]
    pub fn store(&self) -> atrio_dynamo::Store {
        atrio::database::store(&self.run.table)
    }

    /// The mails that it wrote.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        Mail::of(&self.data.path().join("outbox"))
    }

    /// Waits until it wrote so many mails, and answers them.
    pub async fn wrote_mails(&self, count: usize) -> Vec<Mail> {
        eventually("the mails are written", SOON, async || match self.mails() {
            mails if mails.len() == count => Ok(mails),
            mails => Err(format!("{} mails", mails.len())),
        })
        .await
    }

    /// Runs a command of the program on this platform's folder.
    ///
    /// # Panics
    /// When it cannot be run.
    pub async fn command(&self, arguments: &[&str]) -> Output {
        Self::command_on(self.data.path(), arguments).await
    }

    /// Runs a command of the program on a folder.
    ///
    /// # Panics
    /// When it cannot be run.
    pub async fn command_on(folder: &Path, arguments: &[&str]) -> Output {
        let (mut stdout, mut stderr) = (kept(), kept());
        let mut child = Command::new(program())
            .args(arguments)
            .arg("--data")
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(stdout.try_clone().expect("a file"))
            .stderr(stderr.try_clone().expect("a file"))
            .spawn()
            .expect("the program runs");
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().expect("its status") {
                break status;
            }
            if begun.elapsed() > COMMAND_WITHIN {
                // One that has ended just now cannot be killed.
                let _ = child.kill();
                let _ = child.wait();
                panic!(
                    "{arguments:?} did not end: {}",
                    text_of(&mut stdout) + &text_of(&mut stderr)
                );
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        Output { status, stdout: text_of(&mut stdout), stderr: text_of(&mut stderr) }
    }

    /// A staff token, by `atrio token`.
    ///
    /// # Panics
    /// When none is printed.
    pub async fn token(&self, role: &str, venue: Option<&str>) -> String {
        let mut arguments = vec!["token", "--role", role];
        arguments.extend(venue.into_iter().flat_map(|venue| ["--venue", venue]));
        let output = self.command(&arguments).await;
        assert!(output.status.success(), "{}", output.stderr);
        output.stdout.trim().to_owned()
    }

    /// The token of somebody who signs in and proves a mail address, by `atrio token`.
    ///
    /// # Panics
    /// When none is printed.
    pub async fn signs_in(&self, subject: &str, address: &str) -> String {
        let arguments = ["token", "--subject", subject, "--address", address];
        let output = self.command(&arguments).await;
        assert!(output.status.success(), "{}", output.stderr);
        output.stdout.trim().to_owned()
    }

    /// What `atrio lake verify --json` says, and whether it says that table and lake agree.
    ///
    /// # Panics
    /// When it says nothing that can be read.
    pub async fn lake_verify(&self) -> (bool, Value) {
        let output = self.command(&["lake", "verify", "--json"]).await;
        let comparison = serde_json::from_str(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {} {}", output.stdout, output.stderr));
        (output.status.success(), comparison)
    }

    /// Waits until table and lake agree, and answers the figures.
    pub async fn lake_agrees(&self) -> Value {
        eventually("table and lake agree", SOON, async || match self.lake_verify().await {
            (true, comparison) => Ok(comparison["figures"].clone()),
            (false, comparison) => Err(comparison.to_string()),
        })
        .await
    }

    /// Asserts what every story ends with: no hold is open, no payment runs, no money is owed, and
    /// the lake holds what the table does. Answers the figures of the lake.
    ///
    /// # Panics
    /// When something is left over.
    pub async fn nothing_left_over(&self) -> Value {
        let store = self.store();
        let far =
            self.now().saturating_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
        eventually("nothing is left over", SOON, async || {
            let holds = store.holds_due(far, 10).await.map_err(|error| error.to_string())?;
            let paying = store.payments_due(far, 10).await.map_err(|error| error.to_string())?;
            let owed = store.refunds_due(far, 10).await.map_err(|error| error.to_string())?;
            if holds.is_empty() && paying.is_empty() && owed.is_empty() {
                return Ok(());
            }
            Err(format!("open holds: {holds:?}; running payments: {paying:?}; owed: {owed:?}"))
        })
        .await;
        self.lake_agrees().await
    }
}

/// Another program of ours: killed without a word when it is dropped, or when the test's process is
/// gone.
#[derive(Debug)]
pub(crate) struct Child {
    running: Option<Running>,
    log: Arc<Mutex<String>>,
}

impl Child {
    /// Starts it; `folder` is removed when the test's process is gone.
    pub(crate) fn spawn(command: &mut Command, folder: &Path) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let log: Arc<Mutex<String>> = Arc::default();
        listen(child.stdout.take(), vec![Arc::clone(&log)]);
        listen(child.stderr.take(), vec![Arc::clone(&log)]);
        let watchdog = Watchdog::over(child.id(), folder);
        Self { running: Some(Running { child, watchdog }), log }
    }

    /// Waits until it says where its page is, after `said`, and answers the API behind it, with the key that the
    /// address carries.
    pub(crate) async fn api_of_page(&self, said: &str, path: &str) -> Api {
        let address = eventually(said, SOON, async || {
            let log = self.log();
            let open = log.lines().find_map(|line| line.strip_prefix(said));
            open.map(ToOwned::to_owned).ok_or(log.clone())
        })
        .await;
        let (base, rest) = address.split_once(path).expect("an address of a page");
        let key = rest.strip_prefix("#token=").and_then(|key| key.split('&').next());
        Api::new(base, key.map(ToOwned::to_owned))
    }

    /// Everything that it printed and logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        kill9(self.running.take());
    }
}

/// Cuts the power of one that runs.
fn kill9(running: Option<Running>) {
    if let Some(mut running) = running {
        running.watchdog.dismiss();
        // One that has ended cannot be killed.
        let _ = running.child.kill();
        let _ = running.child.wait();
    }
}

/// Adds what is said to the logs, line by line.
fn listen(from: Option<impl Read + Send + 'static>, logs: Vec<Arc<Mutex<String>>>) {
    let from = from.expect("a pipe");
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            for to in &logs {
                let mut to = to.lock().unwrap_or_else(PoisonError::into_inner);
                to.push_str(&line);
                to.push('\n');
            }
        }
    });
}

fn kept() -> File {
    tempfile::tempfile().expect("a file")
}

fn text_of(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("a file that reads");
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill9();
    }
}
