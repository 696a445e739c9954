//! Printing expressions, with as few parentheses as the precedence of the operators allows.

use super::number::numeral;
use super::print::Text;
use super::scan::is_word_char;
use super::tree::{BinaryOp, Binder, Expr, ExprKind, Reduction, Subscript};

/// How tightly the outermost operator of an expression binds; the order is that of `precedence`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Choice,
    Sum,
    Product,
    Negation,
    Power,
    Postfix,
    Atom,
}

impl Level {
    fn of(kind: &ExprKind) -> Level {
        match kind {
            ExprKind::Binary(op, _, _) => Level::of_op(*op),
            ExprKind::Neg(_) => Level::Negation,
            ExprKind::If(_) => Level::Choice,
            ExprKind::Power(_, _) => Level::Power,
            ExprKind::Transpose(_) | ExprKind::Inverse(_) | ExprKind::Index(_, _) => Level::Postfix,
            ExprKind::Number(_)
            | ExprKind::Name(_)
            | ExprKind::Primed(_)
            | ExprKind::Call(_, _)
            | ExprKind::Reduce(_, _, _)
            | ExprKind::List(_)
            | ExprKind::Comprehension(_, _) => Level::Atom,
        }
    }

    fn of_op(op: BinaryOp) -> Level {
        match op {
            BinaryOp::Add | BinaryOp::Sub => Level::Sum,
            BinaryOp::Mul | BinaryOp::Div | BinaryOp::EntryMul | BinaryOp::EntryDiv => Level::Product,
        }
    }
}

impl Expr {
    /// The expression as text.
    pub(super) fn text(&self) -> Text {
        let mut text = Text::default();
        write(&mut text, self, Level::Choice);
        text
    }
}

/// Writes an expression where one of at least this level may stand. Sums of many terms nest to the left, so the left
/// operands are walked in a loop.
fn write(text: &mut Text, expr: &Expr, least: Level) {
    let mut spine = Vec::new();
    let (mut expr, mut least) = (expr, least);
    loop {
        let bracketed = Level::of(&expr.kind) < least;
        if bracketed {
            text.push("(");
        }
        spine.push((expr, bracketed));
        (expr, least) = match &expr.kind {
            ExprKind::Binary(op, left, _) => (left, Level::of_op(*op)),
            ExprKind::Power(base, _) => (base, Level::Postfix),
            ExprKind::Transpose(inner) | ExprKind::Inverse(inner) | ExprKind::Index(inner, _) => {
                (inner, Level::Postfix)
            }
            _ => break,
        };
    }
    while let Some((expr, bracketed)) = spine.pop() {
        write_rest(text, &expr.kind);
        if bracketed {
            text.push(")");
        }
    }
}

/// Writes what stands behind the left operand; of a node without one, everything.
fn write_rest(text: &mut Text, kind: &ExprKind) {
    match kind {
        ExprKind::Number(value) => text.push(&numeral(value)),
        ExprKind::Name(name) => text.push(name),
        ExprKind::Primed(name) => {
            text.push(name);
            text.push("'");
        }
        ExprKind::Neg(operand) => {
            text.push("-");
            write(text, operand, Level::Negation);
        }
        ExprKind::Binary(op, _, right) => {
            text.space();
            text.push(sign(*op));
            text.push(" ");
            let least = if Level::of_op(*op) == Level::Sum { Level::Product } else { Level::Negation };
            write(text, right, least);
        }
        ExprKind::Power(_, exponent) => write_exponent(text, exponent),
        ExprKind::Transpose(_) => text.push("^T"),
        ExprKind::Inverse(_) => text.push("^-1"),
        ExprKind::Call(name, arguments) => {
            text.push(&name.name);
            text.push("(");
            text.list(arguments.iter().map(Expr::text));
            text.push(")");
        }
        ExprKind::If(c) => {
            text.push("if ");
            write(text, &c.left, Level::Sum);
            text.push(c.comparison.sign());
            write(text, &c.right, Level::Sum);
            text.push(" then ");
            write(text, &c.then, Level::Choice);
            text.push(" else ");
            write(text, &c.otherwise, Level::Choice);
        }
        ExprKind::Reduce(reduction, binders, body) => {
            text.push(match reduction {
                Reduction::Sum => "sum(",
                Reduction::Prod => "prod(",
                Reduction::Max => "max(",
                Reduction::Min => "min(",
            });
            write_indexed(text, binders, body);
            text.push(")");
        }
        ExprKind::Index(_, subscripts) => {
            text.push("[");
            text.list(subscripts.iter().map(subscript));
            text.push("]");
        }
        ExprKind::List(entries) => {
            text.push("[");
            text.list(entries.iter().map(Expr::text));
            text.push("]");
        }
        ExprKind::Comprehension(binders, body) => {
            text.push("[");
            write_indexed(text, binders, body);
            text.push("]");
        }
    }
}

fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::EntryMul => ".*",
        BinaryOp::EntryDiv => "./",
    }
}

/// The exponent, in parentheses also where it would read as `^T` or `^-1`.
fn write_exponent(text: &mut Text, exponent: &Expr) {
    text.push("^");
    let mut plain = Text::default();
    write(&mut plain, exponent, Level::Negation);
    let flat = plain.flat();
    let ends_word = |rest: &str| !rest.starts_with(|c| is_word_char(c) || c == '\'');
    let is_transpose = flat.strip_prefix('T').is_some_and(ends_word);
    let is_inverse = flat.strip_prefix("-1").is_some_and(|rest| ends_word(rest) && !rest.starts_with('.'));
    if is_transpose || is_inverse {
        text.push("(");
        text.append(plain);
        text.push(")");
    } else {
        text.append(plain);
    }
}

fn write_indexed(text: &mut Text, binders: &[Binder], body: &Expr) {
    text.list(binders.iter().map(Binder::text));
    text.push(":");
    text.space();
    text.append(body.text());
}

impl Binder {
    /// `i in a..b`.
    pub(super) fn text(&self) -> Text {
        let mut text = Text::word(&self.name.name);
        text.push(" in ");
        text.append(self.lo.text());
        text.push(range_sign(self.inclusive));
        text.append(self.hi.text());
        text
    }
}

fn range_sign(inclusive: bool) -> &'static str {
    if inclusive { "..=" } else { ".." }
}

fn subscript(subscript: &Subscript) -> Text {
    match subscript {
        Subscript::All => Text::word(":"),
        Subscript::At(index) => index.text(),
        Subscript::Slice { lo, hi, inclusive } => {
            let mut text = lo.as_ref().map_or_else(Text::default, Expr::text);
            text.push(range_sign(*inclusive && hi.is_some()));
            if let Some(hi) = hi {
                text.append(hi.text());
            }
            text
        }
    }
}
