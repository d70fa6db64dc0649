//! `--device`: which device the nodes run on that take any.

use crate::talk::Talk;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use voxloom_core::load::Libtorch;
use voxloom_core::run::Device;
use voxloom_cuda::{Cuda, Places};

/// What `--device` can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The first GPU where there is one.
    Auto,
    Cpu,
    Cuda(u32),
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => match text.strip_prefix("cuda:").and_then(|number| number.parse().ok()) {
                Some(index) => Ok(Self::Cuda(index)),
                None => Err("expected `auto`, `cpu`, `cuda` or `cuda:N`".into()),
            },
        }
    }
}

/// The device, or `None` for CPU lanes.
///
/// # Errors
/// One sentence that says why the device that was asked for cannot be used.
pub fn choose(wanted: Wanted, talk: &Talk) -> Result<Option<Arc<dyn Device>>, String> {
    match wanted {
        Wanted::Cpu => Ok(None),
        Wanted::Auto => Ok(automatic(talk)),
        Wanted::Cuda(index) => open(index).map(Some),
    }
}

/// The first GPU, where there is a driver and everything else that it needs.
fn automatic(talk: &Talk) -> Option<Arc<dyn Device>> {
    // Rationale: libtorch's CUDA library is large; a machine without a driver should not load it to learn that.
    let has_driver = ["/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/dxg"].iter().any(|file| Path::new(file).exists());
    if !has_driver {
        return None;
    }
    match open(0) {
        Ok(device) => Some(device),
        Err(why) => {
            talk.warn(&format!("the GPU is not used: {why}"));
            None
        }
    }
}

fn open(index: u32) -> Result<Arc<dyn Device>, String> {
    let libtorch = Libtorch::find()?;
    let device = Cuda::open(&Places::of_libtorch(&libtorch.folder.join("lib")), index).map_err(|absent| absent.to_string())?;
    Ok(Arc::new(device))
}

#[cfg(test)]
mod tests {
    use super::Wanted;

    #[test]
    fn devices_have_their_names() {
        assert_eq!(
            ["auto", "cpu", "cuda", "cuda:3"].map(str::parse),
            [Ok(Wanted::Auto), Ok(Wanted::Cpu), Ok(Wanted::Cuda(0)), Ok(Wanted::Cuda(3))]
        );
        assert!(["gpu", "cuda:", "cuda:x", ""].iter().all(|name| name.parse::<Wanted>().is_err()));
    }
}
