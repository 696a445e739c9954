//! How the defect of failing squares behaves along the index of a system.
//!
//! **The defect of a square** is the relative size of the difference of its two sides at a random state
//! ([`crate::verdict::Residual::defect`]): in each component (the parameters, and each state) the largest entry of the
//! difference over the root mean square of the entries of the larger side, the worst component counting. The largest entry
//! is taken so that a difference confined to a few coordinates, such as one at the end of a chain, does not look small only
//! because there are many others; the root mean square, because the largest entry of random sides goes on growing with the
//! dimension. Of the sampled states, which the seed fixes, the median counts: it is neither moved by a state at which the
//! sides happen to be close nor by one at which both are tiny. For a step the learning rate is among what is drawn; where a
//! step fails at order 0 or 1 in `lr`, it is that coefficient that is compared.
//!
//! **Laws** are fitted by least squares to the logarithms: `d ≈ C·x^p` and `d ≈ C·q^n`, and, to the defects themselves,
//! `d ≈ d∞ + C/x`, which levels off. Where there are enough points, the first third, in which small members have not
//! settled, is left out. The law with the smallest sum of squares, all in logarithms, is reported, with the standard error
//! of its exponent. None of this is a proof, and it is said so.

use super::Square;
use crate::verdict::Verdict;

/// Fewer failing squares than this tell no law.
const FEWEST: usize = 5;

/// A power law that falls less steeply than this is not told from a constant by random states of small members.
const SLOWEST: f64 = -0.25;

/// The defects of the squares of a system, with the law that fits them best.
#[derive(Debug, Clone, PartialEq)]
pub struct Defects {
    /// The index, if the system has a single one.
    pub index: Option<String>,
    /// Each square with its index and its defect; 0 where it commutes.
    pub rows: Vec<Row>,
    /// The law, if there are enough points.
    pub fit: Option<Fit>,
    /// What the defects do, in words.
    pub trend: String,
}

/// The defect of one square.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The generator.
    pub name: String,
    /// The value of the index, if there is a single one.
    pub index: Option<u64>,
    /// The relative size of the defect.
    pub size: f64,
}

/// The kind of a fitted law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    /// `C · x^p`.
    Power,
    /// `C · q^n`; the exponent is `log q`.
    Exponential,
    /// `d∞ + C / x`; the exponent is `d∞`.
    Level,
}

/// A fitted law.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Which law.
    pub law: Law,
    /// The factor `C`.
    pub factor: f64,
    /// The exponent `p`, the logarithm of `q`, or the level `d∞`.
    pub exponent: f64,
    /// Its standard error.
    pub error: f64,
    /// The root of the mean squared difference of the logarithms.
    pub spread: f64,
    /// The number of points.
    pub points: usize,
    /// The law in words.
    pub text: String,
}

/// The defects of squares of which some fail; `None` if none does.
pub(super) fn defects(squares: &[Square]) -> Option<Defects> {
    if !squares.iter().any(|s| s.finding.verdict() == Verdict::Fails) {
        return None;
    }
    let single = squares.iter().all(|s| s.index.len() == 1 && s.index[0].0 == squares[0].index[0].0);
    let mut rows = Vec::new();
    for s in squares {
        let size = match s.finding.verdict() {
            Verdict::Commutes | Verdict::UpToRate => 0.0,
            Verdict::Fails => match s.finding.residual {
                Some(r) => r.defect,
                None => continue,
            },
            _ => continue,
        };
        rows.push(Row { name: s.name.clone(), index: s.index.first().filter(|_| single).map(|i| i.1), size });
    }
    let points: Vec<(f64, f64)> =
        rows.iter().filter(|r| r.size > 0.0).filter_map(|r| Some((r.index? as f64, r.size))).collect();
    let distinct = points.windows(2).all(|w| w[1].0 > w[0].0);
    let index = single.then(|| squares[0].index[0].0.clone());
    let (fit, trend) = match &index {
        None => (None, "several indices, or none: no law is fitted".to_owned()),
        Some(_) if points.len() == 1 => (None, "one failing square is too few for a law".to_owned()),
        Some(_) if points.len() < FEWEST => (None, format!("{} failing squares are too few for a law", points.len())),
        Some(_) if !distinct => (None, "several squares for one index: no law is fitted".to_owned()),
        Some(name) => match best(settled(&points), name) {
            None => (None, "no law fits".to_owned()),
            Some(fit) => {
                let trend = trend(&fit, &points);
                (Some(fit), trend)
            }
        },
    };
    Some(Defects { index, rows, fit, trend })
}

