//! The indexed terms against those of the elaborator: every case of a proof, at every member and place that it stands
//! for, has the values that the ordinary engines compute there.

use std::path::Path;

use rustc_hash::FxHashMap;

use super::Family;
use super::normal::Prover;
use super::poly::{Atom, Entry, Mono, Poly, Symbol};
use super::square::examine;
use crate::check::lower::lower;
use crate::core::names::{Declared, Model};
use crate::core::size::{Lin, Unit, Var};
use crate::domain::Domain;
use crate::domain::Rational;
use crate::domain::float::Float;
use crate::model::elaborate::Role;
use crate::source::{Source, Sources};
use crate::syntax::tree::{Expr, ExprKind, Instance, Over, Question};
use crate::term::Program;

fn model(text: &str) -> Model {
    let mut sources = Sources::default();
    let id = sources.add(Source::new("family.nat", text));
    let (file, errors) = crate::syntax::parse(id, sources.get(id));
    assert!(errors.is_empty(), "{errors:?}");
    Model::collect(file).0
}

/// A number for each symbol and position, the same on both sides. A key tells symbols of one name apart: see [`key`].
fn value(name: &str, position: usize) -> f64 {
    let mut h = 0xcbf2_9ce4_8422_2325_u64;
    for b in name.bytes().chain(position.to_le_bytes()) {
        h = (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3);
    }
    h ^= h >> 29;
    0.3 + (h % 1009) as f64 / 1009.0
}

/// The key of the `k`-th symbol of a name in a role, in order of creation.
fn key(role: Role, name: &str, k: usize) -> String {
    format!("{role:?} {name} {k}")
}

/// The keys of the elaborator's symbols.
fn keys(problem: &crate::check::Problem) -> FxHashMap<crate::term::SymbolId, String> {
    let mut met: FxHashMap<(String, String), usize> = FxHashMap::default();
    let mut of = |role: Role, name: &str| {
        let k = met.entry((format!("{role:?}"), name.to_owned())).or_insert(0);
        *k += 1;
        key(role, name, *k - 1)
    };
    let quantified = &problem.setting.quantified;
    quantified.iter().map(|q| (q.symbol, of(q.role, &problem.setting.store.symbol_info(q.symbol).name))).collect()
}

/// What a polynomial is read with: variables, and the names and offsets of the elaborator.
struct Reading<'a> {
    vars: FxHashMap<Var, i128>,
    model: &'a Model,
    point: String,
    blocks: Vec<(usize, Vec<usize>)>,
    states: Vec<String>,
    /// The declarations whose parameters are quantified over, in the order in which the elaborator meets them.
    declarations: [String; 2],
}

fn real(q: &Rational) -> f64 {
    q.to_f64().value()
}

impl Reading<'_> {
    fn lin(&self, l: &Lin) -> i128 {
        let unit = |u: Unit| match u {
            Unit::Var(v) => self.vars[&v],
            Unit::Exp(b, v) => i128::from(b).pow(u32::try_from(self.vars[&v]).expect("natural")),
        };
        l.constant()
            + l.terms().map(|(p, c)| c * p.iter().map(|&(u, e)| unit(u).pow(e)).product::<i128>()).sum::<i128>()
    }

    fn poly(&mut self, p: &Poly) -> f64 {
        p.0.iter().map(|(m, c)| real(c) * self.mono(m)).sum()
    }

    fn mono(&mut self, m: &Mono) -> f64 {
        m.0.iter().map(|(a, e)| self.atom(a).powf(real(e))).product()
    }

    fn atom(&mut self, a: &Atom) -> f64 {
        match a {
            Atom::Unit(u) => self.lin(&Lin::unit(*u)) as f64,
            Atom::Entry(e) => self.entry(e),
            Atom::Fun(f, p) => {
                let x = self.poly(p);
                Float::default().apply(*f, &x).expect("a value")
            }
            Atom::Base(p) => self.poly(p),
            Atom::Sum(h, m, bound) => {
                let h = self.lin(h);
                let (lo, hi, sign) = if h < 0 { (h, 0, -1.0) } else { (0, h, 1.0) };
                let before = self.vars.get(bound).copied();
                let mut total = 0.0;
                for i in lo..hi {
                    self.vars.insert(*bound, i);
                    total += self.mono(m);
                }
                match before {
                    Some(b) => self.vars.insert(*bound, b),
                    None => self.vars.remove(bound),
                };
                sign * total
            }
        }
    }

    fn entry(&self, e: &Entry) -> f64 {
        let index: Vec<i128> = e.index.iter().map(|l| self.lin(l)).collect();
        let over = |name: &str| {
            let (offset, dims) = &self.blocks[e.block];
            let inside = index.iter().zip(dims).all(|(&i, &n)| 0 <= i && i < n as i128);
            // Outside of the ranges any function will do, as long as it is one.
            let far = || 1_000_000 + usize::try_from(index.iter().fold(500, |acc, i| acc * 1000 + i)).expect("small");
            let flat = || index.iter().zip(dims).fold(0, |acc, (&i, &n)| acc * n + i as usize);
            value(name, if inside { offset + flat() } else { far() })
        };
        match &e.symbol {
            Symbol::Point(0) => over(&key(Role::Point, &self.point, 0)),
            Symbol::State(k, 0) if *k < self.states.len() => over(&key(Role::State, &self.states[*k], 0)),
            Symbol::Fixed(k) => {
                let at = usize::try_from(index.first().copied().unwrap_or(0)).expect("natural");
                value(&key(Role::State, &self.states[*k], 0), at)
            }
            Symbol::Data(id) => {
                let decl = &self.model[crate::core::names::DataId(*id)];
                if decl.decl.ty.arrow.is_some() {
                    return value(&key(Role::Data, &format!("{}({})", decl.name.name, index[0]), 0), 0);
                }
                let at = usize::try_from(index.first().copied().unwrap_or(0)).expect("natural");
                value(&key(Role::Data, &decl.name.name, 0), at)
            }
            Symbol::Member(of, name, _) => {
                // The morphism comes first: an optimizer's parameter of the same name is the second one.
                let both = |d: &str| {
                    let resolved = self.model.lookup(d);
                    let names = match resolved {
                        Some(Declared::Morphism(id)) => &self.model[id].params,
                        Some(Declared::Optimizer(id)) => &self.model[id].params,
                        _ => panic!("parameters of `{d}`"),
                    };
                    names.iter().any(|p| p.name.name == *name && p.default.is_none())
                };
                let second = *of == self.declarations[1] && both(&self.declarations[0]);
                value(&key(Role::Member, name, usize::from(second)), 0)
            }
            Symbol::Rate => value(&key(Role::Rate, "lr", 0), 0),
            other => panic!("an entry of {other:?} is left"),
        }
    }
}

