//! The report as one page of HTML that needs nothing else: no script, no font, no other file. Light or dark as the reader
//! has it; filtering by radio buttons and style rules alone.

use std::collections::BTreeMap;

use super::github::title;
use super::json::{CheckEntry, Report};
use super::markup::{escape, files, summary, verdict};
use super::picture::Picture;
use super::plot;
use super::standing::Standing;
use crate::syntax::vocabulary::is_keyword;

const STYLE: &str = include_str!("html.css");

/// The page, ending in a line end. Texts of sources, by name, are shown with the places of blame marked.
pub fn render(report: &Report, texts: &BTreeMap<String, String>) -> String {
    let good = report.errors.is_empty() && report.checks.iter().all(|c| c.ok);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>nat: {0}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <h1 class=\"{1}\">{0}</h1>\n\
         <p class=\"run\">nat {2}, language {3}, seed {4}, {5} samples, effort {6}</p>\n",
        escape(&summary(report)),
        if good { "good" } else { "bad" },
        escape(&report.tool.version),
        escape(&report.language),
        report.seed,
        report.samples,
        report.effort
    );
    page.push_str(&overview(report));
    page.push_str(
        "<fieldset class=\"filter\"><legend>Show</legend>\n\
         <label><input type=\"radio\" name=\"show\" id=\"show-all\" checked> all</label>\n\
         <label><input type=\"radio\" name=\"show\" id=\"show-bad\"> not as expected</label>\n\
         <label><input type=\"radio\" name=\"show\" id=\"show-unproved\"> not proved</label>\n</fieldset>\n",
    );
    for file in files(report) {
        page.push_str(&format!("<section>\n<h2>{}</h2>\n", escape(file)));
        report.errors.iter().filter(|e| e.file == file).for_each(|e| {
            let help = e.help.as_ref().map(|h| format!("<p class=\"help\">{}</p>", prose(h))).unwrap_or_default();
            page.push_str(&format!(
                "<article class=\"check bad\"><p class=\"head\"><span class=\"mark\">error</span> {} <span class=\"place\">{}:{} {}</span></p>{help}</article>\n",
                prose(&e.message),
                e.line,
                e.column,
                escape(&e.code)
            ));
        });
        let own = report.checks.iter().enumerate().filter(|(_, c)| c.file == file);
        own.for_each(|(number, c)| page.push_str(&check(number, c)));
        if let Some(text) = texts.get(file) {
            page.push_str(&source(text, report, file));
        }
        page.push_str("</section>\n");
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

/// What the answers rest on, and the list of those that are not as expected.
fn overview(report: &Report) -> String {
    let standing = Standing::of(report.checks.iter()).text();
    let mut text = standing.map(|s| format!("<p>{}</p>\n", escape(&s))).unwrap_or_default();
    let bad: Vec<(usize, &CheckEntry)> = report.checks.iter().enumerate().filter(|(_, c)| !c.ok).collect();
    if !bad.is_empty() {
        text.push_str("<h2>Not as expected</h2>\n<ul class=\"surprises\">\n");
        for (number, c) in bad {
            let place = format!("{}:{}", c.file, c.line);
            text.push_str(&format!(
                "<li><a href=\"#check-{number}\">{}</a>: {}</li>\n",
                escape(&place),
                prose(&title(c))
            ));
        }
        text.push_str("</ul>\n");
    }
    text
}

/// A sentence, with what stands between backticks as code.
fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    // A backtick without another one is only that.
    if parts.len().is_multiple_of(2) {
        return escape(text);
    }
    let part = |(i, part): (usize, &&str)| {
        if i % 2 == 0 { escape(part) } else { format!("<code>{}</code>", escape(part)) }
    };
    parts.iter().enumerate().map(part).collect()
}

