//! `left` and `right` states: symmetric matrices on the rows and on the columns of each block.
//!
//! A `left` state is a sum of `g gᵀ`, a `right` one of `gᵀ g`, over differentials `g` of the block. Along `W = Q V P + C` the
//! differentials are `g_V = Qᵀ g_W Pᵀ`, so that `Σ g_V g_Vᵀ = Qᵀ (Σ g_W PᵀP g_Wᵀ) Q`: this is a function of the state at `W` alone
//! where `PᵀP` is a number `|P|²`, and then `left ↦ |P|⁻² Q⁻ᵀ z Q⁻¹`; likewise `right ↦ |Q|⁻² P⁻¹ z P⁻ᵀ`. The factor that
//! `Q` and `P` leave open cancels. Along `W = Q Vᵀ P + C` the two states change places.

use crate::check::generic;
use crate::core::variance::Variance;
use crate::domain::Rational;
use crate::model::architecture::Block;
use crate::model::elaborate::Elaborator;
use crate::model::morphism::Morphism;
use crate::model::optimizer::{State, side};
use crate::term::{Store, Term};

/// How a map acts on one block.
struct Action {
    /// The block of the source on which the block of the target depends.
    source: usize,
    /// `Q Vᵀ P` instead of `Q V P`.
    transposed: bool,
    /// Whether `Q`, and whether `P`, is a multiple of an orthogonal matrix.
    conformal: (bool, bool),
}

/// State `i`, which is `left` or `right`, carried along `m` with Jacobian `j`.
///
/// # Errors
/// Why it is not carried, as the rest of a sentence about the state.
pub(super) fn carry(e: &mut Elaborator<'_>, m: &Morphism, j: Term, states: &[State], i: usize) -> Result<Term, String> {
    let word = format!("`{}` acts on each matrix as W ↦ Q W P + C with constant invertible Q and P", m.name);
    let refuse = || format!("it is carried only where {word}, which is not the case");
    if e.store.free_symbols(&[j]).contains(&m.source.symbol) || m.source.dim != m.target.dim {
        return Err(refuse());
    }
    let pattern = generic::pattern(e, j).ok_or_else(refuse)?;
    let mut parts = Vec::with_capacity(m.target.blocks.len());
    for b in &m.target.blocks {
        let action = action(&pattern, m, b).ok_or_else(refuse)?;
        let from = match action.transposed {
            false => i,
            true => partner(states, i).ok_or_else(|| {
                let other = if states[i].variance == Variance::Left { "right" } else { "left" };
                format!(
                    "`{}` transposes `{}`, which exchanges `left` and `right` states in the order of their declaration, and \
                     there is no `{other}` state to exchange it with",
                    m.name, b.name
                )
            })?,
        };
        parts.push(carry_block(&mut e.store, j, m, b, &action, &states[from])?);
    }
    Ok(e.store.join(&parts))
}

/// The state on the other side that a transposition exchanges a state with: the k-th `left` one with the k-th `right` one.
fn partner(states: &[State], i: usize) -> Option<usize> {
    let of = |v: Variance| states.iter().enumerate().filter(move |(_, s)| s.variance == v).map(|(k, _)| k);
    let k = of(states[i].variance).position(|k| k == i)?;
    of(if states[i].variance == Variance::Left { Variance::Right } else { Variance::Left }).nth(k)
}

/// How the map with these generic values of its Jacobian acts on a block of the target: the array of the block has rank one
/// if its indices are rightly paired.
fn action(pattern: &[u64], m: &Morphism, b: &Block) -> Option<Action> {
    let n = m.source.dim;
    let touches =
        |a: &Block| (0..b.size()).any(|r| (0..a.size()).any(|c| pattern[(b.offset + r) * n + a.offset + c] != 0));
    let mut sources = (0..m.source.blocks.len()).filter(|&i| touches(&m.source.blocks[i]));
    let (Some(source), None) = (sources.next(), sources.next()) else { return None };
    let a = &m.source.blocks[source];
    let (p, q) = (side(&b.shape, Variance::Left), side(&b.shape, Variance::Right));
    let shape = (side(&a.shape, Variance::Left), side(&a.shape, Variance::Right));
    let entry = |x: usize, y: usize| pattern[(b.offset + x) * n + a.offset + y];
    // J[(r, c), (r', c')] = Q[r, r'] P[c', c], or with the indices of the source exchanged.
    let direct = |r: usize, c: usize, rr: usize, cc: usize| entry(r * q + c, rr * q + cc);
    let turned = |r: usize, c: usize, rr: usize, cc: usize| entry(r * q + c, cc * p + rr);
    if shape == (p, q)
        && let Some(conformal) = factors(&direct, p, q)
    {
        return Some(Action { source, transposed: false, conformal });
    }
    let conformal = if shape == (q, p) { factors(&turned, p, q)? } else { return None };
    Some(Action { source, transposed: true, conformal })
}

