//! Equations between the states of both sides.
//!
//! Each [`Link`] gives one state as a function of another: a state of the target from one of the source (forward), or one
//! of the source from one of the target (back), which is how covectors go along a projection. A state that no link gives
//! is free: the invariant says nothing of it. What a link may look like is a [`Form`] with one constant for each block
//! of the target.

use rustc_hash::FxHashMap;

use super::chart::Chart;
use super::{Asked, Layout, Side};
use crate::core::variance::Variance;
use crate::model::optimizer::{State, side};
use crate::term::{NONE, Store, SymbolId, Term};

/// Which state a link gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The target's from the source's.
    Forward,
    /// The source's from the target's.
    Back,
}

/// How a state is made of another, but for constants. With `J` the Jacobian of `F`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The same value.
    Same,
    /// What the language's functor makes of it.
    Carried,
    /// `F z`: the state is a point.
    Image,
    /// `J z`, back `Jᵀ z`.
    Linear,
    /// Entry by entry: the entry that it corresponds to, times this power of the Jacobian's entry there.
    Entries(i8),
    /// `J z Jᵀ`, back `Jᵀ z J`.
    Both,
    /// On the rows or columns of each block: the entries that they correspond to, times this power of the Jacobian's.
    Sides(i8),
    /// As [`Form::Sides`] on the diagonal, and zero beside it.
    Diagonals(i8),
    /// As [`Form::Sides`], and beside the copies a multiple of the source's first value: `a P z Pᵀ + k e (1 - P P⁺)`, with the
    /// constants `a` of all blocks and then their `k`.
    Copies,
    /// One number for each block: that of the block that it comes from.
    Blocks,
}

/// One equation of a relation.
#[derive(Debug, Clone)]
pub struct Link {
    /// Which state it gives.
    pub way: Way,
    /// How.
    pub form: Form,
    /// The source's state, by number.
    pub source: usize,
    /// The target's state.
    pub target: usize,
    /// One constant for each block of the target; for a fixed state a single one.
    pub constants: Vec<Term>,
}

/// An equation that is no link: what gives it is read off the rules.
#[derive(Debug, Clone)]
pub struct Own {
    /// Which side's state it gives.
    pub way: Way,
    /// The number of that state.
    pub state: usize,
    /// What it is, in the raw symbols of the other side's states and the source's point.
    pub term: Term,
    /// The equation in words.
    pub text: String,
}

/// All equations.
#[derive(Debug, Clone, Default)]
pub struct Relation {
    /// The links; no state is given twice.
    pub links: Vec<Link>,
    /// The equations beside them.
    pub beside: Vec<Own>,
    /// For sides: the trace of the source's first `left` state on each block is that of its first `right` state.
    pub equal_traces: Option<(usize, usize)>,
}

/// The forms that may relate two states, in the order in which they are tried.
pub fn forms(source: &State, target: &State, carried: bool, chart: &Chart) -> Vec<(Way, Form)> {
    let mut all = Vec::new();
    // Numbers for blocks correspond to such; where a block comes from several, to none.
    if source.each || target.each {
        let one = chart.blocks.iter().all(|b| b.len() == 1);
        return if source.each && target.each && one { vec![(Way::Forward, Form::Blocks)] } else { all };
    }
    let (source, target) = (source.variance, target.variance);
    if carried {
        all.push((Way::Forward, Form::Carried));
    }
    let sides = |v: Variance| matches!(v, Variance::Left | Variance::Right);
    let square = |v: Variance| matches!(v, Variance::Metric | Variance::Cometric);
    let number = |v: Variance| matches!(v, Variance::Fixed | Variance::Scalar(_));
    match (source, target) {
        (s, t) if number(s) && number(t) => all.push((Way::Forward, Form::Same)),
        (s, t) if number(s) || number(t) => {}
        (s, t) if sides(s) && sides(t) => {
            all.extend([0, 1, -1].map(|p| (Way::Forward, Form::Sides(p))));
            all.extend([0, 1, -1].map(|p| (Way::Forward, Form::Diagonals(p))));
            all.push((Way::Forward, Form::Copies));
        }
        (s, t) if sides(s) || sides(t) => {}
        (s, t) if square(s) && square(t) => all.extend([(Way::Forward, Form::Both), (Way::Back, Form::Both)]),
        (s, t) if square(s) || square(t) => {}
        _ => {
            let linear = [Form::Linear, Form::Entries(2), Form::Entries(-1), Form::Entries(-2), Form::Entries(0)];
            let powers = |way: Way| linear.into_iter().map(move |f| (way, f));
            let entrywise = |w: Way| if w == Way::Forward { chart.rows.is_some() } else { chart.columns.is_some() };
            let usable = |(w, f): &(Way, Form)| *f == Form::Linear || entrywise(*w);
            let mut forward: Vec<(Way, Form)> = powers(Way::Forward).filter(usable).collect();
            if chart.affine {
                forward.push((Way::Forward, Form::Image));
            }
            let back = powers(Way::Back).filter(usable);
            // The side of fewer dimensions says more: what is given on the larger one is given of every entry.
            if chart.size.0 < chart.size.1 {
                all.splice(0..0, back);
                all.extend(forward);
            } else {
                all.extend(forward);
                all.extend(back);
            }
        }
    }
    all
}

