//! Shapes of the names of a text. A family has no single shape: it is looked at in a few of its members, and sizes that
//! grow as the parameters do are written with them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::document::Document;
use super::open::Open;
use crate::core::names::{Declared, Model};
use crate::model::elaborate::{Elaborator, Scope};
use crate::source::{Sources, Span};
use crate::syntax::tree::{
    Architecture, ArchitectureEntry, Data, Expr, ExprKind, File, Ident, Item, ItemKind, Let, Param,
};
use crate::uses::Files;

/// Sizes that members are looked at with, in turn: some bodies fit together for few of them.
const MEMBERS: [[usize; 4]; 4] = [[5, 7, 11, 13], [4, 4, 4, 4], [3, 3, 3, 3], [1, 1, 1, 1]];

/// The shape of the value that stands or is bound at a place: of a parameter or a `let` of an architecture, of its
/// `output`, of data and constants. Nothing if there is none, or if the text around it has errors.
pub fn shape_at(document: &Document, at: usize) -> Option<String> {
    let item = document.tree.items.iter().find(|i| i.span.start <= at && at < i.span.end)?;
    match &item.kind {
        ItemKind::Architecture(architecture) => of_architecture(document, architecture, at),
        ItemKind::Data(data) if data.ty.arrow.is_none() => {
            let (name, _) = data.names.iter().find(|(n, family)| n.span.start == at && family.is_empty())?;
            of_file(document, &name.name, name.span)
        }
        ItemKind::Let(l) => of_file(document, &l.name.name, l.name.span),
        _ => None,
    }
}

/// The model of the data, constants and functions that a document sees, and of these items, which hide those of its own
/// with their names.
fn model(document: &Document, own: Vec<Item>) -> Model {
    let disk = Open::new(&document.open);
    let mut sources = Sources::default();
    let mut files = Files::new(&disk);
    let id = sources.add(document.source.clone());
    let mut parts = files.gather(&mut sources, id).parts;
    let hidden = |name: &Ident| {
        own.iter().any(|i| match &i.kind {
            ItemKind::Let(l) => l.name.name == name.name,
            ItemKind::Data(d) => d.names.iter().any(|(n, _)| n.name == name.name),
            _ => false,
        })
    };
    let others = document.tree.items.iter().filter_map(|i| match &i.kind {
        ItemKind::Let(l) => (!hidden(&l.name)).then(|| i.clone()),
        ItemKind::Def(d) => (!hidden(&d.name)).then(|| i.clone()),
        ItemKind::Data(d) => {
            let names = d.names.iter().filter(|(n, _)| !hidden(n)).cloned().collect();
            Some(Item { kind: ItemKind::Data(Data { names, ..d.clone() }), ..i.clone() })
        }
        ItemKind::Use(_) => Some(i.clone()),
        _ => None,
    });
    let items = others.chain(own.iter().cloned()).collect();
    if let Some(last) = parts.last_mut() {
        last.file = Arc::new(File { items, ..File::default() });
    }
    Model::join(&parts).0
}

/// The shape of a name of a model.
fn look(model: &Model, name: &str, span: Span) -> Option<Vec<usize>> {
    model.resolve(name, span).filter(|d| matches!(d, Declared::Data(_) | Declared::Let(_)))?;
    let value = Expr { kind: ExprKind::Name(name.to_owned()), span };
    let found = catch_unwind(AssertUnwindSafe(|| {
        let mut e = Elaborator::new(model);
        let term = e.expr(&value, &Scope::default()).ok()?;
        Some(e.store.shape(term).to_vec())
    }));
    found.ok()?
}

fn numbers(shape: &[usize]) -> String {
    written(&shape.iter().map(usize::to_string).collect::<Vec<_>>())
}

fn of_file(document: &Document, name: &str, span: Span) -> Option<String> {
    look(&model(document, Vec::new()), name, span).map(|shape| numbers(&shape))
}

fn item(kind: ItemKind, span: Span) -> Item {
    Item { doc: String::new(), span, kind }
}

