//! Derivatives of polar factors, of powers of matrices and of eigenvectors against differences, and where they have no value.

use nat::check::sample::Point;
use nat::domain::exact::Exact;
use nat::domain::float::Float;
use nat::domain::interval::{Interval, Intervals};
use nat::domain::{Rational, Stop};
use nat::term::{NotDifferentiable, Program, Seeds, Store, SymbolId, Term};

/// Builds a function of a matrix.
type Build = dyn Fn(&mut Store, Term) -> Term;

/// A function of a matrix: what it is called, the extents of its matrix, and how it is built.
struct Case {
    name: String,
    shape: [usize; 2],
    build: Box<Build>,
}

fn cases() -> Vec<Case> {
    let mut all = Vec::new();
    for shape in [[2, 2], [3, 3], [4, 4], [3, 2], [2, 3], [5, 2], [2, 4], [4, 3]] {
        all.push(Case { name: format!("polar {shape:?}"), shape, build: Box::new(|s, a| s.polar(a)) });
    }
    // Of a rank that is lower than could be: polar factors of L and of a b^T.
    let low = |s: &mut Store, a| {
        let across = s.transpose(a);
        let middle = s.literal([1, 2, 0, 1].map(Rational::from).to_vec(), &[2, 2]);
        let half = s.matmul(across, middle);
        let whole = s.matmul(half, a);
        s.polar(whole)
    };
    let outer = |s: &mut Store, a| {
        let n = s.shape(a)[1];
        let row = |s: &mut Store, i: usize| s.gather(a, (i * n..(i + 1) * n).map(|k| k as u32).collect(), &[n]);
        let (u, v) = (row(s, 0), row(s, 1));
        let whole = s.product(u, &[0], v, &[1], &[0, 1]);
        s.polar(whole)
    };
    all.push(Case { name: "rank two of four".into(), shape: [2, 4], build: Box::new(low) });
    all.push(Case { name: "rank two of three".into(), shape: [2, 3], build: Box::new(low) });
    for n in [2, 3, 4] {
        all.push(Case { name: format!("rank one of {n}"), shape: [2, n], build: Box::new(outer) });
    }
    for n in [2, 3, 4] {
        for (r, d) in [(1, 2u8), (-1, 2), (-1, 4), (1, 3), (2, 3), (-3, 4), (5, 2), (2, 1), (3, 1), (-2, 1), (-1, 1)] {
            let q = Rational::from_parts(i64::into(r), d.into());
            let build = move |s: &mut Store, a| {
                let across = s.transpose(a);
                let gram = s.matmul(a, across);
                let eye = s.eye(n);
                let definite = s.add(gram, eye);
                s.power_spd(definite, &q)
            };
            all.push(Case { name: format!("powm {n} {r}/{d}"), shape: [n, n], build: Box::new(build) });
        }
        // Also of a matrix that is not symmetric: its symmetric part.
        let build = |s: &mut Store, a| s.eigenvectors(a);
        all.push(Case { name: format!("eigvecs {n}"), shape: [n, n], build: Box::new(build) });
    }
    all
}

/// Numbers between -2 and 2, always the same.
fn numbers(seed: u64, n: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / (1u64 << 22) as f64 - 2.0
    };
    (0..n).map(next).collect()
}

fn value(store: &Store, t: Term, x: SymbolId, at: &[f64]) -> Result<Vec<f64>, Stop> {
    let run = Program::new(store, &[t]).run(&mut Float::default(), |s| (s == x).then(|| at.to_vec()));
    run.map(|v| v[0].clone()).map_err(|f| f.stop)
}

/// Central differences of order four.
fn difference(store: &Store, t: Term, x: SymbolId, at: &[f64], along: &[f64]) -> Vec<f64> {
    let h = 1e-3;
    let moved = |k: f64| {
        let point: Vec<f64> = at.iter().zip(along).map(|(x, v)| x + k * h * v).collect();
        value(store, t, x, &point).expect("a value nearby")
    };
    let (a, b, c, d) = (moved(-2.0), moved(-1.0), moved(1.0), moved(2.0));
    (0..a.len()).map(|i| (a[i] - 8.0 * b[i] + 8.0 * c[i] - d[i]) / (12.0 * h)).collect()
}

fn literal(store: &mut Store, values: &[f64], shape: &[usize]) -> Term {
    let exact = values.iter().map(|v| Rational::try_from(*v).expect("a number")).collect();
    store.literal(exact, shape)
}

fn close(a: &[f64], b: &[f64], tolerance: f64) -> bool {
    let size = a.iter().chain(b).fold(1.0f64, |m, x| m.max(x.abs()));
    a.len() == b.len() && a.iter().zip(b).all(|(x, y)| (x - y).abs() <= tolerance * size)
}

