//! Proofs by types: the table of optimizers and classes.

use nat::model::names::{Declared, Model};
use nat::source::{Source, SourceId};
use nat::structure::body::build;
use nat::structure::class::Class;
use nat::structure::prove::{Proof, prove};
use nat::syntax::tree::Instance;

fn model(text: &str) -> Model {
    let (file, errors) = nat::syntax::parse(SourceId(0), &Source::new("test", text));
    assert!(errors.is_empty(), "{errors:?}");
    let (model, errors) = Model::collect(file);
    assert!(errors.is_empty(), "{errors:?}");
    model
}

#[test]
fn table() {
    let model = model(include_str!("corpus/facts/plane.nat"));
    let mut out = String::new();
    for (name, d, span) in model.declarations() {
        let Declared::Optimizer(id) = d else { continue };
        let instance = Instance { name: nat::syntax::tree::Ident { name: name.into(), span }, args: Vec::new(), span };
        let body = build(&model, &model[id], &instance, None);
        out.push_str(&format!("{name:26}"));
        for class in Class::ALL {
            let cell = match prove(&body, class) {
                Proof::Commutes => "=".to_owned(),
                Proof::UpToRate(r) => format!("a^{r}"),
                Proof::InLimit => "lim".into(),
                Proof::Invalid(_) => "inv".into(),
                Proof::Open => "–".into(),
            };
            out.push_str(&format!("{cell:6}"));
        }
        out.push('\n');
        for class in Class::ALL {
            for b in nat::structure::blame::blame(&body, class) {
                out.push_str(&format!("      {class}: {}..{} {}\n", b.span.start, b.span.end, b.why));
            }
        }
    }
    println!("{out}");
}
