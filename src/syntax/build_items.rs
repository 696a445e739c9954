//! Building the top-level items, except optimizers.

use super::build::{Builder, Built, Parts};
use super::build_expr::inclusive;
use super::error::SyntaxError;
use super::grammar::{Node, Rule};
use super::tree::{
    Architecture, ArchitectureEntry, Argument, Binder, Check, Classify, Comparison, Composite, Condition, Cone, Data,
    Def, Domain, Equation, Expectation, ExpectedVerdict, Expr, Generator, Instance, ItemKind, Let, Morphism,
    MorphismKind, Over, Param, Path, Question, System, Type, UseTarget,
};

/// The longest chain `N -> N -> …` of a type.
const MAX_ARROWS: usize = 64;

impl Builder {
    /// An item from its node (the one inside `item`).
    pub(super) fn item(self, node: Node<'_>) -> Built<ItemKind> {
        match node.as_rule() {
            Rule::use_item => self.use_item(node).map(ItemKind::Use),
            Rule::data_item => self.data(node).map(ItemKind::Data),
            Rule::let_item => self.let_item(node).map(ItemKind::Let),
            Rule::def_item => self.def(node).map(ItemKind::Def),
            Rule::architecture => self.architecture(node).map(ItemKind::Architecture),
            Rule::morphism => self.morphism(node).map(ItemKind::Morphism),
            Rule::composite => self.composite(node).map(ItemKind::Composite),
            Rule::optimizer => self.optimizer(node).map(ItemKind::Optimizer),
            Rule::system => self.system(node).map(ItemKind::System),
            Rule::cone => self.cone(node).map(ItemKind::Cone),
            Rule::check => self.check(node).map(ItemKind::Check),
            _ => self.classify(node).map(ItemKind::Classify),
        }
    }

    fn use_item(self, node: Node<'_>) -> Built<UseTarget> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_use)?;
        if let Some(path) = parts.take(Rule::string) {
            return Ok(UseTarget::Path(
                path.as_str().trim_matches('"').to_owned(),
                self.span(&path),
            ));
        }
        Ok(UseTarget::Library(self.parts(parts.need(Rule::library)?).idents()))
    }

    fn data(self, node: Node<'_>) -> Built<Data> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_data)?;
        let mut names = Vec::new();
        while let Some(name) = parts.take(Rule::data_name) {
            let mut parts = self.parts(name);
            names.push((parts.ident()?, self.optional_params(&mut parts)?));
        }
        let ty = self.ty(parts.need(Rule::ty)?)?;
        let (value, conditions) = self.value_and_conditions(&mut parts)?;
        Ok(Data {
            names,
            ty,
            conditions,
            value,
        })
    }

    pub(super) fn let_item(self, node: Node<'_>) -> Built<Let> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_let)?;
        Ok(Let {
            name: parts.ident()?,
            value: self.value(parts.need(Rule::value)?)?,
        })
    }

    fn def(self, node: Node<'_>) -> Built<Def> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_def)?;
        let name = parts.ident()?;
        let params = self.parts(parts.need(Rule::def_params)?).idents();
        Ok(Def {
            name,
            params,
            body: self.value(parts.need(Rule::value)?)?,
        })
    }

    /// `= e`.
    pub(super) fn value(self, node: Node<'_>) -> Built<Expr> {
        self.expr(self.parts(node).need(Rule::expr)?)
    }

    /// A value and conditions, either of which may be absent, in either order.
    fn value_and_conditions(self, parts: &mut Parts<'_>) -> Built<(Option<Expr>, Vec<Condition>)> {
        let (mut value, mut conditions) = (None, Vec::new());
        loop {
            if let Some(node) = parts.take(Rule::value) {
                value = Some(self.value(node)?);
            } else if let Some(node) = parts.take(Rule::where_clause) {
                conditions = self.conditions(node)?;
            } else {
                return Ok((value, conditions));
            }
        }
    }

    fn conditions(self, node: Node<'_>) -> Built<Vec<Condition>> {
        node.into_inner()
            .filter(|part| part.as_rule() == Rule::condition)
            .map(|part| self.condition(part))
            .collect()
    }

