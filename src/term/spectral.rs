//! Derivatives of the functions of matrices that are not rational: polar factors, powers, eigenvectors.
//!
//! Each of them solves an equation in its value, and the derivative of that is a linear system (Higham, *Functions of
//! Matrices*, 2008, sections 3.2 and 8.5). It is stated for skew or symmetric unknowns, by their entries above the diagonal, in
//! terms of the value itself and of rational operations. So the derivative turns with its matrix as the value does, and an
//! engine that knows the value up to rotations alone sees that of the derivative.
//!
//! Powers and eigenvectors have no derivative where they have no value: where a matrix is not definite, where an eigenvalue is
//! repeated. A polar factor jumps where the rank drops, and its derivative, made of pseudo-inverses, jumps there as well.
//!
//! Adjoints are the transposes of the same maps, letter by letter.

use super::build::{NONE, half};
use super::derive::NotDifferentiable;
use super::store::{Labels, Shape, Store, Term};
use crate::domain::Rational;

/// Unknowns of one system. Elimination takes their cube.
const MOST_UNKNOWNS: usize = 300;

/// Factors that a power of a matrix is taken apart into.
const MOST_FACTORS: i32 = 64;

/// Pairs of indices above the diagonal, on it with `diagonal`.
fn pairs(n: usize, diagonal: bool) -> Vec<(usize, usize)> {
    (0..n).flat_map(|i| (i + usize::from(!diagonal)..n).map(move |j| (i, j))).collect()
}

/// Labels with those of the extra axes behind them.
fn with(l: &[u8], extra: &[u8]) -> Labels {
    l.iter().chain(extra).copied().collect()
}

/// A linear map `X ↦ Σ Lₖ X Rₖ` between square matrices.
type Sandwiches = Vec<(Term, Term)>;

/// The parts of the derivative of the polar factor `U` of a matrix `A` with no more columns than rows.
struct PolarParts {
    /// `A⁺`
    x: Term,
    /// `A⁺ A`, the projection along the kernel of `A`.
    support: Term,
    /// `P⁺` for `P = Uᵀ A`.
    s: Term,
    /// The pseudo-inverse of `Ω ↦ Ω P⁺ + P⁺ Ω` on skew matrices.
    solved: Term,
}

/// The parts of the derivative of `T = A^(r/s)`.
struct PowerParts {
    /// `dA ↦ d(A^r)`
    given: Sandwiches,
    /// The inverse of `X ↦ Σ T^k X T^(s-1-k)` on symmetric matrices; nothing where `s` is 1.
    solved: Option<Term>,
    negative: bool,
}

impl Store {
    /// The derivative of the polar factor `U` of a matrix `A`, at constant rank, as that of a pseudo-inverse is.
    ///
    /// `A = U P` with a symmetric `P ≥ 0`, and `U Uᵀ = A A⁺`, `Uᵀ U = A⁺ A` are projections. So
    /// `dU = U Ω + (1 - A A⁺) dA P⁺ + U P⁺ Uᵀ dA (1 - A⁺ A)` with the skew `Ω` on the range of `P` for which
    /// `Ω P + P Ω = B` there, `B = Uᵀ dA - dAᵀ U`; that is `Ω P⁺ + P⁺ Ω = P⁺ B P⁺`. Where the rank is full the third part is zero,
    /// and the second one too for a square matrix.
    pub(super) fn polar_tangent(
        &mut self,
        u: Term,
        a: Term,
        da: Term,
        extra: &[u8],
    ) -> Result<Term, NotDifferentiable> {
        if self.is_wide(a) {
            let (u, a) = (self.transpose(u), self.transpose(a));
            let across = self.swap(da);
            let d = self.polar_tangent(u, a, across, extra)?;
            return Ok(self.swap(d));
        }
        let PolarParts { x, support, s, solved } = self.polar_parts(u, a)?;
        let n = self.shape(a)[1];
        // Products with a matrix on the left of what has extra axes, its transpose there, and a matrix on the right.
        let l = |st: &mut Store, m, t| st.product(m, &[0, 1], t, &with(&[1, 2], extra), &with(&[0, 2], extra));
        let lt = |st: &mut Store, m, t| st.product(m, &[1, 0], t, &with(&[1, 2], extra), &with(&[0, 2], extra));
        let r = |st: &mut Store, t, m| st.product(t, &with(&[0, 1], extra), m, &[1, 2], &with(&[0, 2], extra));
        let turned = lt(self, u, da);
        let back = self.swap(turned);
        let skew = self.sub(turned, back);
        let right = r(self, skew, s);
        let right = lt(self, s, right);
        let right = self.picked(right, &pairs(n, false));
        let omega = self.product(solved, &[0, 1], right, &with(&[1], extra), &with(&[0], extra));
        let omega = self.skew(omega, n);
        let inside = l(self, u, omega);
        let range = l(self, x, da);
        let range = l(self, a, range);
        let off_range = self.sub(da, range);
        let off_range = r(self, off_range, s);
        let kept = r(self, da, support);
        let off_support = self.sub(da, kept);
        let off_support = lt(self, u, off_support);
        let off_support = l(self, s, off_support);
        let off_support = l(self, u, off_support);
        let parts = [inside, off_range, off_support].map(|t| (Rational::ONE, t));
        let shape = self.shape(da).clone();
        Ok(self.sum(parts.into(), &shape))
    }

