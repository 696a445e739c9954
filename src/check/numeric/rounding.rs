//! What rounding may explain: the same point in other digits, and differences relative to the size of values.

use rustc_hash::FxHashMap;

use crate::check::sample::Point;
use crate::domain::Rational;
use crate::domain::prime::Random;
use crate::term::SymbolId;

/// The same point with every continuous entry changed in its last places.
pub(super) fn shake(point: &Point<f64>, discrete: &FxHashMap<SymbolId, bool>, random: &mut Random) -> Point<f64> {
    let mut keys: Vec<_> = point.keys().copied().collect();
    keys.sort_unstable();
    keys.into_iter()
        .map(|s| {
            let fixed = discrete.get(&s).copied().unwrap_or(false);
            let values = point[&s]
                .iter()
                .map(|v| if fixed { *v } else { v * (1.0 + (random.unit() - 0.5) * 8.0 * f64::EPSILON) });
            (s, values.collect())
        })
        .collect()
}

/// The largest difference of left and right relative to their size, and the change of both under a shake.
pub(super) fn relative(values: &[Vec<f64>], moved: &[Vec<f64>], n: usize) -> (f64, f64) {
    let (left, right) = values.split_at(n);
    let (moved_left, moved_right) = moved.split_at(n);
    let mut worst = 0.0f64;
    let mut noise = f64::EPSILON;
    for i in 0..n {
        let size = left[i].iter().chain(&right[i]).fold(0.0f64, |m, v| m.max(v.abs()));
        if size == 0.0 {
            continue;
        }
        let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).fold(0.0f64, |m, (x, y)| m.max((x - y).abs()));
        worst = worst.max(distance(&left[i], &right[i]) / size);
        noise = noise.max((distance(&left[i], &moved_left[i]) + distance(&right[i], &moved_right[i])) / size);
    }
    (worst, noise)
}

/// The largest difference of left and right relative to the root mean square of the entries of the larger side, in the
/// worst component.
pub(super) fn relative_to_typical(values: &[Vec<f64>], n: usize) -> f64 {
    let (left, right) = values.split_at(n);
    let mean_square = |v: &[f64]| (v.iter().map(|x| x * x).sum::<f64>() / v.len().max(1) as f64).sqrt();
    left.iter()
        .zip(right)
        .map(|(l, r)| {
            let size = mean_square(l).max(mean_square(r));
            let distance = l.iter().zip(r).fold(0.0f64, |m, (x, y)| m.max((x - y).abs()));
            if size == 0.0 { 0.0 } else { distance / size }
        })
        .fold(0.0, f64::max)
}

/// The middle value; 0 of nothing.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The point with so many binary digits of each entry.
pub(super) fn shortened(point: &Point<f64>, digits: i32) -> Point<Rational> {
    let short = |x: f64| {
        if x == 0.0 || !x.is_finite() {
            return Rational::ZERO;
        }
        let unit = 2f64.powi(x.abs().log2().floor() as i32 + 1 - digits);
        Rational::try_from((x / unit).round() * unit).unwrap_or(Rational::ZERO)
    };
    point.iter().map(|(s, v)| (*s, v.iter().map(|x| short(*x)).collect())).collect()
}

/// The point with every entry rounded to a multiple of `1/d`.
pub(super) fn rounded(point: &Point<f64>, d: f64) -> Point<Rational> {
    let round = |v: &f64| Rational::from_parts(((v * d).round() as i64).into(), (d as u64).into());
    point.iter().map(|(s, values)| (*s, values.iter().map(round).collect())).collect()
}