/// What links are built from.
pub struct Builder<'a> {
    /// The chart of the map.
    pub chart: &'a Chart,
    /// The target's states as the language's functor carries them, in the source's raw symbols, where it does.
    pub carried: &'a [Option<Term>],
}

impl Builder<'_> {
    /// The state that a link gives, in the raw symbols of the other side. The source's point is free in it.
    pub fn term(&self, asked: &mut Asked, link: &Link) -> Option<Term> {
        let scaled = |store: &mut Store, t: Term, layout: &Layout| scale(store, t, layout, &link.constants);
        let (source, target) = (asked.source.states[link.source].clone(), asked.target.states[link.target].clone());
        let layout = asked.target.layout(&target);
        if link.way == Way::Forward {
            let plain = match link.form {
                Form::Same => source.term,
                Form::Blocks => {
                    let from = self.chart.blocks.iter().map(|b| b.first().map_or(NONE, |&a| a as u32)).collect();
                    let store = &mut asked.problem.setting.store;
                    store.gather(source.term, from, &[self.chart.blocks.len()])
                }
                Form::Carried => self.carried.get(link.target).copied().flatten()?,
                Form::Image => {
                    let by: FxHashMap<SymbolId, Term> = [(asked.source.point, source.term)].into_iter().collect();
                    asked.problem.setting.store.substitute_one(asked.map, &by)
                }
                Form::Sides(p) | Form::Diagonals(p) => return self.sides(asked, link, p),
                Form::Copies => return super::copies::term(self, asked, link),
                form => self.forward(&mut asked.problem.setting.store, form, source.term)?,
            };
            let store = &mut asked.problem.setting.store;
            (store.shape(plain) == store.shape(target.term)).then_some(())?;
            return Some(scaled(store, plain, &layout));
        }
        let store = &mut asked.problem.setting.store;
        let from = scaled(store, target.term, &layout);
        self.back(store, link.form, from)
    }

    fn forward(&self, store: &mut Store, form: Form, z: Term) -> Option<Term> {
        let j = self.chart.jacobian;
        let n = self.chart.size.1;
        Some(match form {
            Form::Linear => store.matmul(j, z),
            Form::Both => {
                let half = store.matmul(j, z);
                store.product(half, &[0, 1], j, &[2, 1], &[0, 2])
            }
            Form::Entries(p) => {
                let rows = self.chart.rows.as_ref()?;
                let at = |i: usize, c: u32| if c == NONE { NONE } else { (i * n) as u32 + c };
                let entries = rows.iter().enumerate().map(|(i, &c)| at(i, c)).collect();
                entrywise(store, j, entries, z, rows.clone(), p)
            }
            _ => return None,
        })
    }

    fn back(&self, store: &mut Store, form: Form, w: Term) -> Option<Term> {
        let j = self.chart.jacobian;
        let n = self.chart.size.1;
        Some(match form {
            Form::Linear => store.product(j, &[0, 1], w, &[0], &[1]),
            Form::Both => {
                let half = store.product(j, &[0, 1], w, &[0, 2], &[1, 2]);
                store.matmul(half, j)
            }
            Form::Entries(p) => {
                let columns = self.chart.columns.as_ref()?;
                let at = |c: usize, i: u32| if i == NONE { NONE } else { i * n as u32 + c as u32 };
                let entries = columns.iter().enumerate().map(|(c, &i)| at(c, i)).collect();
                entrywise(store, j, entries, w, columns.clone(), p)
            }
            _ => return None,
        })
    }

    /// How one side of a block of the target corresponds to a side of the block that it comes from.
    pub fn side_map(&self, asked: &Asked, link: &Link, b: usize) -> Option<SideMap> {
        let rows = self.chart.rows.as_ref()?;
        let variance = asked.target.states[link.target].variance;
        let [a] = self.chart.blocks[b][..] else { return None };
        let (target, source) = (asked.target.blocks[b].clone(), asked.source.blocks[a].clone());
        let (columns, from) = (side(&target.shape, Variance::Right), side(&source.shape, Variance::Right));
        let height = side(&target.shape, Variance::Left);
        let place = |r: usize, c: usize| {
            let k = rows[target.offset + r * columns + c];
            (k != NONE).then(|| {
                let k = k as usize - source.offset;
                (k / from, k % from)
            })
        };
        let along = variance == Variance::Left;
        let size = if along { height } else { columns };
        let across = if along { columns } else { height };
        let cell = |i: usize, k: usize| if along { (i, k) } else { (k, i) };
        // Which side of the source's block varies with this side of the target's.
        let own = |k: usize, i: usize, first: bool| {
            let (r, c) = cell(i, k);
            place(r, c).map(|p| if first { p.0 } else { p.1 })
        };
        let varies =
            |first: bool| (0..size).map(|i| (0..across).find_map(|k| own(k, i, first))).collect::<Vec<Option<usize>>>();
        let constant = |map: &[Option<usize>], first: bool| {
            (0..size).all(|i| (0..across).all(|k| own(k, i, first).is_none_or(|x| map[i] == Some(x))))
        };
        let (by_row, by_column) = (varies(true), varies(false));
        let (rows_fit, columns_fit) = (constant(&by_row, true), constant(&by_column, false));
        // A block of one row or column may be read either way; the one that keeps the sides comes first.
        let keeps = if along { rows_fit } else { columns_fit };
        let exchanges = if along { columns_fit } else { rows_fit };
        let (map, state) = if keeps && (!exchanges || asked.source.states[link.source].variance == variance) {
            (if along { by_row } else { by_column }, variance)
        } else if exchanges {
            (if along { by_column } else { by_row }, opposite(variance))
        } else {
            return None;
        };
        let from = partner(&asked.source, link.source, state)?;
        let Layout::Blocks(ranges) = asked.source.layout(&asked.source.states[from]) else { return None };
        let n = self.chart.size.1;
        let reference = (0..size).map(|i| {
            let found = (0..across).map(|k| cell(i, k)).find(|&(r, c)| place(r, c).is_some());
            found.map_or(NONE, |(r, c)| {
                let row = target.offset + r * columns + c;
                (row * n) as u32 + rows[row]
            })
        });
        Some(SideMap {
            reference: reference.collect(),
            map,
            state: from,
            start: ranges[a].start,
            width: side(&source.shape, state),
        })
    }

    /// `left` and `right` states: on each block `W_B[r, c] = a · W_A[ρ(r), σ(c)]`, or with rows and columns exchanged.
    fn sides(&self, asked: &mut Asked, link: &Link, power: i8) -> Option<Term> {
        let mut parts = Vec::new();
        for b in 0..asked.target.blocks.len() {
            let side = self.side_map(asked, link, b)?;
            let diagonal = matches!(link.form, Form::Diagonals(_));
            let store = &mut asked.problem.setting.store;
            let z = asked.source.states[side.state].term;
            let mut block = side.copied(store, z, diagonal);
            if power != 0 {
                let a = store.gather(self.chart.jacobian, side.reference.clone(), &[side.map.len()]);
                let a = store.power(a, &i64::from(power).into());
                let both = store.product(a, &[0], a, &[1], &[0, 1]);
                block = store.mul(both, block);
            }
            let c = link.constants[b];
            parts.push(store.scalar_mul(c, block));
        }
        Some(asked.problem.setting.store.join(&parts))
    }
}

