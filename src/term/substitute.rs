//! Composition of functions: substitution of terms for symbols.

use rustc_hash::FxHashMap;

use super::store::{Node, Store, SymbolId, Term};

impl Store {
    /// The terms with every symbol of the map replaced, all at once, by a term of the symbol's shape.
    pub fn substitute(&mut self, roots: &[Term], by: &FxHashMap<SymbolId, Term>) -> Vec<Term> {
        self.rebuild(roots, |_, node| if let Node::Symbol(s) = node { by.get(s).copied() } else { None })
    }

    /// The terms with every subterm of the map replaced, all at once, by a term of its shape.
    pub fn replace(&mut self, roots: &[Term], by: &FxHashMap<Term, Term>) -> Vec<Term> {
        self.rebuild(roots, |t, _| by.get(&t).copied())
    }

    /// The values of symbols, each given by a term in which others of them may stand, put into each other in the order of
    /// their dependence.
    ///
    /// # Errors
    /// The places of those that depend on each other in a circle.
    pub fn put_into_each_other(&mut self, rules: &[(SymbolId, Term)]) -> Result<Vec<Term>, Vec<usize>> {
        let mut done: FxHashMap<SymbolId, Term> = FxHashMap::default();
        while done.len() < rules.len() {
            let open: Vec<usize> = (0..rules.len()).filter(|&i| !done.contains_key(&rules[i].0)).collect();
            let ready = open.iter().copied().find(|&i| {
                let needs = self.free_symbols(&[rules[i].1]);
                !open.iter().any(|&k| needs.contains(&rules[k].0))
            });
            let Some(i) = ready else { return Err(open) };
            let value = self.substitute_one(rules[i].1, &done);
            done.insert(rules[i].0, value);
        }
        Ok(rules.iter().map(|(s, _)| done[s]).collect())
    }

    fn rebuild(&mut self, roots: &[Term], replaced: impl Fn(Term, &Node) -> Option<Term>) -> Vec<Term> {
        let mut memo: FxHashMap<Term, Term> = FxHashMap::default();
        for t in self.reachable(roots) {
            let node = self.node(t).clone();
            if let Some(u) = replaced(t, &node) {
                debug_assert_eq!(self.shape(u), self.shape(t), "a substitute of the same shape");
                memo.insert(t, u);
                continue;
            }
            if !node.operands().iter().any(|o| memo.contains_key(o)) {
                continue;
            }
            let shape = self.shape(t).clone();
            let new = |o: Term| memo.get(&o).copied().unwrap_or(o);
            let u = match node {
                Node::Fill(_) | Node::Literal(_) | Node::Symbol(_) => t,
                Node::Sum(parts) => {
                    let parts = parts.iter().map(|(c, p)| (c.clone(), new(*p))).collect();
                    self.sum(parts, &shape)
                }
                Node::Product { a, b, la, lb, out } => self.product(new(a), &la, new(b), &lb, &out),
                Node::Map(f, x) => self.map(f, new(x)),
                Node::Power(x, q) => self.power(new(x), &q),
                Node::Gather(x, map) => self.gather(new(x), map.to_vec(), &shape),
                Node::Join(parts) => {
                    let parts: Vec<Term> = parts.iter().map(|&p| new(p)).collect();
                    self.join(&parts)
                }
                Node::Inverse(x) => self.inverse(new(x)),
                Node::PseudoInverse(x) => self.pseudo_inverse(new(x)),
                Node::Determinant(x) => self.determinant(new(x)),
                Node::Polar(x) => self.polar(new(x)),
                Node::Eigenvectors(x) => self.any_eigenvectors(new(x)),
                Node::PowerSpd(x, q) => self.power_spd(new(x), &q),
            };
            if u != t {
                memo.insert(t, u);
                if self.inverse_lengths.contains(&t) {
                    self.inverse_lengths.insert(u);
                }
            }
        }
        roots.iter().map(|r| memo.get(r).copied().unwrap_or(*r)).collect()
    }

    /// [`Store::substitute`] in one term.
    pub fn substitute_one(&mut self, root: Term, by: &FxHashMap<SymbolId, Term>) -> Term {
        self.substitute(&[root], by)[0]
    }
}
