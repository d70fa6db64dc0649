//! Checkpoints in the authors' layout: student, teacher and queue are found in them by name.

use crate::support::{fill, values};
use rand::SeedableRng;
use std::io::Write;
use std::path::{Path, PathBuf};
use tch::{Device, Kind, Tensor};
use voxloom_parts::Builder;
use voxloom_pcrl::network::{Config, Loaded, Network, Part, load};
use zip::write::SimpleFileOptions;

/// What a checkpoint's pickle is made of here.
pub enum Item {
    Map(Vec<(String, Item)>),
    Tensor(Tensor),
    Whole(i32),
    /// The options of the authors' program.
    Namespace,
}

/// Writes `item` as `torch.save` does: a zip file of a pickle and the tensors' bytes.
pub fn save(path: &Path, item: &Item) {
    let (mut pickle, mut storages) = (vec![0x80, 2], Vec::new());
    put(item, &mut pickle, &mut storages);
    pickle.push(b'.');
    let mut file = zip::ZipWriter::new(std::fs::File::create(path).expect("a file for the test"));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let entries = storages.into_iter().enumerate().map(|(key, bytes)| (format!("archive/data/{key}"), bytes));
    for (name, bytes) in std::iter::once(("archive/data.pkl".to_owned(), pickle)).chain(entries) {
        file.start_file(name, stored).expect("an entry");
        file.write_all(&bytes).expect("its bytes");
    }
    file.finish().expect("the end of the file");
}

fn put(item: &Item, out: &mut Vec<u8>, storages: &mut Vec<Vec<u8>>) {
    match item {
        Item::Map(pairs) => {
            out.extend(b"}(");
            for (name, item) in pairs {
                text(name, out);
                put(item, out, storages);
            }
            out.push(b'u');
        }
        Item::Whole(number) => whole(*number, out),
        Item::Namespace => out.extend(b"cargparse\nNamespace\n)\x81}b"),
        Item::Tensor(tensor) => {
            let (class, bytes): (&[u8], Vec<u8>) = match tensor.kind() {
                Kind::Int64 => {
                    (b"ctorch\nLongStorage\n", values(tensor).iter().flat_map(|v| (*v as i64).to_le_bytes()).collect())
                }
                _ => (b"ctorch\nFloatStorage\n", values(tensor).iter().flat_map(|v| (*v as f32).to_le_bytes()).collect()),
            };
            out.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
            text("storage", out);
            out.extend(class);
            text(&storages.len().to_string(), out);
            text("cpu", out);
            whole(tensor.numel() as i32, out);
            out.extend(b"tQ");
            whole(0, out);
            for sizes in [tensor.size(), tensor.contiguous().stride()] {
                out.push(b'(');
                sizes.iter().for_each(|size| whole(*size as i32, out));
                out.push(b't');
            }
            out.extend(b"\x89ccollections\nOrderedDict\n)RtR");
            storages.push(bytes);
        }
    }
}

fn text(text: &str, out: &mut Vec<u8>) {
    out.push(b'X');
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.as_bytes());
}

fn whole(number: i32, out: &mut Vec<u8>) {
    out.push(b'J');
    out.extend(number.to_le_bytes());
}

fn config(dims: usize) -> Config {
    Config { dims, width: 0.0625, ..Config::default() }
}

fn filled(dims: usize, prefix: &str) -> Network {
    let build = Builder::given(|key, shape| fill(prefix, key, shape));
    Network::new(config(dims), &build).expect("2 or 3 axes")
}

fn random(config: Config) -> Network {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    let build = Builder::random(Device::Cpu, &mut rng);
    Network::new(config, &build).expect("2 or 3 axes")
}

/// The entries of a network whose names begin with `prefix`, without it, and with `before` in front.
fn part(network: &Network, prefix: &str, before: &str) -> Item {
    let inside = network.entries().iter().filter_map(|named| {
        let name = named.name.strip_prefix(prefix)?;
        Some((format!("{before}{name}"), Item::Tensor(named.tensor.detach())))
    });
    Item::Map(inside.collect())
}

