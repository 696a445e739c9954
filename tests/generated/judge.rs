//! What two sides at random points say about a square. The unit of every comparison is the noise of the numbers
//! themselves: what is within it is equal, what is far outside of it differs, and anything between is left open.

use super::noise::{Measured, measured, within};
use super::truth::{Rate, Sample};

/// What is true, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// The sides are equal.
    Commutes,
    /// Equal up to a rate that depends on members alone.
    UpToRate,
    /// The defect of a step vanishes at second order or beyond.
    InLimit,
    /// None of these.
    Fails,
    /// Numbers do not tell.
    Unclear,
}

/// Learning rates at which steps are compared as a whole.
const RATES: [f64; 4] = [4.0, 1.0, 0.25, 1e-2];

/// So many points must show that sides are equal.
const ENOUGH: usize = 4;

/// The two sides at a point, entry by entry.
#[derive(Clone)]
struct Pair {
    left: Vec<f64>,
    right: Vec<f64>,
    left_noise: Vec<f64>,
    right_noise: Vec<f64>,
}

impl Pair {
    /// One of the pairs that follow each other in the numbers.
    fn of(m: &Measured, pairs: usize, which: usize) -> Pair {
        let k = m.value.len() / (2 * pairs);
        let part = |v: &[f64], side: usize| v[(2 * which + side) * k..][..k].to_vec();
        Pair {
            left: part(&m.value, 0),
            right: part(&m.value, 1),
            left_noise: part(&m.noise, 0),
            right_noise: part(&m.noise, 1),
        }
    }

    /// Whether the left side is `c` times the right one.
    fn compare(&self, c: Factor) -> Seen {
        let mut seen = Seen::Equal;
        for i in 0..self.left.len() {
            let (l, r) = (self.left[i], c.value * self.right[i]);
            let noise = self.left_noise[i] + c.value.abs() * self.right_noise[i] + c.error * r.abs();
            let defect = (l - r).abs();
            seen = seen.max(if defect > 1e3 * noise {
                Seen::Different
            } else if defect > noise {
                Seen::Unclear
            } else if noise > 1e-9 && noise > 1e-6 * (l.abs() + r.abs()) {
                Seen::Blind
            } else {
                Seen::Equal
            });
        }
        seen
    }
}

/// What one point shows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    /// The sides are equal.
    Equal,
    /// The noise is so great that equality would mean nothing.
    Blind,
    /// A difference near the noise.
    Unclear,
    /// A difference that noise does not explain.
    Different,
}

/// A positive number, known up to a relative error.
#[derive(Clone, Copy)]
struct Factor {
    value: f64,
    error: f64,
}

const ONE: Factor = Factor { value: 1.0, error: 0.0 };

/// All equal, some different, or neither is plain.
fn judge(seen: impl IntoIterator<Item = Seen>) -> Option<bool> {
    let seen: Vec<Seen> = seen.into_iter().collect();
    match seen.iter().max() {
        Some(Seen::Different) => Some(false),
        Some(Seen::Unclear) | None => None,
        Some(_) => (seen.iter().filter(|&&s| s == Seen::Equal).count() >= ENOUGH).then_some(true),
    }
}

fn all(pairs: &[Pair], c: Factor) -> Option<bool> {
    judge(pairs.iter().map(|p| p.compare(c)))
}

/// The only factor that can relate the sides, that of the entry with the least noise, if there is one: nothing where
/// noise hides it.
fn factor(pairs: &[Pair]) -> Option<Option<Factor>> {
    let entries = pairs.iter().flat_map(|p| (0..p.left.len()).map(move |i| (p, i)));
    let error = |(p, i): (&Pair, usize)| {
        let c = (p.left[i] / p.right[i]).abs();
        let error = (p.left_noise[i] + c * p.right_noise[i]) / p.left[i].abs();
        if error.is_finite() { error } else { f64::INFINITY }
    };
    let best = entries.min_by(|a, b| error(*a).total_cmp(&error(*b)))?;
    let (value, error) = (best.0.left[best.1] / best.0.right[best.1], error(best));
    if error.is_finite() && error > 1e-6 {
        return None;
    }
    // One side is zero everywhere, or they have opposite directions.
    Some((value > 0.0 && error.is_finite()).then_some(Factor { value, error }))
}

/// A sample with both sides.
type Sided<'a> = (&'a Sample<'a>, Measured);

/// What is true for the members of these samples.
pub fn found(samples: &[Sample], step: bool) -> Truth {
    let rate = if step { Rate::Infinitesimal } else { Rate::At(0.0) };
    let measured = samples.iter().filter_map(|s| Some((s, measured(|| s.sides(rate, 1.0))?)));
    let (plain, doubtful) = plain_ranks(measured.collect());
    let (truth, some_are_doubtful) = (told(&plain, step), !doubtful.is_empty());
    let all = [plain, doubtful].concat();
    if truth != Truth::Fails && some_are_doubtful && told(&all, step) != truth { Truth::Unclear } else { truth }
}

fn told(seen: &[Sided], step: bool) -> Truth {
    let pairs = |of: usize, which: usize| -> Vec<Pair> { seen.iter().map(|(_, m)| Pair::of(m, of, which)).collect() };
    if !step {
        return related(&pairs(1, 0)).map_or(Truth::Unclear, |(truth, _)| truth);
    }
    // A defect that is there without any step; no rate touches it.
    match all(&pairs(2, 0), ONE) {
        Some(true) => {}
        Some(false) => return Truth::Fails,
        None => return Truth::Unclear,
    }
    let (truth, c) = match related(&pairs(2, 1)) {
        None => return Truth::Unclear,
        Some((Truth::Fails, _)) => return Truth::Fails,
        Some(found) => found,
    };
    let whole = seen.iter().flat_map(|(s, _)| RATES.map(|lr| (s, lr))).filter_map(|(s, lr)| {
        let m = measured(|| s.sides(Rate::At(lr), within(c.value, c.error)))?;
        Some(Pair::of(&m, 1, 0).compare(ONE))
    });
    match judge(whole) {
        Some(true) => truth,
        Some(false) => Truth::InLimit,
        None => Truth::Unclear,
    }
}

/// Whether the sides are equal, or equal up to a factor.
fn related(pairs: &[Pair]) -> Option<(Truth, Factor)> {
    if all(pairs, ONE)? {
        return Some((Truth::Commutes, ONE));
    }
    match factor(pairs)? {
        Some(c) if all(pairs, c)? => Some((Truth::UpToRate, c)),
        _ => Some((Truth::Fails, ONE)),
    }
}

/// The samples whose ranks are those of nearly all points between the same kinks, where functions are analytic: the
/// greatest. A lower one comes of numbers too great or too small. So may one that is less than full and seen at few
/// points; these are given apart.
fn plain_ranks(seen: Vec<Sided>) -> (Vec<Sided>, Vec<Sided>) {
    let ranks: Vec<_> = seen.iter().map(|(_, m)| (m.trace.side(), m.trace.ranks.clone())).collect();
    let lower = |a: &[(usize, usize)], b: &[(usize, usize)]| a.iter().zip(b).any(|(a, b)| a.0 < b.0);
    let (mut plain, mut doubtful) = (Vec::new(), Vec::new());
    for (one, (side, own)) in seen.into_iter().zip(&ranks) {
        let full = own.iter().all(|(r, of)| r == of);
        let same = ranks.iter().filter(|(_, o)| o == own).count();
        if ranks.iter().any(|(s, o)| s == side && lower(own, o)) {
            continue;
        }
        if full || same >= 3 { plain.push(one) } else { doubtful.push(one) }
    }
    (plain, doubtful)
}
