//! Laws of the term calculus and of the domains, on random terms.

#[path = "laws/spectral.rs"]
mod spectral;
#[path = "laws/terms.rs"]
mod terms;

use nat::check::algebra::{Identity, vanishes};
use nat::check::sample::{Point, embed};
use nat::check::{Budget, Setting, replay};
use nat::domain::exact::Exact;
use nat::domain::float::Float;
use nat::domain::interval::{Interval, Intervals};
use nat::domain::prime::{Prime, PseudoInverses, Random, Signs};
use nat::domain::series::Series;
use nat::domain::{Domain, Fun, Rational};
use nat::model::elaborate::{Draw, Quantified, Role};
use nat::term::{Node, Program, Seeds, Store, SymbolId, Term};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use terms::{Built, Kind, fraction, recipe};

fn config() -> Config {
    Config { cases: 400, failure_persistence: None, rng_seed: RngSeed::Fixed(0), ..Config::default() }
}

fn prime(seed: u64) -> Prime {
    Prime::new(Random::new(seed, "laws"), Signs::Pattern(seed), PseudoInverses::ByRank)
}

/// The values of terms at a point; none if one of them has no value there.
fn run<D: Domain>(store: &Store, roots: &[Term], domain: &mut D, point: &Point<D::Elem>) -> Option<Vec<Vec<D::Elem>>> {
    Program::new(store, roots).run(domain, |s| point.get(&s).cloned()).ok()
}

/// Exact values; none if one is missing or too large.
fn exact(store: &Store, roots: &[Term], point: &Point<Rational>) -> Option<Vec<Vec<Rational>>> {
    let mut domain = Exact::default();
    run(store, roots, &mut domain, point).filter(|_| !domain.oversized())
}

/// A direction for every symbol, as terms that are constant.
fn directions(built: &mut Built, seed: u64) -> Vec<(SymbolId, Term, Vec<Rational>)> {
    let symbols = built.symbols.clone();
    let mut found = Vec::new();
    for (i, (symbol, term)) in symbols.into_iter().enumerate() {
        let shape = built.store.shape(term).to_vec();
        let n = built.store.size(term);
        let values: Vec<Rational> = (0..n).map(|k| fraction(seed.wrapping_mul(31) + (7 * i + 3 * k) as u64)).collect();
        let t = built.store.literal(values.clone(), &shape);
        found.push((symbol, t, values));
    }
    found
}

fn tangent(built: &mut Built, f: Term, along: &[(SymbolId, Term, Vec<Rational>)]) -> Option<Term> {
    let seeds = Seeds::along(along.iter().map(|(s, t, _)| (*s, *t)));
    built.store.tangent(f, &seeds).ok()
}

/// Everything drawn anew in a prime field.
fn draw(domain: &mut Prime, built: &Built) -> Point<u64> {
    built.symbols.iter().map(|(s, t)| (*s, (0..built.store.size(*t)).map(|_| domain.draw()).collect())).collect()
}

