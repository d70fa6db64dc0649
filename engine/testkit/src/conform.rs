//! All cases of one plugin, in a child process.

use crate::cases::{self, Subject};
use crate::host::scratch_folder;
use crate::report::Report;
use crate::supply::Supply;
use serde_json::json;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;
use voxloom_core::load::{Config, Fault, Plugins, Skipped, child};
use voxloom_core::operators::Operators;

/// The parent's part: starts `command` with `file` as its last word and returns what the child found.
///
/// The child prints what [`conform`] returns; `timeout` is for all cases together.
///
/// # Errors
/// Where the file is no plugin, or the child crashed or hung: then the message tells at which case.
pub fn check(command: &[OsString], file: &Path, timeout: Duration) -> Result<Report, String> {
    let at = |said: &str| if said.is_empty() { "before the first case".to_owned() } else { format!("at `{said}`") };
    let mut answer = child::ask(command, file, None, timeout).map_err(|fault| match fault {
        Fault::Crashed { how, said } => format!("{}: crashed {} ({how})", file.display(), at(&said)),
        Fault::Hung { after, .. } => format!("{}: did not finish within {} s", file.display(), after.as_secs_f64()),
        other => format!("{}: {other}", file.display()),
    })?;
    if let Some(fault) = answer["fault"].as_str() {
        return Err(fault.to_owned());
    }
    serde_json::from_value(answer["report"].take())
        .map_err(|error| format!("{}: the answer is not understood: {error}", file.display()))
}

/// The child's part: runs every case of the plugin in `file` and returns the line to print. It may crash or hang meanwhile.
///
/// `config` finds the other plugins, of which `synthetic` makes inputs; `begin` hears of each case before it runs, and should
/// write it to standard error, where the parent looks after a crash. The process works in a folder of its own from here on.
pub fn conform(file: &Path, config: &Config, begin: &mut dyn FnMut(&str)) -> String {
    let folder = scratch_folder();
    let answer = run(file, config, &folder, begin);
    // Left behind, it costs some room in the temporary folder, no more.
    let _ = std::fs::remove_dir_all(&folder);
    child::answer(&match answer {
        Ok(report) => json!({ "report": report }),
        Err(fault) => json!({ "fault": fault }),
    })
}

fn run(file: &Path, config: &Config, folder: &Path, begin: &mut dyn FnMut(&str)) -> Result<Report, String> {
    let plugins = Plugins::find(config);
    let path = file.canonicalize().map_err(|error| format!("{}: {error}", file.display()))?;
    let library = plugins.libraries().iter().find(|library| library.file == path).ok_or_else(|| {
        let skipped = plugins.skipped().iter().find(|skipped| skipped.file == path);
        skipped.map_or_else(|| format!("{}: was not looked at", file.display()), Skipped::to_string)
    })?;
    // An operator that writes where its defaults say must not litter the user's folder.
    std::fs::create_dir_all(folder)
        .and_then(|()| std::env::set_current_dir(folder))
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let supply = Supply::new(&plugins);
    let operators: Operators = plugins.operators().values().cloned().collect();
    let mut cases = Vec::new();
    for offered in &library.operators {
        let operator = library.operator(&offered.description.name).map_err(|fault| format!("{}: {fault}", file.display()))?;
        cases.extend(cases::all(&Subject { operator: &operator, supply: &supply, operators: &operators }, begin));
    }
    Ok(Report { plugin: library.manifest.name.clone(), version: library.manifest.version.clone(), cases })
}
