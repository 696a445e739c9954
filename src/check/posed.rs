//! Questions as they are put: those of checks, and those of a check along a system at one of its members.

use crate::model::morphism::Along;
use crate::model::system::Arrow;
use crate::syntax::tree::{Check, ExpectedVerdict, Instance, Question};

/// A question as it is put.
#[derive(Debug, Clone, Copy)]
pub struct Posed<'a> {
    /// The check, whose words it has.
    pub check: &'a Check,
    /// The member of the system that the check is along; none of a check that is along a path.
    pub member: Option<&'a Arrow>,
}

impl<'a> From<&'a Check> for Posed<'a> {
    fn from(check: &'a Check) -> Self {
        Posed { check, member: None }
    }
}

impl<'a> Posed<'a> {
    /// The optimizer and the path, of a question that has them.
    pub fn along(self) -> Option<(&'a Instance, Along<'a>)> {
        match &self.check.question {
            Question::Natural { optimizer, along, .. }
            | Question::Training { optimizer, along }
            | Question::Transfer { optimizer, along } => {
                let member = |a: &'a Arrow| Along { parts: std::slice::from_ref(&a.instance), span: a.instance.span };
                Some((optimizer, self.member.map_or_else(|| Along::from(along), member)))
            }
            Question::Commutes { .. }
            | Question::Preserves { .. }
            | Question::Same { .. }
            | Question::SameTraining { .. }
            | Question::System { .. }
            | Question::Trace(_) => None,
        }
    }

    /// The optimizer and the path of a question about one step.
    pub fn natural(self) -> Option<(&'a Instance, Along<'a>)> {
        self.along().filter(|_| matches!(self.check.question, Question::Natural { .. }))
    }

    /// What is expected.
    pub fn expected(self) -> Option<&'a ExpectedVerdict> {
        self.check.expect.as_ref().map(|e| &e.verdict)
    }

    /// The values of the indices of the system, which the formulas behind `expect` may name.
    pub fn index(self) -> &'a [(String, u64)] {
        self.member.map_or(&[], |a| &a.index)
    }
}
