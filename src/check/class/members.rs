//! Maps of a class as terms: what they do to the blocks of an architecture.

use crate::core::class::Class;
use crate::core::matrices::Matrices;
use crate::domain::Rational;
use crate::model::architecture::{Architecture, Block};
use crate::model::elaborate::{ConstraintKind, Draw, Elaborator, Role};
use crate::source::Span;
use crate::term::{Store, Term};

/// What a map does to the parameters, with the symbols of the map already quantified over.
pub(super) enum Action {
    /// The whole vector is moved by another one.
    Shift(Term),
    /// It is multiplied by a number.
    Scale(Term),
    /// It is multiplied entry by entry.
    Entries(Term),
    /// It is multiplied by a matrix, and moved.
    Matrix(Term, Option<Term>),
    /// A diffeomorphism since it is triangular: `z₀ + z₀³` and `zᵢ + cᵢ zᵢ₋₁²`.
    Bent(Term),
    /// Each block is multiplied from the left, and a matrix from the right, too.
    Blocks(Vec<(Term, Option<Term>)>),
}

/// Names for the symbols of a map.
pub(super) struct Names {
    /// The beginning of all but that of a single number.
    pub own: String,
    /// The single number.
    pub scale: String,
}

/// A symbol of a map, shown under its name.
pub(super) fn symbol(e: &mut Elaborator<'_>, name: &str, shape: &[usize]) -> Term {
    let (_, t) = e.quantify(name, shape, Draw::Real, Role::Member);
    e.show(name, t, Role::Member);
    t
}

/// A positive one.
fn positive(e: &mut Elaborator<'_>, name: &str, shape: &[usize], at: Span) -> Term {
    let t = symbol(e, name, shape);
    e.constrain(t, ConstraintKind::Positive, format!("{name} > 0"), at);
    t
}

/// A member of a class of matrices.
fn matrix(e: &mut Elaborator<'_>, class: Matrices, n: usize, name: &str, at: Span) -> Term {
    let m = e.matrix_of_class(class, n, name, Role::Member, at);
    e.show(name, m, Role::Member);
    m
}

/// A general member of a class on the blocks of an architecture.
pub(super) fn general(e: &mut Elaborator<'_>, class: Class, blocks: &[Block], names: &Names, at: Span) -> Action {
    let n: usize = blocks.iter().map(Block::size).sum();
    let own = |name: &str| format!("{}{name}", names.own);
    let matrices = |class: Matrices, e: &mut Elaborator<'_>| matrix(e, class, n, &own("m"), at);
    match class {
        Class::Translation => Action::Shift(symbol(e, &own("c"), &[n])),
        Class::Scaling => Action::Scale(positive(e, &names.scale, &[], at)),
        Class::Diagonal => Action::Entries(positive(e, &own("s"), &[n], at)),
        Class::Permutation => Action::Matrix(matrices(Matrices::Permutation, e), None),
        Class::SignedPermutation => Action::Matrix(matrices(Matrices::SignedPermutation, e), None),
        Class::Orthogonal => Action::Matrix(matrices(Matrices::Orthogonal, e), None),
        Class::Linear => Action::Matrix(matrices(Matrices::Invertible, e), None),
        Class::Affine => {
            let m = matrices(Matrices::Invertible, e);
            Action::Matrix(m, Some(symbol(e, &own("c"), &[n])))
        }
        Class::Diffeo => Action::Bent(symbol(e, &own("c"), &[n])),
        Class::Biorthogonal => {
            let mut both = Vec::with_capacity(blocks.len());
            for (i, b) in blocks.iter().enumerate() {
                let rows = b.shape.first().copied().unwrap_or(1);
                let left = matrix(e, Matrices::Orthogonal, rows, &own(&format!("q{i}")), at);
                let columns = b.shape.get(1).copied();
                let right = columns.map(|k| matrix(e, Matrices::Orthogonal, k, &own(&format!("p{i}")), at));
                both.push((left, right));
            }
            Action::Blocks(both)
        }
    }
}

