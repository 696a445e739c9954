//! Data whose numbers stand in a file.

use super::elaborate::{Elab, Elaborator, Reported, Scope};
use crate::core::error::ModelError;
use crate::domain::Rational;
use crate::source::Span;
use crate::syntax::tree::{Data, Type};
use crate::term::Term;

impl Elaborator<'_> {
    /// The numbers of a file as a constant of the declared type. A file of one row or of one column has the type of a
    /// vector, too, if it is a table of lines.
    pub(super) fn read_numbers(
        &mut self,
        data: &Data,
        ty: &Type,
        scope: &Scope,
        path: &str,
        place: Span,
    ) -> Elab<Term> {
        if data.ty.arrow.is_some() {
            let message = "a sequence is infinite, and no file holds it".to_owned();
            let help = Some("write the extents of what the file holds, `R[1000]`".to_owned());
            return self.fail(ModelError::BadType { message, help, span: data.ty.span });
        }
        // Without the file there is an error already, at the same place.
        let table = self.model.table(data).cloned().ok_or(Reported)?;
        let mut wanted = self.extents(ty, scope)?;
        // A class of matrices is given by one size.
        if ty.name.name != "R" && wanted.len() == 1 {
            wanted.push(wanted[0]);
        }
        let mut shape = table.shape.clone();
        if table.name.to_ascii_lowercase().ends_with(".csv") && wanted.len() < 2 {
            shape.retain(|n| *n != 1);
        }
        let exact = |v: &f64| Rational::try_from(*v).map_err(|_| Reported);
        let values = table.values.iter().map(exact).collect::<Elab<Vec<Rational>>>()?;
        if wanted.iter().product::<usize>() != values.len() || wanted.as_slice() != shape.as_slice() {
            let found = super::elaborate::shape_text(&table.shape);
            let expected = super::elaborate::shape_text(&wanted);
            let help = Some(format!("write the extents that the file has, `{found}`, or read another one"));
            return self.fail(ModelError::UnexpectedShape {
                place: format!("\"{path}\""),
                expected,
                found,
                help,
                span: place,
            });
        }
        let value = self.store.literal(values, &wanted);
        self.expect_member(value, ty, scope, &format!("\"{path}\""), place)?;
        Ok(value)
    }
}
