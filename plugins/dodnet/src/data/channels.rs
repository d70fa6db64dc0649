//! What a label volume shows of one task.

use crate::tasks::Task;
use tch::{Kind, Tensor};

/// The task's channels of a label volume, 0 or 1; -1 throughout where the task's data do not label a channel.
///
/// Only the task's own labels are looked at: what else the file shows stays hidden.
///
/// # Shapes
/// - in:  any
/// - out: `[count, …]`, float32
pub fn channels(label: &Tensor, task: &Task, count: usize) -> Tensor {
    let of = |place: usize| match task.channels.get(place) {
        Some(Some(channel)) => belongs(label, &channel.labels).to_kind(Kind::Float),
        _ => label.full_like(-1.0).to_kind(Kind::Float),
    };
    Tensor::stack(&(0..count).map(of).collect::<Vec<_>>(), 0)
}

/// First and last index along each axis where the label volume shows anything of the task; `None` where nothing.
///
/// # Shapes
/// - in: `[D, H, W]`
pub fn extent(label: &Tensor, task: &Task) -> Option<[(i64, i64); 3]> {
    let shown: Vec<i64> = task.labelled().flat_map(|(_, channel)| channel.labels.iter().copied()).collect();
    let mask = belongs(label, &shown);
    let along = |axis: i64| -> Option<(i64, i64)> {
        let others: Vec<i64> = (0..3).filter(|&other| other != axis).collect();
        let seen = mask.sum_dim_intlist(others.as_slice(), false, Kind::Int64);
        let seen: Vec<i64> = Vec::try_from(seen).ok()?;
        let first = seen.iter().position(|&count| count > 0)?;
        let last = seen.iter().rposition(|&count| count > 0)?;
        Some((first as i64, last as i64))
    };
    Some([along(0)?, along(1)?, along(2)?])
}

fn belongs(label: &Tensor, values: &[i64]) -> Tensor {
    let nothing = label.not_equal_tensor(label);
    values.iter().fold(nothing, |mask, &value| mask.logical_or(&label.eq(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::TaskTable;

    #[test]
    fn other_labels_stay_hidden_and_do_not_count_for_the_extent() {
        let table = TaskTable::mots().expect("the shipped table");
        let label = Tensor::zeros([4, 5, 6], (Kind::Int, tch::Device::Cpu));
        let _ = label.get(1).get(2).get(3).fill_(1);
        let _ = label.get(3).get(4).get(0).fill_(2);
        let vessel_only = channels(&label, &table.tasks()[6], 2);
        assert_eq!(vessel_only.sum_dim_intlist([1i64, 2, 3].as_slice(), false, Kind::Double), Tensor::from_slice(&[1.0, -120.0]));
        assert_eq!(extent(&label, &table.tasks()[6]), Some([(1, 1), (2, 2), (3, 3)]));
        assert_eq!(extent(&label, &table.tasks()[0]), Some([(1, 3), (2, 4), (0, 3)]));
        assert_eq!(extent(&label.zeros_like(), &table.tasks()[0]), None);
    }
}
