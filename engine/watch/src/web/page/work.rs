//! What is worked on and what comes next.

use super::put;
use super::words::{count, escape, name, span};
use crate::live::{Busy, Now};
use crate::web::{Call, Sight};

/// Every worker with its input, and the calls that its lanes are at.
pub fn workers(text: &mut String, now: &Now, sight: &Sight) {
    text.push_str("<section aria-labelledby=\"now\"><h2 id=\"now\">Now</h2>");
    for (index, busy) in now.lanes.iter().enumerate() {
        put(text, format_args!("<article class=\"worker\" data-key=\"worker{index}\"><h3>Worker {}</h3>", index + 1));
        match busy {
            Some(busy) => worker(text, busy, sight.workers.get(index).map_or(&[], Vec::as_slice), index),
            None => text.push_str("<p class=\"dim\">idle</p>"),
        }
        text.push_str("</article>");
    }
    text.push_str("</section>\n");
}

fn worker(text: &mut String, busy: &Busy, calls: &[Call], index: usize) {
    let attempt = if busy.attempt > 1 { format!(", attempt {}", busy.attempt) } else { String::new() };
    let since = span(busy.began.elapsed().as_secs_f64());
    put(text, format_args!("<p>{} <span class=\"dim\">for {since}{attempt}</span></p>", name(&busy.name)));
    if calls.is_empty() {
        text.push_str("<p class=\"dim\">no node runs at this moment</p>");
        return;
    }
    put(
        text,
        format_args!(
            "<table class=\"lanes\"><caption class=\"unseen\">Lanes of worker {}</caption><thead><tr><th scope=\"col\">lane</th>\
             <th scope=\"col\">node</th><th scope=\"col\">item</th><th scope=\"col\" class=\"number\">for</th></tr></thead><tbody>",
            index + 1
        ),
    );
    for call in calls {
        put(
            text,
            format_args!(
                "<tr><td>{}</td><td><b>{}</b></td><td>{}</td><td class=\"number\">{}</td></tr>",
                escape(&call.lane),
                escape(&call.step),
                escape(&call.item),
                span(call.elapsed.as_secs_f64())
            ),
        );
    }
    text.push_str("</tbody></table>");
}

/// What is complete and waits, in its order, and what is not yet so far.
pub fn queue(text: &mut String, now: &Now) {
    /// The page is no list of everything.
    const NEXT: usize = 10;
    text.push_str("<section aria-labelledby=\"queue\"><h2 id=\"queue\">Queue</h2>");
    if now.next.is_empty() {
        text.push_str("<p class=\"dim\">nothing waits for a worker</p>");
    } else {
        text.push_str("<ol>");
        for next in now.next.iter().take(NEXT) {
            put(text, format_args!("<li>{}</li>", name(next)));
        }
        text.push_str("</ol>");
    }
    let further = now.queued.saturating_sub(now.next.len().min(NEXT));
    let counts = [
        (further, "further one is complete", "further ones are complete"),
        (now.settling, "file is not known to be complete", "files are not known to be complete"),
        (now.later, "waits for another attempt or another watcher", "wait for another attempt or another watcher"),
    ];
    for (n, one, many) in counts.into_iter().filter(|(n, ..)| *n > 0) {
        put(text, format_args!("<p class=\"dim\">{}</p>", count(n as u64, one, many)));
    }
    text.push_str("</section>\n");
}