    /// The adjoint of [`Store::polar_tangent`].
    pub(super) fn polar_adjoint(&mut self, u: Term, a: Term, y: Term) -> Result<Term, NotDifferentiable> {
        if self.is_wide(a) {
            let (u, a, y) = (self.transpose(u), self.transpose(a), self.transpose(y));
            let d = self.polar_adjoint(u, a, y)?;
            return Ok(self.transpose(d));
        }
        let PolarParts { x, support, s, solved } = self.polar_parts(u, a)?;
        let n = self.shape(a)[1];
        let [ut, at, xt, st, kt] = [u, a, x, s, support].map(|t| self.transpose(t));
        let turned = self.matmul(ut, y);
        let back = self.transpose(turned);
        let skew = self.sub(turned, back);
        let right = self.picked(skew, &pairs(n, false));
        let z = self.product(solved, &[1, 0], right, &[1], &[0]);
        let z = self.skew(z, n);
        let inside = self.chain(&[u, s, z, st]);
        let off_range = self.matmul(y, st);
        let range = self.chain(&[at, off_range]);
        let range = self.matmul(xt, range);
        let off_range = self.sub(off_range, range);
        let through = self.chain(&[ut, y]);
        let through = self.matmul(st, through);
        let through = self.matmul(u, through);
        let kept = self.matmul(through, kt);
        let off_support = self.sub(through, kept);
        let parts = [inside, off_range, off_support].map(|t| (Rational::ONE, t));
        let shape = self.shape(a).clone();
        Ok(self.sum(parts.into(), &shape))
    }

    fn polar_parts(&mut self, u: Term, a: Term) -> Result<PolarParts, NotDifferentiable> {
        let n = self.shape(a)[1];
        let above = pairs(n, false);
        solvable("polar", above.len())?;
        let x = self.pseudo_inverse(a);
        let support = self.matmul(x, a);
        // A⁺ U is P⁺ already. Between projections it is symmetric also for U = A S with any symmetric S.
        let s = self.chain(&[x, u, support]);
        // (Ω S + S Ω)[k, l] for Ω = E[i, j] - E[j, i]
        let mut layers: [Vec<u32>; 4] = Default::default();
        for &(k, l) in &above {
            for &(i, j) in &above {
                let read = |met: bool, row: usize, column: usize| if met { (row * n + column) as u32 } else { NONE };
                layers[0].push(read(k == i, j, l));
                layers[1].push(read(l == j, k, i));
                layers[2].push(read(k == j, i, l));
                layers[3].push(read(l == i, k, j));
            }
        }
        let shape = [above.len(), above.len()];
        let layers = layers.map(|map| self.gather(s, map, &shape));
        let signs = [Rational::ONE, Rational::ONE, Rational::NEG_ONE, Rational::NEG_ONE];
        let system = self.sum(signs.into_iter().zip(layers).collect(), &shape);
        // Two directions that A maps to zero are turned into each other by what the system does not see.
        let solved = if n == 2 { self.inverse(system) } else { self.pseudo_inverse(system) };
        Ok(PolarParts { x, support, s, solved })
    }

