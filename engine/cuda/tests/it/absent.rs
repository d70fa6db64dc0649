//! What is missing is named.

use super::standin::StandIn;
use std::path::PathBuf;
use voxloom_cuda::{Absent, Cuda, Places};

fn absent(places: &Places, index: u32) -> Absent {
    match Cuda::open(places, index) {
        Ok(_) => panic!("there is no such device"),
        Err(absent) => absent,
    }
}

#[test]
fn a_missing_library_is_named() {
    let places = Places { torch_cuda: "/nowhere/libtorch_cuda.so".into(), cudart: Vec::new() };
    let text = absent(&places, 0).to_string();
    assert!(text.starts_with("/nowhere/libtorch_cuda.so cannot be loaded: "), "{text}");
}

#[test]
fn a_library_of_another_version_is_named_with_the_symbol() {
    let standin = StandIn::new(1);
    // A library that is none of both.
    let places = Places { torch_cuda: PathBuf::from("libm.so.6"), ..standin.places.clone() };
    let text = absent(&places, 0).to_string();
    assert!(text.starts_with("libm.so.6 has no symbol `torch_get_cuda_stream_from_pool`"), "{text}");
    let places = Places { cudart: vec!["/nowhere/libcudart.so".into(), "libm.so.6".into()], ..standin.places.clone() };
    let text = absent(&places, 0).to_string();
    assert!(text.starts_with("libm.so.6 has no symbol `cudaGetDeviceCount`"), "{text}");
}

#[test]
fn a_machine_without_a_device_is_told_what_cuda_said() {
    let standin = StandIn::new(-1);
    let text = absent(&standin.places, 0).to_string();
    assert_eq!(text, "CUDA finds no device: cudaGetDeviceCount: no CUDA-capable device is detected (100)");
    drop(standin);
    let standin = StandIn::new(2);
    assert_eq!(absent(&standin.places, 2).to_string(), "there is no device 2: CUDA counts 2");
}
