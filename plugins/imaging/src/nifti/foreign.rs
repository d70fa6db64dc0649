//! Names other formats by their first bytes, so that the message can say how to convert them.

use super::Fault;

/// Names what the bytes are, where they are something known.
pub fn not_nifti(bytes: &[u8]) -> Fault {
    let foreign = |what: &str, remedy| Fault::Foreign { what: what.into(), remedy };
    let convert = "convert it to NIfTI (mri_convert, c3d or nibabel) and give that";
    if bytes.get(128..132) == Some(b"DICM") {
        return foreign("is a DICOM file, not NIfTI", "convert the series to NIfTI (dcm2niix) and give that");
    }
    if bytes.starts_with(b"\x89PNG") {
        return foreign("is a PNG picture, not NIfTI", "end its name in .png");
    }
    let known: [(&[u8], &str); 7] = [
        (b"\x00\x00\x00\x01", "is a FreeSurfer MGH image, not NIfTI"),
        (b"NRRD", "is an NRRD image, not NIfTI"),
        (b"ObjectType", "is a MetaImage, not NIfTI"),
        (b"NDims", "is a MetaImage, not NIfTI"),
        (b"\x89HDF", "is an HDF5 file (MINC-2?), not NIfTI"),
        (b"CDF", "is a NetCDF file (MINC-1?), not NIfTI"),
        (b"PK\x03\x04", "is a zip archive, not NIfTI"),
    ];
    if let Some((_, what)) = known.iter().find(|(start, _)| bytes.starts_with(start)) {
        return foreign(what, convert);
    }
    match bytes.first_chunk() {
        Some(first) => Fault::Foreign {
            what: format!("is not NIfTI: it begins with {}, expected the header size 348 or 540", i32::from_le_bytes(*first)),
            remedy: convert,
        },
        None => {
            Fault::Foreign { what: format!("is not NIfTI: it holds {} bytes", bytes.len()), remedy: "copy or download it again" }
        }
    }
}
