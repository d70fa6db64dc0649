//! The page: one HTML text, no script. It asks for itself anew every few seconds.

use super::{View, preview};
use crate::status::{Entry, Status};
use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Served beside the page.
pub const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem auto;max-width:70rem;padding:0 1rem;color:#1c2733}\
h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:1.8rem}table{border-collapse:collapse;width:100%}\
td,th{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid #d9e0e6;vertical-align:top;overflow-wrap:anywhere}\
th{color:#5a6b7b;font-weight:500}.n{display:inline-block;margin-right:1.6rem}.n b{font-size:1.5rem;display:block}\
.bad{color:#a1260d}.paused{background:#fff1d6;padding:.5rem .8rem;border-radius:4px}img.g{max-width:100%}\
img.p{max-height:7rem;margin-right:.4rem;background:#000}.dim{color:#5a6b7b}";

pub fn page(view: &View, status: &Result<Status, String>) -> String {
    let now = view.live.now();
    let mut text = format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta http-equiv=refresh content=5>\
         <meta name=viewport content=\"width=device-width\"><title>{0} - voxloom watch</title><link rel=stylesheet href=/style.css></head>\
         <body><h1>{0}</h1>",
        escape(&view.title)
    );
    if let Some(why) = &now.paused {
        put(&mut text, format_args!("<p class=paused role=status>Paused: {}</p>", escape(why)));
    }
    match status {
        Ok(status) => {
            numbers(&mut text, status, now.settling);
            lanes(&mut text, &now);
            list(&mut text, &now.next, now.queued);
            last(&mut text, view, &status.last);
            failures(&mut text, &status.failures);
        }
        Err(why) => put(&mut text, format_args!("<p class=bad>{}</p>", escape(why))),
    }
    text.push_str("<h2>Pipeline</h2><img class=g src=/graph.svg alt=\"the graph of the pipeline\"></body></html>");
    text
}

fn numbers(text: &mut String, status: &Status, settling: usize) {
    text.push_str("<p>");
    let failed = status.failed;
    let all = [
        ("waiting", status.waiting),
        ("running", status.running),
        ("done", status.done),
        ("failed", failed),
        ("ended in the last hour", status.last_hour),
        ("files settling", settling as u64),
    ];
    for (name, count) in all {
        let class = if name == "failed" && failed > 0 { "n bad" } else { "n" };
        put(text, format_args!("<span class=\"{class}\"><b>{count}</b>{name}</span>"));
    }
    text.push_str("</p>");
    if let (Some(seconds), Some(name)) = (status.oldest_waiting_s, &status.oldest_waiting) {
        put(text, format_args!("<p class=dim>Oldest waiting: {}, for {}</p>", escape(name), age(seconds)));
    }
}

fn lanes(text: &mut String, now: &crate::live::Now) {
    text.push_str("<h2>Workers</h2><table><tr><th>worker<th>input<th>attempt<th>for</tr>");
    for (index, lane) in now.lanes.iter().enumerate() {
        match lane {
            Some(busy) => {
                let since = age(busy.began.elapsed().as_secs_f64());
                put(text, format_args!("<tr><td>{index}<td>{}<td>{}<td>{since}</tr>", escape(&busy.name), busy.attempt));
            }
            None => put(text, format_args!("<tr><td>{index}<td class=dim>idle<td><td></tr>")),
        }
    }
    text.push_str("</table>");
}

fn list(text: &mut String, next: &[String], queued: usize) {
    put(text, format_args!("<h2>Queue</h2><p class=dim>{queued} complete in memory</p><ol>"));
    for name in next {
        put(text, format_args!("<li>{}</li>", escape(name)));
    }
    text.push_str("</ol>");
}

fn last(text: &mut String, view: &View, entries: &[Entry]) {
    text.push_str("<h2>Last done</h2><table><tr><th>input<th>ended<th>took<th>previews</tr>");
    for entry in entries {
        let took = entry.ended.zip(entry.started).map(|(ended, started)| format!("{:.1} s", ended - started)).unwrap_or_default();
        put(text, format_args!("<tr><td>{}<td>{} ago<td>{took}<td>", escape(&entry.name), ago(entry)));
        if let Some(result) = &entry.result {
            for index in 0..preview::files(view, result).len().min(4) {
                let address = format!("/preview/{}/{index}", preview::id(result));
                put(
                    text,
                    format_args!("<img class=p loading=lazy src=\"{address}\" alt=\"preview of {}\">", escape(&entry.name)),
                );
            }
        }
        text.push_str("</tr>");
    }
    text.push_str("</table>");
}

fn failures(text: &mut String, entries: &[Entry]) {
    text.push_str("<h2>Failures</h2><table><tr><th>input<th>ended<th>attempts<th>node<th>why</tr>");
    for entry in entries {
        let (name, place) = (escape(&entry.name), escape(entry.place.as_deref().unwrap_or_default()));
        let message = escape(entry.message.as_deref().unwrap_or_default());
        let (ago, attempts) = (ago(entry), entry.attempts);
        put(text, format_args!("<tr><td>{name}<td>{ago} ago<td>{attempts}<td>{place}<td class=bad>{message}</tr>"));
    }
    text.push_str("</table>");
}

fn ago(entry: &Entry) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64());
    age(now - entry.ended.unwrap_or(now))
}

fn age(seconds: f64) -> String {
    let whole = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default().as_secs();
    humantime::format_duration(Duration::from_secs(whole)).to_string()
}

fn put(text: &mut String, words: std::fmt::Arguments) {
    // Writing to a string does not fail.
    let _ = text.write_fmt(words);
}

/// Names come from whoever fills the folder: nothing of them is markup.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn names_are_no_markup() {
        assert_eq!(escape("<img src='x' onerror=\"a&b\">"), "&lt;img src=&#39;x&#39; onerror=&quot;a&amp;b&quot;&gt;");
    }
}