impl Action {
    /// The blocks of the image of a point.
    pub(super) fn image(self, s: &mut Store, source: &Architecture) -> Vec<Term> {
        if let Action::Blocks(factors) = self {
            return multiplied(s, source, factors);
        }
        let w = whole(s, source);
        let n = source.dim;
        let z = match self {
            Action::Shift(c) => s.add(w, c),
            Action::Scale(a) => s.scalar_mul(a, w),
            Action::Entries(d) => s.mul(d, w),
            Action::Matrix(m, c) => {
                let turned = s.matmul(m, w);
                c.map_or(turned, |c| s.add(turned, c))
            }
            // A point has no other diffeomorphism.
            Action::Bent(_) if n == 0 => w,
            Action::Bent(c) => {
                let first = s.gather(w, vec![0], &[]);
                let cube = s.power(first, &Rational::from(3));
                let first = s.add(first, cube);
                let slice = |s: &mut Store, t: Term, from: usize| {
                    s.gather(t, (from as u32..(from + n - 1) as u32).collect(), &[n - 1])
                };
                let (own, factor, before) = (slice(s, w, 1), slice(s, c, 1), slice(s, w, 0));
                let square = s.power(before, &Rational::from(2));
                let bent = s.mul(factor, square);
                let rest = s.add(own, bent);
                s.join(&[first, rest])
            }
            Action::Blocks(_) => w,
        };
        apart(s, source, z)
    }
}

/// The blocks of an architecture's point as one vector.
pub(super) fn whole(s: &mut Store, a: &Architecture) -> Term {
    let mut parts = Vec::with_capacity(a.blocks.len());
    for (i, b) in a.blocks.iter().enumerate() {
        let t = a.block(s, a.point, i);
        parts.push(if b.shape.len() > 1 { s.reshape(t, &[b.size()]) } else { t });
    }
    s.join(&parts)
}

/// A vector as the blocks of an architecture.
pub(super) fn apart(s: &mut Store, a: &Architecture, z: Term) -> Vec<Term> {
    (0..a.blocks.len()).map(|i| a.block(s, z, i)).collect()
}

/// `Q W P` of each block.
fn multiplied(s: &mut Store, a: &Architecture, factors: Vec<(Term, Option<Term>)>) -> Vec<Term> {
    let mut all = Vec::with_capacity(factors.len());
    for (i, (left, right)) in factors.into_iter().enumerate() {
        let b = a.block(s, a.point, i);
        all.push(match (a.blocks[i].shape.is_empty(), right) {
            (true, _) => {
                let sign = s.gather(left, vec![0], &[]);
                s.scalar_mul(sign, b)
            }
            (false, None) => s.matmul(left, b),
            (false, Some(right)) => {
                let turned = s.matmul(left, b);
                s.matmul(turned, right)
            }
        });
    }
    all
}

/// A part of an entry of a simple map: of the first entry, the last, the square of the first, or a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    First,
    Last,
    Square,
    One,
}

