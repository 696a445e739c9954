//! The pieces of a piecewise function, one by one: which signs occur together at all, and what vanishes on a piece.
//!
//! Signs that are independent to a prime field may be tied by inequalities: of `x < y`, `y < z` and `z < x` one is false. Here
//! the pieces are counted with their conditions ([`crate::domain::polynomial`]). More may be found than there are, none is
//! left out.

use super::Setting;
use super::sample::{Point, Sampler};
use crate::domain::laurent::{Germ, Laurent};
use crate::domain::polynomial::{Polynomial, Polynomials};
use crate::domain::{Domain, Fun, Stop};
use crate::model::elaborate::{Constraint, Role};
use crate::term::{Node, Program, SymbolId, Term};

/// Pieces of all members.
const MOST: usize = 1024;

/// Operations of the program.
const OPERATIONS: usize = 4_000;

/// Operations with rational numbers, of all runs.
const WORK: usize = 400_000;

/// Points that are kept of a piece.
const POINTS: usize = 3;

/// A piece, of one discrete member.
#[derive(Debug)]
pub struct Piece {
    /// The member.
    pub member: u64,
    /// The signs, in the order in which the program takes them.
    pub signs: Vec<i8>,
    /// Whether all terms are seen to vanish on it.
    pub vanishes: bool,
    /// Points that may lie on it.
    pub points: Vec<Point<f64>>,
}

/// What is known of the pieces of some terms.
#[derive(Debug, Default)]
pub struct Pieces {
    /// All of them.
    pub all: Vec<Piece>,
    /// Whether on some piece a sign is taken of what may vanish for some member of a family at all points.
    pub vanishes_at_member: bool,
}

/// All pieces of some terms, and perhaps some that no point lies on; `None` if they are too many, if a member is not looked
/// at, or if a term takes no sign.
pub fn pieces(setting: &Setting, terms: &[Term], extra: &[Constraint]) -> Option<Pieces> {
    if !setting.store.any_node(terms, |n| matches!(n, Node::Map(Fun::Sign, _))) {
        return None;
    }
    let sampler = Sampler::new(setting, terms, extra);
    let program = Program::new(&setting.store, terms);
    count(&sampler, &program, &|_, _| Vec::new(), |mut domain, point| {
        let run = program.run(&mut domain, |s| point.get(&s).cloned());
        (domain, run.map_err(|f| f.stop))
    })
}

/// Whether an entry of a term vanishes on a whole piece between the kinks in it; `None` if those are not known.
pub fn may_vanish_on_a_piece(setting: &Setting, term: Term, extra: &[Constraint]) -> Option<bool> {
    let sampler = Sampler::new(setting, &[term], extra);
    let program = Program::new(&setting.store, &[term]);
    let mut vanishes = false;
    count(&sampler, &program, &|_, _| Vec::new(), |mut domain, point| {
        let run = program.run(&mut domain, |s| point.get(&s).cloned());
        vanishes |= !domain.is_empty() && run.iter().flatten().flatten().any(Polynomial::is_zero);
        (domain, run.map_err(|f| f.stop))
    })?;
    Some(vanishes)
}

/// Of each list something is positive at the members that count, given the values of all symbols.
pub type Elsewhere<'a> = &'a dyn Fn(&mut Polynomials, &Point<Polynomial>) -> Vec<Vec<Polynomial>>;

/// Whether a term may vanish, for some member that counts, on a whole piece between the kinks in it; `None` if those are not
/// known.
pub fn may_vanish_at_member(
    setting: &Setting,
    term: Term,
    extra: &[Constraint],
    elsewhere: Elsewhere<'_>,
) -> Option<bool> {
    let sampler = Sampler::new(setting, &[term], extra);
    let program = Program::new(&setting.store, &[term]);
    let found = count(&sampler, &program, elsewhere, |mut domain, point| {
        let run = program.run(&mut domain, |s| point.get(&s).cloned());
        if let Ok(values) = &run {
            values.iter().for_each(|v| domain.look_at_members(v));
        }
        (domain, run.map_err(|f| f.stop))
    })?;
    Some(found.vanishes_at_member)
}

