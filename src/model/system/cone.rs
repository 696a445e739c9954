//! Cones: an apex with a leg to every object of a system.

use super::{Arrow, Cone, Family, Object, Resolver, listed};
use crate::core::error::ModelError;
use crate::core::names::{ConeId, Declared};
use crate::core::system_error::SystemError;
use crate::model::elaborate::{Elab, Reported, Scope};
use crate::model::suggest::{Kind, unknown_item};
use crate::syntax::tree::Instance;

impl Resolver<'_> {
    /// The legs and the system below.
    pub(super) fn cone(&mut self, id: ConeId) -> Elab<Cone> {
        let decl = &self.e.model[id];
        let (name, span, place) = (decl.name.name.clone(), decl.name.span, decl.leg.span);
        let system = |i: &Instance| match self.e.model.resolve(&i.name.name, i.name.span) {
            Some(Declared::System(id)) if i.args.is_empty() => Some(id),
            _ => None,
        };
        // The legs of a cocone end in the apex, and it may be written so.
        let (below, apex, cocone) = match (system(&decl.to), system(&decl.from)) {
            (Some(id), _) => (id, &decl.from, false),
            (None, Some(id)) => (id, &decl.to, true),
            (None, None) => {
                let (name, span) = (decl.to.name.name.clone(), decl.to.name.span);
                return self.e.fail(match self.e.model.resolve(&name, span) {
                    Some(d) => ModelError::WrongKind { name, found: d.kind(), expected: "a system", span },
                    None => unknown_item(self.e.model, Kind::System, &decl.to.name),
                });
            }
        };
        let written = if cocone { &decl.from } else { &decl.to };
        self.system = written.name.name.clone();
        // The faults of the system are its own.
        let system = match self.family(below) {
            Ok(f) => f,
            Err(Reported) => {
                self.e.errors.clear();
                return Err(Reported);
            }
        };
        self.system = name.clone();
        if cocone && !system.direct {
            let (name, span) = (decl.to.name.name.clone(), decl.to.name.span);
            return self.e.fail(ModelError::WrongKind { name, found: "an architecture", expected: "a system", span });
        }
        let count = system.objects.len();
        let apex = self.object(apex, &Scope::default())?;
        self.generator(&decl.leg, 0)?;
        let arrows: Vec<Arrow> = std::mem::take(&mut self.arrows).into_values().collect();
        let all: Vec<Object> = self.objects.values().cloned().collect();
        let mut legs: Vec<Option<Arrow>> = vec![None; count.max(apex + 1)];
        for leg in arrows {
            let label = leg.label.clone();
            let cone = name.clone();
            // The legs of a cocone end in the apex.
            let (at_apex, other) = if system.direct { (leg.target, leg.source) } else { (leg.source, leg.target) };
            if at_apex != apex {
                let (found, apex) = (all[at_apex].text.clone(), all[apex].text.clone());
                return self.e.fail(SystemError::LegSource { cone, leg: label, found, apex, span: place }.into());
            }
            if other >= count && other != apex {
                // A leg beyond the members of an unbounded system that are looked at.
                if !system.unbounded.is_empty() {
                    continue;
                }
                let help = Some(format!("its objects are {}", listed(system.objects.iter().map(|o| o.label.as_str()))));
                let (found, system) = (all[other].text.clone(), system.name.clone());
                return self
                    .e
                    .fail(SystemError::LegTarget { cone, leg: label, found, system, help, span: place }.into());
            }
            let slot = other;
            if let Some(first) = &legs[slot] {
                let object = all[slot].label.clone();
                let first = first.label.clone();
                return self.e.fail(SystemError::LegTwice { cone, object, first, second: label, span: place }.into());
            }
            legs[slot] = Some(leg);
        }
        let missing: Vec<&str> =
            (0..count).filter(|&i| legs[i].is_none() && i != apex).map(|i| all[i].label.as_str()).collect();
        if !missing.is_empty() {
            let objects = listed(missing.into_iter());
            return self.e.fail(SystemError::LegMissing { cone: name, objects, span: place }.into());
        }
        let system = Family { objects: all, ..system };
        Ok(Cone { name, span, system, apex, legs: legs.into_iter().flatten().collect(), place })
    }
}