fn check(number: usize, c: &CheckEntry) -> String {
    let unproved = matches!(c.evidence.as_deref(), Some("numeric" | "generic" | "none")) || !c.assumptions.is_empty();
    let class = format!("check {}{}", if c.ok { "ok" } else { "bad" }, if unproved { " unproved" } else { "" });
    let mut text =
        format!("<article class=\"{class}\" id=\"check-{number}\">\n<details{}>\n", if c.ok { "" } else { " open" });
    let evidence = c.evidence.as_ref().map(|e| format!("{} · ", escape(e))).unwrap_or_default();
    text.push_str(&format!(
        "<summary><span class=\"mark\">{}</span> <code>{}</code> <span class=\"verdict\">{}</span> <span class=\"place\">{evidence}line {}</span></summary>\n",
        if c.ok { "✓" } else { "✗" },
        escape(&c.question),
        escape(&verdict(c)),
        c.line
    ));
    if !c.ok {
        text.push_str(&format!("<p><strong>{}</strong></p>\n", prose(&title(c))));
    }
    if !c.message.is_empty() {
        text.push_str(&format!("<p>{}.</p>\n", prose(&c.message)));
    }
    text.push_str(&diagram(c));
    text.push_str(&witness(c));
    text.push_str(&reasons(c));
    text.push_str(&shrinking(c));
    text.push_str(&table(c));
    text.push_str(&experiment(c));
    text.push_str(&rates(c));
    text.push_str(&system(c));
    text.push_str("</details>\n</article>\n");
    text
}

/// The diagram, drawn.
fn diagram(c: &CheckEntry) -> String {
    Picture::of(c).map(|p| format!("<div class=\"wide\">\n{}</div>\n", p.inline())).unwrap_or_default()
}

fn witness(c: &CheckEntry) -> String {
    let Some(w) = &c.witness else { return String::new() };
    let point: String = w
        .point
        .iter()
        .map(|g| format!("<tr><th>{}</th><td>{}</td></tr>\n", escape(&g.name), escape(&g.value)))
        .collect();
    let reason = w.no_rate.as_ref().map(|r| format!("<p>{}.</p>\n", prose(r))).unwrap_or_default();
    format!(
        "<h3>Witness ({})</h3>\n<div class=\"wide\"><table>\n{point}</table>\n<table>\n<caption>{}: {}</caption>\n\
         <tr><th>first path</th><td>{}</td></tr>\n<tr><th>second path</th><td>{}</td></tr>\n</table></div>\n{reason}",
        if w.exact { "exact" } else { "verified in intervals" },
        escape(&w.component),
        escape(&w.quantity),
        escape(&w.left),
        escape(&w.right)
    )
}

fn reasons(c: &CheckEntry) -> String {
    let mut items: Vec<String> = Vec::new();
    items.extend(
        c.blame.iter().map(|b| format!("Line {}: <code>{}</code>: {}.", b.line, escape(&b.text), prose(&b.why))),
    );
    items.extend(c.invariant.iter().map(|i| format!("Invariant: <code>{}</code>.", escape(i))));
    items.extend(c.assumptions.iter().map(|a| format!("Assumed: {}.", prose(a))));
    items.extend(c.tried.iter().map(|t| format!("Tried: {}.", prose(t))));
    if let Some(r) = &c.repair {
        let edits = r.edits.iter().map(|e| {
            if e.replace.is_empty() {
                format!("add <code>{}</code> at line {}", escape(e.by.trim_end()), e.line)
            } else {
                format!("<code>{}</code> becomes <code>{}</code> (line {})", escape(&e.replace), escape(&e.by), e.line)
            }
        });
        items.push(format!("Repair, checked: {}; then {}.", edits.collect::<Vec<_>>().join(", "), escape(&r.verdict)));
    }
    if let Some(r) = &c.residual {
        items.push(format!(
            "Numbers: largest relative difference {:.1e} at {}, noise {:.0e}.",
            r.max,
            r.points(),
            r.noise
        ));
    }
    if items.is_empty() {
        return String::new();
    }
    format!("<ul>\n{}</ul>\n", items.iter().map(|i| format!("<li>{i}</li>\n")).collect::<String>())
}

