//! What free signs leave open, on all pieces that inequalities between the arguments of signs allow.

use super::{Identity, RootsTaken, Test};
use crate::check::Setting;
use crate::check::cells;
use crate::check::field::Trial;
use crate::domain::float::Float;
use crate::domain::prime::{PseudoInverses, Random, Signs};
use crate::term::Term;

/// The error exponent of what vanishes as a polynomial, which is no error at all.
const CERTAIN: f64 = 128.0;

/// Operations of one evaluation on each piece.
const OPERATIONS: usize = 1 << 20;

/// Points at which numbers are looked at first, and what is plainly not zero there.
const LOOKS: usize = 24;
const PLAIN: f64 = 1e-6;

impl Test<'_> {
    /// Whether the terms vanish on every piece, one after the other; `None` if the pieces are not known or if they do not on
    /// one that may exist.
    pub(super) fn by_cells(&self, setting: &Setting, terms: &[Term]) -> Option<Identity> {
        if self.ranks || self.differs_plainly() {
            return None;
        }
        let pieces = cells::pieces(setting, terms, self.extra)?.all;
        let (mut weakest, mut total) = (CERTAIN, 0);
        if pieces.len().saturating_mul(self.program.operations()) > OPERATIONS
            || !pieces.iter().all(|p| self.may_vanish(p))
        {
            return None;
        }
        for piece in pieces.iter().filter(|p| !p.vanishes) {
            let signs = Signs::Pinned(piece.signs.clone());
            let formal = self.run_for(&signs, RootsTaken::Formal, piece.member);
            let identity = match formal {
                Identity::Open(_) | Identity::Unconfirmed if self.roots => {
                    self.run_for(&signs, RootsTaken::True, piece.member)
                }
                other => other,
            };
            match identity {
                Identity::Proved { bits, trials } => {
                    weakest = weakest.min(bits);
                    total += trials;
                }
                Identity::Trivial => {}
                Identity::Open(_) | Identity::Unconfirmed | Identity::Stuck(_) | Identity::Undefined(..) => {
                    return None;
                }
            }
        }
        let bits = weakest - (pieces.len() as f64).log2();
        (!pieces.is_empty() && self.guarded(true)).then_some(Identity::Proved { bits, trials: total })
    }

    /// Whether a few numbers show that the terms do not vanish, so that pieces need not be counted.
    fn differs_plainly(&self) -> bool {
        let mut random = Random::new(self.budget.seed, "pieces/numbers");
        (0..LOOKS).any(|_| {
            let Some(point) = self.sampler.float(&mut random) else { return false };
            let run = self.program.run(&mut Float::default(), |s| point.get(&s).cloned());
            run.is_ok_and(|values| values.iter().flatten().any(|v| v.abs() > PLAIN))
        })
    }

    /// Whether the terms vanish at one point of a field with the signs of a piece, and no sign is taken of what vanishes on it,
    /// as fields know and polynomials in roots do not: it is zero then.
    fn may_vanish(&self, piece: &cells::Piece) -> bool {
        let signs = Signs::Pinned(piece.signs.clone());
        let trial = Trial::new(&self.sampler, &self.program, self.budget.seed, "signs of pieces");
        let drawn = Trial { signs: &signs, member: Some(piece.member), ..trial }.draw();
        drawn.is_ok_and(|d| {
            let mut signs = d.prime.zero_signs.iter().zip(&piece.signs);
            signs.all(|(zero, s)| *zero == (*s == 0)) && d.values.iter().flatten().all(|v| *v == 0)
        })
    }

    fn run_for(&self, signs: &Signs, roots: RootsTaken, member: u64) -> Identity {
        self.run_members(signs, PseudoInverses::ByRank, roots, member..member + 1).0
    }
}
