//! The shapes of indexed expressions and of functions.

use super::{Extents, Shape, Shaped, Shapes};
use crate::core::size::Lin;
use crate::read::{Arg, Indexed};

impl<'e> Shapes<'e> {
    /// The shape of the body of an indexed expression, at a general index. An empty range leaves the body out.
    pub(super) fn body(&mut self, body: &Indexed<'e, Self>) -> Shape {
        let certain = body.ranges.iter().all(|r| r.as_ref().and_then(Lin::as_num).is_some_and(|n| n > 0));
        let first = self.next;
        let indices: Vec<Shaped> = body.ranges.iter().map(|_| Shaped::size(self.variable())).collect();
        self.hidden += usize::from(!certain);
        let value = body.at(self, indices);
        self.hidden -= usize::from(!certain);
        let value = value?;
        let free = |l: &Lin| l.vars().into_iter().all(|v| v < first);
        let fixed = value.extents.as_deref().is_some_and(|e| e.iter().all(free));
        Ok(if fixed { Shaped { size: None, ..value } } else { Shaped::unknown() })
    }

    /// A function of the table that is neither entrywise nor written in the language.
    pub(super) fn shape_of(&mut self, name: &str, args: &[Arg<Shaped>]) -> Shaped {
        let extents: Vec<Extents> = args.iter().map(|a| a.0.extents.clone()).collect();
        let sizes: Option<Vec<Lin>> = args.iter().map(|a| a.0.size.clone()).collect();
        match (name, args) {
            ("max" | "min", [a, b]) => self.together(name, a, b),
            ("dot", [a, b]) => {
                if let (Some(x), Some(y)) = (&extents[0], &extents[1]) {
                    let fault = self.mismatch("dot product", x, y, a.1, b.1);
                    self.same(x, y, fault);
                }
                Shaped::scalar()
            }
            ("sum" | "mean" | "max" | "min" | "det" | "prod", [_]) => Shaped::scalar(),
            ("trace" | "diagonal" | "inv" | "powm", [(_, span), ..]) => {
                let Some([m, n]) = extents[0].as_deref() else { return Shaped::unknown() };
                self.expect(m, n, &format!("the columns of the argument of `{name}`"), *span);
                match name {
                    "trace" => Shaped::scalar(),
                    "diagonal" => Shaped::of(vec![m.clone()]),
                    _ => Shaped { extents: extents[0].clone(), size: None },
                }
            }
            ("outer", [_, _]) => match (extents[0].as_deref(), extents[1].as_deref()) {
                (Some([m]), Some([n])) => Shaped::of(vec![m.clone(), n.clone()]),
                _ => Shaped::unknown(),
            },
            ("solve", [a, b]) => {
                if let (Some([m, _]), Some(y @ [n, ..])) = (extents[0].as_deref(), extents[1].as_deref()) {
                    let fault = self.mismatch("solve", extents[0].as_deref().unwrap_or(&[]), y, a.1, b.1);
                    self.demand(m.sub(n), fault);
                }
                Shaped { extents: extents[1].clone(), size: None }
            }
            ("diag", [_]) => match extents[0].as_deref() {
                Some([n]) => Shaped::of(vec![n.clone(), n.clone()]),
                _ => Shaped::unknown(),
            },
            ("pinv", [_]) => match extents[0].as_deref() {
                Some([m, n]) => Shaped::of(vec![n.clone(), m.clone()]),
                _ => Shaped::unknown(),
            },
            ("polar" | "triu" | "tril", [_]) => Shaped { extents: extents[0].clone(), size: None },
            ("rows" | "cols" | "size", [(x, _)]) => {
                let size = match (name, extents[0].as_deref()) {
                    ("size", Some(_)) => x.entries(),
                    ("rows", Some([n, ..])) | ("cols", Some([_, n])) => Some(n.clone()),
                    (_, Some(_)) => Some(Lin::num(1)),
                    (_, None) => None,
                };
                Shaped { size, ..Shaped::scalar() }
            }
            ("concat" | "vec", parts) => {
                let total = parts.iter().try_fold(Lin::default(), |all, p| Some(all.add(&p.0.entries()?)));
                total.map_or_else(Shaped::unknown, |n| Shaped::of(vec![n]))
            }
            ("eye", [_]) => sizes.map_or_else(Shaped::unknown, |s| Shaped::of(vec![s[0].clone(), s[0].clone()])),
            ("zeros" | "ones", _) => sizes.map_or_else(Shaped::unknown, Shaped::of),
            ("reshape", [(x, span), _, ..]) => {
                let wanted: Option<Vec<Lin>> = args[1..].iter().map(|a| a.0.size.clone()).collect();
                let Some(wanted) = wanted.map(Shaped::of) else { return Shaped::unknown() };
                if let (Some(found), Some(all)) = (x.entries(), wanted.entries()) {
                    self.expect(&found, &all, "the entries of the tensor to reshape", *span);
                }
                wanted
            }
            _ => Shaped::unknown(),
        }
    }
}