/// How a side of a block of the target corresponds to one of the source.
pub struct SideMap {
    /// For every row of the target's matrix the row of the source's.
    pub map: Vec<Option<usize>>,
    /// The source's state that the matrix is taken from.
    pub state: usize,
    /// Where that matrix starts in the state.
    pub start: usize,
    /// Its rows.
    pub width: usize,
    /// For every row an entry of the Jacobian.
    pub reference: Vec<u32>,
}

impl SideMap {
    /// A state's matrix with rows and columns in their places, or the diagonal of that alone.
    pub fn copied(&self, store: &mut Store, z: Term, diagonal: bool) -> Term {
        let mut entries = Vec::with_capacity(self.map.len().pow(2));
        for (row, i) in self.map.iter().enumerate() {
            for (column, k) in self.map.iter().enumerate() {
                entries.push(match (i, k) {
                    (Some(_), Some(_)) if diagonal && row != column => NONE,
                    (Some(i), Some(k)) => (self.start + i * self.width + k) as u32,
                    _ => NONE,
                });
            }
        }
        store.gather(z, entries, &[self.map.len(), self.map.len()])
    }
}

fn opposite(v: Variance) -> Variance {
    if v == Variance::Left { Variance::Right } else { Variance::Left }
}

/// The state of this variance that belongs to a side state: itself, or its number among those of the other side.
fn partner(side: &Side, state: usize, variance: Variance) -> Option<usize> {
    let own = side.states[state].variance;
    if own == variance {
        return Some(state);
    }
    let number = (0..state).filter(|&i| side.states[i].variance == own).count();
    (0..side.states.len()).filter(|&i| side.states[i].variance == variance).nth(number)
}

