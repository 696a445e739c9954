//! Printing declarations and checks.

use super::print::{Block, Text};
use super::print_check::{check_text, classify_text, system_block, trace_block, transfer_text};
use super::tree::{
    Architecture, ArchitectureEntry, Argument, Comparison, Condition, Data, Domain, Dynamics, Equation, Expr, Ident,
    Instance, ItemKind, Let, Morphism, MorphismKind, Optimizer, Param, Path, Place, Statement, StatementKind, Type,
    UseTarget,
};

impl ItemKind {
    /// The item as lines.
    pub(super) fn block(&self) -> Block {
        match self {
            ItemKind::Use(UseTarget::Path(path, _)) => Block::line(Text::word(&format!("use \"{path}\""))),
            ItemKind::Use(UseTarget::Library(words)) => {
                let words: Vec<&str> = words.iter().map(|word| word.name.as_str()).collect();
                Block::line(Text::word(&format!("use {}", words.join("."))))
            }
            ItemKind::Data(data) => Block::line(data_text(data)),
            ItemKind::Let(binding) => Block::line(let_text(binding)),
            ItemKind::Def(def) => {
                let mut head = headed("def", &def.name);
                head.push("(");
                head.list(def.params.iter().map(|param| Text::word(&param.name)));
                head.push(")");
                Block::line(assign(head, &def.body))
            }
            ItemKind::Architecture(architecture) => architecture_block(architecture),
            ItemKind::Morphism(morphism) => morphism_block(morphism),
            ItemKind::Composite(composite) => {
                let mut text = headed("morphism", &composite.name);
                write_params(&mut text, &composite.params);
                text.push(" =");
                text.space();
                text.append(composite.path.text());
                Block::line(text)
            }
            ItemKind::Optimizer(optimizer) => optimizer_block(optimizer),
            ItemKind::System(system) => system_block(system),
            ItemKind::Cone(cone) => {
                let mut text = headed("cone", &cone.name);
                text.push(" : ");
                text.append(cone.from.text());
                text.space();
                text.push("-> ");
                text.append(cone.to.text());
                text.push(" =");
                text.space();
                text.append(cone.leg.text());
                Block::line(text)
            }
            ItemKind::Check(check) => Block::line(check_text(check)),
            ItemKind::Classify(classify) => Block::line(classify_text(classify)),
            ItemKind::Transfer(transfer) => Block::line(transfer_text(transfer)),
            ItemKind::Trace(trace) => trace_block(trace),
        }
    }
}

/// A keyword and a name.
pub(super) fn headed(keyword: &str, name: &Ident) -> Text {
    Text::word(&format!("{keyword} {}", name.name))
}

/// `head = value`.
pub(super) fn assign(mut head: Text, value: &Expr) -> Text {
    head.push(" =");
    head.space();
    head.append(value.text());
    head
}

fn let_text(binding: &Let) -> Text {
    assign(headed("let", &binding.name), &binding.value)
}

fn data_text(data: &Data) -> Text {
    let mut text = Text::word("data ");
    text.list(data.names.iter().map(|(name, params)| {
        let mut text = Text::word(&name.name);
        write_params(&mut text, params);
        text
    }));
    text.push(" : ");
    text.append(data.ty.text());
    if let Some(value) = &data.value {
        text = assign(text, value);
    }
    if let Some((path, _)) = &data.read {
        text.push(" =");
        text.space();
        text.push(&format!("read \"{path}\""));
    }
    write_conditions(&mut text, data.conditions.iter().filter(|c| !c.assumed));
    if data.conditions.iter().any(|c| c.assumed) {
        text.space();
        text.append(assume_text(data.conditions.iter().filter(|c| c.assumed)));
    }
    text
}

fn assume_text<'c>(assumptions: impl IntoIterator<Item = &'c Condition>) -> Text {
    let mut text = Text::word("assume ");
    text.list(assumptions.into_iter().map(Condition::text));
    text
}

/// A line for what is assumed, if anything is.
fn assume_line(assumptions: &[Condition]) -> Option<Block> {
    (!assumptions.is_empty()).then(|| Block::line(assume_text(assumptions)))
}

