//! The corpus of the fuzz targets, replayed: inputs that once broke something, and seeds.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::Path;

/// Runs a target on its corpus, in threads with the stack of a worker of the binary.
fn replay(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("a corpus").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no corpus of {name}");
    let pool = rayon::ThreadPoolBuilder::new().stack_size(32 << 20).build().expect("worker threads");
    for path in paths {
        let data = std::fs::read(&path).expect("an input");
        println!("{}", path.display());
        pool.install(|| target(&data));
    }
}

#[test]
fn parse() {
    replay("parse", targets::parse);
}

#[test]
fn print() {
    replay("print", targets::print);
}

#[test]
fn check() {
    replay("check", targets::check);
}

#[test]
fn structured() {
    replay("structured", targets::structured);
    // Numbers from a fixed stream choose more files than the corpus holds.
    let mut random = nat::domain::prime::Random::new(0, "structured");
    let pool = rayon::ThreadPoolBuilder::new().stack_size(32 << 20).build().expect("worker threads");
    for _ in 0..40 {
        let data: Vec<u8> = (0..96).map(|_| random.next() as u8).collect();
        pool.install(|| targets::structured(&data));
    }
}
