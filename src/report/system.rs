//! What a system's squares say together, for people and as JSON.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Answer;
use crate::check::system::{BlockLaw, Defects, Rates, Report, Square};
use crate::verdict::{Evidence, Finding, Residual, Verdict, Witness};

/// The width that a summary keeps to, beside its indentation.
const WIDTH: usize = 72;
/// Squares are listed one by one up to this number.
const LISTED: usize = 8;
/// Rows of a table that are shown of a long one: so many at the beginning, and so many at the end.
const ENDS: (usize, usize) = (5, 4);
/// The length of the longest bar.
const BAR: usize = 24;

/// One square in the report for machines.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SquareEntry {
    /// The generator, or the two paths.
    pub name: String,
    /// The values of the indices, by name.
    pub index: serde_json::Map<String, serde_json::Value>,
    /// What was found.
    pub verdict: String,
    /// Why it is believed.
    pub evidence: String,
    /// The order of the defect in `lr`.
    pub order: Option<usize>,
    /// The rate, as a formula.
    pub rate: Option<String>,
    /// For a transfer: for each block of the target the factors of its hyperparameters that are not one.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub rates: IndexMap<String, IndexMap<String, String>>,
    /// The numbers beside the evidence.
    pub residual: Option<Residual>,
    /// The point that proves a `fails`; of many failing squares, of the first few.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<Witness>,
    /// One sentence.
    pub message: String,
}

/// The system as a whole in the report for machines.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct SystemEntry {
    /// The number of objects.
    pub objects: usize,
    /// The number of generators.
    pub generators: usize,
    /// For a system without end: which members were looked at one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beginning: Option<String>,
    /// The number of diamonds, for `check system`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diamonds: Option<usize>,
    /// The number of paths, in decimal digits: it may exceed any machine number.
    pub paths: String,
    /// Learning rates that make the system commute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rates: Option<RatesEntry>,
    /// For a transfer: for each block of the objects how its hyperparameters change along the system.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub laws: IndexMap<String, IndexMap<String, String>>,
    /// What follows for the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<String>,
    /// How the defect behaves along the index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defects: Option<DefectsEntry>,
}

/// Learning rates in the report for machines.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RatesEntry {
    /// The object with the learning rate 1.
    pub reference: Option<String>,
    /// The formula.
    pub law: Option<String>,
    /// Each object with its learning rate.
    pub objects: Vec<RateEntry>,
    /// What one learning rate for all members does in the limit.
    pub fixed: Option<String>,
    /// Why there are none.
    pub conflict: Option<String>,
}

/// The learning rate of one object.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct RateEntry {
    /// The object.
    pub object: String,
    /// Its learning rate, an exact fraction.
    pub rate: String,
}

/// Defects in the report for machines.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DefectsEntry {
    /// The index, if there is a single one.
    pub index: Option<String>,
    /// Each square with its defect.
    pub rows: Vec<DefectEntry>,
    /// `power`, `exponential` or `level`.
    pub law: Option<String>,
    /// The fitted law in words.
    pub fit: Option<String>,
    /// The exponent, the logarithm of the base, or the level.
    pub exponent: Option<f64>,
    /// Its standard error.
    pub error: Option<f64>,
    /// What the defects do.
    pub trend: String,
}

/// The defect of one square.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DefectEntry {
    /// The generator.
    pub name: String,
    /// The value of the index.
    pub index: Option<u64>,
    /// The relative size.
    pub size: f64,
}

/// Witnesses are given for so many failing squares: those of large members are long.
const WITNESSES: usize = 8;

/// The entries of all squares.
pub fn square_entries(report: &Report) -> Vec<SquareEntry> {
    let mut witnesses = 0;
    let mut entry = |s: &Square| {
        let f = &s.finding;
        witnesses += usize::from(f.witness().is_some());
        SquareEntry {
            name: s.name.clone(),
            index: s.index.iter().map(|(n, v)| (n.clone(), (*v).into())).collect(),
            verdict: f.verdict().text().to_owned(),
            evidence: f.evidence().text().to_owned(),
            order: f.order(),
            rate: f.rate().map(str::to_owned),
            rates: f.factors().cloned().unwrap_or_default(),
            residual: f.residual,
            witness: f.witness().filter(|_| witnesses <= WITNESSES).cloned(),
            message: f.message.clone(),
        }
    };
    report.squares.iter().map(&mut entry).collect()
}

impl SystemEntry {
    /// The entry of one report.
    pub fn new(r: &Report) -> Self {
        SystemEntry {
            objects: r.objects,
            generators: r.generators,
            beginning: r.beginning.clone(),
            diamonds: r.diamonds,
            paths: r.paths.clone(),
            rates: r.rates.as_ref().map(rates_entry),
            laws: laws_entry(&r.laws),
            limit: r.limit.clone(),
            defects: r.defects.as_ref().map(defects_entry),
        }
    }
}