/// What the authors write every 60 epochs.
fn checkpoint(dims: usize, student: &Network, teacher: Option<&Network>) -> Vec<(String, Item)> {
    let memory = Tensor::ones([16, 128], (Kind::Float, Device::Cpu)) * 0.5;
    let contrast =
        vec![("params".to_owned(), Item::Tensor(Tensor::from_slice(&[1341i64]))), ("memory".to_owned(), Item::Tensor(memory))];
    let mut pairs = vec![("opt", Item::Namespace), ("epoch", Item::Whole(60)), ("contrast", Item::Map(contrast))];
    if dims == 2 {
        let Item::Map(mut encoder) = part(student, "model.encoder.", "") else { unreachable!("a map") };
        // A placeholder of torchvision's classifier.
        encoder.push(("fc.weight".to_owned(), Item::Tensor(Tensor::zeros([2], (Kind::Float, Device::Cpu)))));
        pairs.push(("state_dict", Item::Map(encoder)));
        pairs.push(("decoder_state_dict", part(student, "model.decoder.", "")));
    } else {
        pairs.push(("state_dict", part(student, "", "")));
    }
    if let Some(teacher) = teacher {
        pairs.push(("model_ema", part(teacher, "", "module.")));
    }
    pairs.into_iter().map(|(name, item)| (name.to_owned(), item)).collect()
}

fn written(folder: &Path, dims: usize, teacher: Option<&Network>) -> PathBuf {
    let path = folder.join(format!("pcrl_{dims}d.pt"));
    save(&path, &Item::Map(checkpoint(dims, &filled(dims, ""), teacher)));
    path
}

/// Names whose values differ.
fn differing(found: &Network, expected: &Network) -> Vec<String> {
    let pairs = found.entries().iter().zip(expected.entries().iter());
    pairs.filter(|(a, b)| !a.tensor.equal(&b.tensor)).map(|(a, _)| a.name.clone()).collect()
}

#[test]
fn a_2d_student_is_put_together_from_its_parts() {
    let folder = tempfile::tempdir().expect("a folder");
    let (student, teacher) = (filled(2, ""), filled(2, "ema."));
    let path = written(folder.path(), 2, Some(&teacher));
    let found = random(config(2));
    let loaded = load(&found, &path, Part::Student).expect("it fits");
    assert_eq!(loaded, Loaded { missing: Vec::new(), unexpected: vec!["fc.weight".into()] });
    assert_eq!(loaded.report().as_deref(), Some("1 unexpected: fc.weight"));
    // Heads, gate and output layer are saved with the teacher alone.
    let own: Vec<String> = differing(&found, &student);
    assert!(own.iter().all(|name| !name.starts_with("model.encoder") && !name.starts_with("model.decoder")), "{own:?}");
    assert!(
        differing(&found, &teacher).iter().all(|name| name.starts_with("model.encoder") || name.starts_with("model.decoder"))
    );

    let path = written(folder.path(), 2, None);
    let loaded = load(&random(config(2)), &path, Part::Student).expect("the encoder is there");
    let names = ["model.segmentation_head.0.weight", "model.segmentation_head.0.bias", "fc1.weight", "fc1.bias"];
    assert_eq!((loaded.missing.len(), &loaded.missing[..4]), (10, &names.map(str::to_owned)[..]));
}

#[test]
fn a_3d_student_and_a_teacher_are_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let (student, teacher) = (filled(3, ""), filled(3, "ema."));
    let path = written(folder.path(), 3, Some(&teacher));
    for (part, expected) in [(Part::Student, &student), (Part::Teacher, &teacher)] {
        let found = random(config(3));
        assert_eq!(load(&found, &path, part).expect("it fits").report(), None);
        assert_eq!(differing(&found, expected), [""; 0]);
    }
}

#[test]
fn another_size_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = written(folder.path(), 2, None);
    let wide = Config { width: 0.25, ..config(2) };
    let found = random(wide);
    let text = load(&found, &path, Part::Student).expect_err("another width").to_string();
    assert!(text.contains("`model.encoder.conv1.weight` is [4, 3, 7, 7], expected [16, 3, 7, 7]"), "{text}");
    assert_eq!(differing(&found, &random(wide)), [""; 0]);
    let text = load(&random(config(3)), &path, Part::Student).expect_err("another network").to_string();
    assert!(text.contains("`down_tr64.ops.0.conv1.weight` is missing"), "{text}");
}
