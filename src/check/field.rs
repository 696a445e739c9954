//! Random points of random prime fields at which all roots of a program exist.
//!
//! A root of a random element exists with probability one half, so points are drawn until all do. The points that are
//! refused on the way prove that the radicands are no squares ([`crate::domain::prime::Roots`]); a root that no point
//! refuses stays formal.

use super::Problem;
use super::sample::{Point, Sampler, embed};
use crate::domain::prime::{Field, Prime, PseudoInverses, Random, Refused, Roots, Signs};
use crate::domain::{Rational, Stop, linear};
use crate::term::{Program, Term};

/// A root that so many points had and none refused is taken to be one that every point has.
const SUSPICIOUS: usize = 12;

/// The most roots that are looked for at one point: 2 to this number of points are drawn for it.
const MOST_ROOTS: u32 = 8;

/// The most roots that are taken although every point seems to have them.
const MOST_PERFECT: usize = 5;

/// Scalar operations that may go into the search for one point.
const OPERATIONS: usize = 1 << 21;

/// Signs as they are without further words.
static FREE: Signs = Signs::Free;

/// A program at a random point of a prime field.
pub struct Drawn {
    /// The field with its atoms, and what was met.
    pub prime: Prime,
    /// The point.
    pub point: Point<u64>,
    /// The values of the program.
    pub values: Vec<Vec<u64>>,
}

/// A program to evaluate at random points.
#[derive(Clone, Copy)]
pub struct Trial<'a> {
    /// Draws the points.
    pub sampler: &'a Sampler,
    /// What is evaluated.
    pub program: &'a Program,
    /// The seed and a purpose, from which all is drawn.
    pub seed: u64,
    /// The purpose.
    pub label: &'a str,
    /// How signs are treated.
    pub signs: &'a Signs,
    /// How pseudo-inverses are computed.
    pub pseudo_inverses: PseudoInverses,
    /// Whether roots are looked for; without, they are formal, which costs less and proves what needs no root.
    pub roots: bool,
    /// Whether roots that every point seems to have are taken too ([`Roots::perfect`]). Each point is then one of a few
    /// pieces only.
    pub perfect: bool,
    /// The discrete member; drawn if there is none.
    pub member: Option<u64>,
    /// Values that are kept: those of members and of discrete symbols.
    pub keep: Option<&'a Point<Rational>>,
}

/// A point of a prime field for a program; what is not quantified, such as a raw state, is drawn freely.
pub fn drawn_freely(problem: &Problem, program: &Program, roots: &[Term], seed: u64) -> Option<(Prime, Point<u64>)> {
    let store = &problem.setting.store;
    let sampler = Sampler::new(&problem.setting, roots, &problem.domain);
    let mut random = Random::new(seed, "free states");
    let mut prime = Prime::new(Random::new(seed, "free states/field"), Signs::Free, PseudoInverses::ByRank);
    let mut at = sampler.prime(&mut prime, &mut random, None).ok()?;
    for s in program.inputs() {
        if !at.contains_key(s) {
            let n: usize = store.symbol_info(*s).shape.iter().product();
            at.insert(*s, (0..n).map(|_| prime.draw()).collect());
        }
    }
    Some((prime, at))
}

/// The ranks of matrices of one shape at one point that is drawn freely.
pub fn ranks(problem: &Problem, matrices: &[Term], seed: u64) -> Option<Vec<usize>> {
    let store = &problem.setting.store;
    let [rows, cols] = store.shape(*matrices.first()?)[..] else { return None };
    let program = Program::new(store, matrices);
    let (mut prime, at) = drawn_freely(problem, &program, matrices, seed)?;
    let values = program.run(&mut prime, |s| at.get(&s).cloned()).ok()?;
    values.iter().map(|m| linear::rank(&mut prime, m, rows, cols).ok()).collect()
}

/// What the points drawn so far say of the roots.
#[derive(Default)]
struct Book {
    refused: Vec<bool>,
    passed: Vec<usize>,
}

impl Book {
    fn note(&mut self, roots: &Roots) {
        let n = roots.met;
        if self.passed.len() < n {
            self.passed.resize(n, 0);
            self.refused.resize(n, false);
        }
        for k in 0..n {
            match roots.refused {
                Some(Refused::Radicand(at)) if at == k => self.refused[k] = true,
                _ => self.passed[k] += 1,
            }
        }
    }

    /// Roots met of which nothing is settled yet, and that are not known to be absent at some points.
    fn open(&self, roots: &Roots) -> Vec<usize> {
        let settled =
            |k: &usize| roots.formal.contains(k) || roots.perfect.contains(k) || roots.limit.is_some_and(|l| *k >= l);
        (0..roots.met).filter(|k| !self.refused[*k] && !settled(k)).collect()
    }

    /// The first root that many points had and none refused.
    fn suspicious(&self, roots: &Roots) -> Option<usize> {
        self.open(roots).into_iter().find(|k| self.passed[*k] >= SUSPICIOUS)
    }
}

/// Points tried for a second one with the same atoms.
const SECOND_POINTS: usize = 1 << 10;

impl Drawn {
    /// Another point in the same field, with the same atoms and the same members; `None` if none was found.
    pub fn again(&self, draw: &Trial<'_>) -> Option<Drawn> {
        let mut random = Random::new(draw.seed, &format!("{}/again", draw.label));
        for _ in 0..SECOND_POINTS {
            let mut prime = self.prime.clone();
            if prime.roots.true_ones {
                prime.roots = Roots::true_ones();
            }
            let point = draw.sampler.prime_with(&mut prime, &mut random, draw.member, Some(&self.point));
            let values = point.and_then(|point| {
                let values = draw.program.run(&mut prime, |s| point.get(&s).cloned()).map_err(|f| f.stop)?;
                Ok((point, values))
            });
            match values {
                Ok((point, values)) => return Some(Drawn { prime, point, values }),
                Err(_) if prime.roots.refused.is_some() => {}
                Err(_) => return None,
            }
        }
        None
    }
}