#[test]
fn first_and_second_derivatives_are_those_of_differences() {
    for case in cases() {
        for seed in 0..4 {
            let mut s = Store::new();
            let size = case.shape[0] * case.shape[1];
            let (x, a) = s.symbol("A", &case.shape);
            let f = (case.build)(&mut s, a);
            let (at, along) = (numbers(seed, size), numbers(seed + 100, size));
            let direction = literal(&mut s, &along, &case.shape);
            let seeds = Seeds::along([(x, direction)]);
            let first = s.tangent(f, &seeds).expect("a derivative");
            let second = s.tangent(first, &seeds).expect("a derivative");
            for (of, is) in [(f, first), (first, second)] {
                let expected = difference(&s, of, x, &at, &along);
                let got = value(&s, is, x, &at).expect("a value");
                assert!(close(&got, &expected, 1e-5), "{} {seed}: {got:?} and {expected:?}", case.name);
            }
        }
    }
}

/// A Jacobian, a gradient and a directional derivative are one derivative.
#[test]
fn gradients_and_jacobians_agree() {
    for case in cases() {
        let mut s = Store::new();
        let size = case.shape[0] * case.shape[1];
        let (x, a) = s.symbol("A", &case.shape);
        let f = (case.build)(&mut s, a);
        let (at, along, weights) = (numbers(7, size), numbers(8, size), numbers(9, s.size(f)));
        let direction = literal(&mut s, &along, &case.shape);
        let shape = s.shape(f).clone();
        let weight = literal(&mut s, &weights, &shape);
        let loss = s.dot(f, weight);
        let gradient = s.gradient(loss, x).expect("a gradient");
        let by_gradient = s.dot(gradient, direction);
        let tangent = s.tangent(f, &Seeds::along([(x, direction)])).expect("a derivative");
        let by_tangent = s.dot(tangent, weight);
        let jacobian = s.jacobian(f, x).expect("a Jacobian");
        let by_jacobian = s.product(jacobian, &[0, 1, 2, 3], direction, &[2, 3], &[0, 1]);
        let by_jacobian = s.dot(by_jacobian, weight);
        let [one, two, three] = [by_gradient, by_tangent, by_jacobian].map(|t| value(&s, t, x, &at).expect("a value"));
        assert!(close(&one, &two, 1e-10) && close(&one, &three, 1e-10), "{}: {one:?} {two:?} {three:?}", case.name);
    }
}

/// Intervals around a point hold the derivative there.
#[test]
fn intervals_hold_derivatives() {
    for case in cases() {
        let mut s = Store::new();
        let size = case.shape[0] * case.shape[1];
        let (x, a) = s.symbol("A", &case.shape);
        let f = (case.build)(&mut s, a);
        let (at, along) = (numbers(3, size), numbers(4, size));
        let direction = literal(&mut s, &along, &case.shape);
        let d = s.tangent(f, &Seeds::along([(x, direction)])).expect("a derivative");
        let point: Vec<Interval> = at.iter().map(|v| Interval::point(*v)).collect();
        let run = |t: Term| Program::new(&s, &[t]).run(&mut Intervals::default(), |_| Some(point.clone()));
        // No enclosure have roots other than square ones, again and again, and polar factors of lower rank.
        if run(f).is_err() {
            assert!(case.name.ends_with("/3") || case.name.starts_with("rank"), "{}", case.name);
            continue;
        }
        let inside = run(d).unwrap_or_else(|f| panic!("{}: {:?}", case.name, f.stop));
        let got = value(&s, d, x, &at).expect("a value");
        let expected = difference(&s, f, x, &at, &along);
        for ((i, v), e) in inside[0].iter().zip(got).zip(expected) {
            let size = 1.0 + v.abs();
            assert!(i.hi() - i.lo() < 1e-5 * size, "{}: {i:?} is wide", case.name);
            // Rounding of the value itself is no matter of intervals.
            assert!(
                (i.middle() - v).abs() < 1e-6 * size && (v - e).abs() < 1e-5 * size,
                "{}: {i:?} {v} {e}",
                case.name
            );
        }
    }
}

/// Where the function has no value, its derivative has none.
#[test]
fn there_is_no_derivative_where_there_is_no_value() {
    let root: &Build = &|s, a| s.power_spd(a, &Rational::from_parts(1.into(), 2u8.into()));
    let vectors: &Build = &Store::eigenvectors;
    let points: [(&str, &Build, &[f64]); 4] = [
        ("not definite", root, &[1.0, 2.0, 2.0, 1.0]),
        ("singular", root, &[1.0, 1.0, 1.0, 1.0]),
        ("repeated", vectors, &[3.0, 0.0, 0.0, 3.0]),
        ("a first entry of zero", vectors, &[3.0, 0.0, 0.0, 1.0]),
    ];
    for (name, build, at) in points {
        let mut s = Store::new();
        let (x, a) = s.symbol("A", &[2, 2]);
        let f = build(&mut s, a);
        let direction = literal(&mut s, &numbers(5, 4), &[2, 2]);
        let d = s.tangent(f, &Seeds::along([(x, direction)])).expect("a derivative");
        assert!(value(&s, d, x, at).is_err(), "{name}: {:?}", value(&s, d, x, at));
        let program = Program::new(&s, &[d]);
        let point: Vec<Interval> = at.iter().map(|v| Interval::point(*v)).collect();
        let inside = program.run(&mut Intervals::default(), |_| Some(point.clone()));
        assert!(inside.is_err(), "{name}: {inside:?}");
        let exact: Vec<Rational> = at.iter().map(|v| Rational::try_from(*v).expect("a number")).collect();
        let inside = program.run(&mut Exact::default(), |_| Some(exact.clone()));
        assert!(inside.is_err(), "{name}: {inside:?}");
    }
}

