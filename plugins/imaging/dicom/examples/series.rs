//! Lists the series below a folder, reads each, and says what came of it; with a second folder, writes bright voxels as SEG there.

use std::collections::BTreeMap;
use std::path::Path;
use voxloom_dicom::seg::{Request, encode};
use voxloom_dicom::{Volume, find};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: series FOLDER [FOLDER FOR SEG]")?;
    let target = arguments.next();
    let found = find(Path::new(&folder), true)?;
    for line in &found.passed_over {
        println!("passed over: {line}");
    }
    for series in &found.series {
        let volume = match Volume::read(series) {
            Ok(volume) => volume,
            Err(fault) => {
                println!("{}: refused: {fault}", series.uid);
                continue;
            }
        };
        let values = volume.values.to_f64();
        let (least, most) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
        println!("{}: {:?} {} {:?}, {least} to {most}", series.uid, volume.shape_ijk, volume.modality, volume.values.kind());
        println!("  affine {:?}", volume.affine);
        volume.warnings.iter().for_each(|warning| println!("  {warning}"));
        if let Some(target) = &target {
            let bright = least + 0.7 * (most - least);
            let labels: Vec<u16> = values.iter().map(|value| u16::from(*value > bright)).collect();
            let names = BTreeMap::from([(1, "bright".to_owned())]);
            let (shape_ijk, affine) = (volume.shape_ijk, &volume.affine);
            let request =
                Request { labels: &labels, shape_ijk, affine, names: &names, source: series, description: "bright voxels" };
            match encode(&request) {
                Ok(bytes) => std::fs::write(Path::new(target).join(format!("{}.seg.dcm", series.uid)), bytes)?,
                Err(fault) => println!("  no SEG: {fault}"),
            }
        }
    }
    Ok(())
}
