//! The layers of `std.nets` compute what they say: each against numbers that were worked out apart, in numpy from the
//! formulas of the papers.

use nat::core::names::Model;
use nat::domain::float::Float;
use nat::model::elaborate::{Elaborator, Scope};
use nat::source::{Source, Sources};
use nat::syntax::tree::{Ident, Instance, ItemKind};
use nat::term::Program;
use nat::uses::{Files, NoFiles, library};

const VALUES: &str = "
use std.nets
let Z = [[1, -0.5, 2], [0.5, 1.5, -1]]
let x = [1, -0.5, 2, 0.25]
let g = [1.5, -0.5, 1, 2]
let b = [0.25, 0, -1, 0.5]
let g2 = [1.5, -0.5]
let b2 = [0.25, -1]
let U = [[1, -0.5], [0.5, 2], [-1, 0.25]]
let c = [0.5, -1, 0.25]
let W = [[1, -1, 0.5], [0.25, 2, -0.5]]
let d = [-0.5, 1]
let Q = [[1, 0.5, -1], [0.25, -0.5, 2]]
let K = [[0.5, -1, 1], [1, 0.25, -0.5]]
let V = [[1, 2, -1], [0.5, -1.5, 0]]
let P = [[1, 0.5, -1, 2], [0, 1, 1.5, -0.5], [2, -1, 0.25, 1]]
let w = [[1, -0.5], [0.25, 2]]
let Y = [[1, 0, 0.25], [0, 1, 0.75]]
";

/// Calls, with their values row by row.
const KNOWN: &[(&str, &[f64])] = &[
    ("bias(Z, g2)", &[2.5, 1.0, 3.5, 0.0, 1.0, -1.5]),
    ("dense(U, c, Z)", &[1.25, -0.75, 3.0, 0.5, 1.75, -2.0, -0.625, 1.125, -2.0]),
    (
        "mlp(U, c, W, d, Z)",
        &[
            0.18908607445170522,
            -1.8606576556604262,
            2.518700437853289,
            2.05406738483084,
            3.8280909882954326,
            1.68073718063174,
        ],
    ),
    ("lora(U, W^T, U^T * W^T, Z)", &[1.5, 3.078125, -1.375, -0.375, 13.75, -16.25, -0.1875, -1.21875, 1.125]),
    ("embed(Z, [[0, 1], [0, 0], [1, 0]])", &[2.0, 1.0, -1.0, 0.5]),
    ("residual(U, c, W, Z)", &[1.75, -1.6875, 5.0, 1.8125, 4.4375, -0.25]),
    ("standardize(x)", &[0.33786868919974294, -1.2839010189590232, 1.4190484946389206, -0.47301616487964016]),
    ("layernorm(x, g, b)", &[0.7568030337996144, 0.6419505094795116, 0.4190484946389206, -0.4460323297592803]),
    (
        "layernorm_eps(x, g, b, 1e-5)",
        &[0.7568000716891304, 0.6419467574728985, 0.41904020072956505, -0.4460268004863768],
    ),
    (
        "layernorm_batch(Z^T, [1, 2, 3], c)",
        &[
            0.6622214211307624,
            0.6622214211307625,
            -3.5955427380922007,
            1.2710998958306754,
            3.6566498437460124,
            -3.6433141071383006,
        ],
    ),
    ("rmsnorm(x, g)", &[1.301582746911937, 0.21693045781865616, 1.7354436625492493, 0.4338609156373123]),
    (
        "rmsnorm_batch(Z, g2)",
        &[
            1.8973665961010275,
            -0.6708203932499369,
            1.8973665961010275,
            -0.31622776601683794,
            -0.6708203932499369,
            0.31622776601683794,
        ],
    ),
    (
        "batchnorm(Z, g2, b2)",
        &[
            0.49333213169614376,
            -1.6966570535691503,
            1.9533249218730062,
            -1.0811107105653812,
            -1.5677749739576687,
            -0.35111431547694993,
        ],
    ),
    (
        "weightnorm(Z, g2)",
        &[
            0.6546536707079772,
            -0.3273268353539886,
            1.3093073414159544,
            -0.1336306209562122,
            -0.4008918628686366,
            0.2672612419124244,
        ],
    ),
    (
        "softmax_columns(Z)",
        &[
            0.6224593312018546,
            0.11920292202211755,
            0.9525741268224334,
            0.37754066879814546,
            0.8807970779778823,
            0.04742587317756679,
        ],
    ),
    (
        "attention(Q, K, V)",
        &[
            0.214580905944879,
            0.1333380197837708,
            1.3990323825243975,
            0.018844771683596273,
            -0.17143233069499136,
            -0.4798064765048795,
        ],
    ),
    (
        "attention_by_size(Q, K, V)",
        &[
            0.3189682912120774,
            0.2902269722657046,
            1.3001471772467144,
            -0.05818271273045114,
            -0.21380018521396632,
            -0.4600294354493429,
        ],
    ),
    (
        "causal_attention(Q, K, V)",
        &[1.0, 1.4340944527981843, 1.3990323825243975, 0.5, -0.36818890559636885, -0.4798064765048795],
    ),
    ("conv(x, [1, -0.5])", &[1.25, -1.5, 1.875]),
    ("conv_channels(Z, [[1, -0.5, 0.25, 2]])", &[4.375, -3.125]),
    ("conv_plane(P, w)", &[2.75, 4.25, -2.625, -2.0, 0.5, 3.8125]),
    ("pool(Z)", &[0.8333333333333334, 0.3333333333333333]),
    ("squared_error(Z, Y)", &[3.4375]),
    ("cross_entropy(Z, Y)", &[0.9665307822656071]),
    ("binary_cross_entropy(Z, Y)", &[0.7755031054037306]),
];

