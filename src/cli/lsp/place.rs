//! Where the cursor stands: read off the text before it, which is hardly ever a text of the language while it is typed.

use crate::syntax::vocabulary::{EXPERIMENTS, ITEMS, QUESTIONS};

/// A body in braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// Of an architecture.
    Architecture,
    /// Of a reparam, a projection or an embedding; its inverse.
    Morphism,
    /// The equations of a `via`, or of the start of an experiment.
    Equations,
    /// Of an optimizer.
    Optimizer,
    /// Of a flow.
    Flow,
    /// Of a step.
    Step,
    /// Of a system.
    System,
    /// Of an experiment.
    Trace,
    /// None: the head of an item, or a line of the file.
    None,
}

/// What can stand at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// An item.
    Item,
    /// A line of a body.
    Line(Body),
    /// A part of an expression.
    Value(Body),
    /// A name that is new.
    New,
    /// The name of a component behind `d/dt`.
    Component,
    /// A block behind `each W in`, or a parameter behind `group G =`.
    Block,
    /// An argument of the item of this name, which begins at a byte of the text.
    Argument(usize),
    /// An optimizer.
    Optimizer,
    /// An optimizer, or `training`.
    Same,
    /// What a question is asked along.
    Along,
    /// A morphism.
    Morphism,
    /// An architecture.
    Architecture,
    /// A system or a cone.
    System,
    /// An architecture or a system, in the head of a cone.
    Apex,
    /// A verdict.
    Verdict,
    /// A question.
    Question,
    /// What is preserved.
    Preserved,
    /// A library.
    Library,
    /// The type of data, or of a parameter of a map.
    TypeOfValue,
    /// The type of a parameter of an architecture.
    TypeOfParam,
    /// The type of a state.
    TypeOfState,
    /// The type of what an architecture or an optimizer takes.
    TypeOfSize,
    /// A word that joins the parts of a question or of a head.
    Joint,
    /// A library, behind `std.`, or nothing.
    Nothing,
}

/// A place in a text.
#[derive(Debug)]
pub struct Place<'t> {
    /// What can stand there.
    pub wanted: Wanted,
    /// The item around it, from its keyword up to the next item; empty between items.
    pub item: &'t str,
    /// The part of it before the place.
    pub before: &'t str,
    /// The keyword of the item.
    pub keyword: &'t str,
    /// The body around the place.
    pub body: Body,
}

/// Whether a character belongs to a name.
pub fn in_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || ('\u{2080}'..='\u{209C}').contains(&c)
}

/// The word that ends a text.
pub fn last_word(text: &str) -> &str {
    &text[text.trim_end_matches(in_name).len()..]
}

/// The word that begins a text.
fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.find(|c: char| !in_name(c)).unwrap_or(text.len())]
}

/// The text with blanks for comments: every byte is where it was.
pub fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let code = line.find("//").unwrap_or(line.len());
        out.push_str(&line[..code]);
        out.extend(line[code..].chars().flat_map(|c| match c {
            '\n' => std::iter::repeat_n('\n', 1),
            _ => std::iter::repeat_n(' ', c.len_utf8()),
        }));
    }
    out
}

/// Where an item begins: a keyword that leads a line or stands outside braces. A `let` inside braces is none.
fn item_starts(text: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    let (mut at, mut depth, mut leads, mut after_check) = (0, 0_usize, true, false);
    while let Some(c) = text[at..].chars().next() {
        if in_name(c) {
            let word = &text[at..at + text[at..].find(|c: char| !in_name(c)).unwrap_or(text.len() - at)];
            let other = (word == "transfer" || word == "trace") && leads && depth == 0;
            let item = (ITEMS.contains(&word) || other) && !(after_check && matches!(word, "system" | "transfer"));
            if item && (depth == 0 || leads && word != "let") {
                starts.push(at);
                depth = 0;
            }
            (leads, after_check) = (false, word == "check");
            at += word.len();
            continue;
        }
        match c {
            '\n' => leads = true,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        leads &= c.is_whitespace();
        at += c.len_utf8();
    }
    starts
}

/// The brackets that are open at the end of a text.
fn open(text: &str) -> Vec<(char, usize)> {
    let mut stack = Vec::new();
    for (i, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => stack.push((c, i)),
            ')' | ']' | '}' => {
                stack.pop();
            }
            _ => {}
        }
    }
    stack
}

