//! The names in a text, each with what it does where it stands: declares, binds, or uses. This is what an editor needs to
//! find, rename and colour them; shapes and meanings are the model's business.

use pest::Token as Mark;
use rustc_hash::FxHashMap;

use crate::source::{SourceId, Span};

use super::grammar::{self, Rule};

/// What a name does where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It declares an item of the file.
    Declares,
    /// It binds a name inside an item: a parameter, a state, a `let`, an index.
    Binds,
    /// It stands for something that is declared or bound.
    Uses,
    /// It is a parameter of the target of a map, left of `=`.
    Target,
    /// It is the name of an argument: the `a` of `Rescale(a = 2)`, with the number of the word that is applied.
    Argument(usize),
    /// It is a size in the type of an `each`: a name that is new is bound there.
    Size,
    /// It names a type or a way to be carried.
    Type,
}

/// A name in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The name, without the prime of a new value.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// What it does.
    pub role: Role,
    /// The number of its item in the file.
    pub item: usize,
}

/// All names of a text, in order; none if it does not follow the grammar.
pub fn words(id: SourceId, text: &str) -> Option<Vec<Word>> {
    let mut found: Vec<Word> = Vec::new();
    // The rules that are open: each with the number of names directly in it, and of the name that it applies.
    let mut open: Vec<(Rule, usize, usize)> = Vec::new();
    let mut starts: Vec<usize> = Vec::new();
    let mut items = 0usize;
    for mark in grammar::file(text).ok()?.tokens() {
        match mark {
            Mark::Start { rule, pos } => {
                items += usize::from(rule == Rule::item);
                open.push((rule, 0, found.len()));
                starts.push(pos.pos());
            }
            Mark::End { rule, pos } => {
                let (Some(_), Some(start)) = (open.pop(), starts.pop()) else { continue };
                if !matches!(rule, Rule::ident | Rule::primed) {
                    continue;
                }
                let end = pos.pos() - usize::from(rule == Rule::primed);
                let grandparent = open.iter().rev().nth(1).map(|(r, ..)| *r);
                let applied = open.iter().rev().find(|(r, ..)| *r == Rule::instance).map_or(0, |(.., first)| *first);
                // The innermost type, and what it is the type of.
                let ty = open.iter().rposition(|(r, ..)| *r == Rule::ty);
                let of_each = ty.and_then(|t| open[..t].last()).is_some_and(|(r, ..)| *r == Rule::each);
                let Some((parent, count, _)) = open.last_mut() else { continue };
                let role = match role(*parent, grandparent, *count, applied) {
                    Role::Uses if of_each => Role::Size,
                    role => role,
                };
                *count += 1;
                found.push(Word {
                    name: text[start..end].to_owned(),
                    span: Span::new(id, start, end),
                    role,
                    item: items.saturating_sub(1),
                });
            }
        }
    }
    Some(found)
}

/// The role of the name with this number among those that stand directly in a rule.
fn role(parent: Rule, grandparent: Option<Rule>, number: usize, applied: usize) -> Role {
    match parent {
        Rule::architecture
        | Rule::morphism
        | Rule::composite
        | Rule::optimizer
        | Rule::system
        | Rule::def_item
        | Rule::data_name => Role::Declares,
        Rule::cone if number == 0 => Role::Declares,
        Rule::let_item if grandparent == Some(Rule::item) => Role::Declares,
        Rule::let_item
        | Rule::param_piece
        | Rule::def_params
        | Rule::param_entry
        | Rule::state_entry
        | Rule::step
        | Rule::binder
        | Rule::over => Role::Binds,
        Rule::each if number == 0 => Role::Binds,
        Rule::equation => Role::Target,
        Rule::argument => Role::Argument(applied),
        Rule::ty_atom => Role::Type,
        _ => Role::Uses,
    }
}

/// The place that each name comes from, as far as the text itself says it: the number of the word that declares or binds
/// it. What a map's equations speak of is found in the architectures that it joins.
pub fn origins(words: &[Word]) -> Vec<Option<usize>> {
    let mut declarations: FxHashMap<&str, usize> = FxHashMap::default();
    let mut bindings: FxHashMap<(usize, &str), Vec<usize>> = FxHashMap::default();
    for (i, w) in words.iter().enumerate() {
        match w.role {
            Role::Declares => {
                declarations.entry(&w.name).or_insert(i);
            }
            Role::Binds => bindings.entry((w.item, &w.name)).or_default().push(i),
            _ => {}
        }
    }
    let mut sizes: Vec<usize> = Vec::new();
    for (i, w) in words.iter().enumerate().filter(|(_, w)| w.role == Role::Size) {
        let known = declarations.contains_key(w.name.as_str())
            || bindings.get(&(w.item, w.name.as_str())).is_some_and(|b| b.iter().any(|b| !sizes.contains(b)));
        if !known {
            bindings.entry((w.item, &w.name)).or_default().push(i);
            sizes.push(i);
        }
    }
    let declared = |name: &str| declarations.get(name).copied();
    let bound = |word: &Word, before: usize| {
        let mine = bindings.get(&(word.item, word.name.as_str())).map_or(&[][..], Vec::as_slice);
        let earlier = mine.partition_point(|i| *i <= before);
        mine[..earlier].last().or(mine.first()).copied()
    };
    // The names that a map joins are the first two that its item uses outside arguments.
    let joined = |item: usize, which: usize| {
        let start = words.partition_point(|w| w.item < item);
        let uses = words[start..].iter().take_while(|w| w.item == item).filter(|w| w.role == Role::Uses);
        uses.filter_map(|w| declared(&w.name)).nth(which)
    };
    let parameter = |of: Option<usize>, name: &str| bindings.get(&(words[of?].item, name))?.first().copied();
    let origin = |(i, w): (usize, &Word)| match w.role {
        Role::Declares | Role::Binds => Some(i),
        Role::Type => None,
        Role::Argument(of) => parameter(words.get(of).and_then(|o| declared(&o.name)), &w.name),
        Role::Target => {
            let targets = [joined(w.item, 0), joined(w.item, 1)];
            targets.iter().rev().find_map(|t| parameter(*t, &w.name)).or_else(|| bound(w, i))
        }
        Role::Uses | Role::Size => bound(w, i)
            .or_else(|| parameter(joined(w.item, 0).filter(|_| in_map(words, w, i)), &w.name))
            .or_else(|| declared(&w.name)),
    };
    words.iter().enumerate().map(origin).collect()
}