/// The value of an expression, as the output of an architecture.
fn value(expression: &str) -> Vec<f64> {
    let text = format!("{VALUES}architecture Net {{ param t : R  output = {expression} }}\n");
    let mut sources = Sources::default();
    let id = sources.add(Source::new("nets", &text));
    let gathered = Files::new(&NoFiles).gather(&mut sources, id);
    let (model, errors) = Model::join(&gathered.parts);
    assert!(errors.is_empty() && gathered.syntax.is_empty() && gathered.errors.is_empty(), "{expression}: {errors:?}");
    let (_, _, span) = model.declarations().find(|(name, ..)| *name == "Net").expect("the architecture");
    let net = Instance { name: Ident { name: "Net".into(), span }, args: Vec::new(), span };
    let mut e = Elaborator::new(&model);
    let Ok(a) = e.architecture(&net, &Scope::default()) else { panic!("{expression}: {:?}", e.errors) };
    let output = a.output.expect("an output");
    let program = Program::new(&e.store, &[output]);
    program.run(&mut Float::default(), |_| Some(vec![0.0])).expect("a value").swap_remove(0)
}

#[test]
fn the_layers_compute_what_they_say() {
    for (call, known) in KNOWN {
        let found = value(call);
        assert_eq!(found.len(), known.len(), "{call}");
        for (a, b) in found.iter().zip(*known) {
            assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "{call}: {found:?}");
        }
    }
}

#[test]
fn every_layer_is_compared() {
    let text = library::named("std.nets").expect("the library").parsed();
    let mut documented = 0;
    for item in &text.1.items {
        let ItemKind::Def(def) = &item.kind else { continue };
        let call = format!("{}(", def.name.name);
        documented += usize::from(!item.doc.is_empty());
        // What is not called by itself is a part of what is.
        let known = KNOWN.iter().any(|(k, _)| k.starts_with(&call)) || def.name.name == "causal_softmax";
        assert!(known, "{} is compared with numbers", def.name.name);
    }
    assert_eq!(documented, text.1.items.len(), "every layer says what it is");
}