type Outcome = Result<Drawn, (Stop, Option<Term>)>;

impl<'a> Trial<'a> {
    /// A draw with free signs, pseudo-inverses by rank and a random member.
    pub fn new(sampler: &'a Sampler, program: &'a Program, seed: u64, label: &'a str) -> Self {
        Trial {
            sampler,
            program,
            seed,
            label,
            signs: &FREE,
            pseudo_inverses: PseudoInverses::ByRank,
            roots: true,
            perfect: false,
            member: None,
            keep: None,
        }
    }

    /// Evaluates the program at a random point.
    ///
    /// # Errors
    /// What stopped the evaluation at a point where all roots that are sought exist; the term, if it was in the program.
    pub fn draw(&self) -> Outcome {
        let affordable = OPERATIONS / self.program.operations().max(1);
        let most = affordable.max(1).ilog2().min(MOST_ROOTS) as usize;
        let limits = [most, most, most, most / 2, most / 2, 1];
        for (number, limit) in limits.into_iter().enumerate().filter(|_| self.roots) {
            let mut stream = Random::new(self.seed, &format!("{}/field/{number}", self.label));
            let field = Field::random(&mut stream);
            if let Some(outcome) = self.in_field(field, &mut stream, limit) {
                return outcome;
            }
        }
        let mut stream = Random::new(self.seed, &format!("{}/formal", self.label));
        let field = Field::random(&mut stream);
        self.evaluate(field, &mut stream, &mut Random::new(self.seed, self.label), Roots::default()).1
    }

    /// A point of one field, where the first `limit` roots are true ones if they can be; `None` if this field has none.
    fn in_field(&self, field: Field, stream: &mut Random, limit: usize) -> Option<Outcome> {
        let mut random = Random::new(self.seed, self.label);
        let mut roots = Roots { limit: Some(limit), ..Roots::true_ones() };
        let mut book = Book::default();
        let mut found: Option<(Roots, Outcome)> = None;
        // Four times as many points as it takes on average, and those that find out what is suspicious.
        let points = (4usize << limit) + 4 * SUSPICIOUS;
        let mut left = points;
        while left > 0 {
            left -= 1;
            let (met, outcome) = self.evaluate(field, stream, &mut random, roots.clone());
            book.note(&met);
            match met.refused {
                Some(Refused::Number) => return None,
                Some(Refused::Radicand(_) | Refused::Condition) => {}
                None => found = Some((met.clone(), outcome)),
            }
            let mut doubtful: Vec<usize> = book.suspicious(&met).into_iter().collect();
            if let Some((met, outcome)) = found.take() {
                let open = book.open(&met);
                if open.is_empty() {
                    return Some(outcome);
                }
                found = Some((met, outcome));
                if left == 0 {
                    doubtful = open;
                }
            }
            if !doubtful.is_empty() {
                if self.perfect && roots.perfect.len() + doubtful.len() <= MOST_PERFECT {
                    roots.perfect.extend(doubtful);
                } else {
                    roots.formal.extend(doubtful);
                }
                book = Book::default();
                found = None;
                left = points;
            }
        }
        None
    }

    /// Whether the program vanishes at so many further points, each in a field of its own, with the same choice of roots;
    /// `None` if points were too hard to find.
    pub fn vanishes_at(&self, first: &Drawn, points: usize, evaluations: usize) -> Option<bool> {
        let mut stream = Random::new(self.seed, &format!("{}/pieces", self.label));
        let mut random = Random::new(self.seed, &format!("{}/pieces/points", self.label));
        let mut left = points;
        for _ in 0..evaluations {
            if left == 0 {
                return Some(true);
            }
            let field = Field::random(&mut stream);
            let (met, outcome) = self.evaluate(field, &mut stream, &mut random, first.prime.roots.again());
            if met.refused.is_some() {
                continue;
            }
            let drawn = outcome.ok()?;
            // Roots are told apart by the order in which they are asked for.
            if met.met != first.prime.roots.met || drawn.prime.sign_classes > first.prime.sign_classes {
                return None;
            }
            if drawn.values.iter().flatten().any(|v| *v != 0) {
                return Some(false);
            }
            left -= 1;
        }
        None
    }

    /// One point, whatever comes of it, and what became of the roots.
    fn evaluate(&self, field: Field, stream: &mut Random, random: &mut Random, roots: Roots) -> (Roots, Outcome) {
        let fresh = Random::new(stream.next(), "atoms");
        let mut prime = Prime::over(field, fresh, Signs::Free, self.pseudo_inverses);
        prime.roots = roots;
        if !matches!(self.signs, Signs::Pinned(_)) {
            prime.signs = self.signs.clone();
        }
        let keep = self.keep.map(|point| embed(&mut prime, point));
        let point = match self.sampler.prime_with(&mut prime, random, self.member, keep.as_ref()) {
            Ok(point) => point,
            Err(stop) => return (prime.roots, Err((stop, None))),
        };
        // The conditions take signs of their own; only those of the program count.
        prime.signs = self.signs.clone();
        prime.zero_signs.clear();
        prime.taken_signs.clear();
        prime.ranks.clear();
        prime.polar_ranks.clear();
        prime.kinks = false;
        match self.program.run(&mut prime, |s| point.get(&s).cloned()) {
            Ok(values) => (prime.roots.clone(), Ok(Drawn { prime, point, values })),
            Err(f) => (prime.roots, Err((f.stop, Some(f.term)))),
        }
    }
}
