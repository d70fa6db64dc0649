//! A file with a volume, for operators that read what a case names.

/// A NIfTI-1 file of 6 by 5 by 4 voxels of one millimetre, uint8, each with a value of 0 to 2.
pub fn tiny() -> Vec<u8> {
    let (size, start) = ([6u16, 5, 4], 352);
    let count = size.iter().map(|&n| usize::from(n)).product::<usize>();
    let mut bytes = vec![0; start + count];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, &348i32.to_le_bytes());
    put(40, &3i16.to_le_bytes());
    for axis in 0..7 {
        put(42 + 2 * axis, &size.get(axis).copied().unwrap_or(1).to_le_bytes());
        put(80 + 4 * axis, &1f32.to_le_bytes());
    }
    put(70, &2i16.to_le_bytes()); // uint8
    put(72, &8i16.to_le_bytes());
    put(76, &1f32.to_le_bytes());
    put(108, &(start as f32).to_le_bytes());
    put(112, &1f32.to_le_bytes());
    put(123, &[2]); // millimetres
    put(254, &1i16.to_le_bytes());
    for axis in 0..3 {
        put(280 + 16 * axis + 4 * axis, &1f32.to_le_bytes());
    }
    put(344, b"n+1\0");
    for (index, voxel) in bytes[start..].iter_mut().enumerate() {
        *voxel = (index % 7 % 3) as u8;
    }
    bytes
}
