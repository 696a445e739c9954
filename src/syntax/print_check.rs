//! Printing systems and checks.

use super::print::{Block, Text};
use super::print_items::{assign, equation_text, headed};
use super::tree::{
    Check, Classify, ExpectedVerdict, Expr, Generator, Instance, Over, Question, System, Trace, Transfer, Via,
};

pub(super) fn system_block(system: &System) -> Block {
    let mut head = headed("system", &system.name);
    if let [generator] = system.generators.as_slice() {
        head.push(" =");
        head.space();
        head.append(generator.text());
        return Block::line(head);
    }
    let body = system.generators.iter().map(|generator| Block::line(generator.text()));
    Block::with_body(head, body.collect(), 0)
}

impl Generator {
    /// The projection with its index ranges.
    pub(super) fn text(&self) -> Text {
        let mut text = self.morphism.text();
        if !self.over.is_empty() {
            text.space();
            text.push("over ");
            text.list(self.over.iter().map(|over| match over {
                Over::Range(binder) => binder.text(),
                Over::From(name, from) => {
                    let mut text = Text::word(&format!("{} >= ", name.name));
                    text.append(from.text());
                    text
                }
            }));
        }
        text
    }
}

impl std::fmt::Display for Check {
    /// The check on one line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&check_text(self).flat())
    }
}

impl std::fmt::Display for Classify {
    /// The request on one line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&classify_text(self).flat())
    }
}

pub(super) fn check_text(check: &Check) -> Text {
    if let Question::Trace(trace) = &check.question {
        return trace_head(trace);
    }
    let mut text = Text::word("check ");
    match &check.question {
        Question::Natural { optimizer, along, on } => {
            text.push("natural ");
            text.append(optimizer.text());
            text.push(" along ");
            text.append(along.text());
            write_on(&mut text, on.as_ref());
        }
        Question::Commutes { left, right } => {
            text.push("commutes ");
            text.append(left.text());
            text.space();
            text.push("== ");
            text.append(right.text());
        }
        Question::Preserves { what, path } => {
            text.push(&format!("preserves {} ", what.name));
            text.append(path.text());
        }
        Question::Training { optimizer, along } | Question::Transfer { optimizer, along } => {
            let training = matches!(check.question, Question::Training { .. });
            text.push(if training { "training " } else { "transfer " });
            text.append(optimizer.text());
            text.push(" along ");
            text.append(along.text());
        }
        Question::Same { left, right, on, .. } | Question::SameTraining { left, right, on } => {
            let training = matches!(check.question, Question::SameTraining { .. });
            text.push(if training { "same training " } else { "same " });
            text.append(left.text());
            text.space();
            text.push("== ");
            text.append(right.text());
            write_on(&mut text, on.as_ref());
            if let Question::Same { via: Some(via), .. } = &check.question {
                text.space();
                text.append(via_text(via));
            }
        }
        Question::System { system } => text.push(&format!("system {}", system.name)),
        Question::Trace(_) => {}
    }
    if let Some(expect) = &check.expect {
        text.space();
        text.push("expect ");
        match &expect.verdict {
            ExpectedVerdict::Commutes => text.push("commutes"),
            ExpectedVerdict::UpToRate(None) => text.push("up to rate"),
            ExpectedVerdict::UpToRate(Some(rate)) => {
                text.push("up to rate ");
                text.append(rate.text());
            }
            ExpectedVerdict::UpToRates(rates) => {
                text.push("up to rates");
                if !rates.is_empty() {
                    text.space();
                }
                text.list(rates.iter().map(|rate| {
                    assign(Text::word(&format!("{}({})", rate.hyperparameter.name, rate.block.name)), &rate.value)
                }));
            }
            ExpectedVerdict::InLimit(None) => text.push("in limit"),
            ExpectedVerdict::InLimit(Some(order)) => text.push(&format!("in limit (lr^{order})")),
            ExpectedVerdict::Fails => text.push("fails"),
            ExpectedVerdict::Undecided => text.push("undecided"),
            ExpectedVerdict::Invalid => text.push("invalid"),
        }
    }
    text
}

fn write_on(text: &mut Text, on: Option<&Instance>) {
    if let Some(instance) = on {
        text.space();
        text.push("on ");
        text.append(instance.text());
    }
}

pub(super) fn via_text(via: &Via) -> Text {
    let mut text = Text::word("via {");
    for equation in &via.body {
        text.space();
        text.append(equation_text(equation));
    }
    text.space();
    text.push("}");
    text
}

pub(super) fn transfer_text(transfer: &Transfer) -> Text {
    let mut text = Text::word("transfer");
    if let Some(optimizer) = &transfer.optimizer {
        text.push(" ");
        text.append(optimizer.text());
    }
    text.push(" along ");
    text.append(transfer.along.text());
    text
}

/// A trace without its lines.
pub(super) fn trace_head(trace: &Trace) -> Text {
    let mut text = Text::word("trace ");
    text.list(trace.optimizers.iter().map(Instance::text));
    text.push(" along ");
    text.append(trace.along.text());
    text
}

/// A trace with its lines.
pub(super) fn trace_block(trace: &Trace) -> Block {
    let mut lines: Vec<Block> =
        trace.settings.iter().map(|(name, value)| Block::line(assign(Text::word(&name.name), value))).collect();
    if let Some((_, start)) = &trace.start {
        let equations = start.iter().map(|e| Block::line(equation_text(e)));
        lines.push(Block::with_body(Text::word("start"), equations.collect(), 4));
    }
    if !trace.repeat.is_empty() {
        let mut text = Text::word("repeat ");
        text.list(trace.repeat.iter().map(Expr::text));
        lines.push(Block::line(text));
    }
    if let Some(level) = &trace.until {
        let mut text = Text::word("until loss < ");
        text.append(level.text());
        lines.push(Block::line(text));
    }
    match lines.is_empty() {
        true => Block::line(trace_head(trace)),
        false => Block::with_body(trace_head(trace), lines, 3),
    }
}

pub(super) fn classify_text(classify: &Classify) -> Text {
    let mut text = Text::word("classify");
    if let Some(optimizer) = &classify.optimizer {
        text.push(" ");
        text.append(optimizer.text());
    }
    if let Some(instance) = &classify.on {
        text.push(" on ");
        text.append(instance.text());
    }
    text
}
