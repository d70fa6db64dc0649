//! A short run of the reader's fuzzer; `examples/fuzz_readers` is the long one.

#[path = "../../examples/fuzz_readers/mutate.rs"]
mod mutate;

#[test]
fn damaged_files_never_panic_and_never_read_half() {
    let corpus = mutate::corpus(&super::data("nifti_odd"));
    let mut read = 0;
    for seed in 0..3000 {
        let mut rng = mutate::Rng(seed);
        let bytes = mutate::mutate(&corpus, &mut rng);
        read += u32::from(mutate::read(&bytes, &mut rng));
    }
    // Both outcomes must occur, or the fuzzer tests nothing.
    assert!((100..2900).contains(&read), "{read} of 3000 read");
}
