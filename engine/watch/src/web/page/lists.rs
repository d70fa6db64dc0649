//! What ended last: failures with their reasons, results with their previews.

use super::put;
use super::words::{ago, count, escape, message, name, span};
use crate::status::{Entry, Status};
use crate::web::{View, preview};

/// Previews of one result.
const PREVIEWS: usize = 4;

pub fn failures(text: &mut String, status: &Status, now: f64) {
    text.push_str("<section aria-labelledby=\"failures\"><h2 id=\"failures\">Failures</h2>");
    if status.failures.is_empty() {
        text.push_str("<p class=\"dim\">none</p></section>\n");
        return;
    }
    text.push_str("<ul class=\"failures\">");
    for entry in &status.failures {
        put(text, format_args!("<li data-key=\"{}\"><p>{} <span class=\"dim\">", preview::id(entry), name(&entry.name)));
        if let Some(place) = &entry.place {
            put(text, format_args!("at node <b>{}</b>, ", escape(place)));
        }
        put(
            text,
            format_args!(
                "{}, {}</span></p><p class=\"why\">{}</p></li>",
                count(entry.attempts.into(), "attempt", "attempts"),
                ago(entry.ended.unwrap_or(now), now),
                message(entry.message.as_deref().unwrap_or("for no reason that was given"))
            ),
        );
    }
    text.push_str("</ul>");
    older(text, status.failed, status.failures.len());
    text.push_str("</section>\n");
}

pub fn done(text: &mut String, view: &View, status: &Status, now: f64) {
    text.push_str("<section aria-labelledby=\"done\"><h2 id=\"done\">Last done</h2>");
    if status.last.is_empty() {
        text.push_str("<p class=\"dim\">nothing yet</p></section>\n");
        return;
    }
    text.push_str("<ul class=\"done\">");
    for entry in &status.last {
        put(text, format_args!("<li data-key=\"{}\">", preview::id(entry)));
        previews(text, view, entry);
        put(text, format_args!("<p>{}</p><p class=\"dim\">{}", name(&entry.name), ago(entry.ended.unwrap_or(now), now)));
        match (&entry.same_as, entry.ended.zip(entry.started)) {
            _ if entry.kind.is_some() => {
                put(text, format_args!(", passed over: {}", escape(entry.message.as_deref().unwrap_or_default())));
            }
            (Some(earlier), _) => put(text, format_args!(", known as {}", name(earlier))),
            (None, Some((ended, started))) => put(text, format_args!(", took {}", span(ended - started))),
            (None, None) => {}
        }
        text.push_str("</p></li>");
    }
    text.push_str("</ul>");
    older(text, status.done + status.passed_over, status.last.len());
    text.push_str("</section>\n");
}

fn previews(text: &mut String, view: &View, entry: &Entry) {
    let n = preview::files(view, entry).len();
    if n == 0 {
        return;
    }
    text.push_str("<div class=\"previews\">");
    for index in 0..n.min(PREVIEWS) {
        let (address, shown) = (format!("/preview/{}/{index}", preview::id(entry)), escape(&entry.name));
        put(
            text,
            format_args!(
                "<a href=\"{address}\"><img src=\"{address}\" alt=\"Preview {} of {shown}\" loading=\"lazy\" decoding=\"async\"></a>",
                index + 1
            ),
        );
    }
    text.push_str("</div>");
}

fn older(text: &mut String, all: u64, shown: usize) {
    let older = all.saturating_sub(shown as u64);
    if older > 0 {
        put(text, format_args!("<p class=\"dim\">and {older} before</p>"));
    }
}