/// Both runs of an experiment: what is printed of them, and the curves.
fn experiment(c: &CheckEntry) -> String {
    let Some(trace) = &c.trace else { return String::new() };
    let text = super::trace::lines(trace).join("\n");
    let pictures: String =
        super::trace::pictures(trace).iter().map(|p| format!("<div class=\"wide\">{p}</div>\n")).collect();
    format!("<pre>{}</pre>\n{pictures}", escape(&text))
}

fn table(c: &CheckEntry) -> String {
    let Some(table) = &c.table else { return String::new() };
    let rows: String = table
        .iter()
        .map(|(class, cell)| {
            let rate = cell.rate.as_ref().map(|r| format!(" {r}")).unwrap_or_default();
            let order = cell.order.filter(|_| cell.verdict == "in limit").map(|k| format!(" (lr^{k})"));
            let lost: Vec<String> = cell.blame.iter().map(|b| format!("<code>{}</code>", escape(&b.text))).collect();
            format!(
                "<tr class=\"{}\"><th>{}</th><td>{}{}</td><td>{}</td><td>{}</td></tr>\n",
                cell.verdict.replace(' ', "-"),
                escape(class),
                escape(&format!("{}{rate}{}", cell.verdict, order.unwrap_or_default())),
                if cell.largest { " (largest)" } else { "" },
                escape(&cell.evidence),
                lost.join(" and ")
            )
        })
        .collect();
    format!(
        "<div class=\"wide\"><table>\n<tr><th>class</th><th>verdict</th><th>evidence</th><th>lost at</th></tr>\n{rows}</table></div>\n"
    )
}

/// For a transfer: the factor of every hyperparameter in every block.
fn rates(c: &CheckEntry) -> String {
    let laws = c.system.as_ref().map(|s| &s.laws).filter(|laws| !laws.is_empty());
    let Some(blocks) = c.rates.as_ref().filter(|r| !r.is_empty()).or(laws) else { return String::new() };
    let mut names: Vec<&String> = blocks.values().flat_map(indexmap::IndexMap::keys).collect();
    names.sort_unstable_by_key(|n| (*n != "lr", *n));
    names.dedup();
    let head: String = names.iter().map(|n| format!("<th>{}</th>", escape(n))).collect();
    let row = |(block, own): (&String, &indexmap::IndexMap<String, String>)| {
        let cell = |n: &&String| format!("<td>{}</td>", own.get(*n).map_or("1".to_owned(), |f| escape(f)));
        format!("<tr><th>{}</th>{}</tr>\n", escape(block), names.iter().map(cell).collect::<String>())
    };
    let rows: String = blocks.iter().map(row).collect();
    format!(
        "<div class=\"wide\"><table>\n<caption>factors of the hyperparameters of each block</caption>\n\
         <tr><th></th>{head}</tr>\n{rows}</table></div>\n"
    )
}

/// How the sides of a step come together as the learning rate shrinks.
fn shrinking(c: &CheckEntry) -> String {
    let points: Vec<(f64, f64)> = c.shrinking.iter().map(|p| (p.lr, p.difference)).collect();
    plot::log_log(&points, "lr", "difference of the sides", false)
}

fn system(c: &CheckEntry) -> String {
    let Some(s) = &c.system else { return String::new() };
    let mut text = format!("<p>{} objects, {} generators, {} paths.</p>\n", s.objects, s.generators, escape(&s.paths));
    if let Some(rates) = &s.rates {
        if let Some(law) = &rates.law {
            text.push_str(&format!("<p>Learning rates: <code>{}</code></p>\n", escape(law)));
        }
        if !rates.objects.is_empty() {
            let rows: String = rates
                .objects
                .iter()
                .map(|r| format!("<tr><th>{}</th><td>{}</td></tr>\n", escape(&r.object), escape(&r.rate)))
                .collect();
            text.push_str(&format!(
                "<div class=\"wide\"><table>\n<caption>learning rates</caption>\n{rows}</table></div>\n"
            ));
        }
    }
    if let Some(limit) = &s.limit {
        text.push_str(&format!("<p>{}</p>\n", escape(limit)));
    }
    if let Some(defects) = &s.defects {
        let points: Vec<(f64, f64)> = defects.rows.iter().filter_map(|r| Some((r.index? as f64, r.size))).collect();
        // A power of the index is a line on two logarithmic axes, an exponential on one.
        let exponential = defects.law.as_deref() == Some("exponential");
        let index = defects.index.as_deref().unwrap_or("index");
        text.push_str(&plot::log_log(&points, index, "defect", exponential));
        text.push_str(&format!("<p>{}</p>\n", escape(&defects.trend)));
    }
    text
}

