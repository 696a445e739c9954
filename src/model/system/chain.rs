//! One generator over one index: a chain, or a fan.

use super::{Arrow, Chain, Family, Resolver};
use crate::core::system_error::SystemError;
use crate::model::elaborate::Elab;

impl Resolver<'_> {
    /// The chain of a single generator over a single index; `None` for a fan, whose projections share their source or
    /// their target.
    pub(super) fn chain(&mut self, f: &Family) -> Elab<Option<Chain>> {
        let index = |a: &Arrow| a.index.first().map_or(0, |i| i.1);
        let name = f.arrows.first().and_then(|a| a.index.first()).map_or_else(String::new, |i| i.0.clone());
        let pairs = || f.arrows.iter().zip(f.arrows.iter().skip(1));
        let fan = |end: fn(&Arrow) -> usize| f.arrows.len() > 1 && pairs().all(|(a, b)| end(a) == end(b));
        if fan(|a| a.source) || fan(|a| a.target) {
            return Ok(None);
        }
        let down = |(a, b): &(&Arrow, &Arrow)| a.source == b.target;
        let up = |(a, b): &(&Arrow, &Arrow)| a.target == b.source;
        let descending = pairs().all(|p| down(&p));
        if !descending && !pairs().all(|p| up(&p)) {
            // The direction that most neighbours have is the one that was meant.
            let votes = pairs().filter(up).count() > pairs().filter(down).count();
            let meant = |p: &(&Arrow, &Arrow)| if votes { up(p) } else { down(p) };
            let Some((a, b)) = pairs().find(|p| !meant(p)) else { return Ok(None) };
            let (x, y) = if votes { (a.target, b.source) } else { (a.source, b.target) };
            let (x, y) = (&f.objects[x], &f.objects[y]);
            let words = if votes { ("ends in", "starts from") } else { ("starts from", "ends in") };
            let message = format!("`{}` {} {}, but `{}` {} {}", a.label, words.0, x.text, b.label, words.1, y.text);
            let (system, span) = (f.name.clone(), f.places.first().copied().unwrap_or(f.span));
            let error = if x.family == y.family {
                SystemError::Mismatch { system, first: a.label.clone(), second: b.label.clone(), message, span }
            } else {
                SystemError::TwoArchitectures { system, index: format!("{name} = {}", index(b)), message, span }
            };
            return self.e.fail(error.into());
        }
        let mut values = vec![0; f.objects.len()];
        for a in &f.arrows {
            let n = index(a);
            let (small, large) = if descending { (a.target, a.source) } else { (a.source, a.target) };
            values[large] = n + 1;
            values[small] = n;
        }
        Ok(Some(Chain { index: name, values }))
    }
}
