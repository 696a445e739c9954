//! Blocks of an architecture of which nothing is known.

use super::known::Extents;
use super::optimizers::Over;
use super::{Names, Shape, Shaped, Shapes, Stopped};
use crate::core::error::ModelError;
use crate::core::size::Lin;
use crate::core::variance::{Space, Variance};
use crate::model::faults;
use crate::read::{Arg, Each, Local, Whole, expr, is_free};
use crate::source::Span;
use crate::syntax::tree::{ExprKind, Ident, Type};

/// How a component is laid out over the blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// As the parameters are.
    Parameters,
    /// For each block a square matrix on its rows, or on its columns.
    Sides(bool),
    /// For each block one number.
    Numbers,
    /// Not over the blocks.
    Apart,
    /// In one of these ways, or in another.
    Unknown,
}

impl Layout {
    /// That of a state.
    pub(super) fn of(variance: Variance, each: bool) -> Layout {
        match variance.space() {
            Space::Sides(left) => Layout::Sides(left),
            _ if each => Layout::Numbers,
            Space::Vector => Layout::Parameters,
            Space::Own | Space::Number | Space::Matrix => Layout::Apart,
        }
    }
}

/// Which blocks are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Which {
    /// That of a parameter.
    Named,
    /// All of them.
    All,
    /// Those of a group.
    Group(String),
    /// Some of them, perhaps none.
    Some(Span),
}

/// A block, or each of those that an `each` means.
#[derive(Debug, Clone)]
pub(super) struct Block {
    pub(super) extents: Extents,
    /// The name by which it is called.
    pub(super) name: String,
    pub(super) which: Which,
}

impl<'e> Shapes<'e> {
    /// One block for all that an `each` means, with the names inside it.
    pub(super) fn each_block(&mut self, each: Each<'e>, scope: &Names) -> Result<Vec<(Block, Names)>, Stopped> {
        let mut inner = scope.clone();
        let extents = match each.shape {
            Some(ty) => self.shape_of_blocks(ty, &mut inner)?,
            None => None,
        };
        let which = match (each.shape, each.except) {
            (None, []) if each.over.name == "params" => Which::All,
            (None, []) => Which::Group(each.over.name.clone()),
            _ => Which::Some(each.var.span),
        };
        let block = Block { extents, name: each.var.name.clone(), which };
        inner.bind(&each.var.name, Local::Block(block.clone()));
        Ok(vec![(block, inner)])
    }

    /// The shape behind `each W :`; its new names are bound to the sizes of the block.
    fn shape_of_blocks(&mut self, ty: &'e Type, scope: &mut Names) -> Result<Extents, Stopped> {
        self.refuse(faults::shape_of_blocks(ty))?;
        let mut sizes: Option<Vec<Lin>> = Some(Vec::new());
        for e in &ty.dims {
            let size = match &e.kind {
                ExprKind::Name(n) if is_free(self, n, e.span, scope) => {
                    let size = self.variable(n, false);
                    Self::bind_value(scope, n, Shaped::size(size.clone()));
                    Some(size)
                }
                _ => expr(self, e, scope)?.size,
            };
            sizes = sizes.zip(size).map(|(all, n)| [all, vec![n]].concat());
        }
        Ok(sizes.map(Into::into))
    }

    /// The block of a parameter.
    pub(super) fn block_of_parameter(name: &str, over: &Over) -> Option<Block> {
        let block = Block { extents: None, name: name.to_owned(), which: Which::Named };
        over.may_have(name).then_some(block)
    }

    /// A name between brackets that no parameter has.
    pub(super) fn no_such_block(&mut self, name: &Ident) -> Stopped {
        let help = Some(format!("no architecture here has a parameter `{}`", name.name));
        self.report(ModelError::UnknownName { what: "block", name: name.name.clone(), help, span: name.span })
    }

    /// A block of a component, or of any vector over the parameters.
    pub(super) fn block_of_whole(
        &mut self,
        (x, span): Arg<Shaped>,
        whole: Whole<'_>,
        block: &Block,
        over: &Over,
    ) -> Shape {
        let component = match whole {
            Whole::Component(name) => over.component(name).map(|c| c.1),
            Whole::Other => None,
        };
        let layout = component.map_or(Layout::Parameters, |c| match c.layout {
            Layout::Apart => Layout::Parameters,
            layout => layout,
        });
        if layout == Layout::Parameters {
            let dim = self.word_of(crate::core::words::Word::Dim, over).size;
            let wanted = [dim.unwrap_or_default()];
            self.expect(&x, &wanted, "what is read block by block", span)?;
        }
        Ok(block_in(layout, block).reading(x.reads))
    }

    /// `reshape(x, W)`
    pub(super) fn shaped_as(&mut self, (x, span): Arg<Shaped>, block: &Block) -> Shape {
        let wanted = Shaped { extents: block.extents.clone(), ..Shaped::unknown() };
        if let (Some(found), Some(all)) = (x.entries(), wanted.entries()) {
            let place = format!("what takes the shape of `{}`", block.name);
            self.equal(&found, &all, |s| {
                let expected = format!("of {} entries", s.size_text(&all));
                s.unexpected(&place, expected, x.extents.as_deref().unwrap_or(&[]), span)
            })?;
        }
        Ok(wanted.reading(x.reads))
    }
}

/// A block of a component that is laid out in a way.
pub(super) fn block_in(layout: Layout, block: &Block) -> Shaped {
    match (layout, block.extents.as_deref()) {
        (Layout::Numbers, _) => Shaped::scalar().varying(),
        (Layout::Sides(left), Some(extents)) => {
            // A vector is one column, a scalar one entry.
            let side = extents.get(usize::from(!left)).cloned().unwrap_or_else(|| Lin::num(1));
            Shaped::of(vec![side.clone(), side])
        }
        (Layout::Parameters, Some(extents)) => Shaped::of(extents.to_vec()),
        (Layout::Apart | Layout::Unknown, _) | (Layout::Sides(_) | Layout::Parameters, None) => Shaped::unknown(),
    }
}