/// The body that a brace opens, by the item and the words before it.
fn body(keyword: &str, before: &str, outer: Body) -> Body {
    let head = before[before.rfind(['{', '}']).map_or(0, |i| i + 1)..].trim_end();
    let last = last_word(head);
    match (keyword, outer) {
        ("architecture", _) => Body::Architecture,
        ("reparam" | "projection" | "embedding", _) => Body::Morphism,
        ("optimizer", Body::None) => Body::Optimizer,
        ("optimizer", Body::Optimizer) if last == "flow" => Body::Flow,
        ("optimizer", Body::Optimizer) => Body::Step,
        ("optimizer", inner) => inner,
        ("system", _) => Body::System,
        ("trace", Body::None) => Body::Trace,
        _ => Body::Equations,
    }
}

/// The place at the end of `before`, a text without comments; `after` follows it.
pub fn place<'t>(whole: &'t str, offset: usize) -> Place<'t> {
    let before = &whole[..offset];
    let typed = before.len() - last_word(before).len();
    let starts = item_starts(&before[..typed]);
    let start = starts.last().copied().unwrap_or(typed);
    let next = item_starts(&whole[offset..]).into_iter().find(|n| whole[..offset + n].ends_with('\n'));
    let item = &whole[start..next.map_or(whole.len(), |n| offset + n)];
    let before = &whole[start..typed];
    let keyword = first_word(before);
    let stack = open(before);
    let mut inner = Body::None;
    let mut within = 0;
    for &(bracket, i) in &stack {
        if bracket == '{' {
            inner = body(keyword, &before[..i], inner);
            within = i + 1;
        }
    }
    let round = stack.last().copied().filter(|(bracket, i)| *bracket != '{' && *i >= within);
    let wanted = match inner {
        Body::None => in_head(keyword, before, round, start),
        _ => in_body(inner, &before[within..], round.map(|(b, i)| (b, i - within))),
    };
    Place { wanted, item, before, keyword, body: inner }
}

/// Whether a text ends where an operand has ended, so that something new may begin behind white space.
fn ended(text: &str) -> bool {
    let joins = ["if", "then", "else", "where", "assume", "in", "read"];
    text.ends_with(|c: char| in_name(c) || matches!(c, ')' | ']' | '}' | '\'' | '"'))
        && !joins.contains(&last_word(text))
}

fn in_body(body: Body, text: &str, round: Option<(char, usize)>) -> Wanted {
    let trimmed = text.trim_end();
    let last = last_word(trimmed);
    let line = trimmed[trimmed.rfind(['\n', '{', '}']).map_or(0, |i| i + 1)..].trim_start();
    let words: Vec<&str> = line.split(|c: char| !in_name(c)).filter(|w| !w.is_empty()).collect();
    // Of several lines on one line, the words behind the last that begins one.
    let begins =
        words.iter().rposition(|w| matches!(*w, "param" | "state" | "let" | "each" | "group" | "output" | "loss"));
    let line_of = begins.map_or("", |i| words[i]);
    let assigned = line.rfind(line_of).is_some_and(|i| line[i..].contains('='));
    if let Some((bracket, _)) = round {
        return match (bracket, line_of) {
            (_, "state") => Wanted::TypeOfState,
            _ => Wanted::Value(body),
        };
    }
    match (line_of, trimmed.chars().next_back()) {
        (_, None) => Wanted::Line(body),
        ("param", Some(':')) => Wanted::TypeOfParam,
        ("state", Some(':')) => Wanted::TypeOfState,
        ("each", Some(':')) => Wanted::TypeOfParam,
        ("group", Some('=' | ',')) => Wanted::Block,
        ("param" | "state", Some(',')) if !line.contains(':') => Wanted::New,
        _ if matches!(last, "param" | "state" | "let" | "each" | "group") && !assigned => Wanted::New,
        _ if trimmed.ends_with("d/dt") || trimmed.ends_with("D/dt") => Wanted::Component,
        ("each", _) if last == "in" => Wanted::Block,
        (_, Some('{' | '}')) => Wanted::Line(body),
        _ if ended(trimmed) && trimmed.len() < text.len() => Wanted::Line(body),
        (_, Some('.')) => Wanted::Nothing,
        _ => Wanted::Value(body),
    }
}