/// Parameters of the largest members that are looked at.
const LARGEST: i128 = 90;

/// Two members up to the fortieth, for each square others.
fn drawn(label: &str) -> [u64; 2] {
    [0, 1].map(|k| 5 + (value(label, k) * 1e9) as u64 % 36)
}

/// The parameters of a member's source.
fn size_at(family: &Family, n: u64) -> Option<i128> {
    let own = Prover::new(family.model);
    let context = super::context::Context::default();
    let projection = own.projection(family, &Lin::num(i128::from(n)), &context).ok()?;
    let block = |dims: &[Lin]| dims.iter().map(Lin::as_num).product::<Option<i128>>();
    projection.source.layout.blocks.iter().map(|b| block(&b.1)).sum()
}

/// Extends assignments of naturals to more variables in every way.
fn assignments(start: FxHashMap<Var, i128>, free: &[Var], limit: i128) -> Vec<FxHashMap<Var, i128>> {
    let mut all = vec![start];
    for &v in free {
        all = all
            .into_iter()
            .flat_map(|a| {
                (-1..=limit).map(move |k| {
                    let mut a: FxHashMap<Var, i128> = a.clone();
                    a.insert(v, k);
                    a
                })
            })
            .collect();
    }
    all
}

fn natural_checks(model: &Model) -> Vec<(&Instance, Family<'_>)> {
    let mut found = Vec::new();
    for check in &model.checks {
        let Question::Natural { optimizer, along, .. } = &check.question else { continue };
        let Some(Declared::System(id)) = model.lookup(&along.parts[0].name.name) else { continue };
        let generator = &model[id].generators[0];
        let [Over::From(index, Expr { kind: ExprKind::Number(from), .. })] = &generator.over[..] else { continue };
        let from = u64::try_from(from.numerator().clone()).expect("natural");
        found.push((optimizer, Family { model, generator: &generator.morphism, index, from }));
    }
    found
}