fn laws_entry(laws: &[BlockLaw]) -> IndexMap<String, IndexMap<String, String>> {
    let mut all: IndexMap<String, IndexMap<String, String>> = IndexMap::new();
    for l in laws {
        all.entry(l.block.clone()).or_default().insert(l.hyperparameter.clone(), l.law.clone());
    }
    all
}

fn rates_entry(rates: &Rates) -> RatesEntry {
    let empty = RatesEntry { reference: None, law: None, objects: Vec::new(), fixed: None, conflict: None };
    match rates {
        Rates::Equal => empty,
        Rates::Conflict(text) => RatesEntry { conflict: Some(text.clone()), ..empty },
        Rates::Potential { reference, table, law, fixed } => RatesEntry {
            reference: Some(reference.clone()),
            law: law.clone(),
            objects: table.iter().map(|(o, r)| RateEntry { object: o.clone(), rate: r.to_string() }).collect(),
            fixed: fixed.clone(),
            conflict: None,
        },
    }
}

fn defects_entry(d: &Defects) -> DefectsEntry {
    use crate::check::system::Law;
    DefectsEntry {
        index: d.index.clone(),
        rows: d.rows.iter().map(|r| DefectEntry { name: r.name.clone(), index: r.index, size: r.size }).collect(),
        law: d.fit.as_ref().map(|f| {
            match f.law {
                Law::Power => "power",
                Law::Exponential => "exponential",
                Law::Level => "level",
            }
            .to_owned()
        }),
        fit: d.fit.as_ref().map(|f| f.text.clone()),
        exponent: d.fit.as_ref().map(|f| f.exponent),
        error: d.fit.as_ref().map(|f| f.error),
        trend: d.trend.clone(),
    }
}

/// The lines below the line of a check of a system: what there is, how the squares stand, and what follows. Empty for other
/// checks.
pub fn summary(answer: &Answer) -> Vec<String> {
    let Some(r) = &answer.system else { return rates_table(answer) };
    let mut lines = Vec::new();
    let mut say = |text: String| lines.extend(wrap(&text));
    say(shape_text(r));
    let what = if r.diamonds.is_some() { "claims and equalities" } else { "squares" };
    say(format!("{what}: {}", counts(&r.squares)));
    let proved = r.beginning.is_some() && answer.finding.evidence() == Evidence::Algebra;
    if answer.finding.verdict() < Verdict::InLimit || proved {
        say(answer.finding.message.clone());
    }
    match &r.rates {
        Some(Rates::Potential { reference, table, law, fixed }) => {
            match law {
                Some(law) => {
                    let members = table.len();
                    say(format!("learning rates, with 1 for {reference}: {law}, read off {members} members"));
                }
                None => say(format!("learning rates, with 1 for {reference}:")),
            }
            if law.is_none() {
                let rows: Vec<String> = table.iter().map(|(o, r)| format!("  {o}: {r}")).collect();
                lines.extend(elided(rows));
            }
            if let Some(text) = fixed {
                lines.extend(wrap(text));
            }
        }
        Some(Rates::Conflict(text)) => say(text.clone()),
        Some(Rates::Equal) | None => {}
    }
    if !r.laws.is_empty() {
        let texts: Vec<&str> = r.laws.iter().map(|l| l.text.as_str()).collect();
        lines.extend(wrap(&format!("hyperparameters, with 1 for the smallest: {}", texts.join(", "))));
    }
    if let Some(limit) = &r.limit {
        lines.extend(wrap(limit));
    }
    if let Some(d) = &r.defects {
        lines.extend(defect_lines(d));
    } else if r.squares.len() <= LISTED && (!uniform(&r.squares) || r.laws.is_empty() && !one_table(&r.squares)) {
        lines.extend(r.squares.iter().flat_map(square_lines));
    }
    lines
}

/// The rates of a `transfer` without `check`: a row for each hyperparameter that changes, a column for each block.
fn rates_table(answer: &Answer) -> Vec<String> {
    let f = &answer.finding;
    if !answer.task.bare || f.verdict() < Verdict::UpToRates {
        return if answer.task.bare { wrap(&f.message) } else { Vec::new() };
    }
    let factors = f.factors().cloned().unwrap_or_default();
    let mut names: Vec<&String> = factors.values().flat_map(IndexMap::keys).collect();
    names.sort_unstable();
    names.dedup();
    let cell = |name: &String, block: &String| {
        factors.get(block).and_then(|own| own.get(name)).cloned().unwrap_or_else(|| "1".to_owned())
    };
    let lr = "lr".to_owned();
    names.retain(|n| **n != lr);
    names.insert(0, &lr);
    let head: Vec<String> = factors.keys().cloned().collect();
    let row = |name: &String| (name.clone(), factors.keys().map(|b| cell(name, b)).collect());
    super::table::grid(&head, &names.into_iter().map(row).collect::<Vec<_>>())
}

