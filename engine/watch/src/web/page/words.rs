//! Names, times and durations as markup. Names come from whoever fills the folder: nothing of them is markup.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Text for HTML, also within quotes.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter if letter.is_control() && letter != '\n' => safe.push('\u{fffd}'),
            letter => safe.push(letter),
        }
    }
    safe
}

/// A name as an element of its own, whose direction of writing does not reach beyond it.
pub fn name(text: &str) -> String {
    format!("<bdi class=\"name\">{}</bdi>", escape(text))
}

/// A message, cut where it is long: the whole of it is in `error.json`.
pub fn message(text: &str) -> String {
    const MOST: usize = 600;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", escape(&text[..end])),
        None => escape(text),
    }
}

/// `310 µs`, `2.1 s`, `3 min 5 s`, `2 d 4 h`.
pub fn span(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    match seconds {
        s if s < 0.001 => return format!("{:.0} µs", s * 1e6),
        s if s < 0.01 => return format!("{:.1} ms", s * 1e3),
        s if s < 0.9995 => return format!("{:.0} ms", s * 1e3),
        s if s < 10.0 => return format!("{s:.1} s"),
        _ => {}
    }
    let whole = Duration::try_from_secs_f64(seconds).unwrap_or_default().as_secs();
    let (days, hours, minutes, seconds) = (whole / 86_400, whole / 3600 % 24, whole / 60 % 60, whole % 60);
    match whole {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min {seconds} s"),
        3600..86_400 => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// How long ago a moment is, in seconds since 1970, with the moment itself for who points at it.
pub fn ago(moment: f64, now: f64) -> String {
    let Some(time) = Duration::try_from_secs_f64(moment).ok().and_then(|since| UNIX_EPOCH.checked_add(since)) else {
        return String::new();
    };
    let whole = (now - moment).max(0.0).floor();
    let words = if whole < 1.0 { "just now".to_owned() } else { format!("{} ago", span(whole).replace(".0 s", " s")) };
    moment_of(time, &words)
}

/// The moment itself, to the second, in universal time.
pub fn clock(time: SystemTime) -> String {
    let words = humantime::format_rfc3339_seconds(time).to_string();
    let words = words.trim_end_matches('Z').replace('T', " ");
    moment_of(time, &format!("{words} UTC"))
}

fn moment_of(time: SystemTime, words: &str) -> String {
    let full = humantime::format_rfc3339_seconds(time);
    format!("<time datetime=\"{full}\" title=\"{full}\">{words}</time>")
}

/// `1 file`, `2 files`.
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::{ago, escape, message, name, span};

    #[test]
    fn names_are_no_markup() {
        assert_eq!(escape("<img src='x' onerror=\"a&b\">\0"), "&lt;img src=&#39;x&#39; onerror=&quot;a&amp;b&quot;&gt;\u{fffd}");
        assert_eq!(name("</bdi><script>"), "<bdi class=\"name\">&lt;/bdi&gt;&lt;script&gt;</bdi>");
        assert_eq!(message(&"<".repeat(700)).matches("&lt;").count(), 600);
    }

    #[test]
    fn times_have_two_parts_at_most() {
        let spans = [0.0, 0.0003, 0.0014, 0.25, 2.14, 59.9, 185.0, 7260.0, 187_200.0].map(span);
        assert_eq!(spans, ["0 µs", "300 µs", "1.4 ms", "250 ms", "2.1 s", "59 s", "3 min 5 s", "2 h 1 min", "2 d 4 h"]);
        assert!(ago(100.0, 103.4).contains(">3 s ago<") && ago(100.0, 100.4).contains(">just now<"));
        assert!(ago(f64::NAN, 1.0).is_empty() && ago(1e300, 1.0).is_empty());
    }
}