    /// The product of matrices, from the left.
    fn chain(&mut self, factors: &[Term]) -> Term {
        let mut product = factors[0];
        for &next in &factors[1..] {
            product = self.matmul(product, next);
        }
        product
    }

    /// The derivative of `T = A^(r/s)` for a symmetric positive definite `A`: from `T^s = A^r`, that is
    /// `Σ T^k dT T^(s-1-k) = d(A^r)`.
    pub(super) fn power_spd_tangent(
        &mut self,
        (t, a, q): (Term, Term, &Rational),
        da: Term,
        extra: &[u8],
    ) -> Result<Term, NotDifferentiable> {
        let parts = self.power_parts(t, a, q)?;
        let n = self.shape(a)[0];
        let given = self.sandwiched(&parts.given, da, extra, false);
        let given = if parts.negative { self.neg(given) } else { given };
        let Some(solved) = parts.solved else { return Ok(given) };
        let back = self.swap(given);
        let twice = self.add(given, back);
        let right = self.picked(twice, &pairs(n, true));
        let right = self.scale(half(), right);
        let x = self.product(solved, &[0, 1], right, &with(&[1], extra), &with(&[0], extra));
        Ok(self.symmetric(x, n))
    }

    /// The adjoint of [`Store::power_spd_tangent`].
    pub(super) fn power_spd_adjoint(
        &mut self,
        (t, a, q): (Term, Term, &Rational),
        y: Term,
    ) -> Result<Term, NotDifferentiable> {
        let parts = self.power_parts(t, a, q)?;
        let n = self.shape(a)[0];
        let y = if parts.negative { self.neg(y) } else { y };
        let Some(solved) = parts.solved else { return Ok(self.sandwiched(&parts.given, y, &[], true)) };
        let all = pairs(n, true);
        // Each entry beside the diagonal is there twice.
        let upper = self.picked(y, &all);
        let flipped: Vec<(usize, usize)> = all.iter().map(|&(i, j)| (j, i)).collect();
        let lower = self.picked(y, &flipped);
        let weights = |on: Rational| all.iter().map(|(i, j)| if i == j { on.clone() } else { Rational::ONE }).collect();
        let both = self.add(upper, lower);
        let weight = self.literal(weights(half()), &[all.len()]);
        let right = self.mul(weight, both);
        let z = self.product(solved, &[1, 0], right, &[1], &[0]);
        let weight = self.literal(weights(Rational::from(2)), &[all.len()]);
        let z = self.mul(weight, z);
        let z = self.symmetric(z, n);
        let z = self.scale(half(), z);
        Ok(self.sandwiched(&parts.given, z, &[], true))
    }

