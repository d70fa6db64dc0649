//! Chromium without a window, driven over its own protocol through two pipes: one JSON message after another, each ended by
//! a zero byte. No crate and no port.

use serde_json::{Value as Json, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long the browser may take for anything: machines are slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser takes several cores, and the other tests of the binary need theirs: one at a time.
static TURN: Mutex<()> = Mutex::new(());

/// One page in a browser of its own, which ends with this.
pub struct Browser {
    child: Child,
    say: ChildStdin,
    heard: Receiver<Json>,
    session: String,
    count: u64,
    /// What the page complained of: errors, warnings, what its policy refused, failed requests.
    pub complaints: Vec<String>,
    _profile: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Browser {
    /// An empty page. Fails where there is no browser: the page of the watcher is not tested without one.
    pub fn start() -> Self {
        let program = program().unwrap_or_else(|| {
            panic!(
                "no Chromium: the watcher's page is tested in a real browser. Debian: `apt-get install chromium`; elsewhere \
                 set VOXLOOM_CHROMIUM to a Chromium or Chrome. `cargo xtask test` leaves these tests out where there is none, \
                 and says so"
            )
        });
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let profile = tempfile::tempdir().unwrap();
        // The protocol's pipes are the files 3 and 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null", "sh", &program])
            .args(["--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--disable-extensions", "--disable-background-networking", "--force-device-scale-factor=1"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .env("HOME", profile.path())
            // What it leaves behind when it is killed goes with the test.
            .env("TMPDIR", profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (say, hear) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let (tell, heard) = channel();
        std::thread::spawn(move || {
            for message in hear.split(0).map_while(Result::ok) {
                if tell.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    return;
                }
            }
        });
        let (session, complaints) = (String::new(), Vec::new());
        let mut browser = Self { child, say, heard, session, count: 0, complaints, _profile: profile, _turn: turn };
        let page = browser.ask("Target.createTarget", json!({ "url": "about:blank" }));
        let attached = browser.ask("Target.attachToTarget", json!({ "targetId": page["targetId"], "flatten": true }));
        browser.session = attached["sessionId"].as_str().unwrap().to_owned();
        for domain in ["Page", "Runtime", "Log"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Sets the size of the window, in pixels.
    pub fn wide(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", size);
    }

    /// Opens an address and waits until it and its pictures are loaded.
    pub fn open(&mut self, address: &str) {
        let gone = self.ask("Page.navigate", json!({ "url": address }));
        assert!(gone["errorText"].is_null(), "{address}: {gone}");
        self.wait("document.readyState === 'complete'");
    }

    /// The value of an expression in the page.
    pub fn value(&mut self, expression: &str) -> Json {
        let told = self.ask("Runtime.evaluate", json!({ "expression": expression, "returnByValue": true, "awaitPromise": true }));
        assert!(told["exceptionDetails"].is_null(), "{expression}: {told}");
        told["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub fn wait(&mut self, expression: &str) {
        let began = Instant::now();
        while self.value(expression) != true {
            if began.elapsed() > PATIENCE {
                let page = self.value("document.body.innerText");
                panic!("`{expression}` did not come true; {:?}; the page:\n{}", self.complaints, page.as_str().unwrap_or(""));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Calls a method of the protocol and gives its result.
    pub fn ask(&mut self, method: &str, params: Json) -> Json {
        self.count += 1;
        let mut message = json!({ "id": self.count, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = self.session.as_str().into();
        }
        let mut bytes = serde_json::to_vec(&message).unwrap();
        bytes.push(0);
        self.say.write_all(&bytes).unwrap_or_else(|error| panic!("{method}: the browser has ended: {error}"));
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let message = self.heard.recv_timeout(left).unwrap_or_else(|error| panic!("{method}: {error}"));
            if message["id"] == self.count {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
            self.complaints.extend(complaint(&message));
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What an event complains of.
fn complaint(event: &Json) -> Option<String> {
    let params = &event["params"];
    match event["method"].as_str()? {
        "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
        "Runtime.consoleAPICalled" => Some(params["args"].to_string()),
        "Log.entryAdded" => Some(params["entry"].to_string()),
        _ => None,
    }
}

/// The browser that is named, or the first that is here; as `cargo xtask test` looks for it.
fn program() -> Option<String> {
    let runs = |name: &String| {
        let ran = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        ran.is_ok_and(|status| status.success())
    };
    match std::env::var("VOXLOOM_CHROMIUM") {
        Ok(named) => Some(named).filter(runs),
        Err(_) => ["chromium", "chromium-browser", "google-chrome"].map(str::to_owned).into_iter().find(runs),
    }
}
