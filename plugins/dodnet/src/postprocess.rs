//! Cleaning a task's labels by what is known of its organ: how many pieces it has, what lies within it.

use crate::tasks::{Channel, Task};
use voxloom_imaging::components::{Components, Connectivity};

/// The cleaned mask of every channel, in order; `None` where the task does not label one.
///
/// `labels` are the merged labels of this task alone: channel c is c + 1. A channel's mask also holds the channels that are
/// part of it (an organ its tumour). Components touch across faces and edges (18 neighbours).
///
/// # Shapes
/// - in and out: row-major `shape`
pub fn clean(labels: &[u8], shape: [usize; 3], task: &Task) -> Vec<Option<Vec<bool>>> {
    let mut cleaned: Vec<Option<Vec<bool>>> = vec![None; task.channels.len()];
    for (place, channel) in task.labelled() {
        let parts = task.parts_of(channel);
        let mut mask: Vec<bool> = labels.iter().map(|&label| parts.iter().any(|&part| usize::from(label) == part + 1)).collect();
        let within = task.labelled().find(|(_, other)| Some(&other.name) == channel.within.as_ref());
        if let Some(outer) = within.and_then(|(other, _)| cleaned[other].as_ref()) {
            mask.iter_mut().zip(outer).for_each(|(inside, outer)| *inside &= outer);
        }
        cleaned[place] = Some(by_component(mask, shape, channel));
    }
    cleaned
}

fn by_component(mask: Vec<bool>, shape: [usize; 3], channel: &Channel) -> Vec<bool> {
    if channel.keep.is_none() && channel.drop_up_to.is_none() {
        return mask;
    }
    let components = Components::find(&mask, shape, Connectivity::Edges);
    let sizes = components.sizes();
    // Of equal ones the one with the smallest linear index stays.
    let mut kept = channel.keep.map_or_else(|| vec![true; sizes.len()], |count| components.largest(count));
    if let Some(limit) = channel.drop_up_to.filter(|_| sizes.len() > 1) {
        kept.iter_mut().zip(sizes).for_each(|(kept, &size)| *kept &= size > limit);
    }
    components.mask(&kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::TaskTable;

    fn clean_row(task: usize, labels: &[u8]) -> Vec<Option<Vec<bool>>> {
        let table = TaskTable::mots().expect("the shipped table");
        clean(labels, [1, 1, labels.len()], &table.tasks()[task])
    }

    fn row(text: &str) -> Option<Vec<bool>> {
        Some(text.chars().map(|c| c == '#').collect())
    }

    #[test]
    fn a_liver_is_one_piece_and_its_tumours_lie_in_it() {
        let cleaned = clean_row(0, &[1, 1, 2, 1, 0, 2, 1, 0]);
        // The tumour is one component: it stays, however small.
        assert_eq!(cleaned, [row("####...."), row("..#.....")]);
    }

    #[test]
    fn kidneys_are_two() {
        assert_eq!(clean_row(1, &[1, 1, 0, 1, 0, 1, 2, 1])[0], row("##...###"));
    }

    #[test]
    fn small_pieces_go_only_where_there_are_several() {
        let long = [vec![2u8; 60], vec![0], vec![2; 50]].concat();
        let expected = [vec![true; 60], vec![false; 51]].concat();
        assert_eq!(clean_row(2, &long)[1], Some(expected));
        assert_eq!(clean_row(2, &[0, 2, 0])[1], row(".#."));
        assert_eq!(clean_row(2, &[2, 0, 2])[1], row("..."));
    }

    #[test]
    fn what_is_not_labelled_has_no_mask() {
        assert_eq!(clean_row(4, &[0, 2, 2, 0, 2]), [None, row(".##..")]);
        assert_eq!(clean_row(6, &[1, 0, 1, 1]), [row("..##"), None]);
    }
}
