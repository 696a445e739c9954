//! Every fact of every row of the table of primitives, against numbers, intervals, differences and power series. What is
//! tested is the function as the language reads it, so that a definition is tested with its row.

use std::cmp::Ordering;

use nat::core::names::Model;
use nat::core::prim::{
    AtZero, Bound, Defined, ENTRYWISE, Fun, Homogeneity, Is, Monotone, Parity, Ratio, Regularity, Row,
};
use nat::domain::exact::Exact;
use nat::domain::float::Float;
use nat::domain::interval::{Interval, Intervals};
use nat::domain::prime::{Prime, PseudoInverses, Random, Signs};
use nat::domain::series::Series;
use nat::domain::{Domain, Rational, Stop};
use nat::model::elaborate::{Elaborator, Local, Scope};
use nat::source::{Source, Sources};
use nat::syntax::tree::{Expr, ItemKind};
use nat::term::{Program, Seeds, Term};

/// Points away from kinks and poles.
const GRID: [f64; 14] = [-3.3, -2.2, -1.9, -1.1, -0.8, -0.45, -0.125, 0.0625, 0.3, 0.7, 1.2, 1.45, 2.4, 3.1];

/// A function of the language as a program in one variable, with its first two derivatives.
struct Probe {
    row: &'static Row,
    value: Program,
    values: Program,
}

fn expression(text: &str) -> (Model, Expr) {
    let mut sources = Sources::default();
    let id = sources.add(Source::new("probe.nat", &format!("let probe = {text}")));
    let (file, errors) = nat::syntax::parse(id, sources.get(id));
    assert!(errors.is_empty(), "{text}: {errors:?}");
    let found = file.items.iter().find_map(|item| match &item.kind {
        ItemKind::Let(l) => Some(l.value.clone()),
        _ => None,
    });
    (Model::collect(file).0, found.expect("the expression"))
}

impl Probe {
    fn new(row: &'static Row) -> Self {
        let (model, e) = expression(&format!("{}(x)", row.name));
        let mut elaborator = Elaborator::new(&model);
        let (symbol, x) = elaborator.store.symbol("x", &[]);
        let mut scope = Scope::default();
        scope.bind("x", Local::Value(x));
        let value = elaborator.expr(&e, &scope).expect("a value");
        let one = elaborator.store.num(1);
        let seeds = Seeds::along([(symbol, one)]);
        let first = elaborator.store.tangent(value, &seeds).expect("a derivative");
        let second = elaborator.store.tangent(first, &seeds).expect("a second derivative");
        let program = |terms: &[Term]| Program::new(&elaborator.store, terms);
        Probe { row, value: program(&[value]), values: program(&[value, first, second]) }
    }

    /// The value and the first two derivatives.
    fn at<D: Domain>(&self, domain: &mut D, x: &D::Elem) -> Result<Vec<D::Elem>, Stop> {
        let results = self.values.run(domain, |_| Some(vec![x.clone()])).map_err(|f| f.stop)?;
        Ok(results.into_iter().map(|r| r[0].clone()).collect())
    }

    fn value(&self, x: f64) -> Result<f64, Stop> {
        let results = self.value.run(&mut Float::default(), |_| Some(vec![x])).map_err(|f| f.stop)?;
        Ok(results[0][0])
    }

    fn real(&self, x: f64) -> f64 {
        self.value(x).unwrap_or_else(|stop| panic!("{} at {x}: {stop:?}", self.row.name))
    }

    /// The points of the grid at which the row says that the function is defined.
    fn grid(&self) -> impl Iterator<Item = f64> {
        let defined = self.row.defined;
        GRID.into_iter().filter(move |&x| match defined {
            Defined::Everywhere | Defined::OffPoles => true,
            Defined::Positive | Defined::NonNegative => x > 0.0,
            Defined::AboveMinusOne => x > -1.0,
        })
    }
}

fn probes() -> Vec<Probe> {
    ENTRYWISE.iter().map(|row| Probe::new(row)).collect()
}

fn number(q: Ratio) -> f64 {
    q.0 as f64 / q.1 as f64
}

