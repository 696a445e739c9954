//! Prime fields with atoms: the domain of the exact randomised identity test.
//!
//! Rational operations are those of a random prime field. A transcendental or algebraic function of a value becomes an
//! *atom*: a random field element chosen once for each value of the argument, together with the relations that the real
//! function satisfies: `exp(u + v) = exp u · exp v`, the addition formulas of sine and cosine, and
//! `log` and signs of products of positive factors. Roots are elements whose powers are the radicands where the point
//! allows it (`roots`). A residual that vanishes for independent atoms vanishes for
//! the real functions; a residual that does not may still vanish, so this domain proves and never refutes.
//!
//! An atom is recognised by the *value* of its argument, so two arguments that are equal as functions share it, and two
//! that differ share it only by a coincidence whose probability is part of the error bound ([`Prime::collisions`]).

mod angles;
mod factors;
mod field;
mod great;
mod known;
mod matrices;
mod polar;
mod primitives;
mod roots;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use angles::Angle;
use factors::{Factor, Product};
pub use field::{Field, Random, is_prime};
pub use great::DIGITS;
use known::Known;
use matrices::MatrixAtom;
pub use roots::{Refused, Roots};

use super::{Fun, Rational};

/// Atoms are powers of a random root with this exponent, so that halves, thirds and quarters of arguments exist.
const ROOTS: u64 = 12;

/// Larger powers are not computed but atoms.
pub const GREAT: u64 = 1 << 20;

/// How signs are treated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signs {
    /// A sign is a free field element: what vanishes then vanishes on every piece.
    Free,
    /// The `k`-th independent sign met is -1 where bit `k` is set: one piece.
    Pattern(u64),
    /// The sign of an element is 1 if it is a square in the field, -1 if not: the signs of one piece, in which all roots and
    /// signs fit together. Points have to be drawn until each piece was met.
    Character,
    /// Every sign is the one that another evaluation of the same program took, in order.
    Pinned(Vec<i8>),
}

/// How pseudo-inverses are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PseudoInverses {
    /// Exactly, by the rank found: right where the rank does not depend on the piece.
    ByRank,
    /// As `(AᵀA + λ)⁻¹ Aᵀ` with a free λ: an identity that holds so holds in the limit λ → 0, whatever the rank.
    Regularised,
}

/// A prime field with atoms. One value of this type serves one evaluation.
#[derive(Debug, Clone)]
pub struct Prime {
    /// The field.
    pub field: Field,
    /// How signs are treated.
    pub signs: Signs,
    /// How pseudo-inverses are computed.
    pub pseudo_inverses: PseudoInverses,
    /// The number of comparisons of values that could have agreed by accident.
    pub collisions: f64,
    /// The number of independent signs met.
    pub sign_classes: usize,
    /// The ranks found by pseudo-inverses.
    pub ranks: Vec<usize>,
    /// The ranks of matrices of which polar factors were taken.
    pub polar_ranks: Vec<usize>,
    /// For every sign taken, in order: whether its argument was zero.
    pub zero_signs: Vec<bool>,
    /// For every sign taken, in order: its value, if that is -1, 0 or 1.
    pub taken_signs: Vec<Option<i8>>,
    /// Matrices known to be orthogonal, of members of matrix classes and of maps, with their sizes.
    orthogonal: Vec<(Vec<u64>, usize)>,
    polars: Vec<MatrixAtom>,
    /// The roots of the larger Gram matrices of the arguments of `polars`.
    large_roots: Vec<MatrixAtom>,
    powers: Vec<(MatrixAtom, Rational)>,
    eigenvectors: Vec<MatrixAtom>,
    /// Which roots are true ones.
    pub roots: Roots,
    /// For each factor of which a true root was taken that the field does not have of every element: the least common
    /// multiple of the exponents, and whether the root was found by chance.
    covers: BTreeMap<usize, (u64, bool)>,
    /// The power of a factor whose exponent is this power of [`GREAT`].
    great: BTreeMap<(usize, usize), u64>,
    /// Whether a transcendental function or a formal root was met: without one, a residual that is not zero is proved so.
    pub atoms: bool,
    /// Whether a sign was met.
    pub kinks: bool,
    /// What every value was recognised as, in order. Two evaluations of one program that agree in this met the same
    /// relations, so that a coincidence would have to occur in both, at the same place.
    pub decisions: Vec<u32>,
    random: Random,
    factors: Vec<Factor>,
    /// Searches for relations that found none, of factors and of angles: after many, less is sought.
    fruitless: (usize, usize),
    /// Exponentials that are not factors yet: nothing was asked that needs them.
    exponentials: Vec<Factor>,
    /// Values whose signs were pinned and are no factors yet, with these signs: without roots and logarithms nothing needs
    /// them, and there may be very many.
    pinned: Vec<(u64, u64)>,
    /// Powers of one factor, up to sign.
    monomials: Known<Monomial>,
    /// Values that were found to be products of several factors: a multiple of one of them is one, too.
    products: Vec<Product>,
    angles: Vec<Angle>,
    /// Rational multiples of one argument, up to sign: the angle, and how many twelfths.
    multiples: Known<(u32, i32)>,
    /// The multiples of an argument that are recognised, in twelfths.
    scales: Vec<(u64, i32)>,
    /// How many values of odd functions without other relations there are.
    odd_atoms: usize,
    /// What stands for `2/√π`, once it was needed.
    height: Option<u64>,
    lambda: u64,
    constants: FxHashMap<Rational, u64>,
    /// Values of functions given before, with their numbers.
    values: FxHashMap<(Fun, u64), (u64, u32)>,
}

