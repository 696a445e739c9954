//! Whether a state is made in pieces, so that it may vanish on a whole set of starts.

use super::orbit::{Argument, System};
use crate::check::Problem;
use crate::domain::Fun;
use crate::term::{Node, SymbolId, Term};

/// Whether what an argument is, step after step, is made with signs: with `min`, `max`, absolute values or choices. Then it is
/// no analytic function of the place where a run starts, and that it is not zero near one place says nothing of others.
/// A system that reads nothing but itself has one course, and no places.
pub(super) fn made_in_pieces(problem: &Problem, system: &System, argument: &Argument, point: Option<SymbolId>) -> bool {
    let store = &problem.setting.store;
    let all: Vec<Term> = system.next.iter().chain(&system.fresh).copied().chain([argument.read]).collect();
    let itself = |s: &SymbolId| system.states.contains(s);
    if store.free_symbols(&all).iter().all(itself) {
        return false;
    }
    let mut cone = vec![argument.read];
    let mut reached: Vec<SymbolId> = Vec::new();
    loop {
        let read = store.free_symbols(&cone);
        let new: Vec<usize> = (0..system.states.len())
            .filter(|&i| read.contains(&system.states[i]) && !reached.contains(&system.states[i]))
            .collect();
        let moves =
            system.moves.filter(|m| point == Some(m.point) && read.contains(&m.point) && !reached.contains(&m.point));
        if new.is_empty() && moves.is_none() {
            break;
        }
        for i in new {
            reached.push(system.states[i]);
            cone.extend([system.next[i], system.fresh[i]]);
        }
        if let Some(m) = moves {
            reached.push(m.point);
            cone.push(m.next);
        }
    }
    store.any_node(&cone, |n| matches!(n, Node::Map(Fun::Sign, _)))
}