fn near(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * (1.0 + a.abs().max(b.abs()))
}

#[test]
fn where_a_function_is_defined() {
    for p in probes() {
        for x in GRID {
            let inside = p.grid().any(|y| y == x);
            assert_eq!(p.value(x).is_ok(), inside, "{} at {x}", p.row.name);
        }
        let tame = p.row.is_tame();
        assert!(!tame || p.row.defined == Defined::Everywhere, "{}", p.row.name);
    }
}

#[test]
fn parity() {
    for p in probes() {
        let both = |x: f64| Some((p.value(x).ok()?, p.value(-x).ok()?));
        let pairs: Vec<(f64, f64)> = GRID.into_iter().filter_map(both).collect();
        let odd = pairs.iter().all(|&(a, b)| near(a, -b, 1e-12));
        let even = pairs.iter().all(|&(a, b)| near(a, b, 1e-12));
        // A function that is nowhere defined on both sides of zero has no parity.
        let found = match (pairs.is_empty(), odd, even) {
            (false, true, false) => Parity::Odd,
            (false, false, true) => Parity::Even,
            _ => Parity::Neither,
        };
        assert_eq!(p.row.parity, found, "{}", p.row.name);
    }
}

#[test]
fn homogeneity() {
    for p in probes() {
        let name = p.row.name;
        let homogeneous = |k: f64| {
            p.grid().all(|x| {
                [0.25, 2.0].iter().all(|c| match (p.value(c * x), p.value(x)) {
                    (Ok(a), Ok(b)) => near(a, c.powf(k) * b, 1e-12),
                    _ => true,
                })
            })
        };
        match p.row.homogeneity {
            Homogeneity::Degree(k) => assert!(homogeneous(number(k)), "{name}"),
            Homogeneity::None => {
                let some = [0.0, 1.0 / 3.0, 0.5, 1.0, 2.0].into_iter().any(homogeneous);
                assert!(!some, "{name} is homogeneous, and its row does not say so");
            }
        }
    }
}

#[test]
fn ranges_hold_and_are_not_far_off() {
    for p in probes() {
        let mut points: Vec<f64> = p.grid().collect();
        points.extend(p.grid().map(|x| 4.0 * x).filter(|&x| p.value(x).is_ok()));
        for x in points {
            let y = p.real(x);
            let below = match p.row.range.lo {
                Bound::None => true,
                // Rounding reaches the limit before the function does.
                Bound::Open(q) => y > number(q) || x.abs() > 5.0 && y >= number(q),
                Bound::Closed(q) => y >= number(q),
            };
            let above = match p.row.range.hi {
                Bound::None => true,
                Bound::Open(q) => y < number(q) || x.abs() > 5.0 && y <= number(q),
                Bound::Closed(q) => y <= number(q),
            };
            assert!(below && above, "{} at {x} is {y}", p.row.name);
        }
        // A bound that is given is near values that are taken: not an idle one.
        let values: Vec<f64> = (-4000..4000).filter_map(|k| p.value(f64::from(k) / 100.0 + 0.001).ok()).collect();
        let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(a, b), &y| (a.min(y), b.max(y)));
        if let Bound::Open(q) | Bound::Closed(q) = p.row.range.lo {
            assert!(least - number(q) < 0.05, "{}: least value {least}", p.row.name);
        }
        if let Bound::Open(q) | Bound::Closed(q) = p.row.range.hi {
            assert!(number(q) - most < 0.05, "{}: largest value {most}", p.row.name);
        }
    }
}

#[test]
fn the_value_at_zero() {
    for p in probes() {
        let name = p.row.name;
        // As a constant of the language.
        let (model, e) = expression(&format!("{name}(0)"));
        let mut elaborator = Elaborator::new(&model);
        let constant = elaborator.expr(&e, &Scope::default()).ok();
        let folded = constant.and_then(|t| elaborator.store.as_fill(t).cloned());
        match p.row.at_zero {
            AtZero::Is(q) => {
                assert_eq!(folded, Some(q.value()), "{name}");
                assert_eq!(p.real(0.0), number(q), "{name}");
            }
            AtZero::Irrational => {
                assert!(p.value(0.0).is_ok() && constant.is_some() && folded.is_none(), "{name}");
            }
            AtZero::Undefined => assert!(p.value(0.0).is_err() && constant.is_none(), "{name}"),
        }
    }
}