/// How large the system is.
fn shape_text(r: &Report) -> String {
    let many = |n: usize, one: &str, more: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {more}") };
    let mut text = format!(
        "{}, {}, {} {}",
        many(r.objects, "object", "objects"),
        if r.direct {
            many(r.generators, "embedding", "embeddings")
        } else {
            many(r.generators, "projection", "projections")
        },
        r.paths,
        if r.paths == "1" { "path" } else { "paths" }
    );
    if let Some(d) = r.diamonds {
        text.push_str(&format!(", {}", many(d, "diamond", "diamonds")));
    }
    if let Some(bound) = &r.beginning {
        text.push_str(&format!(" (with {bound})"));
    }
    text
}

/// How many squares there are of each verdict, the strongest first.
fn counts(squares: &[Square]) -> String {
    let all = [
        Verdict::Commutes,
        Verdict::UpToRate,
        Verdict::UpToRates,
        Verdict::InLimit,
        Verdict::Undecided,
        Verdict::Fails,
        Verdict::Invalid,
    ];
    let of = |v: Verdict| squares.iter().filter(|s| s.finding.verdict() == v).count();
    let parts: Vec<String> =
        all.into_iter().filter(|v| of(*v) > 0).map(|v| format!("{} {}", of(v), in_plural(v, of(v)))).collect();
    parts.join(", ")
}

fn in_plural(v: Verdict, n: usize) -> &'static str {
    match v {
        Verdict::Commutes if n > 1 => "commute",
        Verdict::Fails if n > 1 => "fail",
        _ => v.text(),
    }
}

/// Whether all squares have the same verdict and rate.
fn uniform(squares: &[Square]) -> bool {
    let alike = |a: &Finding, b: &Finding| a.verdict() == b.verdict() && a.rate() == b.rate();
    squares.windows(2).all(|w| alike(&w[0].finding, &w[1].finding))
}

/// Whether the factors of a transfer are the same for all squares.
fn one_table(squares: &[Square]) -> bool {
    squares.windows(2).all(|w| w[0].finding.factors() == w[1].finding.factors())
}

fn square_lines(s: &Square) -> Vec<String> {
    let f = &s.finding;
    let rate = f.rate().map_or(String::new(), |r| format!(" {r}"));
    let own = |(block, all): (&String, &IndexMap<String, String>)| {
        all.iter().map(|(name, factor)| format!("{name}({block}) = {factor}")).collect::<Vec<_>>()
    };
    let rates: Vec<String> = f.factors().into_iter().flatten().flat_map(own).collect();
    let rates = if rates.is_empty() { String::new() } else { format!(" {}", rates.join(", ")) };
    wrap(&format!("{}: {}{rate}{rates}", s.name, f.verdict().text())).into_iter().map(|l| format!("  {l}")).collect()
}

/// The table of defects with bars, and the law.
fn defect_lines(d: &Defects) -> Vec<String> {
    let mut lines = vec!["defect, relative to the sides, at random states (median):".to_owned()];
    let largest = d.rows.iter().map(|r| r.size).fold(0.0f64, f64::max);
    let width = d.rows.iter().map(|r| r.name.chars().count()).max().unwrap_or(0).min(28);
    let row = |r: &crate::check::system::Row| {
        let name: String = r.name.chars().take(28).collect();
        let length = if largest > 0.0 { (r.size / largest * BAR as f64).ceil() as usize } else { 0 };
        let pad = " ".repeat(width.saturating_sub(name.chars().count()));
        let size = if r.size == 0.0 { "0".to_owned() } else { format!("{:.3e}", r.size) };
        format!("  {name}{pad}  {size:>9}  {}", "#".repeat(length.min(BAR))).trim_end().to_owned()
    };
    let lines_of: Vec<String> = d.rows.iter().map(row).collect();
    match d.rows.iter().position(|r| r.size > 0.0) {
        Some(first) => lines.extend(elided_around(lines_of, first)),
        None => lines.extend(elided(lines_of)),
    }
    if let (Some(fit), Some(index)) = (&d.fit, &d.index) {
        lines.extend(wrap(&format!("fitted to {} points: d({index}) = {}", fit.points, fit.text)));
    }
    lines.extend(wrap(&format!("trend: {}", d.trend)));
    lines
}

/// A long table without its middle.
fn elided(rows: Vec<String>) -> Vec<String> {
    elided_around(rows, 0)
}

/// A long table without its middle, in which one row must not be missing: its beginning gives way to it.
fn elided_around(rows: Vec<String>, needed: usize) -> Vec<String> {
    let (first, last) = ENDS;
    if rows.len() <= first + last + 1 {
        return rows;
    }
    let end = rows.len() - last;
    let left_out = |n: usize| format!("  ... {n} more ...");
    let mut short = Vec::new();
    // One row, what is left out, and the needed one with its neighbours.
    let from = if (first..end).contains(&needed) {
        short.push(rows[0].clone());
        short.push(left_out(needed - 2));
        needed - 1
    } else {
        0
    };
    let to = if from == 0 { first } else { end.min(needed + first - 3) };
    short.extend_from_slice(&rows[from..to]);
    if to < end {
        short.push(left_out(end - to));
    }
    short.extend_from_slice(&rows[end..]);
    short
}

/// Breaks a sentence into lines; those after the first are indented.
pub fn wrap(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("  {word}")),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}
