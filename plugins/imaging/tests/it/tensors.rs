//! From a volume to a tensor and back, as the engine calls it.

use crate::host::{Host, field, json, ports};
use crate::table;
use serde_json::json;
use tch::{Device, Kind, Tensor};
use voxloom_imaging::from_tensor::FromTensor;
use voxloom_imaging::place::PICTURE;
use voxloom_imaging::to_tensor::ToTensor;
use voxloom_sdk::{IntoValue, JsonMap, Value, Volume, tensor_of};

fn picture(data: Tensor) -> Value {
    let mut volume = Volume::new(data, PICTURE);
    volume.meta = JsonMap::from_iter([("name".to_owned(), json!("eye")), ("placed_by".to_owned(), json!("none"))]);
    volume.into_value()
}

#[test]
fn a_tensor_goes_back_onto_the_grid_it_came_from() {
    let volume = picture(Tensor::arange(12, (Kind::Uint8, Device::Cpu)).view([2, 1, 2, 3]));
    let host = Host::new(table!(op ToTensor), &json!({ "dims": 2, "scale": 2 })).unwrap();
    let tensor = host.run(&ports([("volume", volume.clone())])).unwrap().remove("tensor").unwrap();
    assert_eq!(tensor_of(&tensor).unwrap().size(), [2, 2, 3]);
    let host = Host::new(table!(op FromTensor), &json!({})).unwrap();
    let back = host.run(&ports([("tensor", tensor), ("like", volume)])).unwrap().remove("volume").unwrap();
    let data: Tensor = tensor_of(&field(&back, "data")).unwrap().shallow_clone();
    assert_eq!((data.size(), data.double_value(&[1, 0, 1, 2])), (vec![2, 1, 2, 3], 5.5));
    assert_eq!(json(&field(&back, "meta")), json!({ "name": "eye", "placed_by": "none" }));
}

#[test]
fn a_tensor_of_another_size_is_refused() {
    let host = Host::new(table!(op FromTensor), &json!({})).unwrap();
    let tensor = Tensor::zeros([1, 3, 3], (Kind::Float, Device::Cpu));
    let like = picture(Tensor::zeros([1, 2, 3], (Kind::Uint8, Device::Cpu)));
    let fault = host.run(&ports([("tensor", tensor.into_value()), ("like", like)])).unwrap_err();
    assert_eq!(fault, "`tensor` is [1, 3, 3], which does not fit the grid of `like`, [1, 2, 3] voxels (z, y, x)");
}
