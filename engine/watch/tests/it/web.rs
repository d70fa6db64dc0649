//! What is seen over HTTP while a watcher works: read-only, to this machine, with names that are only names.

use crate::stage::{ByPrefix, Copy, Stage, copy};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use voxloom_watch::job::Failure;
use voxloom_watch::live::Live;
use voxloom_watch::web::{Call, Dark, Scene, Sight, Step, View, serve};

fn ask(address: SocketAddr, method: &str, path: &str, host: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    (text[9..12].parse().unwrap(), text)
}

fn get(address: SocketAddr, path: &str) -> (u16, String) {
    ask(address, "GET", path, "localhost")
}

/// What a stage's watcher shows; the folder of results is there from now on.
pub fn view(stage: &Stage, title: &str, live: &Arc<Live>, scene: Arc<dyn Scene>) -> View {
    std::fs::create_dir_all(stage.output("")).unwrap();
    let output = stage.output("").canonicalize().unwrap();
    View { title: title.into(), ledger: stage.folder.path().join("ledger.sqlite"), output, live: Arc::clone(live), scene }
}

#[test]
fn a_page_metrics_and_health_tell_of_a_running_watcher() {
    let stage = Stage::new();
    let live = Arc::<Live>::default();
    let address = serve("127.0.0.1:0".parse().unwrap(), view(&stage, "<pipeline>", &live, Arc::new(Dark))).unwrap();
    assert_eq!(get(address, "/health").0, 503, "nothing has come by yet");

    stage.put("<b>good</b>", "x");
    stage.put("bad", "y");
    let job = Copy(|work| {
        if work.name.to_str() == Some("bad") {
            return Err(Failure::bad("the <header> is short").at("reader"));
        }
        std::fs::write(work.output.join("look.png"), b"picture").unwrap();
        std::fs::write(work.output.join("secret.txt"), b"not for the page").unwrap();
        Ok(())
    });
    let watching = stage.watch(job, |parts| parts.live = live);
    watching.wait("failed bad");
    watching.wait("done <b>good</b>");
    let began = Instant::now();
    while !get(address, "/metrics").1.contains("inputs{state=\"done\"} 1") {
        assert!(began.elapsed() < Duration::from_secs(60));
    }
    assert!(get(address, "/metrics").1.contains("voxloom_watch_failed_total 1\n"));
    assert_eq!(get(address, "/health").0, 200);
    let (_, page) = get(address, "/");
    assert!(
        page.contains("&lt;b&gt;good&lt;/b&gt;") && page.contains("the &lt;header&gt; is short") && !page.contains("<b>good")
    );
    let picture = page.split("<img src=\"").nth(1).unwrap().split('"').next().unwrap();
    let (code, text) = get(address, picture);
    assert!(code == 200 && text.contains("image/png") && text.ends_with("picture"), "{text}");
    for (asset, kind) in [("/style.css", "text/css"), ("/page.js", "text/javascript"), ("/icon.svg", "image/svg+xml")] {
        assert!(page.contains(&format!("\"{asset}\"")) && get(address, asset).1.contains(kind), "{asset}");
    }
    assert!(get(address, "/status.json").1.contains("\"failed\":1"));

    let number = picture.rsplit_once('/').unwrap().0;
    for path in ["/preview/../../etc/passwd", &format!("{number}/1"), "/secret.txt", "/preview/x/0", "/nothing"] {
        assert_eq!(get(address, path).0, 404, "{path}");
    }
    assert_eq!(ask(address, "POST", "/", "localhost").0, 405);
    assert_eq!(ask(address, "GET", "/", "elsewhere.example").0, 403, "a name of elsewhere that points here");
    assert_eq!(ask(address, "GET", "/", "127.0.0.1:80").0, 200);
}

/// Two nodes, one of which runs.
struct Shown;