impl Type {
    /// The type as written.
    pub(super) fn text(&self) -> Text {
        let mut text = Text::word(&self.name.name);
        if !self.dims.is_empty() {
            text.push("[");
            text.list(self.dims.iter().map(Expr::text));
            text.push("]");
        }
        if let Some(values) = &self.arrow {
            text.push(" -> ");
            text.append(values.text());
        }
        text
    }
}

impl Comparison {
    /// The sign, with a space on either side.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Comparison::Lt => " < ",
            Comparison::Le => " <= ",
            Comparison::Gt => " > ",
            Comparison::Ge => " >= ",
            Comparison::Ne => " != ",
        }
    }
}

impl Condition {
    /// The chain of comparisons.
    pub(super) fn text(&self) -> Text {
        let mut text = self.first.text();
        for (comparison, expr) in &self.rest {
            text.push(comparison.sign());
            text.append(expr.text());
        }
        text
    }
}

fn write_conditions<'c>(text: &mut Text, conditions: impl IntoIterator<Item = &'c Condition>) {
    let mut conditions = conditions.into_iter().peekable();
    if conditions.peek().is_some() {
        text.space();
        text.push("where ");
        text.list(conditions.map(Condition::text));
    }
}

/// A parameter list in parentheses; nothing for an empty one.
fn write_params(text: &mut Text, params: &[Param]) {
    if !params.is_empty() {
        write_param_list(text, params);
    }
}

fn write_param_list(text: &mut Text, params: &[Param]) {
    text.push("(");
    text.list(params.iter().enumerate().map(|(i, param)| {
        let grouped = params.get(i + 1).is_some_and(|next| joins(param, next));
        let mut text = Text::word(&param.name.name);
        if let (Some(ty), false) = (&param.ty, grouped) {
            text.push(" : ");
            text.append(ty.text());
        }
        if let Some(value) = &param.default {
            text.push(" = ");
            text.append(value.text());
        }
        write_conditions(&mut text, &param.conditions);
        text
    }));
    text.push(")");
}

/// Whether a parameter can leave its type to the next one.
fn joins(param: &Param, next: &Param) -> bool {
    let plain = |param: &Param| param.default.is_none();
    let text = |param: &Param| param.ty.as_ref().map(|ty| ty.text().flat());
    plain(param) && plain(next) && param.conditions.is_empty() && param.ty.is_some() && text(param) == text(next)
}

impl Instance {
    /// The name with its arguments.
    pub(super) fn text(&self) -> Text {
        let mut text = Text::word(&self.name.name);
        if !self.args.is_empty() {
            text.push("(");
            text.list(self.args.iter().map(argument));
            text.push(")");
        }
        text
    }
}

fn argument(argument: &Argument) -> Text {
    let mut text = Text::default();
    if let Some(name) = &argument.name {
        text.push(&format!("{} = ", name.name));
    }
    text.append(argument.value.text());
    text
}

impl Path {
    /// `f ; g`.
    pub(super) fn text(&self) -> Text {
        let mut text = Text::default();
        for (i, part) in self.parts.iter().enumerate() {
            if i > 0 {
                text.space();
                text.push("; ");
            }
            text.append(part.text());
        }
        text
    }
}

fn architecture_block(architecture: &Architecture) -> Block {
    let mut head = headed("architecture", &architecture.name);
    write_params(&mut head, &architecture.params);
    let body = architecture.body.iter().map(|entry| {
        Block::line(match entry {
            ArchitectureEntry::Param(params) => {
                let mut text = Text::word("param ");
                text.list(params.iter().map(|param| Text::word(&param.name.name)));
                if let Some(last) = params.last() {
                    if let Some(ty) = &last.ty {
                        text.push(" : ");
                        text.append(ty.text());
                    }
                    write_conditions(&mut text, &last.conditions);
                }
                text
            }
            ArchitectureEntry::Let(binding) => let_text(binding),
            ArchitectureEntry::Output(_, value) => assign(Text::word("output"), value),
            ArchitectureEntry::OutputMetric(_, value) => assign(Text::word("output metric"), value),
            ArchitectureEntry::Loss(_, value) => assign(Text::word("loss"), value),
            ArchitectureEntry::Group(name, members) => {
                let mut text = headed("group", name);
                text.push(" = ");
                text.list(members.iter().map(|member| Text::word(&member.name)));
                text
            }
        })
    });
    let body = body.chain(assume_line(&architecture.assumptions));
    Block::with_body(head, body.collect(), 1)
}