/// The points without the first third, if enough are left.
fn settled(points: &[(f64, f64)]) -> &[(f64, f64)] {
    if points.len() >= 4 * FEWEST { &points[points.len() / 3..] } else { points }
}

/// A straight line through points: intercept, slope, standard error of the slope and of the intercept.
struct Line {
    intercept: f64,
    slope: f64,
    slope_error: f64,
    intercept_error: f64,
}

/// Least squares, about the mean of the abscissae; none if these are all equal.
fn line(points: &[(f64, f64)]) -> Option<Line> {
    let m = points.len() as f64;
    let mean = |value: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(value).sum::<f64>() / m;
    let (x, y) = (mean(&|p| p.0), mean(&|p| p.1));
    let spread: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    if spread.is_nan() || spread <= 0.0 {
        return None;
    }
    let slope = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>() / spread;
    let intercept = y - slope * x;
    let residual: f64 = points.iter().map(|p| (p.1 - intercept - slope * p.0).powi(2)).sum();
    let variance = residual / points.len().checked_sub(2)?.max(1) as f64;
    Some(Line {
        intercept,
        slope,
        slope_error: (variance / spread).sqrt(),
        intercept_error: (variance * (1.0 / m + x * x / spread)).sqrt(),
    })
}

/// The law with the smallest sum of squares in logarithms.
fn best(points: &[(f64, f64)], index: &str) -> Option<Fit> {
    // A power law needs a positive variable.
    let shift = if points.iter().all(|p| p.0 >= 1.0) { 0.0 } else { 1.0 };
    let x = |n: f64| n + shift;
    let name = if shift == 0.0 { index.to_owned() } else { format!("({index} + 1)") };
    let log = |model: &dyn Fn(f64) -> f64| -> f64 {
        let total: f64 = points.iter().map(|&(n, d)| (model(n).ln() - d.ln()).powi(2)).sum();
        (total / points.len() as f64).sqrt()
    };
    let mut all: Vec<Fit> = Vec::new();
    let power = line(&points.iter().map(|&(n, d)| (x(n).ln(), d.ln())).collect::<Vec<_>>())?;
    let (c, p) = (power.intercept.exp(), power.slope);
    all.push(Fit {
        law: Law::Power,
        factor: c,
        exponent: p,
        error: power.slope_error,
        spread: log(&|n| c * x(n).powf(p)),
        points: points.len(),
        text: format!("{} * {name}^({p:.2} ± {:.2})", short(c), power.slope_error),
    });
    let exponential = line(&points.iter().map(|&(n, d)| (n, d.ln())).collect::<Vec<_>>())?;
    let (c, s) = (exponential.intercept.exp(), exponential.slope);
    all.push(Fit {
        law: Law::Exponential,
        factor: c,
        exponent: s,
        error: exponential.slope_error,
        spread: log(&|n| c * (s * n).exp()),
        points: points.len(),
        text: format!("{} * ({} ± {:.1e})^{index}", short(c), short(s.exp()), exponential.slope_error * s.exp()),
    });
    let level = line(&points.iter().map(|&(n, d)| (1.0 / x(n), d)).collect::<Vec<_>>())?;
    let (d, c) = (level.intercept, level.slope);
    // A level far below what is seen is none: the defects may as well tend to zero.
    let seen = points.iter().all(|p| d > 0.2 * p.1.min(points[points.len() - 1].1));
    if points.iter().all(|&(n, _)| d + c / x(n) > 0.0) && seen && d > 2.0 * level.intercept_error {
        all.push(Fit {
            law: Law::Level,
            factor: c,
            exponent: d,
            error: level.intercept_error,
            spread: log(&|n| d + c / x(n)),
            points: points.len(),
            text: format!(
                "({} ± {:.1e}) {} {} / {name}",
                short(d),
                level.intercept_error,
                if c < 0.0 { '-' } else { '+' },
                short(c.abs())
            ),
        });
    }
    all.into_iter().filter(|f| f.spread.is_finite()).min_by(|a, b| a.spread.total_cmp(&b.spread))
}

