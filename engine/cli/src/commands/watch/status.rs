//! `voxloom watch status`: counts, rate, the oldest that waits, the last failures.

use super::arguments::Status;
use super::setup;
use crate::exit::Exit;
use crate::talk::{self, Talk};
use anyhow::{Context, Result};
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use voxloom_watch::status::{Entry, Looker};
use voxloom_watch::words::one_line;

pub fn status(arguments: &Status, talk: &Talk) -> Result<Exit> {
    let ledger = match (&arguments.ledger, &arguments.input, &arguments.output) {
        (Some(ledger), ..) => ledger.clone(),
        (None, Some(input), Some(output)) => setup::ledger(None, input, output)?,
        _ => anyhow::bail!("--in and --out, or --ledger, are needed"),
    };
    anyhow::ensure!(
        ledger.exists(),
        "there is no ledger {}: nothing was watched there yet by this user; a service keeps its own elsewhere (of voxloom-watch.service: \
         STATE_DIRECTORY=/var/lib/voxloom voxloom watch status …), and its log names it: give it with --ledger",
        ledger.display()
    );
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?.as_secs_f64();
    let looker = Looker::open(&ledger)?;
    if let (Some(input), Some(output)) = (&arguments.input, &arguments.output) {
        // A folder that is not there now is none that another ledger could be told from.
        let full = |path: &Path| path.canonicalize().ok();
        if let (Some(input), Some(output)) = (full(input), full(output))
            && let Err(error) = looker.belongs_to(&input, &output)
        {
            talk.error(&one_line(&error.to_string()));
            return Ok(if error.is_refusal() { Exit::Usage } else { Exit::Stopped });
        }
    }
    let status = looker.look(now, 5)?;
    if arguments.json {
        talk::result(&serde_json::to_string_pretty(&status)?)?;
        return Ok(Exit::Done);
    }
    let passed_over = if status.passed_over > 0 { format!("   passed over {}", status.passed_over) } else { String::new() };
    let mut text = format!(
        "waiting {}   running {}   done {}   failed {}{passed_over}   {} in the last hour\n",
        status.waiting, status.running, status.done, status.failed, status.last_hour
    );
    if let (Some(seconds), Some(name)) = (status.oldest_waiting_s, &status.oldest_waiting) {
        writeln!(text, "oldest waiting: {}, for {}", one_line(name), age(seconds))?;
    }
    if let (1.., Some(seconds), Some(name)) = (status.not_complete, status.oldest_not_complete_s, &status.oldest_not_complete) {
        let n = status.not_complete;
        writeln!(text, "files not known to be complete: {n}, the oldest: {}, for {}", one_line(name), age(seconds))?;
    }
    section(&mut text, "under way", &status.under_way, |entry| now - entry.started.unwrap_or(now))?;
    section(&mut text, "last failures", &status.failures, |entry| now - entry.ended.unwrap_or(now))?;
    talk::result(&text)?;
    Ok(Exit::Done)
}

fn section(text: &mut String, title: &str, entries: &[Entry], since: impl Fn(&Entry) -> f64) -> std::fmt::Result {
    if entries.is_empty() {
        return Ok(());
    }
    writeln!(text, "{title}:")?;
    for entry in entries {
        let place = entry.place.as_ref().map(|node| format!(" node `{node}`:")).unwrap_or_default();
        let message = entry.message.as_deref().unwrap_or_default();
        let line = format!("{} ({} ago, attempt {}){place} {message}", entry.name, age(since(entry)), entry.attempts);
        writeln!(text, "  {}", one_line(&line))?;
    }
    Ok(())
}

fn age(seconds: f64) -> String {
    let whole = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default().as_secs();
    humantime::format_duration(Duration::from_secs(whole)).to_string()
}
