//! What a proof over prime fields still needs: members of their own, ranks and divisors at real points.

use super::{SPECIAL_OPERATIONS, Test};
use crate::check::certify::{self, Taken};
use crate::check::field::Trial;
use crate::check::sample::Point;
use crate::check::{Setting, places};
use crate::domain::Rational;
use crate::domain::prime::{Prime, PseudoInverses, Random, Signs};
use crate::model::elaborate::Role;
use crate::term::{SymbolId, Term};

impl Test<'_> {
    /// Whether the identity holds at members that the text singles out, if a pseudo-inverted matrix has a rank of its own
    /// there: what holds at generic members need not hold where a rank drops.
    pub(super) fn holds_at_special_members(&self, setting: &Setting, terms: &[Term]) -> bool {
        let free: Vec<SymbolId> = self.sampler.symbols().filter(|x| x.1 == Role::Member && !x.2).map(|x| x.0).collect();
        if !self.ranks || free.is_empty() {
            return true;
        }
        let Ok(generic) = Trial::new(&self.sampler, &self.program, self.budget.seed, "members").draw() else {
            return true;
        };
        let mut left = SPECIAL_OPERATIONS / self.program.operations().max(200);
        let mut random = Random::new(self.budget.seed, "members");
        for value in places::special_values(&setting.store, terms) {
            for symbol in &free {
                for i in 0..setting.store.symbol_info(*symbol).shape.iter().product() {
                    let Some(rest) = left.checked_sub(1) else { return true };
                    left = rest;
                    let Some(mut point) = self.sampler.simple(&mut random, 1) else { continue };
                    if let Some(slot) = point.get_mut(symbol).and_then(|v| v.get_mut(i)) {
                        *slot = value.clone();
                    }
                    if !self.sampler.satisfied(&point) {
                        continue;
                    }
                    let member = self.sampler.symbols().filter(|x| x.1 == Role::Member);
                    let member: Point<Rational> =
                        member.filter_map(|x| point.get(&x.0).map(|v| (x.0, v.clone()))).collect();
                    let trial = Trial::new(&self.sampler, &self.program, self.budget.seed, "member");
                    let Ok(drawn) = (Trial { keep: Some(&member), ..trial }).draw() else { continue };
                    if drawn.prime.ranks != generic.prime.ranks && drawn.values.iter().flatten().any(|v| *v != 0) {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// Whether what a proof divides by, inverts, or squares the sign of is different from zero at some real point.
    pub(super) fn guarded(&self, squares: bool) -> bool {
        if self.guards.are_none(squares) {
            return true;
        }
        let hold = || self.guards.hold(self.setting, self.extra, squares, self.budget);
        *self.guarded[usize::from(squares)].get_or_init(hold)
    }

    /// Whether the ranks found are those at generic real points: at least so large at one point of the piece.
    pub(super) fn confirmed(&self, prime: &Prime, member: Option<u64>) -> bool {
        let rational = !prime.atoms && !self.atoms;
        if !self.ranks || rational || prime.pseudo_inverses == PseudoInverses::Regularised {
            return true;
        }
        let pattern = matches!(prime.signs, Signs::Pattern(_));
        let signs: Option<Vec<i8>> = prime.taken_signs.iter().copied().collect::<Option<_>>().filter(|_| pattern);
        let taken = Taken { ranks: &prime.ranks, signs: signs.as_deref() };
        let confirmed =
            |continued| certify::ranks(&self.sampler, &self.program, member, (&taken, continued), self.budget.seed);
        self.single_valued && taken.signs.is_some() && confirmed(true) || confirmed(false)
    }
}
