//! How far a body looks: how many derivatives it takes, and how its values may depend on the number of parameters. On
//! architectures with so many free derivatives, of enough dimensions, it does what it does on every one.

use rustc_hash::FxHashMap;

use super::body::{Body, Given, Id, Kind, Op};
use crate::domain::Rational;

/// What a body reads of an architecture at one point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    /// Derivatives of the loss and of the output are read to this order.
    pub order: usize,
    /// As a function of the number of parameters, values are at most of this degree: traces, sums over coordinates and
    /// `dim` are of degree 1, and degrees add in sums, products and quotients (of which the numerators are compared).
    pub degree: usize,
    /// Whether `dim`, a trace or another sum over a matrix is read.
    pub sized: bool,
}

/// Degrees are not counted beyond this.
const MAX_DEGREE: usize = 64;
/// Bodies are followed to this depth.
const MAX_DEPTH: usize = 256;

/// How far a body looks, or why that is not known.
///
/// # Errors
/// A sentence: what it reads that derivatives at a point do not tell.
pub fn reach(body: &Body) -> Result<Reach, String> {
    let mut reader = Reader { body, memo: FxHashMap::default() };
    let mut all = Reach::default();
    for &c in &body.components {
        all = all.and(reader.of(c, 0)?);
    }
    Ok(all)
}

impl Reach {
    fn and(self, other: Reach) -> Reach {
        Reach {
            order: self.order.max(other.order),
            degree: (self.degree + other.degree).min(MAX_DEGREE),
            sized: self.sized || other.sized,
        }
    }

    fn at_least(self, order: usize) -> Reach {
        Reach { order: self.order.max(order), ..self }
    }
}

struct Reader<'b> {
    body: &'b Body,
    memo: FxHashMap<Id, Reach>,
}

impl Reader<'_> {
    fn of(&mut self, id: Id, depth: usize) -> Result<Reach, String> {
        if let Some(&known) = self.memo.get(&id) {
            return Ok(known);
        }
        if depth > MAX_DEPTH {
            return Err("the body is nested too deeply".into());
        }
        let found = self.node(id, depth)?;
        self.memo.insert(id, found);
        Ok(found)
    }

    fn node(&mut self, id: Id, depth: usize) -> Result<Reach, String> {
        let node = self.body.node(id);
        if let Op::Primed(i) | Op::PrimedBlock(i) = node.op {
            let Some(&c) = self.body.news.get(i) else { return Err("a rule is missing".into()) };
            return self.of(c, depth + 1);
        }
        let mut parts = Vec::with_capacity(node.args.len());
        for &a in &node.args {
            parts.push(self.of(a, depth + 1)?);
        }
        let all = parts.iter().copied().fold(Reach::default(), Reach::and);
        let deeper = |by: usize| parts.first().copied().unwrap_or_default().order + by;
        let matrix = node.args.iter().any(|&a| self.body.node(a).kind == Kind::Matrix);
        let number = node.args.iter().all(|&a| self.body.node(a).kind == Kind::Scalar);
        Ok(match &node.op {
            Op::At => return Err("it looks at other points than one (`at`)".into()),
            Op::BlockOf | Op::Assembled(_) => {
                return Err("it treats each parameter by itself (`each`), and their shapes are many".into());
            }
            Op::BlockDiag => {
                return Err("it reads which coordinates belong to one parameter (`blockdiag`)".into());
            }
            Op::Opaque(why) if node.args.is_empty() || !why.starts_with("an index") => {
                return Err(format!("it has a part that is not followed: {why}"));
            }
            Op::Given(Given::Dim) => Reach { degree: 1, sized: true, ..all },
            Op::Metric => all.at_least(1),
            Op::Differential | Op::Gradient => all.at_least(deeper(1)),
            Op::NaturalGradient => all.at_least(deeper(1)),
            Op::Hessian | Op::CovariantHessian => all.at_least(deeper(2)),
            Op::Christoffel => all.at_least(deeper(1)),
            Op::Covariant => all.at_least(2),
            // A determinant is of no degree: that of 2·1 is 2ⁿ.
            Op::Det => Reach { degree: MAX_DEGREE, sized: true, ..all },
            Op::Trace | Op::Dot | Op::Sum | Op::Mean | Op::Norm if !number => {
                Reach { degree: (all.degree + 1).min(MAX_DEGREE), sized: all.sized || matrix, ..all }
            }
            Op::Largest | Op::Least => Reach { degree: MAX_DEGREE, sized: true, ..all },
            Op::Map(..) | Op::PowerBy | Op::Max | Op::Min | Op::Clip if all.sized => {
                Reach { degree: MAX_DEGREE, ..all }
            }
            Op::Power(q) => {
                let factor = match (q.is_int(), all.sized) {
                    (true, _) => whole(q),
                    (false, false) => 1,
                    (false, true) => MAX_DEGREE,
                };
                Reach { degree: (all.degree * factor).min(MAX_DEGREE), ..all }
            }
            Op::Const(_)
            | Op::Given(_)
            | Op::Zero
            | Op::Rate
            | Op::Params
            | Op::Loss
            | Op::Fixed(_)
            | Op::State(_)
            | Op::Primed(_)
            | Op::PrimedBlock(_)
            | Op::Eye
            | Op::Spread
            | Op::Add
            | Op::Sub
            | Op::Neg
            | Op::Scale
            | Op::Over
            | Op::Product
            | Op::EntryMul
            | Op::EntryDiv
            | Op::PowerBy
            | Op::Map(_)
            | Op::Max
            | Op::Min
            | Op::Clip
            | Op::Sum
            | Op::Mean
            | Op::Dot
            | Op::Norm
            | Op::Trace
            | Op::Transpose
            | Op::Inverse
            | Op::PseudoInverse
            | Op::Solve
            | Op::MatrixPower(_)
            | Op::Polar
            | Op::Diag
            | Op::DiagonalOf
            | Op::Outer
            | Op::Raise
            | Op::Lower
            | Op::Size(_)
            | Op::Opaque(_) => all,
        })
    }
}

