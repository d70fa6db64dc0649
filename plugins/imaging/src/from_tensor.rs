//! `imaging.from_tensor`: what a network gives, as a volume.

use voxloom_sdk::prelude::*;

/// Puts a tensor on the grid of a volume; nothing is resized.
///
/// # Shapes
/// - in:  `[C, D, H, W]`, `[C, H, W]` or `[H, W]` where `like` has one slice, `[D, H, W]`; a leading batch of 1 is dropped
/// - out: `[C, D, H, W]`, or `[D, H, W]` of one channel, with the header of `like`
#[derive(Debug, Params)]
pub struct FromTensor {}

impl Operator for FromTensor {
    const NAME: &'static str = "imaging.from_tensor";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::tensor("tensor").shape("[…, H, W]").about("of one item; any element type"))
            .input(Port::volume("like").about("the volume whose grid, name and header the result has"))
            .output(Port::volume("volume").shape("[…, D, H, W]").about("the tensor's values on the grid of `like`"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let (tensor, like): (Tensor, Volume) = (call.input("tensor")?, call.input("like")?);
        let data = on_grid(&tensor.detach(), like.size_zyx()?).map_err(Error::item)?;
        call.output("volume", like.with_data(data))
    }
}

/// A view of the tensor as `[D, H, W]` or `[C, D, H, W]`.
///
/// # Errors
/// Sizes that are not this grid's, or a batch of several.
pub fn on_grid(tensor: &Tensor, [d, h, w]: [i64; 3]) -> Result<Tensor, String> {
    let size = tensor.size();
    let n_channels = match size[..] {
        [y, x] if d == 1 && [y, x] == [h, w] => 1,
        [c, y, x] if d == 1 && [y, x] == [h, w] => c,
        [z, y, x] if [z, y, x] == [d, h, w] => 1,
        [c, z, y, x] if [z, y, x] == [d, h, w] => c,
        [1, c, y, x] if d == 1 && [y, x] == [h, w] => c,
        [1, c, z, y, x] if [z, y, x] == [d, h, w] => c,
        [n, ..] if n > 1 && (size.len() == 5 || (size.len() == 4 && d == 1)) && size[size.len() - 2..] == [h, w] => {
            return Err(format!("`tensor` is {size:?}, a batch of {n}; give it item by item"));
        }
        _ => {
            return Err(format!("`tensor` is {size:?}, which does not fit the grid of `like`, {:?} voxels (z, y, x)", [d, h, w]));
        }
    };
    let view = tensor.f_reshape([n_channels, d, h, w]).map_err(|error| error.to_string())?;
    Ok(if n_channels == 1 { view.squeeze_dim(0) } else { view })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(tensor: &[i64], grid: [i64; 3]) -> Result<Vec<i64>, String> {
        on_grid(&Tensor::zeros(tensor, (Kind::Float, Device::Cpu)), grid).map(|data| data.size())
    }

    #[test]
    fn every_way_to_write_one_item_is_understood() {
        let flat = [1, 4, 5];
        for tensor in [&[4, 5][..], &[1, 4, 5], &[1, 1, 4, 5], &[1, 1, 1, 4, 5]] {
            assert_eq!(sizes(tensor, flat).unwrap(), [1, 4, 5], "{tensor:?}");
        }
        for tensor in [&[2, 4, 5][..], &[2, 1, 4, 5], &[1, 2, 4, 5], &[1, 2, 1, 4, 5]] {
            assert_eq!(sizes(tensor, flat).unwrap(), [2, 1, 4, 5], "{tensor:?}");
        }
        let thick = [3, 4, 5];
        for tensor in [&[3, 4, 5][..], &[1, 3, 4, 5], &[1, 1, 3, 4, 5]] {
            assert_eq!(sizes(tensor, thick).unwrap(), [3, 4, 5], "{tensor:?}");
        }
        assert_eq!(sizes(&[2, 3, 4, 5], thick).unwrap(), [2, 3, 4, 5]);
    }

    #[test]
    fn other_sizes_are_refused() {
        assert_eq!(
            sizes(&[1, 2, 4, 4], [1, 4, 5]).unwrap_err(),
            "`tensor` is [1, 2, 4, 4], which does not fit the grid of `like`, [1, 4, 5] voxels (z, y, x)"
        );
        assert_eq!(
            sizes(&[2, 1, 3, 4, 5], [3, 4, 5]).unwrap_err(),
            "`tensor` is [2, 1, 3, 4, 5], a batch of 2; give it item by item"
        );
        assert_eq!(sizes(&[6, 2, 4, 5], [1, 4, 5]).unwrap_err(), "`tensor` is [6, 2, 4, 5], a batch of 6; give it item by item");
        assert!(sizes(&[4, 5], [3, 4, 5]).is_err());
    }

    #[test]
    fn values_keep_their_places() {
        let tensor = Tensor::arange(12, (Kind::Float, Device::Cpu)).view([1, 2, 2, 3]);
        let data = on_grid(&tensor, [1, 2, 3]).unwrap();
        assert_eq!(data.double_value(&[1, 0, 1, 2]), 11.0);
    }
}
