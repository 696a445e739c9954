//! What a declaration mentions: for files that are made of parts of other files.

use crate::core::names::{Declared, Model};
use crate::syntax::tree::{Expr, ExprKind, Optimizer, Statement, StatementKind, Subscript};

/// The constants, functions and data that an optimizer mentions, directly or not, each after what it mentions itself.
pub fn of_optimizer(model: &Model, optimizer: &Optimizer) -> Vec<Declared> {
    let mut found = Found { model, all: Vec::new() };
    for p in &optimizer.params {
        p.default.iter().for_each(|e| found.expr(e));
    }
    for l in &optimizer.lets {
        found.expr(&l.value);
    }
    for d in &optimizer.dynamics {
        found.statements(&d.body);
    }
    found.all
}

struct Found<'m> {
    model: &'m Model,
    all: Vec<Declared>,
}

impl Found<'_> {
    fn statements(&mut self, body: &[Statement]) {
        for s in body {
            match &s.kind {
                StatementKind::Let(l) => self.expr(&l.value),
                StatementKind::Derivative(_, e) | StatementKind::Covariant(_, e) | StatementKind::Update(_, e) => {
                    self.expr(e);
                }
                StatementKind::Each { body, .. } => self.statements(body),
            }
        }
    }

    fn name(&mut self, name: &str, at: crate::source::Span) {
        let Some(what) = self.model.resolve(name, at) else { return };
        if self.all.contains(&what) {
            return;
        }
        match what {
            Declared::Let(id) => self.expr(&self.model[id].value),
            Declared::Def(id) => self.expr(&self.model[id].body),
            Declared::Data(id) => self.model[id].decl.value.iter().for_each(|e| self.expr(e)),
            _ => return,
        }
        if !self.all.contains(&what) {
            self.all.push(what);
        }
    }

    fn expr(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Number(_) | ExprKind::Primed(_) => {}
            ExprKind::Name(n) => self.name(n, e.span),
            ExprKind::Neg(x) | ExprKind::Transpose(x) | ExprKind::Inverse(x) => self.expr(x),
            ExprKind::Binary(_, a, b) | ExprKind::Power(a, b) => {
                self.expr(a);
                self.expr(b);
            }
            ExprKind::Call(f, args) => {
                self.name(&f.name, f.span);
                args.iter().for_each(|a| self.expr(a));
            }
            ExprKind::List(items) => items.iter().for_each(|a| self.expr(a)),
            ExprKind::If(c) => c.parts().into_iter().for_each(|e| self.expr(e)),
            ExprKind::Reduce(_, binders, body) | ExprKind::Comprehension(binders, body) => {
                for b in binders {
                    self.expr(&b.lo);
                    self.expr(&b.hi);
                }
                self.expr(body);
            }
            ExprKind::Index(base, subscripts) => {
                self.expr(base);
                for s in subscripts {
                    match s {
                        Subscript::At(e) => self.expr(e),
                        Subscript::Slice { lo, hi, .. } => lo.iter().chain(hi).for_each(|e| self.expr(e)),
                        Subscript::All => {}
                    }
                }
            }
        }
    }
}