proptest! {
    #![proptest_config(config())]

    /// What the smart constructors make of an operation has the value of that operation.
    #[test]
    fn normal_forms_keep_values(steps in recipe(14), seed in any::<u64>()) {
        let built = Built::of(&steps, Kind::Any, seed);
        for (t, value) in built.pool.iter().zip(&built.values) {
            if let (Some(expected), Some(got)) = (value, exact(&built.store, &[*t], &built.point)) {
                prop_assert_eq!(&got[0], expected, "{}", built.store.text(*t));
            }
        }
    }

    /// Both evaluators compute the same, in every domain.
    #[test]
    fn a_replay_gives_what_the_program_gave(steps in recipe(12), seed in any::<u64>()) {
        let built = Built::of(&steps, Kind::Any, seed);
        let roots = &built.pool[6..];
        let mut domain = Exact::default();
        let first = run(&built.store, roots, &mut domain, &built.point);
        let mut again = Exact::default();
        let second = replay::evaluate(&built.store, roots, &mut again, &built.point).ok();
        if !domain.oversized() && !again.oversized() {
            prop_assert_eq!(first, second);
            prop_assert_eq!(domain.trace, again.trace);
        }
        let (mut one, mut two) = (prime(seed), prime(seed));
        let point = embed(&mut one, &built.point);
        let same = embed(&mut two, &built.point);
        let first = run(&built.store, roots, &mut one, &point);
        let second = replay::evaluate(&built.store, roots, &mut two, &same).ok();
        prop_assert_eq!(first, second);
    }

    /// An interval holds the exact value.
    #[test]
    fn intervals_enclose_exact_values(steps in recipe(14), seed in any::<u64>()) {
        let built = Built::of(&steps, Kind::Any, seed);
        for &t in &built.pool[6..] {
            let mut intervals = Intervals::default();
            let point = embed(&mut intervals, &built.point);
            let mut precise = Exact::default();
            let exact = run(&built.store, &[t], &mut precise, &built.point).filter(|_| !precise.oversized());
            if let (Some(exact), Some(enclosed)) = (exact, run(&built.store, &[t], &mut intervals, &point)) {
                prop_assert!(enclosed[0].iter().zip(&exact[0]).all(|(i, q)| i.contains(q)), "{}", built.store.text(t));
                // What is proved of signs and ranks holds of the exact ones.
                prop_assert_eq!(&intervals.trace.signs, &precise.trace.signs);
                prop_assert_eq!(&intervals.trace.ranks, &precise.trace.ranks);
            }
        }
    }

    /// Rounded arithmetic stays within arithmetic rounded outward. Matrix functions go other ways in floating point.
    #[test]
    fn floats_lie_in_intervals(steps in recipe(14), seed in any::<u64>()) {
        let built = Built::of(&steps, Kind::Any, seed);
        for &t in &built.pool[6..] {
            let spectral = |n: &Node| matches!(n, Node::Polar(_) | Node::PowerSpd(..) | Node::Eigenvectors(_));
            let matrices = |n: &Node| matches!(n, Node::Inverse(_) | Node::PseudoInverse(_) | Node::Determinant(_));
            if built.store.any_node(&[t], |n| matrices(n) || spectral(n)) {
                continue;
            }
            let (mut floats, mut intervals) = (Float::default(), Intervals::default());
            let rounded = embed(&mut floats, &built.point);
            let enclosed = embed(&mut intervals, &built.point);
            let float = run(&built.store, &[t], &mut floats, &rounded);
            if let (Some(f), Some(i)) = (float, run(&built.store, &[t], &mut intervals, &enclosed)) {
                for (x, i) in f[0].iter().zip(&i[0]) {
                    prop_assert!(!x.is_finite() || i.lo() <= *x && *x <= i.hi(), "{x} in {i:?}: {}", built.store.text(t));
                }
            }
        }
    }

    /// The mean value theorem, verified: `(f(x + hv) - f(x))/h` is a value of the tangent between `x` and `x + hv`.
    #[test]
    fn tangents_bound_differences(steps in recipe(10), seed in any::<u64>()) {
        let mut built = Built::of(&steps, Kind::Any, seed);
        let f = built.last();
        let along = directions(&mut built, seed);
        let Some(df) = tangent(&mut built, f, &along) else { return Ok(()) };
        let h = Rational::ONE / Rational::from(1u64 << 20);
        let step = Interval::enclose(&h);
        let mut intervals = Intervals::default();
        let start = embed(&mut intervals, &built.point);
        let mut end = Point::default();
        let mut between = Point::default();
        for (symbol, _, v) in &along {
            let moved: Vec<Rational> = built.point[symbol].iter().zip(v).map(|(x, v)| x + &h * v).collect();
            let moved: Vec<Interval> = moved.iter().map(Interval::enclose).collect();
            between.insert(*symbol, start[symbol].iter().zip(&moved).map(|(x, y)| x.join(y)).collect());
            end.insert(*symbol, moved);
        }
        // `f` must be smooth between: all of it has a value there, so no kink and no pole is crossed.
        let slope = run(&built.store, &[f, df], &mut Intervals::default(), &between);
        let before = run(&built.store, &[f], &mut Intervals::default(), &start);
        let after = run(&built.store, &[f], &mut Intervals::default(), &end);
        if let (Some(slope), Some(before), Some(after)) = (slope, before, after) {
            for ((s, a), b) in slope[1].iter().zip(&before[0]).zip(&after[0]) {
                if let Some(quotient) = b.minus(a).over(&step) {
                    prop_assert!(s.meet(&quotient).is_some(), "{s:?} and {quotient:?}: {}", built.store.text(f));
                }
            }
        }
    }

    /// A gradient, contracted with a direction, is the derivative in that direction.
    #[test]
    fn gradients_are_contracted_tangents(steps in recipe(12), seed in any::<u64>()) {
        let mut built = Built::of(&steps, Kind::Any, seed);
        let f = built.last_total();
        for (symbol, direction, _) in directions(&mut built, seed) {
            let seeds = Seeds::along([(symbol, direction)]);
            let (Ok(df), Ok(g)) = (built.store.tangent(f, &seeds), built.store.gradient(f, symbol)) else { continue };
            let contracted = built.store.dot(g, direction);
            let roots = |n: &Node| matches!(n, Node::Power(_, q) if !q.is_int());
            if built.store.any_node(&[df, contracted], roots) {
                // A root is a free atom in a prime field, without the relation to its own powers that this needs.
                let mut domain = Intervals::default();
                let point = embed(&mut domain, &built.point);
                if let Some(values) = run(&built.store, &[df, contracted], &mut domain, &point) {
                    prop_assert!(values[0][0].meet(&values[1][0]).is_some(), "{}", built.store.text(f));
                }
                continue;
            }
            let mut domain = prime(seed);
            let point = draw(&mut domain, &built);
            if let Some(values) = run(&built.store, &[df, contracted], &mut domain, &point) {
                prop_assert_eq!(&values[0], &values[1], "{}", built.store.text(f));
            }
        }
    }

    /// In a prime field, exactly: `Df·v` and `D²f(v, v)/2` are coefficients of the power series of `f(x + t v)`.
    #[test]
    fn derivatives_are_coefficients_of_series(steps in recipe(10), seed in any::<u64>()) {
        let mut built = Built::of(&steps, Kind::Smooth, seed);
        let f = built.last();
        let along = directions(&mut built, seed);
        let Some(first) = tangent(&mut built, f, &along) else { return Ok(()) };
        let Some(second) = tangent(&mut built, first, &along) else { return Ok(()) };
        let mut base = prime(seed);
        let at = draw(&mut base, &built);
        let mut series = Series::new(base, 3);
        let mut line = Point::default();
        for (symbol, _, v) in &along {
            let entries = at[symbol].iter().zip(v).map(|(x, v)| {
                let v = series.base.rational(v).expect("a small fraction");
                vec![*x, v, series.base.zero()]
            });
            line.insert(*symbol, entries.collect::<Vec<_>>());
        }
        let Some(expanded) = run(&built.store, &[f], &mut series, &line) else { return Ok(()) };
        let Some(derivatives) = run(&built.store, &[first, second], &mut series.base, &at) else { return Ok(()) };
        for (i, x) in expanded[0].iter().enumerate() {
            prop_assert_eq!(series.coefficient(x, 1), derivatives[0][i], "{}", built.store.text(f));
            let twice = series.coefficient(x, 2);
            prop_assert_eq!(series.base.add(&twice, &twice), derivatives[1][i], "{}", built.store.text(f));
        }
    }

    /// Substitution is composition: the value of `f[x := g]` is that of `f` at the value of `g`.
    #[test]
    fn substitution_is_composition(outer in recipe(8), inner in recipe(8), seed in any::<u64>(), which in 0usize..6) {
        let mut built = Built::of(&outer, Kind::Any, seed);
        let f = built.last();
        let (symbol, x) = built.symbols[which];
        // `g` is built of the same symbols and has the shape of the one it replaces.
        let count = built.pool.len();
        built.extend(&inner, Kind::Any);
        let fits = |t: &&Term| built.store.shape(**t) == built.store.shape(x);
        let Some(&g) = built.pool[count..].iter().rev().find(fits) else { return Ok(()) };
        let composite = built.store.substitute_one(f, &[(symbol, g)].into_iter().collect());
        let Some(value) = exact(&built.store, &[g], &built.point) else { return Ok(()) };
        let mut moved = built.point.clone();
        moved.insert(symbol, value[0].clone());
        if let (Some(a), Some(b)) = (exact(&built.store, &[composite], &built.point), exact(&built.store, &[f], &moved)) {
            prop_assert_eq!(a, b, "{} at {}", built.store.text(f), built.store.text(g));
        }
    }

    /// No engine refutes what another proves: a residual that the algebra engine proves is zero at every rational point.
    #[test]
    fn proofs_are_not_refuted(steps in recipe(9), seed in any::<u64>(), points in any::<[u64; 4]>()) {
        let mut built = Built::of(&steps, Kind::Any, seed);
        // Each term by itself, and differences of terms of one shape: a few of them vanish.
        let pool = built.pool.clone();
        let mut residuals: Vec<Term> = pool[6..].to_vec();
        for (i, &a) in pool.iter().enumerate() {
            for &b in &pool[i + 1..] {
                if built.store.shape(a) == built.store.shape(b) {
                    let difference = built.store.sub(a, b);
                    residuals.push(difference);
                }
            }
        }
        let setting = setting(&built);
        for r in residuals.into_iter().rev().take(12) {
            let proved = vanishes(&setting, &[r], &[], &Budget::new(seed, 4, 1), "laws").holds();
            for &p in &points {
                let point = Built::new(p).point;
                let value = exact(&built.store, &[r], &point);
                let refuted = value.is_some_and(|v| v[0].iter().any(|q| !q.is_zero()));
                prop_assert!(!(proved && refuted), "proved to vanish: {}", built.store.text(r));
            }
        }
    }

    /// Printing never fails and never says nothing.
    #[test]
    fn everything_can_be_printed(steps in recipe(25), seed in any::<u64>()) {
        let mut built = Built::of(&steps, Kind::Any, seed);
        let f = built.last_total();
        let mut terms = built.pool.clone();
        for (symbol, _) in built.symbols.clone() {
            terms.extend(built.store.gradient(f, symbol).ok());
        }
        for t in terms {
            prop_assert!(!built.store.text(t).trim().is_empty());
            let _ = built.store.describe_partial(t);
        }
    }
}