/// Where the rank of its matrix drops a polar factor jumps. The derivative at constant rank has a value there, which is that of no
/// point nearby; the ranks that were found tell.
#[test]
fn a_drop_of_rank_is_noted() {
    let drops: [([usize; 2], &[f64]); 5] = [
        ([2, 2], &[1.0, 2.0, 2.0, 4.0]),
        ([3, 3], &[1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0]),
        ([3, 3], &[0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0]),
        ([3, 2], &[1.0, 2.0, 2.0, 4.0, -1.0, -2.0]),
        ([2, 3], &[1.0, 2.0, -1.0, 2.0, 4.0, -2.0]),
    ];
    for (shape, at) in drops {
        let mut s = Store::new();
        let (x, a) = s.symbol("A", &shape);
        let f = s.polar(a);
        let direction = literal(&mut s, &numbers(5, at.len()), &shape);
        let d = s.tangent(f, &Seeds::along([(x, direction)])).expect("a derivative");
        let program = Program::new(&s, &[d]);
        let ranks = |at: &[f64]| {
            let mut float = Float::default();
            program.run(&mut float, |_| Some(at.to_vec())).expect("a value");
            (float.trace.polar_ranks, float.trace.ranks)
        };
        let generic = ranks(&numbers(3, at.len()));
        let (polar, others) = ranks(at);
        assert!(polar != generic.0 && others != generic.1, "{shape:?} {at:?}");
        let point: Vec<Interval> = at.iter().map(|v| Interval::point(*v)).collect();
        let inside = program.run(&mut Intervals::default(), |_| Some(point.clone()));
        assert!(inside.is_err(), "{shape:?} {at:?}: {inside:?}");
    }
}

/// What costs too much is refused where it would be built.
#[test]
fn large_systems_are_refused() {
    let mut s = Store::new();
    let (x, a) = s.symbol("A", &[26, 26]);
    let polar = s.polar(a);
    let loss = s.total(polar);
    assert!(matches!(s.gradient(loss, x), Err(NotDifferentiable::System { primitive: "polar", unknowns: 325, .. })));
    let root = s.power_spd(a, &Rational::from_parts(1.into(), 2u8.into()));
    let loss = s.total(root);
    assert!(matches!(s.gradient(loss, x), Err(NotDifferentiable::System { primitive: "powm", unknowns: 351, .. })));
    let (y, b) = s.symbol("B", &[2, 2]);
    for q in [Rational::from_parts(1.into(), 100u8.into()), Rational::from(1000)] {
        let root = s.power_spd(b, &q);
        let loss = s.total(root);
        assert!(matches!(s.gradient(loss, y), Err(NotDifferentiable::Exponent { .. })));
    }
    // The smaller side counts.
    let (z, c) = s.symbol("C", &[40, 3]);
    let thin = s.polar(c);
    let loss = s.total(thin);
    assert!(s.gradient(loss, z).is_ok());
}

/// A point of the crate's own type, as the other laws use it.
#[test]
fn a_derivative_is_read_at_a_point() {
    let mut s = Store::new();
    let (x, a) = s.symbol("A", &[2, 2]);
    let f = s.polar(a);
    let d = s.jacobian(f, x).expect("a Jacobian");
    let mut point: Point<f64> = Point::default();
    // polar is a rotation of angle atan2(c - b, a + d) for a positive determinant: at [[2, 1], [0, 1]] it is -atan(1/3).
    point.insert(x, vec![2.0, 1.0, 0.0, 1.0]);
    let run = Program::new(&s, &[f, d]).run(&mut Float::default(), |s| point.get(&s).cloned()).expect("values");
    let (sum, difference) = (3.0f64, -1.0f64);
    let length = sum.hypot(difference);
    let (cos, sin) = (sum / length, difference / length);
    assert!(close(&run[0], &[cos, -sin, sin, cos], 1e-12));
    // d angle = ((a + d)(dc - db) - (c - b)(da + dd)) / length^2
    let slopes = [-difference, -sum, sum, -difference].map(|v| v / (length * length));
    let turned = [-sin, -cos, cos, -sin];
    let expected: Vec<f64> = turned.iter().flat_map(|t| slopes.iter().map(move |v| t * v)).collect();
    assert!(close(&run[1], &expected, 1e-12), "{:?} and {expected:?}", run[1]);
}