/// A number with three digits.
fn short(v: f64) -> String {
    if v == 0.0 || (1e-3..1e4).contains(&v.abs()) { format!("{v:.3}") } else { format!("{v:.2e}") }
}

/// Whether the defects tend to zero, stay, or grow, as far as the points tell.
fn trend(fit: &Fit, points: &[(f64, f64)]) -> String {
    let (p, e) = (fit.exponent, 2.0 * fit.error);
    let last = points.last().map_or(0.0, |p| p.1);
    // Medians at random states vary; a law counts only if the first and the last quarter differ by a factor of two as well.
    let quarter = points.len().div_ceil(4);
    let middle = |part: &[(f64, f64)]| part.iter().map(|p| p.1.ln()).sum::<f64>() / part.len().max(1) as f64;
    let change = middle(&points[points.len() - quarter..]) - middle(&points[..quarter]);
    if fit.law == Law::Level || p.abs() <= e || change.abs() < 2f64.ln() || change.signum() != p.signum() {
        return format!(
            "no clear trend (about {} at the end): nothing says that the squares commute asymptotically",
            short(last)
        );
    }
    if p > 0.0 {
        return "grows along the index".to_owned();
    }
    if fit.law == Law::Power && p + e > SLOWEST {
        return "shrinks slowly, if at all: nothing is concluded about large members".to_owned();
    }
    let sum = match fit.law {
        Law::Power if p + e < -1.0 => "; its sum along the index stays bounded",
        Law::Power if p - e > -1.0 => "; its sum along the index does not stay bounded",
        Law::Power => "; whether its sum along the index stays bounded is open",
        _ => "; its sum along the index stays bounded",
    };
    format!("tends to zero, as far as {} points tell: the squares commute asymptotically{sum}", points.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law_of(f: impl Fn(f64) -> f64) -> (Fit, String) {
        let points: Vec<(f64, f64)> = (1..40).map(|n| (f64::from(n), f(f64::from(n)))).collect();
        let fit = best(&points, "n").expect("a fit");
        let t = trend(&fit, &points);
        (fit, t)
    }

    #[test]
    fn laws_are_recognised() {
        let (fit, t) = law_of(|n| 3.0 * n.powf(-1.5));
        assert_eq!(fit.law, Law::Power);
        assert!((fit.exponent + 1.5).abs() < 1e-9, "{fit:?}");
        assert!(t.starts_with("tends to zero") && t.contains("stays bounded"), "{t}");
        let (fit, t) = law_of(|n| 2.0 * 0.5f64.powf(n));
        assert_eq!(fit.law, Law::Exponential);
        assert!((fit.exponent.exp() - 0.5).abs() < 1e-9 && t.starts_with("tends to zero"));
        let (fit, t) = law_of(|n| 0.4 + 1.0 / n);
        assert_eq!(fit.law, Law::Level);
        assert!(t.starts_with("no clear trend"), "{t}");
        let (_, t) = law_of(|_| 0.7);
        assert!(t.starts_with("no clear trend"), "{t}");
        let (_, t) = law_of(|n| 0.01 * n);
        assert!(t.starts_with("grows"), "{t}");
    }

    #[test]
    fn noise_does_not_make_a_law() {
        // A fixed pattern without a trend.
        let noise = [1.1, 0.9, 1.3, 0.8, 1.0, 1.2, 0.7, 1.1, 0.95, 1.05];
        let points: Vec<(f64, f64)> = noise.iter().enumerate().map(|(i, d)| (i as f64 + 1.0, *d)).collect();
        let fit = best(&points, "n").expect("a fit");
        assert!(trend(&fit, &points).starts_with("no clear trend"), "{fit:?}");
    }
}
