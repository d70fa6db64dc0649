//! Files that are passed over: those of inputs that were taken, as they were.

use super::intake::Intake;
use super::start::path_hash;
use crate::attempt::Bench;
use crate::content::look;
use crate::grouping::Belongs;
use crate::input::Input;
use crate::ledger::Known;

impl Intake {
    /// From now on these files, as they are, are passed over.
    pub fn taken(&mut self, input: &Input) {
        for member in &input.members {
            let path = path_hash(&member.path);
            self.memory.complete.remove(&path);
            self.memory.ended.insert(path, member.stamp.hash());
            // A look through everything that is under way may have passed them when they were not.
            for (_, seen) in self.far.iter_mut().filter_map(|look| look.whole.as_mut()) {
                seen.insert(path, member.stamp.hash());
            }
        }
    }

    /// An input that is done is worked on again, as it is: these are its files.
    pub fn again(&mut self, bench: &Bench, files: &[Known]) {
        for known in files {
            let path = path_hash(&known.path);
            self.memory.ended.remove(&path);
            self.memory.complete.insert(path, known.stamp);
            let Ok(stamp) = look(&bench.place.input.join(&known.path)) else { continue };
            let belongs = if known.item == known.path {
                Belongs::Alone
            } else {
                let name = known.item.to_string_lossy().into_owned();
                Belongs::To { quiet_with: name.clone(), name }
            };
            self.track(bench, known, stamp, belongs);
        }
    }

    /// These files are to be looked at again.
    pub fn untaken(&mut self, input: &Input) {
        for member in &input.members {
            self.memory.ended.remove(&path_hash(&member.path));
        }
    }
}
