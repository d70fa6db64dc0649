//! What is seen over HTTP while a watcher works: read-only, to this machine, with names that are only names.

use crate::stage::{Copy, Stage};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use voxloom_watch::job::Failure;
use voxloom_watch::live::Live;
use voxloom_watch::web::{View, serve};

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

#[test]
fn a_page_metrics_and_health_tell_of_a_running_watcher() {
    let stage = Stage::new();
    let live = Arc::<Live>::default();
    let view = View {
        title: "<pipeline>".into(),
        graph: "<svg xmlns=\"http://www.w3.org/2000/svg\"/>".into(),
        ledger: stage.folder.path().join("ledger.sqlite"),
        output: stage.output("").canonicalize().unwrap_or_else(|_| {
            std::fs::create_dir(stage.output("")).unwrap();
            stage.output("").canonicalize().unwrap()
        }),
        live: Arc::clone(&live),
    };
    let address = serve("127.0.0.1:0".parse().unwrap(), view).unwrap();
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
        assert!(began.elapsed() < Duration::from_secs(5));
    }
    assert!(get(address, "/metrics").1.contains("voxloom_watch_failed_total 1\n"));
    assert_eq!(get(address, "/health").0, 200);
    let (_, page) = get(address, "/");
    assert!(
        page.contains("&lt;b&gt;good&lt;/b&gt;") && page.contains("the &lt;header&gt; is short") && !page.contains("<b>good")
    );
    let picture = page.split("src=\"").nth(1).unwrap().split('"').next().unwrap();
    let (code, text) = get(address, picture);
    assert!(code == 200 && text.contains("image/png") && text.ends_with("picture"), "{text}");
    assert!(page.contains("href=/style.css") && get(address, "/style.css").1.contains("text/css"));
    assert!(get(address, "/graph.svg").1.contains("image/svg+xml"));
    assert!(get(address, "/status.json").1.contains("\"failed\":1"));

    let number = picture.rsplit_once('/').unwrap().0;
    for path in ["/preview/../../etc/passwd", &format!("{number}/1"), "/secret.txt", "/preview/x/0", "/nothing"] {
        assert_eq!(get(address, path).0, 404, "{path}");
    }
    assert_eq!(ask(address, "POST", "/", "localhost").0, 405);
    assert_eq!(ask(address, "GET", "/", "elsewhere.example").0, 403, "a name of elsewhere that points here");
    assert_eq!(ask(address, "GET", "/", "127.0.0.1:80").0, 200);
}