impl Scene for Shown {
    fn look(&self) -> Sight {
        let step =
            |name: &str, calls, running| Step { name: name.into(), what: "plain.copy".into(), calls, total_s: 3.0, running };
        let call =
            Call { lane: "lane 0 (cpu)".into(), step: "<copy>".into(), item: "3.1".into(), elapsed: Duration::from_secs(75) };
        Sight {
            refused: Some("line 3: <op> is missing".into()),
            steps: vec![step("<copy>", 2, 1), step("send", 0, 0)],
            workers: vec![vec![call]],
            ..Sight::default()
        }
    }
}

#[test]
fn the_page_tells_what_runs_and_why_a_pipeline_is_not_in_use() {
    let stage = Stage::new();
    let live = Arc::<Live>::default();
    let address = serve("127.0.0.1:0".parse().unwrap(), view(&stage, "p", &live, Arc::new(Shown))).unwrap();
    stage.put("a", "x");
    let (let_go, gate) = crossbeam::channel::bounded::<()>(0);
    let job = Copy(move |_| {
        let _ = gate.recv();
        Ok(())
    });
    let watching = stage.watch(job, |parts| parts.live = live);
    watching.wait("started a");
    let page = get(address, "/").1;
    for words in
        ["Working: 1 of 1 worker", "&lt;copy&gt;", "3.1", "1 min 15 s", "line 3: &lt;op&gt; is missing", "1.5 s", "running"]
    {
        assert!(page.contains(words), "{words} is not in {page}");
    }
    assert!(get(address, "/metrics").1.contains("voxloom_watch_node_calls_total{node=\"<copy>\"} 2\n"));
    drop(let_go);
    watching.wait("done a");
}

#[test]
fn the_page_names_what_is_held_back_and_why() {
    let stage = Stage::new();
    let live = Arc::<Live>::default();
    let address = serve("127.0.0.1:0".parse().unwrap(), view(&stage, "", &live, Arc::new(Dark))).unwrap();
    stage.put("<b>one-1", "1");
    stage.put("one-2.part", "half");
    let watching = stage.watch(copy(), |parts| {
        parts.grouping = Arc::new(ByPrefix);
        parts.live = live;
    });
    watching.wait("waits: one-2.part");
    let began = Instant::now();
    while !get(address, "/metrics").1.contains("voxloom_watch_held 1\n") {
        assert!(began.elapsed() < Duration::from_secs(60));
    }
    let (_, page) = get(address, "/");
    let shown = |name: &str| format!("<bdi class=\"name\">{name}</bdi>");
    let words = format!("Held back: {}, as {}", shown("&lt;b&gt;one"), shown("one-2.part is still being written"));
    assert!(page.contains(&words), "{page}");
    watching.stop();
}

#[test]
fn requests_are_bounded_in_size_and_time() {
    let stage = Stage::new();
    let address = serve("127.0.0.1:0".parse().unwrap(), view(&stage, "p", &Arc::default(), Arc::new(Dark))).unwrap();
    let say = |words: &[u8]| -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        // Whoever is refused may be so before all was said.
        let _ = stream.write_all(words);
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(9000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(100));
    for (words, status) in [(&long[..], " 431 "), (&many, " 431 "), ("\x16\x03 nonsense\r\n\r\n", " 400 "), ("GET / HT", " 408 ")]
    {
        let told = say(words.as_bytes());
        assert!(told.contains(status), "{status}: {told}");
    }
    let body = format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n{}", "x".repeat(50_000));
    assert!(say(body.as_bytes()).contains(" 405 "), "the answer is not lost with the connection");
    let head = say(b"HEAD /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(head.contains(" 200 ") && head.ends_with("\r\n\r\n") && !head.contains("Content-Length: 0"), "{head}");
    assert!(head.contains("Content-Security-Policy: default-src 'none'"), "{head}");

    // One who says nothing more is sent away; so many of them that no other gets in do not stay.
    let silent: Vec<TcpStream> = (0..80)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            let _ = stream.write_all(b"GET / HT");
            stream
        })
        .collect();
    let began = Instant::now();
    while !say(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").contains("starting") {
        assert!(began.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(silent);
}
