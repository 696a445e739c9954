//! Blocks inside an optimizer: which an `each` means, those of a name, and the blocks of states.

use super::{Over, State};
use crate::core::error::ModelError;
use crate::core::names::nearest;
use crate::core::variance::{Space, Variance};
use crate::model::architecture::Architecture;
use crate::model::elaborate::{Elab, Elaborator, Local, Reported, Scope};
use crate::model::faults;
use crate::read::{Each, Whole, is_free};
use crate::source::Span;
use crate::syntax::tree::{ExprKind, Ident, Type};
use crate::term::{Shape, Term};

/// How a state is laid out over the blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// As the parameters are.
    Parameters,
    /// For each block a square matrix on its rows, or on its columns.
    Sides(Variance),
    /// For each block one number.
    Numbers,
    /// Not over the blocks.
    Apart,
}

impl State {
    /// Its layout.
    pub fn layout(&self) -> Layout {
        match self.variance.space() {
            Space::Sides(_) => Layout::Sides(self.variance),
            _ if self.each => Layout::Numbers,
            Space::Vector => Layout::Parameters,
            Space::Own | Space::Number | Space::Matrix => Layout::Apart,
        }
    }
}

impl Elaborator<'_> {
    /// The blocks that an `each` means, each with the names inside it.
    pub(in crate::model) fn each_block(&mut self, each: Each<'_>, scope: &Scope) -> Elab<Vec<(usize, Scope)>> {
        let Some(over) = &scope.over else { return Err(Reported) };
        let a = &over.architecture;
        let mut meant = Vec::new();
        for i in self.blocks_of(each.over, each.except, a)? {
            let mut inner = scope.clone();
            inner.bind(&each.var.name, Local::Block(i));
            let fits = match each.shape {
                Some(shape) => self.has_shape(shape, i, a, &mut inner)?,
                None => true,
            };
            if fits {
                meant.push((i, inner));
            }
        }
        Ok(meant)
    }

    /// The blocks of `over - except`, in the order of the architecture.
    fn blocks_of(&mut self, over: &Ident, except: &[Ident], a: &Architecture) -> Elab<Vec<usize>> {
        let mut blocks: Vec<usize> = match a.group(&over.name) {
            _ if over.name == "params" => (0..a.blocks.len()).collect(),
            Some(blocks) => blocks.to_vec(),
            None => return self.unknown_group(over, a),
        };
        for e in except {
            let out: Vec<usize> = match (a.group(&e.name), a.block_named(&e.name)) {
                (Some(blocks), _) => blocks.to_vec(),
                (None, Some(i)) => vec![i],
                (None, None) => return self.unknown_group(e, a),
            };
            blocks.retain(|i| !out.contains(i));
        }
        blocks.sort_unstable();
        Ok(blocks)
    }

    fn unknown_group<T>(&mut self, name: &Ident, a: &Architecture) -> Elab<T> {
        let message = format!(
            "`each` runs over the blocks of `params` or of a group; {} has no group `{}`: {}",
            a.name,
            name.name,
            a.blocks_in_words()
        );
        let names = a.groups.iter().map(|g| g.name.as_str()).chain(["params"]);
        let near = nearest(&name.name, names).map(|n| format!("did you mean `{n}`?"));
        let help = near.or_else(|| Some(format!("an architecture names one with `group {} = …`", name.name)));
        self.fail(ModelError::Blocks { message, help, span: name.span })
    }

    /// Whether block `i` has a shape; sizes with new names are bound to the block's.
    fn has_shape(&mut self, ty: &Type, i: usize, a: &Architecture, scope: &mut Scope) -> Elab<bool> {
        if let Some(fault) = faults::shape_of_blocks(ty) {
            return self.fail(fault);
        }
        let shape = &a.blocks[i].shape;
        if shape.len() != ty.dims.len() {
            return Ok(false);
        }
        for (e, &size) in ty.dims.iter().zip(shape) {
            if let ExprKind::Name(n) = &e.kind
                && is_free(self, n, e.span, scope)
            {
                let t = self.store.num(size as u64);
                scope.bind(n, Local::Value(t));
                continue;
            }
            if self.natural(e, scope, "the size of a block")? != size {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `z[A]` with a name that means nothing: an error that lists the blocks.
    pub(in crate::model) fn no_such_block(&self, name: &Ident, a: &Architecture) -> ModelError {
        let message = format!("{} has no parameter `{}`: {}", a.name, name.name, a.blocks_in_words());
        let near = nearest(&name.name, a.blocks.iter().map(|b| b.name.as_str()));
        let help = near.map(|n| format!("did you mean `{n}`?")).or_else(|| {
            Some("an optimizer that names a parameter can only be asked about architectures that have it".to_owned())
        });
        ModelError::Blocks { message, help, span: name.span }
    }

    /// A component that is given block by block, but not for all.
    pub(super) fn missing_block(&mut self, name: &str, i: usize, over: &Over, span: Span) -> Elab<()> {
        let a = &over.architecture;
        let b = &a.blocks[i];
        let shape = match b.shape[..] {
            [] => "R".to_owned(),
            [n] => format!("R[{n}]"),
            [m, n, ..] => format!("R[{m}, {n}]"),
        };
        let message = format!(
            "optimizer `{}` gives a rule for some blocks of `{name}`, but none for `{} : {shape}` of {}",
            over.optimizer, b.name, a.name
        );
        let help = Some("every block needs exactly one rule; `W' = W` says that one stays as it is".to_owned());
        self.fail(ModelError::Blocks { message, help, span })
    }

    /// `z[W]` and `z'[W]`: a block of a state, or of any vector over the parameters.
    pub(in crate::model) fn block_of_whole(
        &mut self,
        t: Term,
        whole: Whole<'_>,
        block: usize,
        over: &Over,
        span: Span,
    ) -> Elab<Term> {
        let name = match whole {
            Whole::Component(name) => name,
            Whole::Other => "",
        };
        let shape = self.block_shape(name, block, over);
        let sizes: Vec<usize> = match over.layouts.get(name) {
            Some(&Layout::Sides(v)) => over.architecture.blocks.iter().map(|b| side(&b.shape, v).pow(2)).collect(),
            Some(Layout::Numbers) => vec![1; over.architecture.blocks.len()],
            _ => {
                self.expect_shape(t, &[over.architecture.dim], "what is read block by block", span)?;
                return Ok(over.architecture.block(&mut self.store, t, block));
            }
        };
        let start: usize = sizes[..block].iter().sum();
        let map = (start as u32..(start + sizes[block]) as u32).collect();
        Ok(self.store.gather(t, map, &shape))
    }

    /// The shape of a block of a component.
    pub(super) fn block_shape(&self, state: &str, block: usize, over: &Over) -> Shape {
        let b = &over.architecture.blocks[block];
        match over.layouts.get(state) {
            Some(&Layout::Sides(v)) => {
                let m = side(&b.shape, v);
                Shape::from_slice(&[m, m])
            }
            Some(Layout::Numbers) => Shape::new(),
            _ => b.shape.clone(),
        }
    }
}

/// The rows or columns of a block read as a matrix; a vector is one column, a scalar one entry.
pub fn side(shape: &[usize], variance: Variance) -> usize {
    let (rows, columns) = match shape {
        [] => (1, 1),
        [n] => (*n, 1),
        [m, n, ..] => (*m, *n),
    };
    if variance == Variance::Left { rows } else { columns }
}