fn setting(built: &Built) -> Setting {
    let quantified = |&(symbol, _): &(SymbolId, Term)| Quantified { symbol, draw: Draw::Real, role: Role::Point };
    Setting {
        store: built.store.clone(),
        quantified: built.symbols.iter().map(quantified).collect(),
        constraints: Vec::new(),
        shown: Vec::new(),
        orthogonal: Vec::new(),
        written: Vec::new(),
        generated: Vec::new(),
        images: Vec::new(),
    }
}

/// A residual over the symbols of [`Built`].
type Residual = fn(&mut Store, &[Term]) -> Term;

fn half() -> Rational {
    Rational::ONE / Rational::from(2)
}

/// Statements that are false, though many points do not show it: none may be proved.
#[test]
fn tempting_falsehoods_are_not_proved() {
    let falsehoods: &[(&str, Residual)] = &[
        ("sqrt(s^2) = s", |st, x| {
            let square = st.mul(x[0], x[0]);
            let root = st.power(square, &half());
            st.sub(root, x[0])
        }),
        ("|s| = s", |st, x| {
            let a = st.abs(x[0]);
            st.sub(a, x[0])
        }),
        ("relu(s) = s", |st, x| {
            let a = st.relu(x[0]);
            st.sub(a, x[0])
        }),
        ("sign(v0) = sign(v1)", |st, x| {
            let s = st.map(Fun::Sign, x[1]);
            let (a, b) = (st.gather(s, vec![0], &[]), st.gather(s, vec![1], &[]));
            st.sub(a, b)
        }),
        ("atan(s) = s", |st, x| {
            let a = st.map(Fun::Atan, x[0]);
            st.sub(a, x[0])
        }),
        ("exp(s)^2 = exp(s^2)", |st, x| {
            let e = st.map(Fun::Exp, x[0]);
            let left = st.mul(e, e);
            let square = st.mul(x[0], x[0]);
            let right = st.map(Fun::Exp, square);
            st.sub(left, right)
        }),
        ("cos(s) = sqrt(1 - sin(s)^2)", |st, x| {
            let (s, c) = (st.map(Fun::Sin, x[0]), st.map(Fun::Cos, x[0]));
            let one = st.num(1);
            let square = st.mul(s, s);
            let rest = st.sub(one, square);
            let root = st.power(rest, &half());
            st.sub(c, root)
        }),
        ("A⁺ A = 1 for a wide A", |st, x| {
            let p = st.pseudo_inverse(x[3]);
            let left = st.matmul(p, x[3]);
            let eye = st.eye(3);
            st.sub(left, eye)
        }),
        ("(Aᵀ B A)⁺ = 3 A⁺ (Aᵀ B)⁺", |st, x| {
            let at = st.transpose(x[3]);
            let product = st.matmul(at, x[4]);
            let back = st.matmul(product, x[3]);
            let left = st.pseudo_inverse(back);
            let (p, q) = (st.pseudo_inverse(product), st.pseudo_inverse(x[3]));
            let right = st.matmul(q, p);
            let three = st.scale(Rational::from(3), right);
            st.sub(left, three)
        }),
        ("B Bᵀ = Bᵀ B", |st, x| {
            let t = st.transpose(x[4]);
            let (l, r) = (st.matmul(x[4], t), st.matmul(t, x[4]));
            st.sub(l, r)
        }),
        ("det(1 + C) = 1 + det(C)", |st, x| {
            let eye = st.eye(3);
            let sum = st.add(eye, x[5]);
            let (l, d) = (st.determinant(sum), st.determinant(x[5]));
            let one = st.num(1);
            let r = st.add(one, d);
            st.sub(l, r)
        }),
        ("polar(A) = A", |st, x| {
            let p = st.polar(x[3]);
            st.sub(p, x[3])
        }),
    ];
    for (name, residual) in falsehoods {
        let built = Built::new(1);
        let mut setting = setting(&built);
        let r = residual(&mut setting.store, &built.pool);
        let answer = vanishes(&setting, &[r], &[], &Budget::new(0, 4, 1), "falsehoods");
        assert!(!answer.holds(), "proved: {name}: {answer:?}");
    }
}