/// The signs on all pieces that remain as one symbol tends to 0 from above at a point that does not move with it, and perhaps
/// on some that no point lies on: the sign of a series is that of its first coefficient. Series are in powers of the root
/// `rate^(1/root)`, with so many terms. `None` as for [`pieces`].
pub fn near_zero(
    sampler: &Sampler,
    program: &Program,
    rate: SymbolId,
    (root, terms): (usize, usize),
) -> Option<Vec<Vec<i8>>> {
    let found = count(sampler, program, &|_, _| Vec::new(), |domain, point| {
        // As coefficients polynomials are exact, so that there always is such a domain.
        let mut series = match Laurent::new(domain, terms) {
            Ok(series) => series,
            Err(stop) => return (Polynomials::with_work(0), Err(stop)),
        };
        let own = vec![series.variable(root as i64)];
        let input = |s: SymbolId| match s == rate {
            true => Some(own.clone()),
            false => point.get(&s).map(|v| v.iter().cloned().map(Germ::constant).collect()),
        };
        let run = program.run(&mut series, input).map(|_| Vec::new());
        (series.into_base(), run.map_err(|f| f.stop))
    })?;
    let mut signs: Vec<Vec<i8>> = found.all.into_iter().map(|p| p.signs).collect();
    signs.sort_unstable();
    signs.dedup();
    Some(signs)
}

type Values = Result<Vec<Vec<Polynomial>>, Stop>;

/// All pieces of a program, which is run with polynomials for each.
fn count(
    sampler: &Sampler,
    program: &Program,
    elsewhere: Elsewhere<'_>,
    mut run: impl FnMut(Polynomials, &Point<Polynomial>) -> (Polynomials, Values),
) -> Option<Pieces> {
    let (members, exhaustive) = sampler.members();
    if !exhaustive || program.operations() > OPERATIONS {
        return None;
    }
    let mut found = Pieces::default();
    let mut left = WORK;
    for member in 0..members {
        let mut domain = Polynomials::with_work(left);
        let point = sampler.symbolic(&mut domain, member);
        let of_members = sampler.symbols().filter(|(_, role, discrete)| *role == Role::Member && !discrete);
        domain.know_members(of_members.map(|(s, ..)| s).chain(sampler.pis()).flat_map(|s| &point[&s]));
        let mut lists = elsewhere(&mut domain, &point);
        domain.begin();
        let not_zero = sampler.not_zero(&mut domain, &point);
        lists.extend(not_zero.into_iter().map(|p| vec![domain.neg(&p), p]));
        domain.only_members(lists);
        domain.begin();
        // Conditions with signs of their own are left out.
        let conditions = sampler.positive(&mut domain, &point);
        domain.assume(conditions);
        loop {
            domain.spend(program.operations());
            domain.begin();
            let values;
            (domain, values) = run(domain, &point);
            if domain.overflowed() {
                return None;
            }
            match values {
                // A piece on which a side has no value is none of the question.
                Err(Stop::Pole) => {}
                Err(_) => return None,
                Ok(_) if domain.is_empty() => {}
                Ok(values) => {
                    if found.all.len() >= MOST {
                        return None;
                    }
                    let at = |values: &[f64]| sampler.at_variables(member, values);
                    found.all.push(Piece {
                        member,
                        signs: domain.signs.clone(),
                        vanishes: values.iter().flatten().all(|v| v.is_zero()),
                        points: domain.points().take(POINTS).map(at).collect(),
                    });
                }
            }
            if !domain.next_piece() {
                break;
            }
        }
        found.vanishes_at_member |= domain.vanishes_at_member();
        left = domain.work_left();
    }
    Some(found)
}
