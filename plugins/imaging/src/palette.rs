//! One colour a label, the same in previews and in files.

/// Twelve colours that differ for most colour-blind eyes too (Paul Tol's bright and vibrant sets).
const COLOURS: [[u8; 3]; 12] = [
    [238, 102, 119],
    [102, 204, 238],
    [204, 187, 68],
    [34, 136, 51],
    [170, 51, 119],
    [238, 119, 51],
    [0, 119, 187],
    [0, 153, 136],
    [238, 51, 119],
    [68, 119, 170],
    [204, 51, 17],
    [187, 187, 187],
];

/// The colour of a label: red, green, blue. Labels 1 to 12 differ; then the colours repeat.
pub fn colour(label: i64) -> [u8; 3] {
    COLOURS[(label - 1).rem_euclid(COLOURS.len() as i64) as usize]
}