#[test]
fn regularity_near_zero_and_elsewhere() {
    for p in probes() {
        let name = p.row.name;
        let slope = |x: f64, h: f64| Some(((p.value(x + h).ok()? - p.value(x - h).ok()?) / (2.0 * h)).abs());
        let steepest = |h: f64| {
            let points = GRID.into_iter().chain([0.0]);
            points.filter_map(|x| slope(x, h)).fold(0.0, f64::max)
        };
        let one_sided = |h: f64| p.value(h).ok().zip(p.value(0.0).ok()).map(|(a, b)| (a - b).abs() / h);
        match p.row.regularity {
            Regularity::Analytic | Regularity::Lipschitz => {
                // tan is steep near its poles; differences of rounding are not counted.
                assert!(steepest(1e-6) < 1000.0, "{name}: {}", steepest(1e-6));
            }
            Regularity::Continuous => {
                let (far, close) = (one_sided(1e-3).expect("a value"), one_sided(1e-9).expect("a value"));
                assert!(close > 10.0 * far && close * 1e-9 < 0.01, "{name}: {far} {close}");
            }
            Regularity::Jumps => assert!(slope(0.0, 1e-9).expect("values") * 1e-9 > 0.1, "{name}"),
        }
    }
}

#[test]
fn monotone_functions() {
    for p in probes() {
        let mut values: Vec<f64> = Vec::new();
        for k in -500..500 {
            values.extend(p.value(f64::from(k) / 100.0 + 0.005).ok());
        }
        let steps: Vec<Ordering> = values.windows(2).map(|w| w[1].total_cmp(&w[0])).collect();
        let (rises, falls) = (steps.contains(&Ordering::Greater), steps.contains(&Ordering::Less));
        let found = match (rises, falls) {
            (true, false) => Monotone::Increasing,
            (false, true) => Monotone::Decreasing,
            _ => Monotone::No,
        };
        assert_eq!(p.row.monotone, found, "{}", p.row.name);
    }
}

#[test]
fn derivatives_are_those_of_differences() {
    for p in probes() {
        for x in p.grid() {
            let h = 1e-5;
            let found = p.at(&mut Float::default(), &x).expect("values");
            let (left, right) = (
                p.at(&mut Float::default(), &(x - h)).expect("values"),
                p.at(&mut Float::default(), &(x + h)).expect("values"),
            );
            for (order, (l, r)) in left.iter().zip(&right).take(2).enumerate() {
                let difference = (r - l) / (2.0 * h);
                assert!(near(found[order + 1], difference, 1e-6), "{} at {x}: {found:?}, {difference}", p.row.name);
            }
        }
    }
}

#[test]
fn intervals_enclose_the_values() {
    for p in probes() {
        for x in p.grid() {
            for width in [0.0, 1e-6, 0.03] {
                let (lo, hi) = (x - width, x + width);
                let found = p.at(&mut Intervals::default(), &Interval::new(lo, hi)).expect("an enclosure");
                for t in [0.0, 0.25, 0.5, 0.75, 1.0] {
                    let values = p.at(&mut Float::default(), &(lo + t * (hi - lo)).clamp(lo, hi)).expect("values");
                    for (order, (y, enclosed)) in values.iter().zip(&found).enumerate() {
                        let slack = 1e-9 * (1.0 + y.abs());
                        let inside = enclosed.lo() - slack <= *y && *y <= enclosed.hi() + slack;
                        assert!(inside, "{}, derivative {order} at {x} ± {width}: {y}, {enclosed:?}", p.row.name);
                    }
                }
                if width == 0.0 {
                    let width = found[0].hi() - found[0].lo();
                    assert!(width < 1e-12 * (1.0 + found[0].magnitude()), "{} at {x}: {width}", p.row.name);
                }
            }
        }
    }
}

