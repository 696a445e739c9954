//! The functions of the language on values with symbolic shapes.

use super::context::{Context, Res, stuck};
use super::evident::half;
use super::normal::Prover;
use super::poly::Poly;
use super::reading::Env;
use super::value::{At, Shape, Value};
use crate::core::size::Lin;
use crate::domain::{Fun, Rational};

impl<'e> Prover<'e> {
    /// A function of the table that is neither entrywise nor written in the language.
    ///
    /// # Errors
    /// If the function, or its arguments, are not read here.
    pub fn operation(&'e self, name: &str, values: &[Value<'e>], env: &Env<'e>, context: &Context) -> Res<Value<'e>> {
        match (name, values) {
            ("zeros" | "ones" | "eye", sizes) => self.constant_tensor(name, sizes, env, context),
            (name @ ("max" | "min"), [a, b]) => {
                let sign = if name == "max" { half() } else { -half() };
                a.zip(b, move |c, x, y| {
                    let difference = x.clone().plus(&Rational::NEG_ONE, &y);
                    let abs = self.mul(&difference, &self.fun(c, Fun::Sign, &difference)?)?;
                    Ok(x.plus(&Rational::ONE, &y).scale(&half()).plus(&sign, &abs))
                })
            }
            ("dot", [a, b]) => {
                if a.shape != b.shape {
                    return stuck("two shapes are not plainly the same at every member");
                }
                let (a, b) = (a.clone(), b.clone());
                Ok(Value::new(Shape::Tensor(Vec::new()), move |c, _| {
                    self.total(c, &a.shape, &|c, at| self.mul(&(a.at)(c, at)?, &(b.at)(c, at)?))
                }))
            }
            ("outer", [a, b]) => match (a.extents(), b.extents()) {
                (Some([m]), Some([n])) => {
                    let shape = Shape::Tensor(vec![m.clone(), n.clone()]);
                    let (a, b) = (a.clone(), b.clone());
                    Ok(Value::new(shape, move |c, at| {
                        let x = (a.at)(c, &At::tensor(vec![at.index[0].clone()]))?;
                        self.mul(&x, &(b.at)(c, &At::tensor(vec![at.index[1].clone()]))?)
                    }))
                }
                _ => stuck("`outer` of vectors over the parameters"),
            },
            ("concat", parts) if !parts.is_empty() => self.concat(parts),
            (name, [x]) => self.unary(name, x),
            (name, _) => stuck(format!("the function `{name}`")),
        }
    }

    fn unary(&'e self, name: &str, x: &Value<'e>) -> Res<Value<'e>> {
        let own = x.clone();
        match name {
            "sum" => Ok(self.reduced(&own)),
            "mean" => {
                let size = self.size_of(&x.shape)?;
                let total = self.reduced(&own);
                Ok(total.map(move |c, p| {
                    let inverse = self.pow(c, &Poly::lin(&size), &Rational::NEG_ONE)?;
                    self.mul(&p, &inverse)
                }))
            }
            "trace" | "diagonal" => match x.extents() {
                Some([m, n]) if m == n => {
                    let diagonal = Value::new(Shape::Tensor(vec![m.clone()]), move |c, at| {
                        (own.at)(c, &At::tensor(vec![at.index[0].clone(), at.index[0].clone()]))
                    });
                    Ok(if name == "trace" { self.reduced(&diagonal) } else { diagonal })
                }
                _ => stuck(format!("`{name}` of what is no square matrix")),
            },
            "polar" if x.is_scalar() => Ok(x.map(move |c, p| self.fun(c, Fun::Sign, &p))),
            "polar" if x.extents().is_none_or(|d| d.len() == 1) => {
                let size = self.norm(x);
                x.zip(&size, |c, p, n| self.mul(&p, &self.pow(c, &n, &Rational::NEG_ONE)?))
            }
            _ => stuck(format!("the function `{name}`")),
        }
    }

    /// The sum of all entries.
    fn reduced(&'e self, x: &Value<'e>) -> Value<'e> {
        let x = x.clone();
        Value::new(Shape::Tensor(Vec::new()), move |c, _| self.total(c, &x.shape, &|c, at| (x.at)(c, at)))
    }

    /// Vectors and scalars one after another: which part an index falls into is a matter of cases.
    fn concat(&'e self, parts: &[Value<'e>]) -> Res<Value<'e>> {
        let mut starts = Vec::new();
        let mut end = Lin::default();
        for p in parts {
            let length = match p.extents() {
                Some([]) => Lin::num(1),
                Some([n]) => n.clone(),
                _ => return stuck("`concat` of what is no vector"),
            };
            starts.push(end.clone());
            end = end.add(&length);
        }
        let parts = parts.to_vec();
        Ok(Value::new(Shape::Tensor(vec![end]), move |c, at| {
            for (k, p) in parts.iter().enumerate().rev() {
                let i = at.index[0].sub(&starts[k]);
                if k == 0 || c.decide(&i)? {
                    return (p.at)(c, &At::tensor(if p.is_scalar() { Vec::new() } else { vec![i] }));
                }
            }
            stuck("`concat` of nothing")
        }))
    }

    fn constant_tensor(&'e self, name: &str, args: &[Value<'e>], env: &Env<'e>, context: &Context) -> Res<Value<'e>> {
        let dims: Res<Vec<Lin>> = args.iter().map(|a| self.size(a, context)).collect();
        let mut dims = dims?;
        if name == "eye" {
            let [n] = &dims[..] else { return stuck("`eye` of one size") };
            dims = vec![n.clone(), n.clone()];
            return Ok(Value::new(Shape::Tensor(dims), |c, at| {
                Ok(Poly::num(u8::from(c.decide_zero(&at.index[0].sub(&at.index[1]))?)))
            }));
        }
        let value = Poly::num(u8::from(name == "ones"));
        let over = env.over.as_ref().map(|o| Shape::Over(o.layout()));
        let shape = match (&dims[..], over) {
            // In an optimizer, `zeros(dim)` is a vector over the parameters.
            ([n], Some(over)) if self.size_of(&over)? == *n => over,
            _ => Shape::Tensor(dims),
        };
        Ok(Value::new(shape, move |_, _| Ok(value.clone())))
    }
}
