//! Short runs of the readers' fuzzer; `examples/fuzz_readers` is the long one.

#[path = "../../examples/fuzz_readers/mutate.rs"]
mod mutate;
#[path = "../../examples/fuzz_readers/pictures.rs"]
mod pictures;

use voxloom_testkit::random::Random;

#[test]
fn damaged_files_never_panic_and_never_read_half() {
    let corpus = mutate::corpus(&super::data("nifti_odd"));
    let mut read = 0;
    for seed in 0..3000 {
        let mut rng = Random(seed);
        let bytes = mutate::mutate(&corpus, &mut rng);
        read += u32::from(mutate::read(&bytes, &mut rng));
    }
    // Both outcomes must occur, or the fuzzer tests nothing.
    assert!((100..2900).contains(&read), "{read} of 3000 read");
}

#[test]
fn damaged_pictures_never_panic_and_never_read_half() {
    let corpus = pictures::corpus();
    let mut read = 0;
    for seed in 0..10_000 {
        let mut rng = Random(seed);
        let bytes = pictures::mutate(&corpus, &mut rng);
        read += u32::from(pictures::read(&bytes, &mut rng));
    }
    assert!((1000..9000).contains(&read), "{read} of 10000 read");
}
