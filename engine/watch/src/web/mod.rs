//! What is seen from outside over HTTP: a page, metrics, health. Read-only; nothing here changes anything.
//!
//! - `/` the page, rendered here, with `/style.css`, `/page.js`, `/icon.svg`; `/preview/…` pictures that the pipeline wrote
//! - `/metrics` for Prometheus, `/health` for whoever restarts what hangs, `/status.json` the ledger's numbers

mod http;
mod metrics;
mod page;
mod preview;
mod scene;

pub use scene::{Call, Dark, Scene, Sight, Step};

use crate::live::{Live, Now};
use crate::status::{Looker, Status};
use http::{Answer, Request, text};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is shown.
#[derive(Clone)]
pub struct View {
    pub title: String,
    pub ledger: PathBuf,
    /// The folder of results.
    pub output: PathBuf,
    pub live: Arc<Live>,
    pub scene: Arc<dyn Scene>,
}

/// Entries of each list on the page.
const SHOWN: usize = 12;
/// The main loop comes by at least twice a second; when it did not for so long, something hangs.
const HANGS: Duration = Duration::from_secs(60);

/// Listens from now on, as long as the process lives. Returns the address, with the port that was given for port 0.
///
/// # Errors
/// The address cannot be had.
pub fn serve(address: SocketAddr, view: View) -> std::io::Result<SocketAddr> {
    let is_local = address.ip().is_loopback();
    http::listen(address, move |request| {
        if is_local && !is_for_this_machine(request) {
            // A page of elsewhere that has its name point here would otherwise read what only this machine may.
            return text(403, "this is served to this machine only");
        }
        answer(&view, request)
    })
}

fn answer(view: &View, request: &Request) -> Answer {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return text(405, "only GET and HEAD");
    }
    match request.path.as_str() {
        "/" => found("text/html; charset=utf-8", page::page(view, &look(view))),
        "/style.css" => found("text/css; charset=utf-8", include_str!("style.css")),
        "/page.js" => found("text/javascript; charset=utf-8", include_str!("page.js")),
        "/icon.svg" => found("image/svg+xml", include_str!("icon.svg")),
        "/metrics" => {
            let metrics = metrics::metrics(&view.live.now(), look(view).ok().as_ref(), &view.scene.look().steps);
            found("text/plain; version=0.0.4; charset=utf-8", metrics)
        }
        "/health" => health(&view.live.now()),
        "/status.json" => match look(view) {
            Ok(status) => found("application/json", serde_json::to_vec(&status).unwrap_or_default()),
            Err(why) => text(503, &why),
        },
        path => match path.strip_prefix("/preview/").and_then(|rest| preview::read(view, &look(view).ok()?, rest)) {
            Some(picture) => found("image/png", picture),
            None => text(404, "there is no such page"),
        },
    }
}

fn health(now: &Now) -> Answer {
    match (now.beat.map(|beat| beat.elapsed()), &now.paused) {
        (Some(since), _) if since > HANGS => text(503, &format!("the watcher did not come by for {} s", since.as_secs())),
        (None, _) => text(503, "starting"),
        (_, Some(why)) if now.is_blind => text(503, why),
        (_, Some(why)) => text(200, &format!("paused: {why}")),
        _ => text(200, "ok"),
    }
}

fn look(view: &View) -> Result<Status, String> {
    Looker::open(&view.ledger).and_then(|looker| looker.look(unix(), SHOWN)).map_err(|error| error.to_string())
}

/// Seconds since 1970.
fn unix() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// True where the request names this machine, as a browser on it does.
fn is_for_this_machine(request: &Request) -> bool {
    let Some(host) = request.host.as_deref() else { return true };
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if port.parse::<u16>().is_ok() { name } else { host });
    let name = name.trim_matches(['[', ']']);
    name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn found(kind: &'static str, body: impl Into<Vec<u8>>) -> Answer {
    Answer { status: 200, kind, body: body.into() }
}
