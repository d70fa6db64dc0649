//! Writing safetensors: the same tensors and metadata give the same bytes, and a reader never sees half a file.

use crate::safetensors::FORMAT;
use crate::tensors::{byte_len, check_unique};
use crate::{Fault, Result, Tensor};
use std::collections::BTreeMap;
use std::fs::{File, Permissions};
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes `tensors` to `path` in one step: to a new file beside it, flushed to disk, then renamed over it.
///
/// Large elements come first (so that all stay aligned), then names in order: the order of `tensors` does not show.
/// Where `metadata` has no `format`, it becomes `voxloom`. An earlier file of that name stays whole until the new one is.
///
/// # Errors
/// Two tensors have one name, a tensor's bytes do not fit its shape, or the disk refuses.
pub fn write_safetensors(path: &Path, tensors: &[Tensor], metadata: &BTreeMap<String, String>) -> Result<()> {
    write(path, tensors, metadata).map_err(|fault| fault.at(path))
}

/// The bytes that [`write_safetensors`] writes.
///
/// # Errors
/// Two tensors have one name, or a tensor's bytes do not fit its shape.
pub fn to_safetensors(tensors: &[Tensor], metadata: &BTreeMap<String, String>) -> std::result::Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    write_to(&mut bytes, tensors, metadata)?;
    Ok(bytes)
}

fn write(path: &Path, tensors: &[Tensor], metadata: &BTreeMap<String, String>) -> std::result::Result<(), Fault> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".voxloom-").suffix(".tmp");
    // Rationale: temporary files are private by default, checkpoints are as public as the user's umask lets them be.
    #[cfg(unix)]
    builder.permissions(<Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    let mut buffered = BufWriter::with_capacity(1 << 20, &mut file);
    write_to(&mut buffered, tensors, metadata)?;
    buffered.flush()?;
    drop(buffered);
    file.as_file().sync_all()?;
    // Closed before it is moved: SMB moves no file that is open.
    file.into_temp_path().persist(path).map_err(|e| e.error)?;
    // The rename itself is on disk only when the folder is.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn write_to(out: &mut impl Write, tensors: &[Tensor], metadata: &BTreeMap<String, String>) -> std::result::Result<(), Fault> {
    check_unique(tensors)?;
    let mut order: Vec<&Tensor> = tensors.iter().collect();
    order.sort_by(|a, b| b.dtype.size().cmp(&a.dtype.size()).then_with(|| a.name.cmp(&b.name)));
    let header = header(&order, metadata)?;
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    for tensor in order {
        out.write_all(&tensor.bytes)?;
    }
    Ok(())
}

/// The JSON header, padded with spaces so that the data begin at a multiple of 8.
///
/// Rationale: written here and not by the crate `safetensors`, whose metadata is a hash map: its order changes from run to run.
fn header(tensors: &[&Tensor], metadata: &BTreeMap<String, String>) -> std::result::Result<String, Fault> {
    let quote = |text: &str| serde_json::Value::from(text).to_string();
    let mut metadata = metadata.clone();
    metadata.entry("format".to_owned()).or_insert_with(|| FORMAT.to_owned());
    let pairs: Vec<String> = metadata.iter().map(|(key, value)| format!("{}:{}", quote(key), quote(value))).collect();
    let mut header = format!("{{\"__metadata__\":{{{}}}", pairs.join(","));
    let mut start = 0usize;
    for tensor in tensors {
        let len = tensor.bytes.len();
        if byte_len(&tensor.shape, tensor.dtype) != Some(len) || tensor.name == "__metadata__" {
            return Err(Fault::damaged(format!("tensor {tensor:?} cannot be written with {len} bytes")));
        }
        let (end, name, dtype) = (start + len, quote(&tensor.name), tensor.dtype);
        header += &format!(",{name}:{{\"dtype\":\"{dtype}\",\"shape\":{:?},\"data_offsets\":[{start},{end}]}}", tensor.shape);
        start = end;
    }
    header.push('}');
    while header.len() % 8 != 0 {
        header.push(' ');
    }
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dtype, read};

    fn sample() -> Vec<Tensor> {
        vec![
            Tensor::new("b", Dtype::U8, vec![3], vec![1, 2, 3]),
            Tensor::new("a", Dtype::F32, vec![2, 1], vec![0; 8]),
            Tensor::new("scalar \"é\"", Dtype::I64, vec![], vec![7; 8]),
            Tensor::new("none", Dtype::F64, vec![0, 4], vec![]),
        ]
    }

    #[test]
    fn what_was_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        let metadata = BTreeMap::from([("epoch".to_owned(), "3\n".to_owned()), ("a".to_owned(), "b".to_owned())]);
        write_safetensors(&path, &sample(), &metadata).unwrap();
        let found = read(&path).unwrap();
        for tensor in sample() {
            assert_eq!(found.get(&tensor.name), Some(&tensor));
        }
        assert_eq!(found.metadata["epoch"], "3\n");
        assert_eq!(found.metadata["format"], "voxloom");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn the_order_given_does_not_show_in_the_bytes() {
        let metadata: BTreeMap<_, _> = (0..20).map(|i| (format!("key{i}"), i.to_string())).collect();
        let mut turned = sample();
        turned.reverse();
        assert_eq!(to_safetensors(&sample(), &metadata).unwrap(), to_safetensors(&turned, &metadata).unwrap());
    }

    #[test]
    fn refuses_bytes_that_do_not_fit_and_names_twice() {
        let short = [Tensor::new("a", Dtype::F32, vec![2], vec![0; 7])];
        assert_eq!(
            to_safetensors(&short, &BTreeMap::new()).unwrap_err().to_string(),
            "damaged file: tensor a F32[2] cannot be written with 7 bytes"
        );
        let twice = [sample()[0].clone(), sample()[0].clone()];
        assert_eq!(to_safetensors(&twice, &BTreeMap::new()).unwrap_err().to_string(), "damaged file: two tensors are named `b`");
    }

    #[test]
    fn a_failed_write_leaves_the_earlier_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        write_safetensors(&path, &sample(), &BTreeMap::new()).unwrap();
        let before = std::fs::read(&path).unwrap();
        let short = [Tensor::new("a", Dtype::F32, vec![2], vec![0; 7])];
        write_safetensors(&path, &short, &BTreeMap::new()).unwrap_err();
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn names_that_begin_with_module_survive_our_own_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.safetensors");
        let tensor = Tensor::new("module.a", Dtype::U8, vec![1], vec![1]);
        write_safetensors(&path, std::slice::from_ref(&tensor), &BTreeMap::new()).unwrap();
        assert_eq!(read(&path).unwrap().tensors[0], tensor);
        let foreign = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
        write_safetensors(&path, &[tensor], &foreign).unwrap();
        assert_eq!(read(&path).unwrap().tensors[0].name, "a");
    }
}
