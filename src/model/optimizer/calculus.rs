//! The words and functions of an optimizer's body: differentials, metrics, connections.

use super::{FUNCTIONS, Over};
use crate::domain::Rational;
use crate::model::elaborate::{Elab, Elaborator, Scope};
use crate::model::error::ModelError;
use crate::source::Span;
use crate::syntax::tree::{Expr, Ident};
use crate::term::{NotDifferentiable, SymbolId, Term};

impl Elaborator<'_> {
    /// A word of an optimizer's body, if it is one.
    pub(in crate::model) fn optimizer_word(&mut self, name: &str, over: &Over, span: Span) -> Elab<Option<Term>> {
        let a = &over.architecture;
        Ok(Some(match name {
            "params" => a.point,
            "dim" => self.store.num(a.dim as u64),
            "loss" => match a.loss {
                Some(t) => t,
                None => return self.incomplete(over, "loss", &format!("optimizer `{}`", over.optimizer), span),
            },
            "output" => match a.output {
                Some(t) => t,
                None => return self.incomplete(over, "output", &format!("optimizer `{}`", over.optimizer), span),
            },
            "metric" => self.metric(over, &format!("optimizer `{}`", over.optimizer), span)?,
            _ => return Ok(None),
        }))
    }

    fn incomplete<T>(&mut self, over: &Over, part: &'static str, needed_by: &str, span: Span) -> Elab<T> {
        let architecture = over.architecture.name.clone();
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
        let a = &over.architecture;
        let Some(output) = a.output else {
            return self.incomplete(over, "output", needed_by, span);
        };
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
            Err(e) => {
                let message = e.to_string();
                let help = match e {
                    NotDifferentiable::Primitive { primitive } => {
                        Some(format!("nat does not differentiate through `{primitive}` yet"))
                    }
                    NotDifferentiable::TooLarge { .. } => None,
                };
                self.fail(ModelError::OptimizerBody { message, help, span })
            }
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

    /// A function of an optimizer's body, if it is one.
    pub(in crate::model) fn optimizer_function(
        &mut self,
        f: &Ident,
        args: &[Expr],
        span: Span,
        scope: &mut Scope,
        over: &Over,
    ) -> Elab<Option<Term>> {
        let name = f.name.as_str();
        if !FUNCTIONS.contains(&name) {
            return Ok(None);
        }
        let (a, n, symbol) = (&over.architecture, over.architecture.dim, over.architecture.symbol);
        let block = match (name, args) {
            ("d" | "grad", [_, of]) => self.block_written(of, scope)?,
            _ => None,
        };
        let taken = if block.is_some() { &args[..1] } else { args };
        let mut values = Vec::with_capacity(taken.len());
        for e in taken {
            values.push((self.expr(e, scope)?, e.span));
        }
        let arity = match name {
            "raise" | "lower" | "at" => 2,
            "christoffel" => 3,
            _ => 1,
        };
        if values.len() != arity {
            let expected = match name {
                "d" | "grad" => "one argument, or an expression and a block variable of `each`",
                "raise" | "lower" => "a metric and a vector",
                "at" => "a point and an expression",
                "christoffel" => "a metric and two vectors",
                _ => "one argument",
            };
            return self.fail(ModelError::Arity {
                name: name.into(),
                expected: expected.into(),
                found: args.len(),
                span,
            });
        }
        let (x, sx) = values[0];
        for (i, &(t, at)) in values.iter().enumerate() {
            let (shape, place): (&[usize], &str) = match (name, i) {
                ("raise" | "lower" | "christoffel" | "blockdiag", 0) => (&[n, n], "a metric here"),
                ("raise" | "lower" | "christoffel", _) => (&[n], "a vector over the parameters here"),
                ("at", 0) => (&[n], "the point"),
                _ => continue,
            };
            self.expect_shape(t, shape, place, at)?;
        }
        Ok(Some(match name {
            "d" | "grad" => {
                let d = self.gradient(x, symbol, sx)?;
                match block {
                    Some(i) => a.block(&mut self.store, d, i),
                    None => d,
                }
            }
            "natgrad" => {
                let g = self.metric(over, "`natgrad`", span)?;
                let d = self.gradient(x, symbol, sx)?;
                self.raise(g, d)
            }
            "raise" => self.raise(x, values[1].0),
            "lower" => self.store.matmul(x, values[1].0),
            "hess" => {
                let d = self.gradient(x, symbol, sx)?;
                let h = self.store.jacobian(d, symbol);
                self.differentiable(h, span)?
            }
            "covhess" => {
                self.expect_shape(x, &[], "the argument of `covhess`", sx)?;
                self.covariant_hessian(x, over, span)?
            }
            "christoffel" => self.christoffel(x, values[1].0, values[2].0, symbol, span)?,
            "blockdiag" => self.block_diagonal(x, &a.sizes()),
            _ => self.store.substitute_one(values[1].0, &[(symbol, x)].into_iter().collect()),
        }))
    }
}
