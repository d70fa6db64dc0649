//! Seeds that depend on what is run, never on where or when.
//!
//! seed = splitmix64(FNV-1a(run seed, little-endian; name, UTF-8; each item index, little-endian)). The name is
//! `graph/node` for a call and the module's name for `create`. Part of the product's promise of equal bits: a change here
//! changes every result.

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

/// The part of a seed that all items of a node share.
#[derive(Clone, Copy)]
pub(crate) struct Seed(u64);

impl Seed {
    pub fn new(run: u64, name: &str) -> Self {
        let state = absorb(OFFSET, &run.to_le_bytes());
        Self(absorb(state, name.as_bytes()))
    }

    #[inline]
    pub fn of(self, item: &[u64]) -> u64 {
        finish(item.iter().fold(self.0, |state, index| absorb(state, &index.to_le_bytes())))
    }
}

#[inline]
fn absorb(state: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(state, |state, byte| (state ^ u64::from(*byte)).wrapping_mul(PRIME))
}

/// The finaliser of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit.
#[inline]
fn finish(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::Seed;

    #[test]
    fn seeds_never_change() {
        // Written down once: a different number here means that every published result changes.
        assert_eq!(Seed::new(0, "").of(&[]), expected(&[0; 8]));
        assert_eq!(Seed::new(7, "train/noise").of(&[3, 1]), {
            let mut bytes = vec![7, 0, 0, 0, 0, 0, 0, 0];
            bytes.extend(b"train/noise");
            bytes.extend([3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
            expected(&bytes)
        });
    }

    #[test]
    fn neighbours_differ() {
        let seed = Seed::new(1, "g/n");
        assert_ne!(seed.of(&[0]), seed.of(&[1]));
        assert_ne!(seed.of(&[0]), seed.of(&[0, 0]));
        assert_ne!(seed.of(&[0]), Seed::new(1, "g/m").of(&[0]));
    }

    /// The definition, written another way.
    fn expected(bytes: &[u8]) -> u64 {
        let mut hash: u64 = 14_695_981_039_346_656_037;
        for byte in bytes {
            hash ^= u64::from(*byte);
            hash = hash.wrapping_mul(1_099_511_628_211);
        }
        hash = (hash ^ (hash >> 30)).wrapping_mul(13_787_848_793_156_543_929);
        hash = (hash ^ (hash >> 27)).wrapping_mul(10_723_151_780_598_845_931);
        hash ^ (hash >> 31)
    }
}
