//! The page: one HTML text. With scripts it asks for itself every two seconds and changes what differs; without, it reloads.

mod job;
mod lists;
mod words;
mod work;

use super::{HANGS, View, unix};
use crate::live::Now;
use crate::status::Status;
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};
use words::{ago, clock, count, escape, name, span};

pub fn page(view: &View, status: &Result<Status, String>) -> String {
    let (now, sight, unix) = (view.live.now(), view.scene.look(), unix());
    let mut text = String::with_capacity(32 << 10);
    let (class, state) = state(&now);
    let failed = status.as_ref().map_or(0, |status| status.failed);
    put(
        &mut text,
        format_args!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
             <title>{}{title} – voxloom watch</title><link rel=\"icon\" href=\"/icon.svg\" type=\"image/svg+xml\">\
             <link rel=\"stylesheet\" href=\"/style.css\"><script src=\"/page.js\" defer></script>\
             <noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript></head>\n<body><header>\
             <h1>{}</h1><p class=\"state {class}\" role=\"status\">{}</p><p class=\"dim\">Seen at {}</p></header>\n\
             <p id=\"silent\" class=\"note bad\" role=\"alert\" hidden>The watcher does not answer any more. What is shown here is old.</p>\n<main>",
            if failed > 0 { format!("{failed} failed – ") } else { String::new() },
            heading(&view.title),
            escape(&state),
            clock(SystemTime::now()),
            title = escape(&view.title),
        ),
    );
    if let Some(why) = &sight.refused {
        put(
            &mut text,
            format_args!(
                "<p class=\"note bad\">The pipeline file is wrong now; the one in use stays: {}</p>",
                words::message(why)
            ),
        );
    }
    match status {
        Ok(status) => {
            numbers(&mut text, status, &now, unix);
            text.push_str("<div class=\"pair\">");
            work::workers(&mut text, &now, &sight);
            work::queue(&mut text, &now);
            text.push_str("</div>");
            lists::failures(&mut text, status, unix);
            lists::done(&mut text, view, status, unix);
        }
        Err(why) => put(&mut text, format_args!("<p class=\"note bad\">{}</p>", words::message(why))),
    }
    let since = sight.since.and_then(|since| since.duration_since(UNIX_EPOCH).ok());
    job::pipeline(&mut text, &sight, since.map(|since| ago(since.as_secs_f64(), unix)));
    text.push_str(
        "</main>\n<footer><p><a href=\"/metrics\">metrics</a> · <a href=\"/health\">health</a> · <a href=\"/status.json\">status as JSON</a></p>\
         </footer></body></html>\n",
    );
    text
}

/// The file's name, and before it, less loud, where it lies.
fn heading(title: &str) -> String {
    let at = title.rfind('/').map_or(0, |slash| slash + 1);
    let (folder, file) = title.split_at(at);
    format!("<span class=\"folder\">{}</span><span class=\"file\">{}</span>", escape(folder), escape(file))
}

/// Class and words of what the watcher is at.
fn state(now: &Now) -> (&'static str, String) {
    let silent = now.beat.map(|beat| beat.elapsed());
    match (silent, &now.paused) {
        (None, _) => ("warn", "Starting".into()),
        (Some(silent), _) if silent > HANGS => {
            ("bad", format!("Hangs: the main loop did not come by for {}", span(silent.as_secs_f64())))
        }
        (_, Some(why)) => ("warn", format!("Paused: {why}")),
        _ => match now.lanes.iter().flatten().count() {
            0 => ("good", "Ready: waits for inputs".into()),
            busy => ("good", format!("Working: {busy} of {}", count(now.lanes.len() as u64, "worker", "workers"))),
        },
    }
}

fn numbers(text: &mut String, status: &Status, now: &Now, unix: f64) {
    let all = [
        ("waiting", status.waiting),
        ("running", status.running),
        ("done", status.done),
        ("failed", status.failed),
        ("passed over", status.passed_over),
        ("ended in the last hour", status.last_hour),
        ("files settling", now.settling as u64),
    ];
    text.push_str("<section aria-labelledby=\"numbers\"><h2 id=\"numbers\" class=\"unseen\">Numbers</h2><dl class=\"numbers\">");
    for (what, count) in all {
        let class = if what == "failed" && count > 0 { " class=\"bad\"" } else { "" };
        put(text, format_args!("<div{class}><dt>{what}</dt><dd>{count}</dd></div>"));
    }
    text.push_str("</dl>");
    if let (Some(seconds), Some(oldest)) = (status.oldest_waiting_s, &status.oldest_waiting) {
        put(text, format_args!("<p class=\"dim\">Waiting longest: {}, seen {}</p>", name(oldest), ago(unix - seconds, unix)));
    }
    if let (1.., Some(seconds), Some(oldest)) = (now.settling, status.oldest_not_complete_s, &status.oldest_not_complete) {
        let since = ago(unix - seconds, unix);
        put(text, format_args!("<p class=\"dim\">Longest not known to be complete: {}, seen {since}</p>", name(oldest)));
    }
    for (held, why) in now.held.iter().take(HELD) {
        put(text, format_args!("<p class=\"dim\">Held back: {}, as {}</p>", name(held), name(why)));
    }
    if now.held.len() > HELD {
        put(text, format_args!("<p class=\"dim\">and {} more</p>", now.held.len() - HELD));
    }
    text.push_str("</section>\n");
}

/// Groups that wait for files beside them, and are named.
const HELD: usize = 5;

fn put(text: &mut String, words: std::fmt::Arguments) {
    // Writing to a string does not fail.
    let _ = text.write_fmt(words);
}
