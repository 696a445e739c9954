//! Local names.

use std::rc::Rc;

use crate::source::Span;

/// What a local name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local<V, B> {
    /// A value.
    Value(V),
    /// The block variable of `each`.
    Block(B),
    /// Nothing: its definition has a fault that was reported.
    Poisoned,
}

/// Local names, inner ones before outer ones, and where an optimizer's body is read. A scope is cheap to copy.
#[derive(Debug)]
pub struct Scope<V, B, O> {
    names: Option<Rc<Named<V, B>>>,
    /// Inside an optimizer: where its body is read.
    pub over: Option<Rc<O>>,
    /// In a definition of the table of primitives: the place of the call. Names that are not local mean functions of the
    /// table there, whatever the file declares, and faults are reported at the call.
    table: Option<Span>,
}

#[derive(Debug)]
struct Named<V, B> {
    name: String,
    local: Local<V, B>,
    depth: usize,
    outer: Option<Rc<Named<V, B>>>,
}

/// Long scopes are taken apart name by name: their owners nest as deep as there are names.
impl<V, B> Drop for Named<V, B> {
    fn drop(&mut self) {
        let mut next = self.outer.take();
        while let Some(mut named) = next.and_then(Rc::into_inner) {
            next = named.outer.take();
        }
    }
}

impl<V, B, O> Default for Scope<V, B, O> {
    fn default() -> Self {
        Scope { names: None, over: None, table: None }
    }
}

impl<V, B, O> Clone for Scope<V, B, O> {
    fn clone(&self) -> Self {
        Scope { names: self.names.clone(), over: self.over.clone(), table: self.table }
    }
}

impl<V: Clone, B: Clone, O> Scope<V, B, O> {
    /// The scope of a definition of the table of primitives that is called at a place.
    pub fn of_the_table(at: Span) -> Self {
        Scope { table: Some(at), ..Scope::default() }
    }

    /// Whether this is the scope of a definition of the table.
    pub fn is_of_the_table(&self) -> bool {
        self.table.is_some()
    }

    /// Where faults of an expression that is written at a place are reported.
    pub fn place(&self, written: Span) -> Span {
        self.table.unwrap_or(written)
    }

    /// Adds a local name; it hides earlier ones.
    pub fn bind(&mut self, name: &str, local: Local<V, B>) {
        let outer = self.names.take();
        self.names = Some(Rc::new(Named { name: name.to_owned(), local, depth: self.count(&outer) + 1, outer }));
    }

    fn count(&self, names: &Option<Rc<Named<V, B>>>) -> usize {
        names.as_ref().map_or(0, |n| n.depth)
    }

    /// Adds a value, or poison if it has none.
    pub fn bind_result<E>(&mut self, name: &str, value: &Result<V, E>) {
        self.bind(name, value.as_ref().map_or(Local::Poisoned, |v| Local::Value(v.clone())));
    }

    /// With one more value.
    #[must_use]
    pub fn value(&self, name: &str, value: V) -> Self {
        let mut inner = self.clone();
        inner.bind(name, Local::Value(value));
        inner
    }

    fn locals(&self) -> impl Iterator<Item = &Named<V, B>> {
        std::iter::successors(self.names.as_deref(), |n| n.outer.as_deref())
    }

    /// The innermost local of this name.
    pub fn get(&self, name: &str) -> Option<Local<V, B>> {
        self.locals().find(|n| n.name == name).map(|n| n.local.clone())
    }

    /// Whether a local has this name.
    pub fn has(&self, name: &str) -> bool {
        self.locals().any(|n| n.name == name)
    }

    /// All local names, outer ones first.
    pub fn names(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.locals().map(|n| n.name.as_str()).collect();
        all.reverse();
        all
    }

    /// The number of locals.
    pub fn depth(&self) -> usize {
        self.count(&self.names)
    }

    /// The same names for other values; those that have none are poisoned.
    pub fn map<W: Clone>(&self, mut f: impl FnMut(V) -> Option<W>) -> Scope<W, B, O> {
        let mut out = Scope { names: None, over: self.over.clone(), table: self.table };
        let all: Vec<&Named<V, B>> = self.locals().collect();
        for n in all.into_iter().rev() {
            let local = match &n.local {
                Local::Value(v) => f(v.clone()).map_or(Local::Poisoned, Local::Value),
                Local::Block(b) => Local::Block(b.clone()),
                Local::Poisoned => Local::Poisoned,
            };
            out.bind(&n.name, local);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Numbers = Scope<i32, usize, ()>;

    #[test]
    fn inner_names_hide_outer_ones_and_copies_are_apart() {
        let mut outer = Numbers::default();
        outer.bind("x", Local::Value(1));
        let inner = outer.value("x", 2).value("y", 3);
        assert_eq!(inner.get("x"), Some(Local::Value(2)));
        assert_eq!(outer.get("x"), Some(Local::Value(1)));
        assert_eq!(outer.get("y"), None);
        assert_eq!(inner.names(), ["x", "x", "y"]);
        assert_eq!((outer.depth(), inner.depth()), (1, 3));
    }

    #[test]
    fn poison_and_blocks_are_kept_when_values_change() {
        let mut scope = Numbers::default();
        scope.bind("W", Local::Block(4));
        scope.bind_result::<()>("bad", &Err(()));
        let odd = scope.value("one", 1).value("two", 2).map(|v| (v % 2 == 1).then_some(v));
        assert_eq!(odd.get("W"), Some(Local::Block(4)));
        assert_eq!(odd.get("bad"), Some(Local::Poisoned));
        assert_eq!((odd.get("one"), odd.get("two")), (Some(Local::Value(1)), Some(Local::Poisoned)));
    }

    #[test]
    fn a_long_scope_is_dropped_on_a_small_stack() {
        let mut scope = Numbers::default();
        (0..1_000_000).for_each(|i| scope.bind("x", Local::Value(i)));
        drop(scope);
    }
}