/// Statements that are true and that the algebra engine is there to prove.
#[test]
fn plain_truths_are_proved() {
    let truths: &[(&str, Residual)] = &[
        ("sin² + cos² = 1", |st, x| {
            let (s, c) = (st.map(Fun::Sin, x[2]), st.map(Fun::Cos, x[2]));
            let (s, c) = (st.dot(s, s), st.dot(c, c));
            let sum = st.add(s, c);
            let three = st.num(3);
            st.sub(sum, three)
        }),
        ("exp(v0 + v1) = exp v0 · exp v1", |st, x| {
            let total = st.total(x[1]);
            let left = st.map(Fun::Exp, total);
            let e = st.map(Fun::Exp, x[1]);
            let (a, b) = (st.gather(e, vec![0], &[]), st.gather(e, vec![1], &[]));
            let right = st.mul(a, b);
            st.sub(left, right)
        }),
        ("tanh = 2 sigmoid(2·) - 1", |st, x| {
            let t = st.map(Fun::Tanh, x[2]);
            let twice = st.scale(Rational::from(2), x[2]);
            let s = st.map(Fun::Sigmoid, twice);
            let ones = st.fill(Rational::ONE, &[3]);
            let sum = vec![(Rational::ONE, t), (Rational::from(-2), s), (Rational::ONE, ones)];
            st.sum(sum, &[3])
        }),
        ("max + min = sum", |st, x| {
            let b = st.gather(x[1], vec![1, 0], &[2]);
            let (l, s) = (st.max(x[1], b), st.min(x[1], b));
            let left = st.add(l, s);
            let right = st.add(x[1], b);
            st.sub(left, right)
        }),
        ("A A⁺ A = A", |st, x| {
            let p = st.pseudo_inverse(x[3]);
            let ap = st.matmul(x[3], p);
            let apa = st.matmul(ap, x[3]);
            st.sub(apa, x[3])
        }),
        ("(A⁺ A)ᵀ = A⁺ A", |st, x| {
            let p = st.pseudo_inverse(x[3]);
            let pa = st.matmul(p, x[3]);
            let t = st.transpose(pa);
            st.sub(t, pa)
        }),
        ("det(C Cᵀ) = det(C)²", |st, x| {
            let t = st.transpose(x[5]);
            let product = st.matmul(x[5], t);
            let (l, d) = (st.determinant(product), st.determinant(x[5]));
            let r = st.mul(d, d);
            st.sub(l, r)
        }),
        ("(B (B + Bᵀ))⁻¹ = (B + Bᵀ)⁻¹ B⁻¹", |st, x| {
            let t = st.transpose(x[4]);
            let sum = st.add(x[4], t);
            let product = st.matmul(x[4], sum);
            let left = st.inverse(product);
            let (p, q) = (st.inverse(sum), st.inverse(x[4]));
            let right = st.matmul(p, q);
            st.sub(left, right)
        }),
    ];
    for (name, residual) in truths {
        let built = Built::new(1);
        let mut setting = setting(&built);
        let r = residual(&mut setting.store, &built.pool);
        match vanishes(&setting, &[r], &[], &Budget::new(0, 4, 1), "truths") {
            Identity::Proved { bits, .. } => assert!(bits >= 100.0, "{name}: only {bits} bits"),
            Identity::Trivial => {}
            other => panic!("not proved: {name}: {other:?}"),
        }
    }
}

/// In a prime field, too, a function has one value at one argument, whatever was asked in between.
#[test]
fn an_atom_belongs_to_its_argument() {
    let mut domain = prime(0);
    let s = domain.draw();
    let multiples = [(-5, 4), (3, 4), (-2, 1), (6, 1), (1, 2)];
    let arguments: Vec<u64> = multiples
        .iter()
        .map(|&(n, d)| {
            let q = domain.rational(&(Rational::from(n) / Rational::from(d as u64))).expect("a small fraction");
            domain.mul(&q, &s)
        })
        .collect();
    let first: Vec<u64> = arguments.iter().map(|x| domain.apply(Fun::Tanh, x).expect("a value")).collect();
    let again: Vec<u64> = arguments.iter().map(|x| domain.apply(Fun::Tanh, x).expect("a value")).collect();
    assert_eq!(first, again);
}
