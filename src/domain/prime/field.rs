//! Random numbers and arithmetic modulo a prime.

/// Seeded random numbers (splitmix64): small, fixed for ever, the same on every machine.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A stream for a seed and a purpose.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
        for b in purpose.bytes() {
            state = (state ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
        }
        let mut r = Random(state);
        r.next();
        r
    }

    /// The next 64 random bits.
    #[expect(clippy::should_implement_trait, reason = "an endless stream needs no Option")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 for `n = 0`.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// A number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The product of 8 and the small odd primes: what a prime is modulo this number says which small numbers are squares.
const MODULUS: u64 = 8 * 3 * 5 * 7 * 11 * 13;

/// Whether primes of this residue modulo [`MODULUS`] have 2, 3, 5, 7, 11, 13 among their squares, -1 not, and no such
/// odd factor in `p - 1`. By quadratic reciprocity `q` is a square modulo `p ≡ 7` modulo 8 if `p` is one modulo `q ≡ 1`, none
/// modulo `q ≡ 3` modulo 4.
fn has_good_residue(residue: u64) -> bool {
    residue % 8 == 7
        && [3u64, 5, 7, 11, 13].iter().all(|&q| {
            let r = residue % q;
            let square = (1..q).any(|x| x * x % q == r);
            r > 1 && square == (q % 4 == 1)
        })
}

/// The inverse of `a` modulo `m`, if there is one.
fn inverse_modulo(a: i128, m: i128) -> Option<i128> {
    let (mut r0, mut r1) = (m, a);
    let (mut t0, mut t1) = (0i128, 1i128);
    while r1 != 0 {
        let q = r0 / r1;
        (r0, r1) = (r1, r0 - q * r1);
        (t0, t1) = (t1, t0 - q * t1);
    }
    (r0 == 1).then(|| t0.rem_euclid(m))
}

/// Arithmetic modulo an odd prime below 2⁶², in Montgomery form (Montgomery, *Modular Multiplication Without Trial
/// Division*, 1985).
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The prime.
    pub p: u64,
    negative_inverse: u64,
    r2: u64,
    /// One, in Montgomery form.
    pub one: u64,
}

impl Field {
    /// The field of an odd prime below 2⁶².
    pub fn new(p: u64) -> Self {
        debug_assert!(p % 2 == 1 && p < 1 << 62);
        let mut inverse = 1u64;
        for _ in 0..6 {
            inverse = inverse.wrapping_mul(2u64.wrapping_sub(p.wrapping_mul(inverse)));
        }
        let r = ((1u128 << 64) % u128::from(p)) as u64;
        let r2 = (u128::from(r) * u128::from(r) % u128::from(p)) as u64;
        Field { p, negative_inverse: inverse.wrapping_neg(), r2, one: r }
    }

    /// A random prime below 2⁶¹ for which the squares have the roots that `roots` needs: `p ≡ 3` modulo 4,
    /// `(p - 1)/2` without small factors, and 2, 3, 5, 7, 11 and 13 among the squares.
    pub fn random(random: &mut Random) -> Self {
        let mut residue = random.below(MODULUS);
        while !has_good_residue(residue) {
            residue = random.below(MODULUS);
        }
        let least = (1 << 60) / MODULUS;
        loop {
            let candidate = (least + random.below(least)) * MODULUS + residue;
            if is_prime(candidate) {
                return Field::new(candidate);
            }
        }
    }

    /// Whether `a` is a square other than zero.
    pub fn is_square(&self, a: u64) -> bool {
        self.pow(a, (self.p - 1) / 2) == self.one
    }

    /// The power `a^(n/d)` of a square `a` other than zero that is itself a square; `None` if `a` is no square, or if the
    /// group of squares has more or fewer than one such root.
    pub fn root_power(&self, a: u64, n: i64, d: i64) -> Option<u64> {
        if !self.is_square(a) {
            return None;
        }
        let order = i128::from((self.p - 1) / 2);
        let inverse = inverse_modulo(i128::from(d).rem_euclid(order), order)?;
        let exponent = (i128::from(n).rem_euclid(order) * inverse).rem_euclid(order);
        u64::try_from(exponent).ok().map(|e| self.pow(a, e))
    }

    fn reduce(&self, x: u128) -> u64 {
        let m = (x as u64).wrapping_mul(self.negative_inverse);
        let t = ((x + u128::from(m) * u128::from(self.p)) >> 64) as u64;
        if t >= self.p { t - self.p } else { t }
    }

    /// The element of an integer.
    pub fn embed(&self, n: u64) -> u64 {
        self.reduce(u128::from(n % self.p) * u128::from(self.r2))
    }

    /// The least non-negative integer of an element.
    pub fn lift(&self, x: u64) -> u64 {
        self.reduce(u128::from(x))
    }

    /// `a · b`
    pub fn mul(&self, a: u64, b: u64) -> u64 {
        self.reduce(u128::from(a) * u128::from(b))
    }

    /// `a + b`
    pub fn add(&self, a: u64, b: u64) -> u64 {
        let s = a + b;
        if s >= self.p { s - self.p } else { s }
    }

    /// `a - b`
    pub fn sub(&self, a: u64, b: u64) -> u64 {
        if a >= b { a - b } else { a + self.p - b }
    }

    /// `a^n`
    pub fn pow(&self, mut a: u64, mut n: u64) -> u64 {
        let mut result = self.one;
        while n > 0 {
            if n & 1 == 1 {
                result = self.mul(result, a);
            }
            a = self.mul(a, a);
            n >>= 1;
        }
        result
    }

    /// `1/a`; `None` for zero.
    pub fn inv(&self, a: u64) -> Option<u64> {
        (a != 0).then(|| self.pow(a, self.p - 2))
    }

    /// The fraction `n/d` with `|n|, d ≤ bound` that an element stands for, if there is one.
    pub fn small_fraction(&self, x: u64, bound: u64) -> Option<(i64, u64)> {
        let (mut r0, mut r1) = (self.p, self.lift(x));
        let (mut t0, mut t1) = (0i64, 1i64);
        while r1 > bound {
            let q = r0 / r1;
            (r0, r1) = (r1, r0 - q * r1);
            let next = t0.checked_sub(i64::try_from(q).ok()?.checked_mul(t1)?)?;
            (t0, t1) = (t1, next);
            if t1.unsigned_abs() > bound {
                return None;
            }
        }
        let n = i64::try_from(r1).ok()?;
        (t1 != 0).then_some((if t1 < 0 { -n } else { n }, t1.unsigned_abs()))
    }
}

/// Miller–Rabin with the first twelve primes as bases, which is exact below 2⁶⁴ (Sorenson and Webster, 2015).
pub fn is_prime(n: u64) -> bool {
    const BASES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];
    if n < 2 || BASES.iter().any(|b| n.is_multiple_of(*b)) {
        return BASES.contains(&n);
    }
    let field = Field::new(n);
    let (d, s) = ((n - 1) >> (n - 1).trailing_zeros(), (n - 1).trailing_zeros());
    let (one, minus) = (field.embed(1), field.embed(n - 1));
    BASES.iter().all(|&b| {
        let mut x = field.pow(field.embed(b), d);
        if x == one || x == minus {
            return true;
        }
        for _ in 1..s {
            x = field.mul(x, x);
            if x == minus {
                return true;
            }
        }
        false
    })
}