    fn power_parts(&mut self, t: Term, a: Term, q: &Rational) -> Result<PowerParts, NotDifferentiable> {
        let n = self.shape(a)[0];
        let small = |x: Option<i32>| x.filter(|x| x.abs() <= MOST_FACTORS);
        let r = small(i32::try_from(q.numerator()).ok());
        let s = small(i32::try_from(q.denominator()).ok());
        let (Some(r), Some(s)) = (r, s) else { return Err(NotDifferentiable::Exponent { limit: MOST_FACTORS }) };
        let negative = r < 0;
        let count = r.unsigned_abs() as usize;
        let given = if negative {
            // d(B^r) with dB = -B dA B for B = A⁻¹.
            let b = self.inverse(a);
            let powers = self.powers(b, count);
            (0..count).map(|k| (powers[k + 1], powers[count - k])).collect()
        } else {
            let powers = self.powers(a, count - 1);
            (0..count).map(|k| (powers[k], powers[count - 1 - k])).collect()
        };
        if s == 1 {
            return Ok(PowerParts { given, solved: None, negative });
        }
        let all = pairs(n, true);
        solvable("powm", all.len())?;
        let last = s.unsigned_abs() as usize - 1;
        let powers = self.powers(t, last);
        let parts = (0..=last).map(|k| {
            let part = self.product(powers[k], &[0, 2], powers[last - k], &[3, 1], &[0, 1, 2, 3]);
            (Rational::ONE, part)
        });
        let parts: Vec<(Rational, Term)> = parts.collect();
        let whole = self.sum(parts, &[n, n, n, n]);
        // The image of E[k, l] + E[l, k], of E[k, k] on the diagonal.
        let at = |(i, j): (usize, usize), (k, l): (usize, usize)| (((i * n + j) * n + k) * n + l) as u32;
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for &row in &all {
            for &(k, l) in &all {
                one.push(at(row, (k, l)));
                other.push(if k == l { NONE } else { at(row, (l, k)) });
            }
        }
        let shape = [all.len(), all.len()];
        let (one, other) = (self.gather(whole, one, &shape), self.gather(whole, other, &shape));
        let system = self.add(one, other);
        Ok(PowerParts { given, solved: Some(self.inverse(system)), negative })
    }

    /// The derivative of the eigenvectors `V` of a symmetric matrix `A`: `V (F ∘ Vᵀ dA V)`, where `Fᵢⱼ = 1 / (λⱼ - λᵢ)` off the
    /// diagonal, `λᵢ = (Vᵀ A V)ᵢᵢ`, and zero on it.
    pub(super) fn eigenvectors_tangent(&mut self, v: Term, a: Term, da: Term, extra: &[u8]) -> Term {
        let gaps = self.inverse_gaps(v, a);
        let inner = self.product(v, &[0, 1], da, &with(&[0, 2], extra), &with(&[1, 2], extra));
        let inner = self.product(inner, &with(&[1, 2], extra), v, &[2, 3], &with(&[1, 3], extra));
        let turn = self.product(gaps, &[1, 3], inner, &with(&[1, 3], extra), &with(&[1, 3], extra));
        self.product(v, &[0, 1], turn, &with(&[1, 3], extra), &with(&[0, 3], extra))
    }

    /// The adjoint of [`Store::eigenvectors_tangent`].
    pub(super) fn eigenvectors_adjoint(&mut self, v: Term, a: Term, y: Term) -> Term {
        let gaps = self.inverse_gaps(v, a);
        let inner = self.product(v, &[0, 1], y, &[0, 2], &[1, 2]);
        let turn = self.mul(gaps, inner);
        let left = self.matmul(v, turn);
        self.product(left, &[0, 1], v, &[2, 1], &[0, 2])
    }

    /// `1 / (λⱼ - λᵢ)` off the diagonal and zero on it.
    fn inverse_gaps(&mut self, v: Term, a: Term) -> Term {
        let n = self.shape(a)[0];
        let image = self.matmul(a, v);
        let values = self.product(v, &[0, 1], image, &[0, 1], &[1]);
        let off: Vec<(usize, usize)> = (0..n * n).map(|k| (k / n, k % n)).filter(|(i, j)| i != j).collect();
        let column = self.gather(values, off.iter().map(|&(_, j)| j as u32).collect(), &[off.len()]);
        let row = self.gather(values, off.iter().map(|&(i, _)| i as u32).collect(), &[off.len()]);
        let gaps = self.sub(column, row);
        let inverse = self.power(gaps, &Rational::NEG_ONE);
        let mut place = vec![NONE; n * n];
        for (k, &(i, j)) in off.iter().enumerate() {
            place[i * n + j] = k as u32;
        }
        self.gather(inverse, place, &[n, n])
    }

    /// `A⁰` to `A^last`.
    fn powers(&mut self, a: Term, last: usize) -> Vec<Term> {
        let n = self.shape(a)[0];
        let mut all = vec![self.eye(n)];
        for k in 0..last {
            let next = if k == 0 { a } else { self.matmul(all[k], a) };
            all.push(next);
        }
        all
    }

