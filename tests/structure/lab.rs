//! Where a proof by types is held against numbers: the same square along families of maps on three architectures.

use nat::check::decide::decide;
use nat::check::lower::lower;
use nat::check::witness::{self, Goal};
use nat::check::{Budget, Problem, numeric};
use nat::core::class::Class;
use nat::core::names::{Declared, Model};
use nat::domain::Rational;
use nat::source::{Source, SourceId};
use nat::structure::body::{Body, build};
use nat::structure::prove::{Proof, prove};
use nat::syntax::tree::{Ident, Instance};
use nat::verdict::Verdict;

use crate::support::{corpus, read};

/// The architectures of `tests/corpus/structure/nets.nat`.
pub const NETS: [&str; 3] = ["Flat", "Mixed", "Tanh"];

/// The name of the family of a class on an architecture.
pub fn family(net: &str, class: Class) -> String {
    let word: String = class.word().split('_').map(|w| w[..1].to_uppercase() + &w[1..]).collect();
    format!("{net}{word}")
}

/// The text of the architectures and families.
pub fn nets() -> String {
    read(&corpus("structure").join("nets.nat"))
}

/// What numbers say of a square that types prove.
#[derive(Debug, PartialEq)]
pub enum Seen {
    /// The sides agree at sampled points.
    Agrees,
    /// A point refutes the proof.
    Refuted(String),
    /// Nothing: the optimizer cannot be read over the architecture, or has no value there.
    Nothing,
}

/// The optimizers of a text, and the nets.
pub struct Lab {
    model: Model,
    text: String,
    checks: Vec<(String, String)>,
}

impl Lab {
    /// Reads optimizers, each to be asked along families.
    ///
    /// # Panics
    /// If the text has faults.
    pub fn new(optimizers: &str, names: &[String]) -> Lab {
        let mut text = format!("{}\n{optimizers}\n", nets());
        let mut checks = Vec::new();
        for name in names {
            for net in NETS {
                for class in Class::ALL {
                    let map = family(net, class);
                    text.push_str(&format!("check natural {name} along {map}\n"));
                    checks.push((name.clone(), map));
                }
            }
        }
        let (file, errors) = nat::syntax::parse(SourceId(0), &Source::new("lab", &text));
        assert!(errors.is_empty(), "{errors:?} in {optimizers}");
        let (model, errors) = Model::collect(file);
        assert!(errors.is_empty(), "{errors:?} in {optimizers}");
        Lab { model, text, checks }
    }

    /// The body of an optimizer.
    pub fn body(&self, name: &str) -> Body {
        let Some(Declared::Optimizer(id)) = self.model.lookup(name) else { panic!("no optimizer {name}") };
        let optimizer = &self.model[id];
        let ident = Ident { name: name.into(), span: optimizer.name.span };
        build(&self.model, optimizer, &Instance { name: ident, args: Vec::new(), span: optimizer.name.span }, None)
    }

    /// The text of an optimizer.
    pub fn source(&self, name: &str) -> &str {
        let Some(Declared::Optimizer(id)) = self.model.lookup(name) else { panic!("no optimizer {name}") };
        let span = self.model[id].span;
        &self.text[span.start..span.end]
    }

    /// The square of an optimizer along a family.
    pub fn problem(&self, name: &str, net: &str, class: Class) -> Option<Problem> {
        let map = family(net, class);
        let at = self.checks.iter().position(|(n, m)| n == name && *m == map)?;
        let mut task = lower(&self.model, &self.model.checks[at]).ok()?;
        let mut problem = task.problems.pop().filter(|p| p.auto.is_none())?;
        problem.claims.clear();
        Some(problem)
    }

    /// Holds what types prove against numbers on one architecture.
    ///
    /// # Errors
    /// None are returned; engines that contradict each other are a refutation.
    pub fn test(&self, name: &str, net: &str, class: Class, proof: &Proof) -> Seen {
        let Some(mut problem) = self.problem(name, net, class) else { return Seen::Nothing };
        let budget = Budget::new(7, 6, 1);
        match proof {
            Proof::Commutes => self.equal(&problem, &budget),
            Proof::UpToRate(rate) => match decide(&mut problem, &budget) {
                Ok(f) if f.verdict() == Verdict::Commutes => Seen::Agrees,
                Ok(f) if f.verdict() == Verdict::UpToRate => {
                    let right = !rate.is_int() || f.rate() == Some(&*power(rate));
                    if right { Seen::Agrees } else { Seen::Refuted(format!("the rate is {:?}", f.rate())) }
                }
                Ok(f) if matches!(f.verdict(), Verdict::Undecided | Verdict::Invalid) => Seen::Nothing,
                other => Seen::Refuted(format!("{other:?}")),
            },
            Proof::InLimit => match decide(&mut problem, &budget) {
                Ok(f) if matches!(f.verdict(), Verdict::Commutes | Verdict::InLimit) => Seen::Agrees,
                Ok(f) if matches!(f.verdict(), Verdict::Undecided | Verdict::Invalid) => Seen::Nothing,
                other => Seen::Refuted(format!("{other:?}")),
            },
            Proof::Invalid(_) | Proof::Open => Seen::Nothing,
        }
    }

    fn equal(&self, problem: &Problem, budget: &Budget) -> Seen {
        let sides = (&problem.equation.left[..], &problem.equation.right[..]);
        let sampled = numeric::compare(&problem.setting, sides, &problem.domain, budget, "lab");
        let Some(residual) = sampled.residual else { return Seen::Nothing };
        if !sampled.disagrees() {
            return Seen::Agrees;
        }
        let goal = (Goal::Differ, &sampled.suspects[..]);
        match witness::search(&problem.setting, sides, &problem.domain, goal, budget, "lab").0 {
            Some(_) => Seen::Refuted(format!("the sides differ by {:.3e}", residual.max)),
            None => Seen::Nothing,
        }
    }

    /// All that types prove of an optimizer and numbers refute, in words; and how many proofs numbers agreed with.
    pub fn disagreements(&self, name: &str, classes: &[Class]) -> (Vec<String>, usize) {
        let body = self.body(name);
        let mut found = Vec::new();
        let mut agreed = 0;
        for &class in classes {
            let proof = prove(&body, class);
            if matches!(proof, Proof::Open | Proof::Invalid(_)) {
                continue;
            }
            for net in NETS {
                match self.test(name, net, class, &proof) {
                    Seen::Agrees => agreed += 1,
                    Seen::Nothing => {}
                    Seen::Refuted(why) => {
                        found.push(format!("{} along {class} on {net}: {proof:?}, but {why}", self.source(name)));
                    }
                }
            }
        }
        (found, agreed)
    }
}

/// A power of `a` as the engine of rates writes it.
fn power(q: &Rational) -> String {
    let positive = |q: &Rational| if q.is_one() { "a".to_owned() } else { format!("a^{q}") };
    if *q < Rational::ZERO { format!("1 / {}", positive(&-q.clone())) } else { positive(q) }
}

/// Runs in a thread with the stack of a worker of the binary.
pub fn with_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().stack_size(32 << 20).build().expect("worker threads").install(run)
}