/// `a^p ∘ z`, with the entries of the Jacobian and of the state that are read.
fn entrywise(store: &mut Store, j: Term, entries: Vec<u32>, z: Term, from: Vec<u32>, p: i8) -> Term {
    let size = [from.len()];
    if p == 0 {
        return store.gather(z, from, &size);
    }
    // Where nothing is read the state is zero; a power of zero is not asked for.
    let coefficient = |store: &mut Store, e: u32| match e {
        NONE => store.num(0),
        e => {
            let a = store.gather(j, vec![e], &[]);
            store.power(a, &i64::from(p).into())
        }
    };
    let coefficients: Vec<Term> = entries.into_iter().map(|e| coefficient(store, e)).collect();
    let numbers: Option<Vec<_>> = coefficients.iter().map(|c| store.as_fill(*c).cloned()).collect();
    let coefficients = match numbers {
        Some(q) => store.literal(q, &size),
        None => store.join(&coefficients),
    };
    let values = store.gather(z, from, &size);
    store.mul(coefficients, values)
}

/// A tensor with each block multiplied by its constant; a square one on both sides.
pub fn scale(store: &mut Store, t: Term, layout: &Layout, constants: &[Term]) -> Term {
    let one = |c: &Term| store.as_fill(*c).is_some_and(crate::domain::Rational::is_one);
    if constants.iter().all(one) {
        return t;
    }
    let mut factors = |sizes: Vec<usize>| {
        let parts: Vec<Term> = sizes.iter().zip(constants).map(|(n, c)| store.broadcast(*c, &[*n])).collect();
        store.join(&parts)
    };
    match layout {
        Layout::Whole => store.scalar_mul(constants[0], t),
        Layout::Blocks(ranges) => {
            // One number is its own block, and has no axis.
            let v = factors(ranges.iter().map(std::ops::Range::len).collect());
            let v = store.reshape(v, &store.shape(t).clone());
            store.mul(v, t)
        }
        // The sizes of the blocks are not told by a square layout; a single constant is all that it takes.
        Layout::Square => store.scalar_mul(constants[0], t),
    }
}

/// The number of constants that a link to a state of the target takes.
pub fn constants(target: &Side, state: usize) -> usize {
    match target.layout(&target.states[state]) {
        Layout::Blocks(ranges) => ranges.len(),
        Layout::Whole | Layout::Square => 1,
    }
}