    /// `Σ L X R`, or its adjoint `Σ Lᵀ X Rᵀ`.
    fn sandwiched(&mut self, maps: &Sandwiches, x: Term, extra: &[u8], adjoint: bool) -> Term {
        let (left, right): ([u8; 2], [u8; 2]) = if adjoint { ([1, 0], [3, 2]) } else { ([0, 1], [2, 3]) };
        let parts = maps.iter().map(|&(l, r)| {
            let half = self.product(l, &left, x, &with(&[1, 2], extra), &with(&[0, 2], extra));
            (Rational::ONE, self.product(half, &with(&[0, 2], extra), r, &right, &with(&[0, 3], extra)))
        });
        let parts: Vec<(Rational, Term)> = parts.collect();
        let shape = self.shape(x).clone();
        self.sum(parts, &shape)
    }

    fn is_wide(&self, a: Term) -> bool {
        self.shape(a)[0] < self.shape(a)[1]
    }

    /// The first two axes exchanged.
    fn swap(&mut self, t: Term) -> Term {
        let mut shape = self.shape(t).clone();
        shape.swap(0, 1);
        let from: Labels = (0..shape.len() as u8).collect();
        let mut to = from.clone();
        to.swap(0, 1);
        self.rearrange(t, &from, &to, &shape)
    }

    /// The entries at some places of a square matrix, along one axis, before the extra ones.
    fn picked(&mut self, t: Term, places: &[(usize, usize)]) -> Term {
        let (n, rest) = (self.shape(t)[1], Shape::from_slice(&self.shape(t)[2..]));
        let k: usize = rest.iter().product();
        let map = places.iter().flat_map(|&(i, j)| (0..k).map(move |e| ((i * n + j) * k + e) as u32)).collect();
        let shape: Shape = std::iter::once(places.len()).chain(rest).collect();
        self.gather(t, map, &shape)
    }

    /// A square matrix with these entries at these places and zeros elsewhere.
    fn placed(&mut self, t: Term, n: usize, places: impl Iterator<Item = (usize, usize)>) -> Term {
        let rest = Shape::from_slice(&self.shape(t)[1..]);
        let k: usize = rest.iter().product();
        let mut map = vec![NONE; n * n * k];
        for (at, (i, j)) in places.enumerate() {
            for e in 0..k {
                map[(i * n + j) * k + e] = (at * k + e) as u32;
            }
        }
        let shape: Shape = [n, n].into_iter().chain(rest).collect();
        self.gather(t, map, &shape)
    }

    /// The skew matrix with these entries above the diagonal.
    fn skew(&mut self, t: Term, n: usize) -> Term {
        let upper = self.placed(t, n, pairs(n, false).into_iter());
        let lower = self.placed(t, n, pairs(n, false).into_iter().map(|(i, j)| (j, i)));
        self.sub(upper, lower)
    }

    /// The symmetric matrix with these entries on and above the diagonal.
    fn symmetric(&mut self, t: Term, n: usize) -> Term {
        let rest = Shape::from_slice(&self.shape(t)[1..]);
        let k: usize = rest.iter().product();
        let all = pairs(n, true);
        let mut map = vec![NONE; n * n * k];
        for (at, &(i, j)) in all.iter().enumerate() {
            for e in 0..k {
                map[(i * n + j) * k + e] = (at * k + e) as u32;
                map[(j * n + i) * k + e] = (at * k + e) as u32;
            }
        }
        let shape: Shape = [n, n].into_iter().chain(rest).collect();
        self.gather(t, map, &shape)
    }
}

/// An error if a system of so many unknowns is not to be solved.
fn solvable(primitive: &'static str, unknowns: usize) -> Result<(), NotDifferentiable> {
    match unknowns > MOST_UNKNOWNS {
        true => Err(NotDifferentiable::System { primitive, unknowns, limit: MOST_UNKNOWNS }),
        false => Ok(()),
    }
}
