//! What is seen from outside over HTTP: a page, metrics, health. Read-only; nothing here changes anything.
//!
//! - `/` the page, rendered here; `/graph.svg` the pipeline; `/preview/…` pictures that the pipeline wrote
//! - `/metrics` for Prometheus, `/health` for whoever restarts what hangs, `/status.json` the ledger's numbers

mod metrics;
mod page;
mod preview;

use crate::live::Live;
use crate::status::{Looker, Status};
use std::io::Cursor;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tiny_http::{Header, Method, Request, Response, Server};

/// What is shown.
#[derive(Clone)]
pub struct View {
    pub title: String,
    /// SVG.
    pub graph: String,
    pub ledger: PathBuf,
    /// The folder of results.
    pub output: PathBuf,
    pub live: Arc<Live>,
}

/// Entries of each list on the page.
const SHOWN: usize = 20;
/// The main loop comes by at least twice a second; when it did not for so long, something hangs.
const HANGS: Duration = Duration::from_secs(60);

/// Listens from now on, as long as the process lives. Returns the address, with the port that was given for port 0.
///
/// # Errors
/// One sentence that says why not.
pub fn serve(address: SocketAddr, view: View) -> Result<SocketAddr, String> {
    let server = Arc::new(Server::http(address).map_err(|error| error.to_string())?);
    let bound = server.server_addr().to_ip().ok_or_else(|| "it is no address of a network".to_owned())?;
    for index in 0..2 {
        let (server, view) = (Arc::clone(&server), view.clone());
        let answer = move || {
            while let Ok(request) = server.recv() {
                let answer = answer(&view, &request, bound.ip());
                // Whoever asked has gone: nobody is there to be told.
                let _ = request.respond(answer);
            }
        };
        std::thread::Builder::new().name(format!("web {index}")).spawn(answer).map_err(|error| error.to_string())?;
    }
    Ok(bound)
}

type Answer = Response<Cursor<Vec<u8>>>;

fn answer(view: &View, request: &Request, bound: IpAddr) -> Answer {
    if !matches!(request.method(), Method::Get | Method::Head) {
        return text(405, "only GET and HEAD");
    }
    if bound.is_loopback() && !is_local(request) {
        // A page of elsewhere that has its name point here would otherwise read what only this machine may.
        return text(403, "this is served to this machine only");
    }
    let path = request.url().split(['?', '#']).next().unwrap_or_default();
    match path {
        "/" => html(page::page(view, &look(view))),
        "/metrics" => with(200, "text/plain; version=0.0.4", metrics::metrics(&view.live.now(), look(view).ok().as_ref())),
        "/health" => health(view),
        "/status.json" => match look(view) {
            Ok(status) => with(200, "application/json", serde_json::to_vec(&status).unwrap_or_default()),
            Err(why) => text(503, &why),
        },
        "/style.css" => with(200, "text/css; charset=utf-8", page::STYLE),
        "/graph.svg" => with(200, "image/svg+xml", view.graph.clone()),
        _ => match path.strip_prefix("/preview/").and_then(|rest| preview::read(view, look(view).ok()?, rest)) {
            Some(picture) => with(200, "image/png", picture),
            None => text(404, "there is no such page"),
        },
    }
}

fn health(view: &View) -> Answer {
    let now = view.live.now();
    match (now.beat.map(|beat| beat.elapsed()), now.paused) {
        (Some(since), _) if since > HANGS => text(503, &format!("the watcher did not come by for {} s", since.as_secs())),
        (None, _) => text(503, "starting"),
        (_, Some(why)) => text(200, &format!("paused: {why}")),
        _ => text(200, "ok"),
    }
}

fn look(view: &View) -> Result<Status, String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    Looker::open(&view.ledger).and_then(|looker| looker.look(now, SHOWN)).map_err(|error| error.to_string())
}

/// True where the request names this machine, as a browser on it does.
fn is_local(request: &Request) -> bool {
    let host = request.headers().iter().find(|header| header.field.equiv("Host")).map(|header| header.value.as_str());
    let Some(host) = host else { return true };
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.parse::<u16>().is_ok() { name } else { host });
    let name = name.trim_matches(['[', ']']);
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn html(text: String) -> Answer {
    with(200, "text/html; charset=utf-8", text)
}

fn text(status: u16, text: &str) -> Answer {
    with(status, "text/plain; charset=utf-8", format!("{text}\n"))
}

fn with(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Answer {
    let headers = [
        ("Content-Type", kind),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'self'; frame-ancestors 'none'"),
    ];
    let mut answer = Response::from_data(body).with_status_code(status);
    for (name, value) in headers {
        if let Ok(header) = Header::from_bytes(name, value) {
            answer = answer.with_header(header);
        }
    }
    answer
}