    fn condition(self, node: Node<'_>) -> Built<Condition> {
        let mut parts = self.parts(node);
        let first = self.expr(parts.need(Rule::expr)?)?;
        let mut rest = Vec::new();
        while let Some(sign) = parts.take(Rule::comparison) {
            let comparison = match sign.as_str() {
                "<" => Comparison::Lt,
                "<=" => Comparison::Le,
                ">" => Comparison::Gt,
                ">=" => Comparison::Ge,
                _ => Comparison::Ne,
            };
            rest.push((comparison, self.expr(parts.need(Rule::expr)?)?));
        }
        Ok(Condition {
            first,
            rest,
            span: parts.whole(),
        })
    }

    pub(super) fn ty(self, node: Node<'_>) -> Built<Type> {
        let whole = self.span(&node);
        let mut atoms = Vec::new();
        let mut parts = self.parts(node);
        while let Some(atom) = parts.take(Rule::ty_atom) {
            let mut parts = self.parts(atom);
            let name = parts.ident()?;
            let mut dims = Vec::new();
            if let Some(node) = parts.take(Rule::dims) {
                let mut parts = self.parts(node);
                while let Some(node) = parts.take(Rule::expr) {
                    dims.push(self.expr(node)?);
                }
            }
            atoms.push(Type {
                name,
                dims,
                arrow: None,
                span: parts.whole(),
            });
        }
        if atoms.len() > MAX_ARROWS {
            return Err(SyntaxError::TooDeep {
                what: "chain of `->`",
                limit: MAX_ARROWS,
                span: whole,
            });
        }
        let mut ty = atoms.pop().ok_or_else(|| parts.missing(Rule::ty))?;
        while let Some(mut domain) = atoms.pop() {
            domain.span = domain.span.to(ty.span);
            domain.arrow = Some(Box::new(ty));
            ty = domain;
        }
        Ok(ty)
    }

    pub(super) fn optional_params(self, parts: &mut Parts<'_>) -> Built<Vec<Param>> {
        parts
            .take(Rule::params)
            .map_or(Ok(Vec::new()), |node| self.params(node))
    }

    /// A parameter list. Bare names take the type and the value of the next piece that has a type.
    fn params(self, node: Node<'_>) -> Built<Vec<Param>> {
        let mut params: Vec<Param> = Vec::new();
        let mut bare = 0;
        for piece in node.into_inner().filter(|part| part.as_rule() == Rule::param_piece) {
            let mut parts = self.parts(piece);
            let name = parts.ident()?;
            let ty = parts.take(Rule::ty).map(|node| self.ty(node)).transpose()?;
            let (default, conditions) = self.value_and_conditions(&mut parts)?;
            if ty.is_some() {
                let start = params.len() - bare;
                for param in &mut params[start..] {
                    param.ty.clone_from(&ty);
                    param.default.clone_from(&default);
                }
            }
            let is_bare = ty.is_none() && default.is_none() && conditions.is_empty();
            bare = if is_bare { bare + 1 } else { 0 };
            params.push(Param {
                name,
                ty,
                default,
                conditions,
            });
        }
        Ok(params)
    }

    pub(super) fn instance(self, node: Node<'_>) -> Built<Instance> {
        let mut parts = self.parts(node);
        let name = parts.ident()?;
        let mut args = Vec::new();
        if let Some(node) = parts.take(Rule::arguments) {
            let mut parts = self.parts(node);
            while let Some(node) = parts.take(Rule::argument) {
                let mut parts = self.parts(node);
                let name = parts.take(Rule::ident).map(|node| self.ident(&node));
                args.push(Argument {
                    name,
                    value: self.expr(parts.need(Rule::expr)?)?,
                });
            }
        }
        Ok(Instance {
            name,
            args,
            span: parts.whole(),
        })
    }

    fn path(self, node: Node<'_>) -> Built<Path> {
        let mut parts = self.parts(node);
        let mut path = Path {
            parts: Vec::new(),
            span: parts.whole(),
        };
        while let Some(node) = parts.take(Rule::instance) {
            path.parts.push(self.instance(node)?);
        }
        Ok(path)
    }

    fn architecture(self, node: Node<'_>) -> Built<Architecture> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_architecture)?;
        let name = parts.ident()?;
        let params = self.optional_params(&mut parts)?;
        let mut body = Vec::new();
        while let Some(entry) = parts.take(Rule::architecture_entry) {
            let mut entry = self.parts(entry);
            let Some(node) = entry.any() else {
                return Err(entry.missing(Rule::architecture_entry));
            };
            body.push(self.architecture_entry(node)?);
        }
        Ok(Architecture {
            name,
            params,
            body,
            span: parts.whole(),
        })
    }

