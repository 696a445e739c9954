//! A small generator of random numbers with a seed, so that a failing square can be made again.

/// SplitMix64 (Steele, Lea and Flood 2014).
pub struct Random(u64);

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Whether a thing of this probability happens.
    pub fn chance(&mut self, p: f64) -> bool {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64 <= p
    }

    /// One of these.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    /// Between -1.5 and 1.5, and not close to zero.
    pub fn real(&mut self) -> f64 {
        let x = 0.1 + 1.4 * ((self.next() >> 11) as f64 / (1u64 << 53) as f64);
        if self.chance(0.5) { x } else { -x }
    }

    /// Between 0.3 and 2.3.
    pub fn positive(&mut self) -> f64 {
        0.3 + 2.0 * ((self.next() >> 11) as f64 / (1u64 << 53) as f64)
    }
}
