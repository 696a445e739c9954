//! How the states of two optimizers differ, in words.

use crate::model::optimizer::OptimizerOn;

pub(super) fn difference(l: &OptimizerOn, r: &OptimizerOn) -> String {
    if l.rate.is_some() != r.rate.is_some() {
        return "one is a flow and the other a step".into();
    }
    let list = |o: &OptimizerOn| {
        if o.states.is_empty() {
            return "no state".to_owned();
        }
        o.states
            .iter()
            .map(|s| format!("{} : {}{}", s.name, s.variance.text(), if s.each { " each" } else { "" }))
            .collect::<Vec<_>>()
            .join(", ")
    };
    format!("their states differ ({}; {})", list(l), list(r))
}