/// The lines of an architecture as items of a file: parameters are data, and what is asked is the value of a name. That
/// name; nothing if the place is none of a value.
fn lines(whole: &Architecture, at: usize) -> Option<(Vec<Item>, Ident)> {
    let mut items = Vec::new();
    let mut asked = None;
    let inside = |s: Span| s.start <= at && at <= s.end;
    for entry in &whole.body {
        let (name, value) = match entry {
            ArchitectureEntry::Param(params) => {
                for p in params {
                    let Some(ty) = p.ty.clone() else { continue };
                    let data = Data {
                        names: vec![(p.name.clone(), Vec::new())],
                        ty,
                        conditions: Vec::new(),
                        value: None,
                        read: None,
                    };
                    items.push(item(ItemKind::Data(data), p.name.span));
                    asked = Some(&p.name).filter(|n| inside(n.span)).cloned().or(asked);
                }
                continue;
            }
            ArchitectureEntry::Let(l) => (l.name.clone(), &l.value),
            ArchitectureEntry::Output(span, e) => (Ident { name: "output".to_owned(), span: *span }, e),
            ArchitectureEntry::OutputMetric(span, e) | ArchitectureEntry::Loss(span, e) => {
                (Ident { name: "loss".to_owned(), span: *span }, e)
            }
            ArchitectureEntry::Group(..) => continue,
        };
        if matches!(name.name.as_str(), "loss") && !inside(name.span) {
            continue;
        }
        items.push(item(ItemKind::Let(Let { name: name.clone(), value: value.clone() }), name.span));
        asked = Some(name).filter(|n| inside(n.span)).or(asked);
    }
    Some((items, asked?))
}

fn of_architecture(document: &Document, whole: &Architecture, at: usize) -> Option<String> {
    let (body, asked) = lines(whole, at)?;
    let names: Vec<&str> = whole.params.iter().map(|p| p.name.name.as_str()).collect();
    let member = |sizes: &[usize]| {
        let size = |(p, s): (&Param, &usize)| {
            let value = Expr { kind: ExprKind::Number((*s as u64).into()), span: p.name.span };
            item(ItemKind::Let(Let { name: p.name.clone(), value }), p.name.span)
        };
        let own = whole.params.iter().zip(sizes).map(size).chain(body.iter().cloned()).collect();
        look(&model(document, own), &asked.name, asked.span)
    };
    let (base, found) = MEMBERS.iter().find_map(|m| {
        let base: Vec<usize> = (0..names.len()).map(|i| m[i % 4]).collect();
        let found = member(&base)?;
        Some((base, found))
    })?;
    Some(law(&names, &base, &found, &member).unwrap_or_else(|| {
        let with: Vec<String> = names.iter().zip(&base).map(|(n, s)| format!("{n} = {s}")).collect();
        format!("{} with {}", numbers(&found), with.join(", "))
    }))
}

/// The shape as sums of multiples of the sizes: what each adds is seen at a neighbour, and all together at another member.
fn law(
    names: &[&str],
    base: &[usize],
    found: &[usize],
    member: &dyn Fn(&[usize]) -> Option<Vec<usize>>,
) -> Option<String> {
    let moved =
        |by: &dyn Fn(usize) -> usize| member(&base.iter().enumerate().map(|(i, s)| s + by(i)).collect::<Vec<_>>());
    let mut slopes: Vec<Vec<isize>> = Vec::new();
    for i in 0..names.len() {
        let next = moved(&|k| usize::from(k == i))?;
        let slope = |(a, b): (&usize, &usize)| b.wrapping_sub(*a) as isize;
        slopes.push((next.len() == found.len()).then(|| found.iter().zip(&next).map(slope).collect())?);
    }
    let far = if names.is_empty() { found.to_vec() } else { moved(&|k| k + 2)? };
    let mut sizes = Vec::with_capacity(found.len());
    for (d, &size) in found.iter().enumerate() {
        let grown: isize = slopes.iter().enumerate().map(|(i, s)| s[d] * (i + 2) as isize).sum();
        let constant = size as isize - slopes.iter().zip(base).map(|(s, b)| s[d] * *b as isize).sum::<isize>();
        if *far.get(d)? as isize != size as isize + grown {
            return None;
        }
        let mut text = String::new();
        let terms = names.iter().zip(&slopes).map(|(n, s)| (s[d], Some(*n))).chain([(constant, None)]);
        for (factor, name) in terms.filter(|(factor, _)| *factor != 0) {
            let sign = match (text.is_empty(), factor < 0) {
                (true, false) => "",
                (true, true) => "-",
                (false, false) => " + ",
                (false, true) => " - ",
            };
            let shown = match (factor.unsigned_abs(), name) {
                (1, Some(name)) => name.to_owned(),
                (k, Some(name)) => format!("{k} * {name}"),
                (k, None) => k.to_string(),
            };
            text.push_str(&format!("{sign}{shown}"));
        }
        sizes.push(if text.is_empty() { "0".to_owned() } else { text });
    }
    Some(written(&sizes))
}

fn written(sizes: &[String]) -> String {
    if sizes.is_empty() { "R".to_owned() } else { format!("R[{}]", sizes.join(", ")) }
}