/// In [`Prime::decisions`]: a value that nothing known is related to.
const UNRELATED: u32 = u32::MAX;

/// In [`Prime::decisions`], before a number: a value of a function that was given before.
const GIVEN: u32 = u32::MAX - 1;

/// Relations with one other atom are sought among this many of the first; later ones count as independent.
const MAX_RELATED: usize = 512;

/// Searches for relations that may find nothing. After these less is sought: a program with so many independent atoms
/// has few relations among them, and a relation that is missed only costs a proof.
const MAX_FRUITLESS: usize = 512;

/// Among how many of the first atoms relations are sought after so many searches that found none.
fn related(fruitless: usize) -> usize {
    match fruitless {
        0..MAX_FRUITLESS => MAX_RELATED,
        MAX_FRUITLESS..4096 => 48,
        4096..16384 => 12,
        _ => 6,
    }
}

/// A power of a factor, perhaps negated.
#[derive(Debug, Clone, Copy)]
struct Monomial {
    factor: u32,
    exponent: i8,
    minus: bool,
}

impl Prime {
    /// A random field and a stream of atoms; all roots are formal.
    pub fn new(mut random: Random, signs: Signs, pseudo_inverses: PseudoInverses) -> Self {
        let field = Field::random(&mut random);
        Prime::over(field, random, signs, pseudo_inverses)
    }

    /// A stream of atoms over a field; all roots are formal.
    pub fn over(field: Field, mut random: Random, signs: Signs, pseudo_inverses: PseudoInverses) -> Self {
        let lambda = field.embed(random.next());
        Prime {
            field,
            signs,
            pseudo_inverses,
            collisions: 0.0,
            sign_classes: 0,
            ranks: Vec::new(),
            polar_ranks: Vec::new(),
            zero_signs: Vec::new(),
            taken_signs: Vec::new(),
            roots: Roots::default(),
            covers: BTreeMap::new(),
            great: BTreeMap::new(),
            atoms: false,
            kinks: false,
            decisions: Vec::new(),
            orthogonal: Vec::new(),
            polars: Vec::new(),
            large_roots: Vec::new(),
            powers: Vec::new(),
            eigenvectors: Vec::new(),
            random,
            factors: Vec::new(),
            fruitless: (0, 0),
            exponentials: Vec::new(),
            pinned: Vec::new(),
            monomials: Known::default(),
            products: Vec::new(),
            angles: Vec::new(),
            multiples: Known::default(),
            scales: Vec::new(),
            odd_atoms: 0,
            height: None,
            lambda,
            constants: FxHashMap::default(),
            values: FxHashMap::default(),
        }
    }

    /// A random element.
    pub fn draw(&mut self) -> u64 {
        let n = self.random.below(self.field.p);
        self.field.embed(n)
    }

    /// A random number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.random.below(n)
    }

    /// The positive number `2/√π`: an atom, without the relation to π.
    fn gauss_height(&mut self) -> u64 {
        match self.height {
            Some(height) => height,
            None => {
                let height = self.draw_positive();
                self.height = Some(height);
                height
            }
        }
    }

    /// One of `v` and `-v`, the same for both, and whether it is the other one.
    fn unsigned(&self, v: u64) -> (u64, bool) {
        let minus = self.field.sub(0, v);
        if minus < v { (minus, true) } else { (v, false) }
    }

    /// A known power of a factor: its number, the exponent, and whether it is negated.
    fn monomial(&self, v: u64) -> Option<(usize, i64, bool)> {
        let (key, other) = self.unsigned(v);
        let m = self.monomials.get(key)?;
        Some((m.factor as usize, i64::from(m.exponent), m.minus != other))
    }

    fn note_monomial(&mut self, v: u64, factor: usize, exponent: i8) {
        let (key, minus) = self.unsigned(v);
        self.monomials.note(key, Monomial { factor: factor as u32, exponent, minus });
    }

    /// A known multiple of an argument: its number, and how many twelfths.
    fn multiple_of_known(&self, v: u64) -> Option<(usize, i64)> {
        let (key, other) = self.unsigned(v);
        let &(angle, twelfths) = self.multiples.get(key)?;
        Some((angle as usize, i64::from(if other { -twelfths } else { twelfths })))
    }

    fn note_multiple(&mut self, v: u64, angle: usize, twelfths: i32) {
        let (key, minus) = self.unsigned(v);
        self.multiples.note(key, (angle as u32, if minus { -twelfths } else { twelfths }));
    }

    /// Notes that a value was recognised as a product or a sum of known atoms: their numbers and multiples, and whether
    /// there is a minus before it.
    fn decide(&mut self, minus: bool, parts: &[(usize, i64)]) {
        self.decisions.push(u32::from(minus) | (parts.len() as u32) << 1);
        for &(i, e) in parts {
            self.decisions.extend([i as u32, e as u32]);
        }
    }

    /// Keeps the value of a function, under the next number.
    fn remember(&mut self, f: Fun, x: u64, value: u64) {
        let number = self.values.len() as u32;
        self.values.insert((f, x), (value, number));
    }

    /// Whether matrices were recognised, which [`Prime::decisions`] does not tell.
    pub fn recognises_matrices(&self) -> bool {
        !self.polars.is_empty() || !self.powers.is_empty() || !self.eigenvectors.is_empty()
    }

    pub(super) fn small(&self, n: i64) -> u64 {
        let v = self.field.embed(n.unsigned_abs());
        if n < 0 { self.field.sub(0, v) } else { v }
    }
}
