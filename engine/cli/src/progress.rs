//! How far a run has come: bars with rate and remaining time on a terminal, plain lines otherwise.

use crate::arguments::LogLevel;
use crate::talk::Talk;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use voxloom_core::describe::Kind;
use voxloom_core::graph::{Graph, Node, Pipeline};
use voxloom_core::run::{Event, Failure, Observer};

/// Plain lines come at most this often.
const PLAIN_EVERY: Duration = Duration::from_secs(5);

/// Shows the events of one run.
pub struct Progress {
    talk: Talk,
    began: Instant,
    stage: Option<Stage>,
    rounds: Option<ProgressBar>,
    said: Instant,
    /// Scatters at the level of their graph: when they tell how far they are, they tell how many items there are.
    openers: BTreeSet<(String, String)>,
}

/// The graph that runs now.
struct Stage {
    graph: String,
    title: String,
    bar: Option<ProgressBar>,
    items: Option<u64>,
    /// Of scatters that have told how many items they give.
    totals: BTreeMap<String, u64>,
    done: u64,
    failed: u64,
    began: Instant,
    of_many: bool,
}

impl Progress {
    pub fn new(talk: Talk, pipeline: &Pipeline) -> Self {
        let now = Instant::now();
        let scatters = |node: &&Node| node.level == 0 && node.entry().kind == Kind::Scatter;
        let of_graph = |graph: &'_ Graph| -> Vec<(String, String)> {
            graph.nodes.iter().filter(scatters).map(|node| (graph.name.clone(), node.name.clone())).collect()
        };
        Self {
            talk,
            began: now,
            stage: None,
            rounds: None,
            said: now,
            openers: pipeline.graphs.iter().flat_map(of_graph).collect(),
        }
    }

    /// Takes the bars away.
    pub fn finish(&mut self) {
        self.end_stage();
        if let Some(bar) = self.rounds.take() {
            bar.finish_and_clear();
        }
    }

    fn begin_stage(&mut self, round: u64, rounds: u64, graph: &str, items: Option<u64>) {
        self.end_stage();
        self.count_rounds(round, rounds);
        let title = if rounds > 1 { format!("round {}/{rounds} {graph}", round + 1) } else { graph.to_owned() };
        let bar = self.talk.bars().map(|bars| {
            let bar = bars.add(items.map_or_else(ProgressBar::no_length, ProgressBar::new));
            bar.set_style(style(items.is_some()));
            bar.set_prefix(title.clone());
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        if bar.is_none() && rounds == 1 {
            self.talk.info(&title);
        }
        let now = Instant::now();
        self.said = now;
        let (graph, totals, of_many) = (graph.to_owned(), BTreeMap::new(), rounds > 1);
        self.stage = Some(Stage { graph, title, bar, items, totals, done: 0, failed: 0, began: now, of_many });
    }

    fn count_rounds(&mut self, round: u64, rounds: u64) {
        if rounds < 2 {
            return;
        }
        if self.rounds.is_none() {
            self.rounds = self.talk.bars().map(|bars| {
                let bar = bars.add(ProgressBar::new(rounds));
                bar.set_style(style(true));
                bar.set_prefix("rounds");
                bar
            });
        }
        if let Some(bar) = &self.rounds {
            bar.set_position(round);
        }
    }

    fn item_done(&mut self, ok: bool) {
        let Some(stage) = &mut self.stage else { return };
        stage.done += 1;
        stage.failed += u64::from(!ok);
        if let Some(bar) = &stage.bar {
            bar.set_position(stage.done);
            if stage.failed > 0 {
                bar.set_message(format!("{} failed", stage.failed));
            }
        } else if self.said.elapsed() >= PLAIN_EVERY {
            self.said = Instant::now();
            self.talk.info(&stage.line());
        }
    }

    /// A node tells how far it is; only the words of scatters at the graph's own level count here, once each has told.
    fn total(&mut self, node: &str, total: u64) {
        let Some(stage) = &mut self.stage else { return };
        let opens = self.openers.contains(&(stage.graph.clone(), node.to_owned()));
        if !opens || stage.items.is_some() || total == 0 {
            return;
        }
        stage.totals.insert(node.to_owned(), total);
        if stage.totals.len() == self.openers.iter().filter(|(graph, _)| *graph == stage.graph).count() {
            let items = stage.totals.values().sum();
            stage.items = Some(items);
            if let Some(bar) = &stage.bar {
                bar.set_style(style(true));
                bar.set_length(items);
            }
        }
    }

    fn end_stage(&mut self) {
        let Some(stage) = self.stage.take() else { return };
        if let Some(bar) = &stage.bar {
            bar.finish_and_clear();
        }
        let level = if stage.of_many { LogLevel::Debug } else { LogLevel::Info };
        self.talk.line(level, &stage.line());
        if stage.of_many && stage.bar.is_none() && self.said.duration_since(self.began) >= PLAIN_EVERY {
            self.began = Instant::now();
            self.talk.info(&stage.line());
        }
    }
}

impl Stage {
    /// `graph: 12 of 20 items in 3.4 s (3.5/s, 1 failed)`.
    fn line(&self) -> String {
        let seconds = self.began.elapsed().as_secs_f64();
        let of = self.items.map_or(String::new(), |items| format!(" of {items}"));
        let rate = if seconds > 0.0 { self.done as f64 / seconds } else { 0.0 };
        let left = match self.items {
            Some(items) if items > self.done && rate > 0.0 => format!(", {:.0} s left", (items - self.done) as f64 / rate),
            _ => String::new(),
        };
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        format!("{}: {}{of} items in {seconds:.1} s ({rate:.2}/s{left}{failed})", self.title, self.done)
    }
}

impl Observer for Progress {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Stage { round, rounds, graph, items, .. } => self.begin_stage(*round, *rounds, graph, *items),
            Event::StageDone { .. } => self.end_stage(),
            Event::ItemDone { ok, .. } => self.item_done(*ok),
            Event::Progress { node, item, done, total } => {
                self.total(node, *total);
                self.talk.line(LogLevel::Debug, &format!("{}: {done} of {total}", place(node, item)));
            }
            Event::Log { level, node, item, text } => log(&self.talk, *level, node, item, text),
            Event::Failed(failure) => self.talk.error(&failed(failure)),
            Event::Saved { folder, value, best } => {
                let value = value.map_or(String::new(), |value| format!(" at {value}"));
                let best = if *best { ", the best so far" } else { "" };
                self.talk.info(&format!("saved {}{value}{best}", folder.display()));
            }
            _ => {}
        }
    }
}

/// One failure in one sentence.
pub fn failed(failure: &Failure) -> String {
    format!("node `{}` ({}){}: {}", failure.node, failure.operator, of_item(&failure.item), failure.cause)
}

fn log(talk: &Talk, level: i32, node: &str, item: &[u64], text: &str) {
    let text = format!("{}: {text}", place(node, item));
    match level {
        ..=1 => talk.error(&text),
        2 => talk.warn(&text),
        3 => talk.info(&text),
        _ => talk.line(LogLevel::Debug, &text),
    }
}

fn place(node: &str, item: &[u64]) -> String {
    format!("{node}{}", of_item(item))
}

fn of_item(item: &[u64]) -> String {
    if item.is_empty() {
        return String::new();
    }
    format!(" item {}", item.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
}

fn style(known: bool) -> ProgressStyle {
    let template = if known {
        "{prefix} [{wide_bar}] {pos}/{len}  {rate}  {eta} left  {msg}"
    } else {
        "{prefix} {spinner} {pos} items  {rate}  {elapsed}  {msg}"
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            // A bar that cannot be written is no reason to stop.
            let _ = write!(out, "{:.1}/s", state.per_sec());
        })
        .progress_chars("=> ")
}