#[test]
fn power_series_agree_with_derivatives() {
    for p in probes() {
        for x in p.grid() {
            let expected = p.at(&mut Float::default(), &x).expect("values");
            let mut domain = Series::new(Float::default(), 4);
            let mut argument = domain.variable();
            argument[0] = x;
            let found = p.at(&mut domain, &argument).expect("a series");
            let third = domain.coefficient(&found[2], 1);
            let coefficients = [expected[0], expected[1], expected[2] / 2.0, third / 6.0];
            for (n, c) in coefficients.into_iter().enumerate() {
                let own = domain.coefficient(&found[0], n);
                assert!(near(own, c, 1e-9), "{} at {x}, order {n}: {own} and {c}", p.row.name);
            }
        }
    }
}

#[test]
fn exact_numbers_are_those_of_floating_point_or_absent() {
    for p in probes() {
        for x in p.grid() {
            let Ok(x) = Rational::try_from(x) else { continue };
            if let Ok(found) = p.at(&mut Exact::default(), &x) {
                let expected = p.real(x.to_f64().value());
                assert!(near(found[0].to_f64().value(), expected, 1e-12), "{} at {x}", p.row.name);
            }
        }
    }
}

/// Kernel functions with and without a name.
fn kernels() -> Vec<Fun> {
    let named = ENTRYWISE.iter().filter_map(|row| match row.is {
        Is::Kernel(k) => Some(k.fun),
        Is::Power(_) | Is::Defined(_) => None,
    });
    named.chain([Fun::Gauss]).collect()
}

#[test]
fn kernel_rows_are_those_of_their_functions() {
    for f in kernels() {
        let row = f.row();
        let Is::Kernel(k) = row.is else { panic!("{f:?}") };
        assert_eq!(k.fun, f);
        assert_eq!(f.name(), row.name);
        let mut float = Float::default();
        if let Some(zero) = k.zero {
            assert_eq!(float.apply(f, &number(zero)), Ok(0.0), "{f:?}");
        }
        let some = GRID.iter().any(|x| float.apply(f, x).is_ok_and(|y| y == 0.0));
        assert!(!some, "{f:?} has a zero that its row does not give");
    }
}

#[test]
fn the_error_function_is_its_series() {
    let mut float = Float::default();
    for k in 1..=50 {
        let x = f64::from(k) / 10.0;
        // 2/√π exp(-x²) Σ 2^n x^(2n+1) / (2n+1)!!, all terms positive (Abramowitz and Stegun, 7.1.6).
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
        }
        let series = std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum;
        let found = float.apply(Fun::Erf, &x).expect("a value");
        assert!(near(found, series, 1e-13), "{x}: {found} {series}");
        let enclosed = Intervals::default().apply(Fun::Erf, &Interval::point(x)).expect("an enclosure");
        assert!(enclosed.lo() <= found && found <= enclosed.hi() && enclosed.hi() - enclosed.lo() < 1e-14);
    }
}

#[test]
fn atoms_of_the_prime_field_have_the_parity_and_the_values_of_their_rows() {
    // The logarithm is that of the absolute value there, and a sign is none of the atoms.
    for f in kernels().into_iter().filter(|f| !matches!(f, Fun::Sign | Fun::Log)) {
        let mut prime = Prime::new(Random::new(7, "parity"), Signs::Free, PseudoInverses::ByRank);
        let x = prime.draw();
        let minus = prime.neg(&x);
        let (a, b) = (prime.apply(f, &x).expect("an atom"), prime.apply(f, &minus).expect("an atom"));
        assert_eq!(prime.add(&a, &b) == 0, f.row().parity == Parity::Odd, "{f:?}");
        assert_eq!(a == b, f.row().parity == Parity::Even, "{f:?}");
        if let AtZero::Is(q) = f.row().at_zero {
            let expected = prime.rational(&q.value()).expect("a number");
            assert_eq!(prime.apply(f, &0), Ok(expected), "{f:?}");
        }
    }
}
