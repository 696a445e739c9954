//! What is known of a value without its sizes.

use std::ops::BitOr;
use std::rc::Rc;

use dashu_int::ops::BitTest;

use crate::core::size::Lin;
use crate::domain::Rational;
use crate::syntax::tree::BinaryOp;

/// Numbers of more bits are not kept.
const MAX_BITS: usize = 64;

/// The extents of a value; `None` if they are not known.
pub(super) type Extents = Option<Rc<[Lin]>>;

/// What is known of a value.
#[derive(Debug, Clone)]
pub struct Shaped {
    pub(super) extents: Extents,
    /// As a size or an index.
    pub(super) size: Option<Lin>,
    pub(super) number: Number,
    pub(super) reads: Reads,
}

/// What is known of the number that a scalar is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Number {
    /// This one.
    Is(Rational),
    /// It is not constant.
    Varies,
    /// Nothing.
    Unknown,
}

/// What a value may depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Reads {
    /// New values of components, by their numbers: the point is the first.
    pub(super) new: u64,
    /// Whether the point, or what is a function of it.
    pub(super) point: bool,
}

impl BitOr for Reads {
    type Output = Reads;

    fn bitor(self, other: Reads) -> Reads {
        Reads { new: self.new | other.new, point: self.point || other.point }
    }
}

impl Reads {
    /// What reads the point.
    pub(super) const POINT: Reads = Reads { new: 0, point: true };

    /// What reads the new value of a component.
    pub(super) fn new_value(component: usize) -> Reads {
        let new = u32::try_from(component).ok().and_then(|i| 1u64.checked_shl(i)).unwrap_or(0);
        Reads { new, ..Reads::default() }
    }

    /// What any of some values reads.
    pub(super) fn of<'a>(values: impl IntoIterator<Item = &'a Shaped>) -> Reads {
        values.into_iter().fold(Reads::default(), |all, v| all | v.reads)
    }
}

impl Number {
    fn moderate(q: Rational) -> Number {
        let bits = q.numerator().bit_len() + q.denominator().bit_len();
        if bits <= MAX_BITS { Number::Is(q) } else { Number::Unknown }
    }

    pub(super) fn is(&self) -> Option<&Rational> {
        if let Number::Is(q) = self { Some(q) } else { None }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.is().is_some_and(Rational::is_zero)
    }

    /// Not constant stays what no second part can undo: of two parts that vary nothing is known.
    pub(super) fn linked(&self, op: BinaryOp, other: &Number) -> Number {
        match (op, self, other) {
            (BinaryOp::Add, Number::Is(a), Number::Is(b)) => Number::moderate(a + b),
            (BinaryOp::Sub, Number::Is(a), Number::Is(b)) => Number::moderate(a - b),
            (BinaryOp::Mul | BinaryOp::EntryMul, Number::Is(a), Number::Is(b)) => Number::moderate(a * b),
            (BinaryOp::Div | BinaryOp::EntryDiv, Number::Is(a), Number::Is(b)) if !b.is_zero() => {
                Number::moderate(a / b)
            }
            (BinaryOp::Add | BinaryOp::Sub, Number::Varies, Number::Is(_))
            | (BinaryOp::Add | BinaryOp::Sub, Number::Is(_), Number::Varies)
            | (BinaryOp::Mul | BinaryOp::EntryMul, Number::Varies, Number::Varies) => Number::Varies,
            (BinaryOp::Mul | BinaryOp::EntryMul, Number::Varies, Number::Is(q))
            | (BinaryOp::Mul | BinaryOp::EntryMul, Number::Is(q), Number::Varies)
            | (BinaryOp::Div | BinaryOp::EntryDiv, Number::Varies, Number::Is(q))
                if !q.is_zero() =>
            {
                Number::Varies
            }
            _ => Number::Unknown,
        }
    }

    pub(super) fn negated(&self) -> Number {
        match self {
            Number::Is(q) => Number::Is(-q.clone()),
            other => other.clone(),
        }
    }
}

impl Shaped {
    pub(super) fn of(extents: Vec<Lin>) -> Self {
        Shaped { extents: Some(extents.into()), ..Shaped::unknown() }
    }

    pub(super) fn scalar() -> Self {
        Shaped::of(Vec::new())
    }

    pub(super) fn size(l: Lin) -> Self {
        let number = l.as_num().map_or(Number::Unknown, |n| Number::moderate(Rational::from(n)));
        Shaped { size: Some(l), number, ..Shaped::scalar() }
    }

    pub(super) fn number(q: &Rational) -> Self {
        let size = i128::try_from(q.numerator().clone()).ok().filter(|n| q.is_int() && n.abs() < 1 << 40);
        Shaped { size: size.map(Lin::num), number: Number::moderate(q.clone()), ..Shaped::scalar() }
    }

    pub(super) fn unknown() -> Self {
        Shaped { extents: None, size: None, number: Number::Unknown, reads: Reads::default() }
    }

    /// The same shape, with nothing else known.
    pub(super) fn shape_only(&self) -> Self {
        Shaped { extents: self.extents.clone(), ..Shaped::unknown() }
    }

    /// With what it reads.
    #[must_use]
    pub(super) fn reading(self, reads: Reads) -> Self {
        Shaped { reads, ..self }
    }

    /// A free variable.
    #[must_use]
    pub(super) fn varying(self) -> Self {
        let number = if self.is_scalar() { Number::Varies } else { Number::Unknown };
        Shaped { number, ..self }
    }

    pub(super) fn is_scalar(&self) -> bool {
        self.extents.as_deref().is_some_and(<[Lin]>::is_empty)
    }

    /// The number of entries.
    pub(super) fn entries(&self) -> Option<Lin> {
        self.extents.as_deref()?.iter().try_fold(Lin::num(1), |all, d| all.mul(d))
    }
}