    fn architecture_entry(self, node: Node<'_>) -> Built<ArchitectureEntry> {
        if node.as_rule() == Rule::let_item {
            return self.let_item(node).map(ArchitectureEntry::Let);
        }
        let mut parts = self.parts(node);
        if parts.take(Rule::kw_param).is_some() {
            let names = parts.idents();
            let ty = self.ty(parts.need(Rule::ty)?)?;
            let (_, conditions) = self.value_and_conditions(&mut parts)?;
            let ty = Some(ty);
            let mut params: Vec<Param> = names
                .into_iter()
                .map(|name| Param {
                    name,
                    ty: ty.clone(),
                    default: None,
                    conditions: Vec::new(),
                })
                .collect();
            if let Some(last) = params.last_mut() {
                last.conditions = conditions;
            }
            return Ok(ArchitectureEntry::Param(params));
        }
        if let Some(word) = parts.take(Rule::kw_loss) {
            return Ok(ArchitectureEntry::Loss(
                self.span(&word),
                self.value(parts.need(Rule::value)?)?,
            ));
        }
        let word = self.span(&parts.need(Rule::kw_output)?);
        let metric = parts.take(Rule::kw_metric).map(|node| word.to(self.span(&node)));
        let value = self.value(parts.need(Rule::value)?)?;
        Ok(match metric {
            Some(words) => ArchitectureEntry::OutputMetric(words, value),
            None => ArchitectureEntry::Output(word, value),
        })
    }

    fn morphism(self, node: Node<'_>) -> Built<Morphism> {
        let mut parts = self.parts(node);
        let kind = match parts.any().map(|node| node.as_rule()) {
            Some(Rule::kw_projection) => MorphismKind::Projection,
            Some(Rule::kw_embedding) => MorphismKind::Embedding,
            _ => MorphismKind::Reparam,
        };
        let name = parts.ident()?;
        let params = self.optional_params(&mut parts)?;
        let source = parts.need(Rule::domain)?;
        let source_span = self.span(&source);
        let mut domain = self.parts(source);
        let source = match domain.take(Rule::params) {
            Some(node) => Domain::Inline(self.params(node)?, source_span),
            None => Domain::Named(self.instance(domain.need(Rule::instance)?)?),
        };
        let target = self.instance(parts.need(Rule::instance)?)?;
        let mut body = self.equations(&mut parts)?;
        let inverse = match parts.take(Rule::inverse) {
            Some(node) => {
                let mut inverse = self.parts(node);
                inverse.need(Rule::kw_inverse)?;
                Some((inverse.whole(), self.equations(&mut inverse)?))
            }
            None => None,
        };
        body.extend(self.equations(&mut parts)?);
        Ok(Morphism {
            kind,
            name,
            params,
            source,
            target,
            body,
            inverse,
            span: parts.whole(),
        })
    }

    fn equations(self, parts: &mut Parts<'_>) -> Built<Vec<Equation>> {
        let mut equations = Vec::new();
        while let Some(node) = parts.take(Rule::equation) {
            let mut parts = self.parts(node);
            equations.push(match parts.take(Rule::let_item) {
                Some(node) => Equation::Let(self.let_item(node)?),
                None => Equation::Assign(parts.ident()?, self.value(parts.need(Rule::value)?)?),
            });
        }
        Ok(equations)
    }

    fn composite(self, node: Node<'_>) -> Built<Composite> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_morphism)?;
        let name = parts.ident()?;
        let params = self.optional_params(&mut parts)?;
        Ok(Composite {
            name,
            params,
            path: self.path(parts.need(Rule::path)?)?,
        })
    }

    fn system(self, node: Node<'_>) -> Built<System> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_system)?;
        let name = parts.ident()?;
        let mut generators = Vec::new();
        while let Some(node) = parts.take(Rule::generator) {
            generators.push(self.generator(node)?);
        }
        Ok(System { name, generators })
    }

    fn generator(self, node: Node<'_>) -> Built<Generator> {
        let mut parts = self.parts(node);
        let morphism = self.instance(parts.need(Rule::instance)?)?;
        parts.take(Rule::kw_over);
        let mut over = Vec::new();
        while let Some(node) = parts.take(Rule::over) {
            over.push(self.over(node)?);
        }
        Ok(Generator {
            morphism,
            over,
            span: parts.whole(),
        })
    }