/// The text of a file, its lines numbered, with the lines of checks and the places of blame marked.
fn source(text: &str, report: &Report, file: &str) -> String {
    let mut checks: BTreeMap<usize, bool> = BTreeMap::new();
    for c in report.checks.iter().filter(|c| c.file == file) {
        checks.entry(c.line).and_modify(|ok| *ok &= c.ok).or_insert(c.ok);
    }
    let errors = || report.errors.iter().filter(|e| e.file == file);
    checks.extend(errors().map(|e| (e.line, false)));
    let blamed = report.checks.iter().flat_map(|c| &c.blame).filter(|b| b.file == file);
    let places: Vec<(usize, usize, usize, &str)> = blamed
        .map(|b| (b.line, b.column, if b.end_line == b.line { b.end_column } else { usize::MAX }, b.why.as_str()))
        .collect();
    let mut out = String::from("<details class=\"source\"><summary>Source</summary>\n<pre>");
    for (i, line) in text.lines().enumerate() {
        let number = i + 1;
        let mark = match checks.get(&number) {
            Some(true) => " ok",
            Some(false) => " bad",
            None => "",
        };
        out.push_str(&format!("<span class=\"line{mark}\"><span class=\"number\">{number:>4}</span> "));
        // Of several places in a line, the longest.
        let place =
            places.iter().filter(|(l, ..)| *l == number).max_by_key(|(_, from, to, _)| to.saturating_sub(*from));
        match place {
            Some(&(_, from, to, why)) => {
                let chars: Vec<char> = line.chars().collect();
                let from = from.saturating_sub(1).min(chars.len());
                let to = to.saturating_sub(1).clamp(from, chars.len());
                let part = |r: &[char]| highlight(&r.iter().collect::<String>());
                out.push_str(&part(&chars[..from]));
                out.push_str(&format!("<mark title=\"{}\">{}</mark>", escape(why), part(&chars[from..to])));
                out.push_str(&part(&chars[to..]));
            }
            None => out.push_str(&highlight(line)),
        }
        out.push_str("</span>\n");
    }
    out.push_str("</pre></details>\n");
    out
}

/// A part of a line, with comments, keywords and numbers marked.
fn highlight(line: &str) -> String {
    if let Some(at) = line.find("//") {
        return format!("{}<i>{}</i>", highlight(&line[..at]), escape(&line[at..]));
    }
    let mut out = String::new();
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let length = if c.is_alphanumeric() || c == '_' {
            // Of a number, the point with a digit behind it: `1..2` is two.
            let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
            let point =
                |i: usize, c: char| c == '.' && digit(rest.chars().next()) && digit(rest[i + 1..].chars().next());
            rest.char_indices().find(|(i, c)| !(c.is_alphanumeric() || *c == '_' || point(*i, *c))).map(|(i, _)| i)
        } else {
            Some(c.len_utf8())
        };
        let (token, behind) = rest.split_at(length.unwrap_or(rest.len()));
        if is_keyword(token) {
            out.push_str(&format!("<b>{token}</b>"));
        } else if token.starts_with(|c: char| c.is_ascii_digit()) {
            out.push_str(&format!("<span class=\"n\">{}</span>", escape(token)));
        } else {
            out.push_str(&escape(token));
        }
        rest = behind;
    }
    out
}
