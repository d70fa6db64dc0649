//! Inputs that are complete: those that may start, and those that may later.

use crate::input::Input;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// First come, first served; one entry a name.
#[derive(Debug, Default)]
pub struct Queue {
    ready: BTreeMap<i64, Input>,
    places: HashMap<PathBuf, i64>,
    later: BTreeMap<(Duration, u64), Input>,
    later_names: HashSet<PathBuf>,
    running: HashMap<PathBuf, Input>,
    count: i64,
}

impl Queue {
    /// At the end; an input of the same name that waits is replaced where it stands.
    pub fn push(&mut self, input: Input) {
        self.count += 1;
        let place = self.places.get(&input.name).copied().unwrap_or(self.count);
        self.put(place, input);
    }

    /// At the front.
    pub fn push_front(&mut self, input: Input) {
        self.count += 1;
        self.put(-self.count, input);
    }

    fn put(&mut self, place: i64, input: Input) {
        if let Some(before) = self.places.insert(input.name.clone(), place) {
            self.ready.remove(&before);
        }
        self.ready.insert(place, input);
    }

    /// Not before `when`.
    pub fn push_later(&mut self, input: Input, when: Duration) {
        self.count += 1;
        self.later_names.insert(input.name.clone());
        self.later.insert((when, self.count as u64), input);
    }

    /// Moves to the queue what may start by now.
    pub fn wake(&mut self, now: Duration) {
        while let Some(entry) = self.later.first_entry()
            && entry.key().0 <= now
        {
            let input = entry.remove();
            self.later_names.remove(&input.name);
            // A newer content of the same name has come meanwhile.
            if !self.places.contains_key(&input.name) {
                self.push(input);
            }
        }
    }

    /// When [`Queue::wake`] has something to do next.
    pub fn next(&self) -> Option<Duration> {
        self.later.first_key_value().map(|((when, _), _)| *when)
    }

    /// The first whose name is not under way.
    pub fn first(&self) -> Option<&Input> {
        self.ready.get(&self.first_place()?)
    }

    /// Takes [`Queue::first`].
    pub fn start(&mut self) -> Option<Input> {
        let input = self.ready.remove(&self.first_place()?)?;
        self.places.remove(&input.name);
        self.running.insert(input.name.clone(), input.clone());
        Some(input)
    }

    fn first_place(&self) -> Option<i64> {
        self.ready.iter().find(|(_, input)| !self.running.contains_key(&input.name)).map(|(place, _)| *place)
    }

    pub fn ended(&mut self, name: &Path) {
        self.running.remove(name);
    }

    pub fn running(&self) -> impl Iterator<Item = &Input> {
        self.running.values()
    }

    pub fn n_running(&self) -> usize {
        self.running.len()
    }

    pub fn ready(&self) -> impl Iterator<Item = &Input> {
        self.ready.values()
    }

    pub fn n_ready(&self) -> usize {
        self.ready.len()
    }

    pub fn n_later(&self) -> usize {
        self.later.len()
    }

    /// Inputs in memory.
    pub fn len(&self) -> usize {
        self.ready.len() + self.later.len() + self.running.len()
    }

    /// True for one that must not start yet.
    pub fn is_later(&self, name: &Path) -> bool {
        self.later_names.contains(name)
    }

    /// True where a file is to be told of with an input that is not over.
    pub fn needs(&self, beside: &Path) -> bool {
        let mut inputs = self.ready.values().chain(self.later.values()).chain(self.running.values());
        inputs.any(|input| input.beside.iter().any(|member| member.path == beside))
    }

    pub fn has(&self, name: &Path) -> bool {
        self.places.contains_key(name) || self.later_names.contains(name) || self.running.contains_key(name)
    }
}

#[cfg(test)]
mod tests {
    use super::Queue;
    use crate::input::Input;
    use std::time::Duration;

    fn input(name: &str, seen: f64) -> Input {
        Input { name: name.into(), members: Vec::new(), beside: Vec::new(), is_group: false, complete: Duration::ZERO, seen }
    }

    #[test]
    fn first_come_first_served_and_one_entry_a_name() {
        let mut queue = Queue::default();
        queue.push(input("a", 1.0));
        queue.push(input("b", 1.0));
        queue.push(input("a", 2.0));
        queue.push_later(input("c", 1.0), Duration::from_secs(3));
        assert_eq!((queue.n_ready(), queue.len()), (2, 3));
        let first = queue.start().unwrap();
        assert_eq!((first.name.to_str(), first.seen), (Some("a"), 2.0));
        queue.push(input("a", 3.0));
        assert_eq!(queue.start().unwrap().name.to_str(), Some("b"), "`a` is under way");
        assert_eq!(queue.start(), None);
        queue.ended("a".as_ref());
        assert_eq!(queue.start().unwrap().seen, 3.0);
        queue.wake(Duration::from_secs(2));
        assert_eq!(queue.n_ready(), 0);
        queue.wake(Duration::from_secs(3));
        assert_eq!(queue.start().unwrap().name.to_str(), Some("c"));
    }
}