/// The size of a whole number, up to the largest degree that is counted.
fn whole(q: &Rational) -> usize {
    (1..MAX_DEGREE).find(|&k| [1, -1].iter().any(|s| *q == Rational::from(s * k as i64))).unwrap_or(MAX_DEGREE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::names::{Declared, Model};
    use crate::source::{Source, Span};
    use crate::structure::body::build;
    use crate::syntax::tree::{Ident, Instance};

    fn of(flow: &str) -> Result<Reach, String> {
        let text = format!("optimizer O {{ state v : tangent flow {{ {flow} }} }}");
        let id = crate::source::SourceId::default();
        let (file, errors) = crate::syntax::parse(id, &Source::new("reach.nat", &text));
        assert!(errors.is_empty(), "{errors:?}");
        let (model, _) = Model::collect(file);
        let Some(Declared::Optimizer(o)) = model.lookup("O") else { panic!("no optimizer") };
        let span = Span::default();
        let name = Ident { name: "O".into(), span };
        reach(&build(&model, &model[o], &Instance { name, args: Vec::new(), span }, None))
    }

    #[test]
    fn derivatives_are_counted_through_lets() {
        let found = of("let a = d(loss)[0]  let b = d(a)[0]  d/dt params = -grad(b)  d/dt v = 0").expect("followed");
        assert_eq!(found.order, 3);
        assert_eq!(of("d/dt params = -natgrad(loss)  D/dt v = -v").expect("followed").order, 2);
        assert_eq!(of("d/dt params = -solve(hess(dot(d(loss), v)), v)  d/dt v = 0").expect("followed").order, 3);
    }

    #[test]
    fn what_is_made_of_the_dimension_has_a_degree() {
        let found = of("let t = trace(solve(metric, metric))  d/dt params = (t - 2) * (t - 6) * v  d/dt v = 0");
        let found = found.expect("followed");
        assert!(found.sized && found.degree == 2, "{found:?}");
        assert!(of("d/dt params = sign(dim - 2) * v  d/dt v = 0").expect("followed").degree >= MAX_DEGREE);
        assert!(!of("d/dt params = norm(v) * v  d/dt v = 0").expect("followed").sized);
        assert!(of("d/dt params = at(params + v, grad(loss))  d/dt v = 0").is_err());
    }
}
