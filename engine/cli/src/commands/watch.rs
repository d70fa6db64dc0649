//! `voxloom watch PIPELINE --in FOLDER --out FOLDER`: everything that arrives goes through the pipeline, once each.

pub mod arguments;
mod faults;
mod job;
mod log;
mod maker;
mod repeat;
mod scene;
mod series;
mod setup;
mod source;
mod status;
mod volumes;
mod weights;

use crate::arguments::Global;
use crate::exit::Exit;
use crate::talk::{Talk, told};
use anyhow::{Context, Result};
use arguments::{Group, LogFormat, Watch, Watching};
use crossbeam::channel::Sender;
use job::PipelineJob;
use log::Log;
use maker::Maker;
use scene::Readings;
use series::Series;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::sync::Arc;
use std::time::Duration;
use volumes::Volumes;
use voxloom_watch::clock::SystemClock;
use voxloom_watch::error::Error;
use voxloom_watch::events::{Native, Silent};
use voxloom_watch::grouping::{Files, Folders, Grouping};
use voxloom_watch::job::Job;
use voxloom_watch::live::Live;
use voxloom_watch::notice::Observer;
use voxloom_watch::place::Place;
use voxloom_watch::watcher::{Control, Parts, Watcher};
use voxloom_watch::web;

pub fn watch(arguments: &Watch, global: &Global, talk: &Talk) -> Result<Exit> {
    if let Some(Watching::Status(arguments)) = &arguments.command {
        return status::status(arguments, talk);
    }
    let talk = match arguments.log {
        LogFormat::Text => talk.clone(),
        LogFormat::Json => talk.as_json(),
    };
    let log = Arc::new(Log::new(talk.clone()));
    let watched = watch_until_stopped(arguments, global, &talk, &log);
    Ok(watched.unwrap_or_else(|error| {
        log.error(&told(&error));
        match error.downcast_ref::<Error>() {
            Some(error) if error.is_refusal() => Exit::Usage,
            _ => Exit::Stopped,
        }
    }))
}

fn watch_until_stopped(arguments: &Watch, global: &Global, talk: &Talk, log: &Arc<Log>) -> Result<Exit> {
    // From the first moment on: a signal while plugins are opened stops in order, too.
    let (control, controls) = crossbeam::channel::unbounded();
    listen_to_signals(control)?;
    if let Some(wrong) = setup::set_twice(arguments) {
        log.error(&wrong);
        return Ok(Exit::Usage);
    }
    // First the pipeline, which touches nothing; folders and ledger only when it is right.
    let maker = match Maker::new(arguments, global, talk)? {
        Ok(maker) => maker,
        Err(exit) => return Ok(exit),
    };
    let job = match maker.make() {
        Ok(job) => job,
        Err(refused) => {
            refused.tell(talk);
            return Ok(refused.exit);
        }
    };
    let repeat = maker.repeat(&global.plugins);
    let config = setup::config(arguments, repeat.facts(), repeat.command(job.source()));
    let (input, output) = setup::folders(&arguments.folders)?;
    let place = Place::new(input, output)?;
    let ledger = setup::ledger(arguments.folders.ledger.as_deref(), &place.input, &place.output)?;
    let live = Arc::<Live>::default();
    let readings = Arc::<Readings>::default();
    job.reading().into_iter().for_each(|reading| readings.take(reading));
    let grouping: Arc<dyn Grouping> = match arguments.group {
        Group::Series => Arc::<Series>::default(),
        Group::File => Arc::new(Files),
        Group::Folder => Arc::new(Folders),
    };
    let (attach_log, attach_place, group) = (Arc::clone(log), place.clone(), arguments.group);
    let attach = move |job: PipelineJob| -> Arc<dyn Job> {
        job.attach(&attach_log, &attach_place);
        if group == Group::Series { Arc::new(Volumes { job }) } else { Arc::new(job) }
    };
    let seen = Arc::clone(&readings);
    let parts = Parts {
        place: place.clone(),
        ledger: ledger.clone(),
        config,
        job: attach(job),
        grouping,
        events: if arguments.poll.is_some() { Box::new(Silent) } else { Box::new(Native::default()) },
        clock: Arc::new(SystemClock::default()),
        observer: Arc::clone(log) as Arc<dyn Observer>,
        live: Arc::clone(&live),
        controls,
        reload: Box::new(move || match maker.make() {
            Ok(job) => {
                job.reading().into_iter().for_each(|reading| seen.take(reading));
                Ok(attach(job))
            }
            Err(refused) => {
                let why = refused.lines.join("; ");
                seen.refuse(&why);
                Err(why)
            }
        }),
    };
    let watcher = Watcher::open(parts)?;
    if let Some(address) = arguments.listen {
        let view = web::View {
            title: arguments.pipeline.as_ref().map(|file| file.display().to_string()).unwrap_or_default(),
            ledger: ledger.clone(),
            output: place.output.clone(),
            live,
            scene: readings,
        };
        log.listening(web::serve(address, view).with_context(|| format!("{address} cannot be listened to"))?);
    }
    log.watching(&place, &ledger);
    // What is left, then, is still at work.
    let summary = watcher.run().unwrap_or_else(|error| {
        log.error(&error.to_string());
        Exit::Stopped.at_once()
    });
    log.stopped(&summary);
    if summary.left > 0 {
        Exit::Stopped.at_once();
    }
    let is_all = summary.failed == 0 && summary.n_unseen == 0;
    Ok(if arguments.once && !is_all { Exit::SomeFailed } else { Exit::Done })
}

/// SIGTERM and SIGINT stop, a second one at once; SIGHUP reads the pipeline file again.
fn listen_to_signals(control: Sender<Control>) -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("signals cannot be listened to")?;
    let listen = move || {
        let mut stops = 0;
        for signal in &mut signals {
            if signal == SIGHUP {
                let _ = control.send(Control::Reload);
                continue;
            }
            stops += 1;
            let _ = control.send(Control::Stop);
            if stops > 1 {
                // The watcher writes down what it leaves; if even that takes long, it is left to the next start.
                std::thread::sleep(Duration::from_millis(500));
                signal_hook::low_level::exit(Exit::Interrupted as i32);
            }
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(listen).context("signals cannot be listened to")?;
    Ok(())
}
