//! The words and functions of an optimizer's body: differentials, metrics, connections.

use super::Over;
use crate::core::error::ModelError;
use crate::core::words::{Calculus, Word};
use crate::domain::Rational;
use crate::model::architecture::Architecture;
use crate::model::elaborate::{Elab, Elaborator};
use crate::model::faults;
use crate::read::Arg;
use crate::source::Span;
use crate::term::{NotDifferentiable, SymbolId, Term};

impl Elaborator<'_> {
    /// A word of an optimizer's body.
    pub(in crate::model) fn optimizer_word(&mut self, word: Word, over: &Over, span: Span) -> Elab<Term> {
        let a = &over.architecture;
        let whole = || format!("optimizer `{}`", over.optimizer);
        match word {
            Word::Params => Ok(a.point),
            Word::Dim => Ok(self.store.num(a.dim as u64)),
            Word::Loss => a.loss.map_or_else(|| self.incomplete(over, "loss", &whole(), span), Ok),
            Word::Output => a.output.map_or_else(|| self.incomplete(over, "output", &whole(), span), Ok),
            Word::Metric => self.metric(over, &whole(), span),
        }
    }

    /// The new value of `params` or of a state.
    pub(in crate::model) fn new_value(&mut self, name: &str, over: &Over, span: Span) -> Elab<Term> {
        match over.primed.get(name) {
            Some(&(_, t)) => Ok(t),
            None => {
                let known = over.primed.keys().map(String::as_str);
                self.fail(faults::no_new_value(name, known, over.primed.is_empty(), span))
            }
        }
    }

    fn incomplete<T>(&mut self, over: &Over, part: &'static str, needed_by: &str, span: Span) -> Elab<T> {
        let architecture = over.architecture.given_by.clone();
        self.fail(ModelError::Incomplete {
            architecture,
            part,
            needed_by: needed_by.into(),
            span,
            asked: None,
            elsewhere: None,
        })
    }

    /// The pullback metric `Jᵀ M J` of the realisation.
    pub(super) fn metric(&mut self, over: &Over, needed_by: &str, span: Span) -> Elab<Term> {
        match over.architecture.output {
            Some(output) => self.pullback_metric(&over.architecture, output, span),
            None => self.incomplete(over, "output", needed_by, span),
        }
    }

    /// The metric and the Hessian of the loss, as far as an architecture has them: what a question about a class grants to be
    /// non-singular.
    ///
    /// # Errors
    /// If the output or the loss cannot be differentiated.
    pub fn granted(&mut self, a: &Architecture) -> Elab<Vec<Term>> {
        let mut granted = Vec::new();
        if let Some(output) = a.output {
            granted.push(self.pullback_metric(a, output, a.span)?);
        }
        if let Some(loss) = a.loss {
            let d = self.gradient(loss, a.symbol, a.span)?;
            let hessian = self.store.jacobian(d, a.symbol);
            granted.push(self.differentiable(hessian, a.span)?);
        }
        Ok(granted)
    }

    fn pullback_metric(&mut self, a: &Architecture, output: Term, span: Span) -> Elab<Term> {
        if let Some(&g) = self.metrics.get(&a.symbol) {
            return Ok(g);
        }
        let j = self.store.jacobian(output, a.symbol);
        let j = self.differentiable(j, span)?;
        let right = match a.output_metric {
            None => j,
            Some(m) => self.store.matmul(m, j),
        };
        let g = self.store.product(j, &[0, 1], right, &[0, 2], &[1, 2]);
        self.metrics.insert(a.symbol, g);
        Ok(g)
    }

    fn differentiable(&mut self, t: Result<Term, NotDifferentiable>, span: Span) -> Elab<Term> {
        match t {
            Ok(t) => Ok(t),
            Err(e) => self.fail(faults::not_differentiable(e.to_string(), span)),
        }
    }

    /// `raise(g, c) = g⁺ c`
    pub(super) fn raise(&mut self, g: Term, c: Term) -> Term {
        let inverse = self.store.pseudo_inverse(g);
        self.store.matmul(inverse, c)
    }

    fn gradient(&mut self, e: Term, symbol: SymbolId, span: Span) -> Elab<Term> {
        self.expect_shape(e, &[], "what is differentiated", span)?;
        let d = self.store.gradient(e, symbol);
        self.differentiable(d, span)
    }

    /// The derivative of `t` along `direction`.
    pub(super) fn directional(&mut self, t: Term, symbol: SymbolId, direction: Term, span: Span) -> Elab<Term> {
        let seeds = crate::term::Seeds::along([(symbol, direction)]);
        let d = self.store.tangent(t, &seeds);
        self.differentiable(d, span)
    }

    /// `∂ₗ (uᵀ g v)` with `u` and `v` held fixed.
    pub(super) fn gradient_of_pairing(
        &mut self,
        g: Term,
        u: Term,
        v: Term,
        symbol: SymbolId,
        span: Span,
    ) -> Elab<Term> {
        let n = self.store.size(u);
        let (su, fu) = self.store.symbol("u", &[n]);
        let (sv, fv) = self.store.symbol("v", &[n]);
        let gv = self.store.matmul(g, fv);
        let pairing = self.store.dot(fu, gv);
        let d = self.gradient(pairing, symbol, span)?;
        Ok(self.store.substitute_one(d, &[(su, u), (sv, v)].into_iter().collect()))
    }

    /// `Γ(u, v) = g⁺ · ½ (D_u g v + D_v g u - ∂(uᵀ g v))`, the Levi-Civita connection of `g`.
    pub(super) fn christoffel(&mut self, g: Term, u: Term, v: Term, symbol: SymbolId, span: Span) -> Elab<Term> {
        let first = self.directional(g, symbol, u, span)?;
        let first = self.store.matmul(first, v);
        let second = self.directional(g, symbol, v, span)?;
        let second = self.store.matmul(second, u);
        let third = self.gradient_of_pairing(g, u, v, symbol, span)?;
        let n = self.store.size(u);
        let h = crate::term::half();
        let lowered = self.store.sum(vec![(h.clone(), first), (h.clone(), second), (-h, third)], &[n]);
        Ok(self.raise(g, lowered))
    }

    /// `∂ᵢ∂ⱼe - Γᵏᵢⱼ ∂ₖe`
    fn covariant_hessian(&mut self, e: Term, over: &Over, span: Span) -> Elab<Term> {
        let symbol = over.architecture.symbol;
        let n = over.architecture.dim;
        let d = self.gradient(e, symbol, span)?;
        let hessian = self.store.jacobian(d, symbol);
        let hessian = self.differentiable(hessian, span)?;
        let g = self.metric(over, "`covhess`", span)?;
        let w = self.raise(g, d);
        let (sw, fw) = self.store.symbol("w", &[n]);
        let gw = self.store.matmul(g, fw);
        let turned = self.store.jacobian(gw, symbol);
        let turned = self.differentiable(turned, span)?;
        let turned = self.store.substitute_one(turned, &[(sw, w)].into_iter().collect());
        let back = self.store.transpose(turned);
        let along = self.directional(g, symbol, w, span)?;
        let h = crate::term::half();
        let parts = vec![(Rational::ONE, hessian), (-h.clone(), turned), (-h.clone(), back), (h, along)];
        Ok(self.store.sum(parts, &[n, n]))
    }

    /// A function of an optimizer's body, with as many arguments as it takes.
    pub(in crate::model) fn optimizer_function(
        &mut self,
        f: Calculus,
        values: &[Arg<Term>],
        over: &Over,
        span: Span,
    ) -> Elab<Term> {
        let (a, n, symbol) = (&over.architecture, over.architecture.dim, over.architecture.symbol);
        let (x, sx) = values[0];
        for (i, &(t, at)) in values.iter().enumerate() {
            let (shape, place): (&[usize], &str) = match (f, i) {
                (Calculus::Raise | Calculus::Lower | Calculus::Christoffel | Calculus::BlockDiagonal, 0) => {
                    (&[n, n], "a metric here")
                }
                (Calculus::Raise | Calculus::Lower | Calculus::Christoffel, _) => {
                    (&[n], "a vector over the parameters here")
                }
                (Calculus::At, 0) => (&[n], "the point"),
                _ => continue,
            };
            self.expect_shape(t, shape, place, at)?;
        }
        match f {
            Calculus::Differential | Calculus::Gradient => self.gradient(x, symbol, sx),
            Calculus::NaturalGradient => {
                let g = self.metric(over, "`natgrad`", span)?;
                let d = self.gradient(x, symbol, sx)?;
                Ok(self.raise(g, d))
            }
            Calculus::Raise => Ok(self.raise(x, values[1].0)),
            Calculus::Lower => Ok(self.store.matmul(x, values[1].0)),
            Calculus::Hessian => {
                let d = self.gradient(x, symbol, sx)?;
                let h = self.store.jacobian(d, symbol);
                self.differentiable(h, span)
            }
            Calculus::CovariantHessian => {
                self.expect_shape(x, &[], "the argument of `covhess`", sx)?;
                self.covariant_hessian(x, over, span)
            }
            Calculus::Christoffel => self.christoffel(x, values[1].0, values[2].0, symbol, span),
            Calculus::BlockDiagonal => Ok(self.block_diagonal(x, &a.sizes())),
            Calculus::At => Ok(self.store.substitute_one(values[1].0, &[(symbol, x)].into_iter().collect())),
        }
    }
}
