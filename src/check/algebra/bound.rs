//! The error bound of the randomised test, from trial to trial.
//!
//! An accepted identity can be wrong in two ways. Either some value was recognised as something that it is not, as a
//! function: two fractions of low degree agreed at the point by accident. Or all was recognised rightly, and a residual
//! that is not zero vanishes at every point. A trial by itself is as good as the sum of both chances, and there are very
//! many comparisons. But what the values were recognised as is written down ([`Prime::decisions`]). If all trials have
//! the same list, take its first entry that is wrong: before it all trials did the same, rightly, so that it is one of
//! the comparisons that such a trial makes there, and it came out true in *every* trial. The chance of that is the number
//! of comparisons times the *product* of the chances of one.

use crate::domain::prime::Prime;

/// Both sides of a comparison are products of up to three values of atoms' arguments, one of them in a power up to four:
/// their difference has at most this many times the degree of an argument.
const COMPARED: f64 = 8.0;

/// What the trials of one member have shown.
#[derive(Debug, Default)]
pub(super) struct Bound {
    /// What the first trial recognised.
    first: Option<Vec<u32>>,
    /// Whether all trials so far recognised the same.
    different: bool,
    /// The sum over the trials of the bits of each by itself.
    apart: f64,
    /// The most comparisons of one trial.
    comparisons: f64,
    /// The logarithm of the product of the chances that one comparison is wrong.
    recognised: f64,
    /// The logarithm of the product of the chances that a residual that is not zero vanishes.
    vanished: f64,
}

impl Bound {
    /// Notes a trial in which everything vanished: the degree of the residual and that of the arguments of atoms. Where
    /// more points than this one were looked at, on all pieces of perfect squares, `left` is the error that they leave.
    /// `false` if such a trial shows too little.
    pub(super) fn note(&mut self, prime: &mut Prime, degree: f64, argument_degree: f64, left: Option<f64>) -> bool {
        let p = prime.field.p as f64;
        let (cover, chosen) = prime.cover();
        // Weil's bound, see [`Prime::cover`].
        let uneven = 2f64.powi(i32::try_from(chosen).unwrap_or(i32::MAX)) * argument_degree;
        if chosen > 0 && uneven > p.sqrt() / 16.0 {
            return false;
        }
        let scale = cover / p;
        let (vanished, recognised) = (degree * scale, COMPARED * argument_degree * scale);
        let alone = vanished + prime.collisions * recognised;
        if vanished > 0.25 || recognised > 0.25 {
            return false;
        }
        if let Some(left) = left {
            self.different = true;
            self.apart -= left.min(1.0).log2();
            return alone <= 0.25;
        }
        let decisions = std::mem::take(&mut prime.decisions);
        self.different |= prime.recognises_matrices() || self.first.as_ref().is_some_and(|f| *f != decisions);
        self.first.get_or_insert(decisions);
        self.apart -= alone.min(1.0).log2();
        self.comparisons = self.comparisons.max(prime.collisions);
        self.recognised += recognised.log2();
        self.vanished += vanished.log2();
        !self.different || alone <= 0.25
    }

    /// The error probability is below 2 to minus this number.
    pub(super) fn bits(&self) -> f64 {
        if self.first.is_none() || self.different {
            return self.apart;
        }
        // One more than the larger of two logarithms is above that of the sum.
        let together = (self.comparisons.max(1.0).log2() + self.recognised).max(self.vanished) + 1.0;
        self.apart.max(-together)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::prime::{PseudoInverses, Random, Signs};
    use crate::domain::{Domain, Fun};

    /// A trial with many independent signs.
    fn trial(seed: u64, extra: bool) -> Prime {
        let mut p = Prime::new(Random::new(seed, "bound"), Signs::Free, PseudoInverses::ByRank);
        for _ in 0..200 {
            let x = p.draw();
            let double = p.add(&x, &x);
            let s = p.apply(Fun::Sign, &x).expect("a sign");
            assert_eq!(p.apply(Fun::Sign, &double).expect("a sign"), s);
        }
        if extra {
            let x = p.draw();
            p.apply(Fun::Sign, &x).expect("a sign");
        }
        p
    }

    #[test]
    fn equal_trials_are_worth_more_than_each_by_itself() {
        let mut bound = Bound::default();
        for seed in 0..3 {
            assert!(bound.note(&mut trial(seed, false), 1e6, 1e5, None));
        }
        assert!(!bound.different && bound.apart < 20.0 && bound.bits() > 60.0, "{bound:?}");
        assert!(bound.bits() < 3.0 * 61.0);
        // A trial that recognised something else leaves each by itself.
        bound.note(&mut trial(3, true), 1e6, 1e5, None);
        assert!(bound.different && bound.bits() < 30.0);
    }

    #[test]
    fn degrees_that_are_too_high_show_nothing() {
        assert!(!Bound::default().note(&mut trial(0, false), 1e19, 1.0, None));
        assert!(!Bound::default().note(&mut trial(0, false), 1.0, 1e19, None));
    }
}