/// Multiples of parts over a number.
type Entry = (&'static [(i64, Part)], i64);

/// A map of a class that changes the first entry and the last one only, with simple numbers: both of them. None of a class
/// whose general member is as simple.
fn simple(class: Class) -> Option<[Entry; 2]> {
    use Part::{First, Last, One, Square};
    const FIRST: Entry = (&[(1, First)], 1);
    const LAST: Entry = (&[(1, Last)], 1);
    Some(match class {
        Class::Translation => [(&[(1, First), (1, One)], 1), LAST],
        Class::Diagonal => [(&[(2, First)], 1), LAST],
        Class::Permutation => [LAST, FIRST],
        Class::SignedPermutation => [(&[(-1, Last)], 1), FIRST],
        Class::Orthogonal => [(&[(3, First), (-4, Last)], 5), (&[(4, First), (3, Last)], 5)],
        Class::Linear => [(&[(1, First), (1, Last)], 1), LAST],
        Class::Affine => [(&[(1, First), (1, Last), (1, One)], 1), LAST],
        Class::Diffeo => [FIRST, (&[(1, Last), (1, Square)], 1)],
        Class::Scaling | Class::Biorthogonal => return None,
    })
}

/// The blocks of the image of a point under the [`simple`] map of a class; `None` of an architecture of fewer than two
/// parameters.
pub(super) fn simple_image(class: Class, s: &mut Store, source: &Architecture) -> Option<Vec<Term>> {
    let n = source.dim;
    let both = simple(class).filter(|_| n > 1)?;
    let w = whole(s, source);
    let (first, last) = (s.gather(w, vec![0], &[]), s.gather(w, vec![(n - 1) as u32], &[]));
    let ends = both.map(|(parts, over)| {
        let mut sum = Vec::with_capacity(parts.len());
        for &(c, part) in parts {
            let t = match part {
                Part::First => first,
                Part::Last => last,
                Part::Square => s.power(first, &Rational::from(2)),
                Part::One => s.num(1),
            };
            sum.push((Rational::from(c) / Rational::from(over), t));
        }
        s.sum(sum, &[])
    });
    let z = if n > 2 {
        let middle = s.gather(w, (1..(n - 1) as u32).collect(), &[n - 2]);
        s.join(&[ends[0], middle, ends[1]])
    } else {
        s.join(&ends)
    };
    Some(apart(s, source, z))
}

/// The [`simple`] map in the words of the language, as a declaration in one line: with the name of the map, of its target, and
/// the beginning of the names that it uses.
pub(super) fn simple_text(class: Class, a: &Architecture, (name, target, own): (&str, &str, &str)) -> Option<String> {
    let n = a.dim;
    let both = simple(class).filter(|_| n > 1)?;
    let entry = |(parts, over): Entry| {
        let mut text = String::new();
        for &(c, part) in parts {
            let t = match part {
                Part::First => format!("{own}_w[0]"),
                Part::Last => format!("{own}_w[{}]", n - 1),
                Part::Square => format!("{own}_w[0]^2"),
                Part::One => "1".to_owned(),
            };
            let sign = match (text.is_empty(), c < 0) {
                (true, true) => "-",
                (true, false) => "",
                (false, true) => " - ",
                (false, false) => " + ",
            };
            let factor = if c.abs() == 1 { String::new() } else { format!("{} * ", c.abs()) };
            text.push_str(&format!("{sign}{factor}{t}"));
        }
        if over == 1 { text } else { format!("({text}) / {over}") }
    };
    let (mut declared, mut flat, mut lines) = (Vec::new(), Vec::new(), String::new());
    for b in &a.blocks {
        let (from, to) = (b.offset, b.offset + b.size());
        let sizes: Vec<String> = b.shape.iter().map(ToString::to_string).collect();
        declared.push(match &sizes[..] {
            [] => format!("{} : R", b.name),
            sizes => format!("{} : R[{}]", b.name, sizes.join(", ")),
        });
        flat.push(if b.shape.len() > 1 { format!("vec({})", b.name) } else { b.name.clone() });
        lines.push_str(&match b.shape.len() {
            0 => format!(" {} = {own}_z[{from}]", b.name),
            1 => format!(" {} = {own}_z[{from}..{to}]", b.name),
            _ => format!(" {} = reshape({own}_z[{from}..{to}], {})", b.name, sizes.join(", ")),
        });
    }
    let (declared, flat) = (declared.join(", "), flat.join(", "));
    let middle = if n > 2 { format!("{own}_w[1..{}], ", n - 1) } else { String::new() };
    let [first, last] = both.map(entry);
    Some(format!(
        "reparam {name} : ({declared}) -> {target} {{ let {own}_w = concat({flat}) let {own}_z = concat({first}, \
         {middle}{last}){lines} }}"
    ))
}