    fn over(self, node: Node<'_>) -> Built<Over> {
        let mut parts = self.parts(node);
        let name = parts.ident()?;
        if parts.take(Rule::at_least).is_some() {
            return Ok(Over::From(name, self.expr(parts.need(Rule::expr)?)?));
        }
        parts.need(Rule::kw_in)?;
        let lo = self.expr(parts.need(Rule::expr)?)?;
        let inclusive = inclusive(&parts.need(Rule::range_sign)?);
        let hi = self.expr(parts.need(Rule::expr)?)?;
        Ok(Over::Range(Binder {
            name,
            lo,
            hi,
            inclusive,
            span: parts.whole(),
        }))
    }

    fn cone(self, node: Node<'_>) -> Built<Cone> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_cone)?;
        let name = parts.ident()?;
        let apex = self.instance(parts.need(Rule::instance)?)?;
        let system = parts.ident()?;
        Ok(Cone {
            name,
            apex,
            system,
            leg: self.generator(parts.need(Rule::generator)?)?,
        })
    }

    fn check(self, node: Node<'_>) -> Built<Check> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_check)?;
        let mut question = self.parts(parts.need(Rule::question)?);
        let Some(node) = question.any() else {
            return Err(question.missing(Rule::question));
        };
        let question = self.question(node)?;
        let expect = parts
            .take(Rule::expect)
            .map(|node| self.expectation(node))
            .transpose()?;
        Ok(Check {
            question,
            expect,
            span: parts.whole(),
        })
    }

    fn question(self, node: Node<'_>) -> Built<Question> {
        let rule = node.as_rule();
        let mut parts = self.parts(node);
        let word = parts.any();
        Ok(match rule {
            Rule::ask_natural => {
                let optimizer = self.instance(parts.need(Rule::instance)?)?;
                parts.need(Rule::kw_along)?;
                let along = self.path(parts.need(Rule::path)?)?;
                Question::Natural {
                    optimizer,
                    along,
                    on: self.on(&mut parts)?,
                }
            }
            Rule::ask_commutes => Question::Commutes {
                left: self.path(parts.need(Rule::path)?)?,
                right: self.path(parts.need(Rule::path)?)?,
            },
            Rule::ask_preserves => {
                let what = parts.any().or(word).ok_or_else(|| parts.missing(Rule::kw_loss))?;
                Question::Preserves {
                    what: self.ident(&what),
                    path: self.path(parts.need(Rule::path)?)?,
                }
            }
            Rule::ask_same => Question::Same {
                left: self.instance(parts.need(Rule::instance)?)?,
                right: self.instance(parts.need(Rule::instance)?)?,
                on: self.on(&mut parts)?,
            },
            _ => Question::System { system: parts.ident()? },
        })
    }

    fn on(self, parts: &mut Parts<'_>) -> Built<Option<Instance>> {
        let Some(node) = parts.take(Rule::on) else {
            return Ok(None);
        };
        let mut parts = self.parts(node);
        parts.need(Rule::kw_on)?;
        self.instance(parts.need(Rule::instance)?).map(Some)
    }

    fn expectation(self, node: Node<'_>) -> Built<Expectation> {
        let mut parts = self.parts(node);
        let span = parts.whole();
        parts.need(Rule::kw_expect)?;
        let mut verdict = self.parts(parts.need(Rule::verdict)?);
        let Some(node) = verdict.any() else {
            return Err(verdict.missing(Rule::verdict));
        };
        let verdict = match node.as_rule() {
            Rule::kw_commutes => ExpectedVerdict::Commutes,
            Rule::up_to_rate => {
                let rate = node.into_inner().find(|part| part.as_rule() == Rule::expr);
                ExpectedVerdict::UpToRate(rate.map(|node| self.expr(node)).transpose()?)
            }
            Rule::in_limit => ExpectedVerdict::InLimit,
            Rule::kw_fails => ExpectedVerdict::Fails,
            Rule::kw_undecided => ExpectedVerdict::Undecided,
            _ => ExpectedVerdict::Invalid,
        };
        Ok(Expectation { verdict, span })
    }

    fn classify(self, node: Node<'_>) -> Built<Classify> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_classify)?;
        let optimizer = parts.take(Rule::instance).map(|node| self.instance(node)).transpose()?;
        Ok(Classify {
            optimizer,
            on: self.on(&mut parts)?,
            span: parts.whole(),
        })
    }
}
