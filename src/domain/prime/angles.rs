//! Arguments of exponentials and of circular functions, with the addition formulas.

use super::super::Stop;
use super::factors::{Factor, Root};
use super::{MAX_FRUITLESS, Prime, ROOTS, UNRELATED, related};

/// An argument of an exponential or of a circular function, with the atoms that belong to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Angle {
    pub argument: u64,
    /// `exp(argument / ROOTS)`
    pub exp: u64,
    /// Cosine and sine of `argument / ROOTS`, once they were asked for.
    pub circle: Option<(u64, u64)>,
}

impl Prime {
    pub(super) fn new_angle(&mut self, argument: u64) -> usize {
        let exp = self.draw_square();
        self.add_angle(Angle { argument, exp, circle: None })
    }

    pub(super) fn add_angle(&mut self, angle: Angle) -> usize {
        let index = self.angles.len();
        self.angles.push(angle);
        if self.scales.is_empty() {
            for b in [1i32, 2, 3, 4, 6, 12] {
                let Some(inverse) = self.field.inv(self.small(i64::from(b))) else { continue };
                for a in 1..=6 {
                    let twelfths = a * 12 / b;
                    if !self.scales.iter().any(|(_, t)| *t == twelfths) {
                        self.scales.push((self.field.mul(self.small(i64::from(a)), inverse), twelfths));
                    }
                }
            }
        }
        // Of very many only the whole, the double and the half are recognised.
        let few = self.fruitless.1 >= MAX_FRUITLESS;
        for k in 0..self.scales.len() {
            let (scale, twelfths) = self.scales[k];
            if !few || matches!(twelfths, 6 | 12 | 24) {
                self.note_multiple(self.field.mul(angle.argument, scale), index, twelfths);
            }
        }
        index
    }

    /// The rational point of the unit circle with parameter `w`.
    fn circle_point(&self, w: u64) -> Option<(u64, u64)> {
        let f = &self.field;
        let square = f.mul(w, w);
        let scale = f.inv(f.add(f.one, square))?;
        let cosine = f.mul(f.sub(f.one, square), scale);
        let sine = f.mul(f.add(w, w), scale);
        Some((cosine, sine))
    }

    fn circle_mul(&self, (c1, s1): (u64, u64), (c2, s2): (u64, u64)) -> (u64, u64) {
        let f = &self.field;
        (f.sub(f.mul(c1, c2), f.mul(s1, s2)), f.add(f.mul(s1, c2), f.mul(c1, s2)))
    }

    fn circle_pow(&self, (c, s): (u64, u64), e: i64) -> (u64, u64) {
        let mut base = if e < 0 { (c, self.field.sub(0, s)) } else { (c, s) };
        let mut n = e.unsigned_abs();
        let mut result = (self.field.one, 0);
        while n > 0 {
            if n & 1 == 1 {
                result = self.circle_mul(result, base);
            }
            base = self.circle_mul(base, base);
            n >>= 1;
        }
        result
    }

    /// Writes an argument as a combination of known ones: pairs of an angle and a multiple in twelfths.
    fn combine(&mut self, u: u64) -> Vec<(usize, i64)> {
        match self.known_combination(u) {
            Some(parts) => {
                self.decide(false, &parts);
                parts
            }
            None => {
                self.decisions.push(UNRELATED);
                self.fruitless.1 += 1;
                vec![(self.new_angle(u), 12)]
            }
        }
    }

    fn known_combination(&mut self, u: u64) -> Option<Vec<(usize, i64)>> {
        if u == 0 {
            return Some(Vec::new());
        }
        if self.angles.is_empty() {
            let one = self.field.one;
            self.new_angle(one);
        }
        let signed = 2.0 * self.multiples.len() as f64;
        self.collisions += signed;
        if let Some(found) = self.multiple_of_known(u) {
            return Some(vec![found]);
        }
        let n = self.angles.len().min(related(self.fruitless.1));
        self.collisions += 2.0 * n as f64 * signed;
        for i in 0..n {
            for (a, m) in
                [(self.field.sub(u, self.angles[i].argument), 12), (self.field.add(u, self.angles[i].argument), -12)]
            {
                if let Some(found) = self.multiple_of_known(a) {
                    return Some(vec![(i, m), found]);
                }
            }
        }
        if self.angles.len() <= 48 {
            self.collisions += 4.0 * (n * n) as f64 * signed;
            for i in 0..n {
                for j in 0..i {
                    for (si, sj) in [(12, 12), (12, -12), (-12, 12), (-12, -12)] {
                        let mut a = u;
                        for (k, s) in [(i, si), (j, sj)] {
                            let x = self.angles[k].argument;
                            a = if s > 0 { self.field.sub(a, x) } else { self.field.add(a, x) };
                        }
                        if let Some(found) = self.multiple_of_known(a) {
                            return Some(vec![(i, si), (j, sj), found]);
                        }
                    }
                }
            }
        }
        None
    }

    pub(super) fn exponential(&mut self, u: u64) -> Result<u64, Stop> {
        let parts = self.combine(u);
        let mut root = self.field.one;
        for &(i, m) in &parts {
            // Multiples count in twelfths of the argument, and the atom is the exponential of a twelfth.
            root = self.field.mul(root, self.signed_power(self.angles[i].exp, m)?);
        }
        if root != self.field.one {
            // exp u is positive with logarithm u; its roots are made of those of its atoms where these exist.
            let whole = parts.iter().all(|&(_, m)| m % ROOTS.cast_signed() == 0);
            let mut twelfth = self.field.one;
            for &(i, m) in parts.iter().filter(|_| whole) {
                twelfth = self.field.mul(twelfth, self.signed_power(self.angles[i].exp, m / ROOTS.cast_signed())?);
            }
            // All exponentials are squares in the field, so that other roots exist too.
            let known = if whole { Root::True(twelfth) } else { Root::Open };
            let sign = Some(self.field.one);
            self.exponentials.push(Factor { root: known, log: u, sign, drawn: whole, ..Factor::of(root) });
        }
        Ok(root)
    }

    pub(super) fn circular(&mut self, u: u64) -> (u64, u64) {
        let mut all = (self.field.one, 0);
        for (i, m) in self.combine(u) {
            let circle = match self.angles[i].circle {
                Some(circle) => circle,
                None => {
                    let w = self.draw();
                    let circle = self.circle_point(w).unwrap_or((self.field.one, 0));
                    self.angles[i].circle = Some(circle);
                    circle
                }
            };
            all = self.circle_mul(all, self.circle_pow(circle, m));
        }
        all
    }
}
