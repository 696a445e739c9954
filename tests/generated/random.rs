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
        self.unit() <= p
    }

    /// One of these.
    pub fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Not close to zero, as a rule between -1.5 and 1.5, one in four between that and 4.
    pub fn real(&mut self) -> f64 {
        let x = if self.chance(0.25) { 1.5 + 2.5 * self.unit() } else { 0.1 + 1.4 * self.unit() };
        if self.chance(0.5) { x } else { -x }
    }

    /// As a rule between 0.3 and 2.3, one in four up to 6.
    pub fn positive(&mut self) -> f64 {
        if self.chance(0.25) { 2.3 + 3.7 * self.unit() } else { 0.3 + 2.0 * self.unit() }
    }

    /// Evenly between -1 and 1.
    pub fn symmetric(&mut self) -> f64 {
        2.0 * self.unit() - 1.0
    }
}