/// Whether `Q` and whether `P` is a multiple of an orthogonal matrix, if `j(r, c, r', c') = Q[r, r'] P[c', c]`.
fn factors(j: &dyn Fn(usize, usize, usize, usize) -> u64, p: usize, q: usize) -> Option<(bool, bool)> {
    let f = generic::field();
    let mut all = (0..p * p * q * q).map(|k| (k / (p * q * q), k / (p * q) % q, k / q % p, k % q));
    let (r0, c0, rr0, cc0) = all.clone().find(|&(r, c, rr, cc)| j(r, c, rr, cc) != 0)?;
    let conformal = |m: &dyn Fn(usize, usize) -> u64, n: usize| {
        let gram = |x, y| (0..n).fold(0, |sum, z| f.add(sum, f.mul(m(x, z), m(y, z))));
        (0..n * n).all(|k| gram(k / n, k % n) == if k / n == k % n { gram(0, 0) } else { 0 })
    };
    all.all(|(r, c, rr, cc)| f.mul(j(r, c, rr, cc), j(r0, c0, rr0, cc0)) == f.mul(j(r, c0, rr, cc0), j(r0, c, rr0, cc)))
        .then(|| (conformal(&|r, rr| j(r, c0, rr, cc0), p), conformal(&|cc, c| j(r0, c, rr0, cc), q)))
}

/// The carried state on one block: with `K` the inverse of the block's Jacobian and `n` the size of the other side, the mean
/// over the other side's indices of `Kᵀ (z ⊗ 1) K`, which is the state of the table wherever it is one.
///
/// # Errors
/// Where the factor on the other side is no multiple of an orthogonal matrix.
fn carry_block(
    s: &mut Store,
    j: Term,
    m: &Morphism,
    b: &Block,
    action: &Action,
    state: &State,
) -> Result<Term, String> {
    let a = &m.source.blocks[action.source];
    let (size, n) = (b.size(), m.source.dim);
    let map = (0..size * size).map(|k| ((b.offset + k / size) * n + a.offset + k % size) as u32).collect();
    let whole = s.gather(j, map, &[size, size]);
    let z = source_block(s, m, action.source, state);
    if size == 1 {
        // One entry: z / J².
        let (k, z) = (s.reshape(whole, &[]), s.reshape(z, &[]));
        let square = s.power(k, &Rational::from(-2));
        let carried = s.mul(square, z);
        return Ok(s.reshape(carried, &[1, 1]));
    }
    let inverse = s.inverse(whole);
    let (own, rows, columns) = (state.variance, side(&a.shape, Variance::Left), side(&a.shape, Variance::Right));
    let (p, q) = (side(&b.shape, Variance::Left), side(&b.shape, Variance::Right));
    // K[r', c', r, c]
    let k = s.reshape(inverse, &[rows, columns, p, q]);
    // The result is on the same side of the target, or on the other one along a transposition.
    let left = (own == Variance::Left) != action.transposed;
    let (fits, factor) = if left { (action.conformal.1, "P") } else { (action.conformal.0, "Q") };
    if !fits {
        return Err(format!(
            "`{}` takes `{}` to Q W P + C where {factor} is no multiple of an orthogonal matrix, and a sum of {} does not tell \
             what becomes of it there",
            m.name,
            b.name,
            if left { "g gᵀ" } else { "gᵀ g" }
        ));
    }
    let half = match own {
        Variance::Left => s.product(z, &[0, 4], k, &[4, 1, 2, 3], &[0, 1, 2, 3]),
        _ => s.product(z, &[1, 4], k, &[0, 4, 2, 3], &[0, 1, 2, 3]),
    };
    let (sum, other) = if left {
        (s.product(k, &[0, 1, 2, 3], half, &[0, 1, 4, 3], &[2, 4]), q)
    } else {
        (s.product(k, &[0, 1, 2, 3], half, &[0, 1, 2, 4], &[3, 4]), p)
    };
    Ok(s.scale(Rational::ONE / Rational::from(other as u64), sum))
}

/// The block of a `left` or `right` state over the source.
fn source_block(s: &mut Store, m: &Morphism, block: usize, state: &State) -> Term {
    let order = |b: &Block| side(&b.shape, state.variance);
    let start: usize = m.source.blocks[..block].iter().map(|b| order(b).pow(2)).sum();
    generic::square_block(s, state.term, start, order(&m.source.blocks[block]))
}