fn compare(text: &str, model: &Model, optimizer: &Instance, family: &Family) -> usize {
    let label = format!("{} along {}", optimizer.name.name, family.generator.name.name);
    let prover = Prover::new(family.model);
    let examined = examine(&prover, family, optimizer).unwrap_or_else(|e| panic!("{label}: {e:?}"));
    let declarations: String = text
        .lines()
        .filter(|l| !l.starts_with("check") && !l.starts_with("system"))
        .map(|l| format!("{l}\n"))
        .collect();
    let mut compared = 0;
    let small = |n: &u64| *n < family.from + 4 || size_at(family, *n).is_some_and(|s| s <= LARGEST);
    for n in (family.from..family.from + 4).chain(drawn(&label)).filter(small) {
        let written = family.generator.args.first().map(|a| crate::model::elaborate::text_of(&a.value));
        let size = written.unwrap_or_else(|| family.index.name.clone()).replace(&family.index.name, &n.to_string());
        let name = &family.generator.name.name;
        let member_text = format!("{declarations}\ncheck natural {} along {name}({size})\n", optimizer.name.name);
        let member = self::model(&member_text);
        let task = lower(&member, &member.checks[0]).unwrap_or_else(|e| panic!("{label} at {n}: {e:?}"));
        let problem = &task.problems[0];
        let store = &problem.setting.store;
        let roots: Vec<_> = problem.equation.sides();
        let symbols = store.free_symbols(&roots);
        let keys = keys(problem);
        let run = Program::new(store, &roots)
            .run(&mut Float::default(), |s| {
                let info = store.symbol_info(s);
                Some((0..info.shape.iter().product()).map(|i| value(&keys[&s], i)).collect())
            })
            .unwrap_or_else(|e| panic!("{label} at {n}: {e:?}"));
        let declarations = [family.generator.name.name.clone(), optimizer.name.name.clone()];
        let point = problem
            .setting
            .quantified
            .iter()
            .find(|q| q.role == crate::model::elaborate::Role::Point && symbols.contains(&q.symbol));
        let point = point.map(|q| store.symbol_info(q.symbol).name.to_string()).unwrap_or_default();
        // The blocks of both ends, from the layouts at this member.
        let context = super::context::Context::default();
        let own = Prover::new(family.model);
        let layouts = own.projection(family, &Lin::num(i128::from(n)), &context).expect("a member");
        let offsets = |layout: &super::value::Layout| -> Vec<(usize, Vec<usize>)> {
            let mut start = 0;
            let mut out = Vec::new();
            for (_, dims) in &layout.blocks {
                let dims: Vec<usize> = dims.iter().map(|d| d.as_num().expect("a number") as usize).collect();
                out.push((start, dims.clone()));
                start += dims.iter().product::<usize>();
            }
            out
        };
        let Some(Declared::Optimizer(id)) = model.lookup(&optimizer.name.name) else { panic!("no optimizer") };
        let states: Vec<String> = model[id].states.iter().map(|s| s.name.name.clone()).collect();
        let blocks = offsets(&layouts.target.layout);
        let mut reading = Reading {
            vars: FxHashMap::default(),
            model,
            point,
            blocks: offsets(&layouts.source.layout),
            states,
            declarations,
        };
        let half = problem.equation.left.len();
        for (k, component) in std::iter::once(None).chain((0..reading.states.len()).map(Some)).enumerate() {
            let mut missing: Vec<usize> = (0..run[k].len()).collect();
            for s in examined.all.iter().filter(|s| s.place.0 == component) {
                let mut free: Vec<Var> =
                    s.context.facts().iter().chain([&s.n]).chain(&s.place.2).flat_map(Lin::vars).collect();
                free.sort_unstable();
                free.dedup();
                let (first, rest): (Vec<Var>, Vec<Var>) = free.into_iter().partition(|v| s.n.vars().contains(v));
                let limit = i128::from(n).max(7);
                let mut all = assignments(FxHashMap::default(), &first, limit);
                all.retain(|vars| {
                    reading.vars = vars.clone();
                    reading.lin(&s.n) == i128::from(n)
                });
                for vars in all.into_iter().flat_map(|vars| assignments(vars, &rest, limit)) {
                    reading.vars = vars;
                    if s.context.facts().iter().any(|f| reading.lin(f) < 0) {
                        continue;
                    }
                    let (offset, dims) = blocks[s.place.1].clone();
                    let index: Vec<i128> = s.place.2.iter().map(|l| reading.lin(l)).collect();
                    let flat = index.iter().zip(&dims).fold(0, |acc, (&i, &n)| acc * n + i as usize);
                    let position = if component.is_none_or(|c| model[id].states[c].ty.name.name == "tangent") {
                        offset + flat
                    } else {
                        flat
                    };
                    for (side, p) in [(k, &s.left), (half + k, &s.right)] {
                        let (found, wanted) = (reading.poly(p), run[side][position]);
                        assert!(
                            (found - wanted).abs() <= 1e-9 * (1.0 + wanted.abs()),
                            "{label} at {n}, component {k}, entry {position}: {found} is not {wanted}"
                        );
                        compared += 1;
                    }
                    missing.retain(|&m| m != position);
                }
            }
            assert!(missing.is_empty(), "{label} at {n}: no case for the entries {missing:?} of component {k}");
        }
    }
    compared
}

#[test]
fn every_case_has_the_values_of_the_elaborator() {
    let worker = std::thread::Builder::new().stack_size(64 << 20).spawn(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/uniform");
        let mut compared = 0;
        for file in ["proved.nat", "read.nat"] {
            let text = std::fs::read_to_string(path.join(file)).expect("a corpus file");
            let model = model(&text);
            for (optimizer, family) in natural_checks(&model) {
                compared += compare(&text, &model, optimizer, &family);
            }
        }
        assert!(compared > 1000, "{compared}");
    });
    worker.expect("a thread").join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}