fn in_head(keyword: &str, before: &str, round: Option<(char, usize)>, start: usize) -> Wanted {
    let trimmed = before.trim_end();
    let last = last_word(trimmed);
    let sign = trimmed.chars().next_back();
    let fresh = before.rsplit('\n').next().is_some_and(|line| line.trim().is_empty()) && before.contains('\n');
    let question = matches!(keyword, "check" | "classify" | "transfer" | "trace");
    if trimmed.is_empty() || fresh && ended(trimmed) || sign == Some('}') {
        return Wanted::Item;
    }
    if keyword == "use" {
        return if fresh { Wanted::Item } else { Wanted::Library };
    }
    if let Some((bracket, at)) = round {
        let named = last_word(before[..at].trim_end());
        let name_at = before[..at].trim_end().len() - named.len();
        let declared = name_at > 0 && before[..name_at].trim() == keyword;
        let piece = before[at..].trim_end();
        let typed = piece.rfind(':').is_some_and(|colon| !piece[colon..].contains([',', '=']));
        return match (bracket, keyword) {
            ('(', "let" | "data" | "def") if !declared => Wanted::Value(Body::None),
            ('(', _) if !declared && !named.is_empty() => Wanted::Argument(start + name_at),
            ('(', "architecture" | "optimizer") if sign == Some(':') => Wanted::TypeOfSize,
            ('(', _) if sign == Some(':') => Wanted::TypeOfValue,
            ('(', _) if matches!(sign, Some('(' | ',')) && !typed => Wanted::New,
            _ => Wanted::Value(Body::None),
        };
    }
    match (keyword, last, sign) {
        ("check", "check", _) => Wanted::Question,
        ("check", "same", _) => Wanted::Same,
        ("check", "preserves", _) => Wanted::Preserved,
        ("check", "system", _) => Wanted::System,
        ("check", "natural" | "training" | "transfer", _) | ("classify" | "transfer" | "trace", _, _)
            if last == keyword || QUESTIONS.contains(&last) =>
        {
            Wanted::Optimizer
        }
        ("trace", _, Some(',')) => Wanted::Optimizer,
        ("check", _, Some('=')) if before.contains("same") => Wanted::Optimizer,
        ("check", _, Some('=')) => Wanted::Along,
        (_, "along" | "commutes", _) if question => Wanted::Along,
        ("check", "loss" | "output", _) => Wanted::Along,
        (_, _, Some(';')) => Wanted::Morphism,
        (_, "on", _) if question => Wanted::Architecture,
        (_, "expect", _) => Wanted::Verdict,
        (_, "limit" | "rate" | "rates" | "up" | "to", _) if question => Wanted::Value(Body::None),
        ("reparam" | "projection" | "embedding", _, Some(':' | '>')) => Wanted::Architecture,
        ("cone", _, Some(':' | '>')) => Wanted::Apex,
        ("cone" | "system" | "morphism", _, Some('=')) => Wanted::Morphism,
        ("data", _, Some(':' | '>')) => Wanted::TypeOfValue,
        _ if last == keyword => Wanted::New,
        _ if ended(trimmed) && trimmed.len() < before.len() && EXPERIMENTS.contains(&last) => Wanted::Nothing,
        _ if ended(trimmed) && trimmed.len() < before.len() => Wanted::Joint,
        (_, _, Some('.')) => Wanted::Nothing,
        _ => Wanted::Value(Body::None),
    }
}