fn morphism_block(morphism: &Morphism) -> Block {
    let keyword = match morphism.kind {
        MorphismKind::Reparam => "reparam",
        MorphismKind::Projection => "projection",
        MorphismKind::Embedding => "embedding",
    };
    let mut head = headed(keyword, &morphism.name);
    write_params(&mut head, &morphism.params);
    head.push(" :");
    head.space();
    match &morphism.source {
        Domain::Named(instance) => head.append(instance.text()),
        Domain::Inline(params, _) => write_param_list(&mut head, params),
    }
    head.space();
    head.push("-> ");
    head.append(morphism.target.text());
    let mut body: Vec<Block> = morphism.body.iter().map(equation).chain(assume_line(&morphism.assumptions)).collect();
    if let Some((_, equations)) = &morphism.inverse {
        body.push(Block::with_body(Text::word("inverse"), equations.iter().map(equation).collect(), 2));
    }
    Block::with_body(head, body, 2)
}

fn equation(equation: &Equation) -> Block {
    Block::line(equation_text(equation))
}

pub(super) fn equation_text(equation: &Equation) -> Text {
    match equation {
        Equation::Let(binding) => let_text(binding),
        Equation::Assign(name, value) => assign(Text::word(&name.name), value),
    }
}

fn optimizer_block(optimizer: &Optimizer) -> Block {
    let mut head = headed("optimizer", &optimizer.name);
    write_params(&mut head, &optimizer.params);
    let mut body = Vec::new();
    for state in &optimizer.states {
        let mut text = headed("state", &state.name);
        text.push(" : ");
        text.append(state.ty.text());
        if let Some(weight) = &state.weight {
            text.push("(");
            text.append(weight.power.text());
            if let Some(parity) = &weight.parity {
                text.push(&format!(", {}", parity.name));
            }
            text.push(")");
        }
        if state.each {
            text.push(" each");
        }
        if let Some(initial) = &state.initial {
            text = assign(text, initial);
        }
        body.push(Block::line(text));
    }
    body.extend(optimizer.lets.iter().map(|binding| Block::line(let_text(binding))));
    body.extend(optimizer.dynamics.iter().map(dynamics));
    body.extend(assume_line(&optimizer.assumptions));
    Block::with_body(head, body, 1)
}

fn dynamics(dynamics: &Dynamics) -> Block {
    let head = match &dynamics.step {
        Some(rate) => Text::word(&format!("step({})", rate.name)),
        None => Text::word("flow"),
    };
    Block::with_body(head, dynamics.body.iter().map(statement).collect(), 1)
}

fn statement(statement: &Statement) -> Block {
    Block::line(match &statement.kind {
        StatementKind::Let(binding) => let_text(binding),
        StatementKind::Derivative(left, value) => assign(Text::word(&format!("d/dt {}", place(left, ""))), value),
        StatementKind::Covariant(left, value) => assign(Text::word(&format!("D/dt {}", place(left, ""))), value),
        StatementKind::Update(left, value) => assign(Text::word(&place(left, "'")), value),
        StatementKind::Each { var, shape, over, except, body } => {
            let mut head = Text::word(&format!("each {}", var.name));
            if let Some(shape) = shape {
                head.push(" : ");
                head.append(shape.text());
            }
            head.push(&format!(" in {}", over.name));
            except.iter().for_each(|e| head.push(&format!(" - {}", e.name)));
            return Block::with_body(head, body.iter().map(self::statement).collect(), 1);
        }
    })
}

fn place(place: &Place, prime: &str) -> String {
    match &place.block {
        Some(block) if place.name.name == "params" => format!("params[{}]{prime}", block.name),
        Some(block) => format!("{}{prime}[{}]", place.name.name, block.name),
        None => format!("{}{prime}", place.name.name),
    }
}