/// Whether the item of a word has equations before it: then free names may be parameters of the source.
fn in_map(words: &[Word], word: &Word, at: usize) -> bool {
    words[..at].iter().rev().take_while(|w| w.item == word.item).any(|w| w.role == Role::Target)
}

#[cfg(test)]
mod tests {
    use super::{Role, origins, words};
    use crate::source::SourceId;

    const TEXT: &str = "\
data x : R[3]
architecture Line(n : N) { param a, b : R  let s = a * x  output = s + b  loss = sum(i in 0..n: s[i]) }
reparam Ends(c : R) : (l, r : R) -> Line(3) { b = l  a = c * r - l }
reparam Same : Line(3) -> Line(3) { a = b  b = a }
optimizer O(mu = 1) { state v : tangent  step(lr) { v' = mu * v  params' = params - lr * v' } }
check natural O(mu = 2) along Ends(c = 1) ; Same
";

    /// The line and column of the origin of the nth word of this name.
    fn origin(name: &str, nth: usize) -> Option<(usize, usize)> {
        let all = words(SourceId(0), TEXT).expect("a text");
        let i = all.iter().enumerate().filter(|(_, w)| w.name == name).nth(nth).expect("a word").0;
        let at = all[origins(&all)[i]?].span.start;
        Some((TEXT[..at].matches('\n').count() + 1, at - TEXT[..at].rfind('\n').map_or(0, |n| n + 1) + 1))
    }

    #[test]
    fn names_come_from_where_they_are_declared() {
        let all = words(SourceId(0), TEXT).expect("a text");
        assert!(all.iter().any(|w| w.name == "tangent" && w.role == Role::Type));
        assert_eq!(origin("x", 1), Some((1, 6)), "data");
        assert_eq!(origin("a", 1), Some((2, 34)), "a parameter in its own body");
        assert_eq!(origin("i", 1), origin("i", 0), "an index");
        assert_eq!(origin("b", 2), Some((2, 37)), "left of `=` a parameter of the target");
        assert_eq!(origin("l", 2), origin("l", 0), "a parameter of a source written inline");
        assert_eq!(origin("Line", 2), Some((2, 14)), "an architecture");
        assert_eq!(origin("b", 3), Some((2, 37)), "right of `=` a parameter of a named source");
        assert_eq!(origin("v", 1), origin("v", 0), "a primed state");
        assert_eq!(origin("mu", 2), origin("mu", 0), "an argument by name");
        assert_eq!(origin("c", 2), origin("c", 0), "an argument by name");
        assert_eq!(origin("lr", 1), origin("lr", 0), "the learning rate");
        assert_eq!(origin("params", 1), None);
    }

    #[test]
    fn sizes_of_blocks_are_bound_by_their_types() {
        const TEXT: &str = "\
let k = 3
optimizer O { step(lr) {
  each W : R[n, k] in params { W' = W * n }
  each v : R[n] in params { v' = n * v }
} }
let x\u{302}y = k
";
        let all = words(SourceId(0), TEXT).expect("a text");
        let origins = origins(&all);
        let of = |name: &str| -> Vec<(usize, Option<usize>)> {
            let named = all.iter().enumerate().filter(|(_, w)| w.name == name);
            named.map(|(i, w)| (w.span.start, origins[i].map(|o| all[o].span.start))).collect()
        };
        let [a, b, c, d] = of("n")[..] else { panic!("{:?}", of("n")) };
        assert_eq!((a.1, b.1), (Some(a.0), Some(a.0)), "the size of the first");
        assert_eq!((c.1, d.1), (Some(c.0), Some(c.0)), "the size of the second");
        assert!(of("k").iter().all(|k| k.1 == Some(4)), "a name of the file");
        assert_eq!(of("x\u{302}y").len(), 1, "a letter with a mark");
    }
}
