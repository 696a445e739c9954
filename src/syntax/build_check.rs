//! Building systems, cones and checks.

use crate::source::Span;

use super::build::{Builder, Built, Parts};
use super::build_expr::inclusive;
use super::error::SyntaxError;
use super::grammar::{Node, Rule};
use super::tree::{
    Binder, BlockRate, Check, Classify, Cone, Expectation, ExpectedVerdict, Generator, Ident, Instance, Over, Question,
    System, Trace, Transfer, Via,
};

impl Builder {
    pub(super) fn system(self, node: Node<'_>) -> Built<System> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_system)?;
        let name = parts.ident()?;
        let mut generators = Vec::new();
        while let Some(node) = parts.take(Rule::generator) {
            generators.push(self.generator(node)?);
        }
        Ok(System { name, generators })
    }

    pub(super) fn generator(self, node: Node<'_>) -> Built<Generator> {
        let mut parts = self.parts(node);
        let morphism = self.instance(parts.need(Rule::instance)?)?;
        parts.take(Rule::kw_over);
        let mut over = Vec::new();
        while let Some(node) = parts.take(Rule::over) {
            over.push(self.over(node)?);
        }
        Ok(Generator { morphism, over, span: parts.whole() })
    }

    pub(super) fn over(self, node: Node<'_>) -> Built<Over> {
        let mut parts = self.parts(node);
        let name = parts.ident()?;
        if parts.take(Rule::at_least).is_some() {
            return Ok(Over::From(name, self.expr(parts.need(Rule::expr)?)?));
        }
        parts.need(Rule::kw_in)?;
        let lo = self.expr(parts.need(Rule::expr)?)?;
        let inclusive = inclusive(&parts.need(Rule::range_sign)?);
        let hi = self.expr(parts.need(Rule::expr)?)?;
        Ok(Over::Range(Binder { name, lo, hi, inclusive, span: parts.whole() }))
    }

    pub(super) fn cone(self, node: Node<'_>) -> Built<Cone> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_cone)?;
        let name = parts.ident()?;
        let from = self.instance(parts.need(Rule::instance)?)?;
        let to = self.instance(parts.need(Rule::instance)?)?;
        Ok(Cone { name, from, to, leg: self.generator(parts.need(Rule::generator)?)? })
    }

    pub(super) fn check(self, node: Node<'_>) -> Built<Check> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_check)?;
        let mut question = self.parts(parts.need(Rule::question)?);
        let Some(node) = question.any() else {
            return Err(question.missing(Rule::question));
        };
        let question = self.question(node)?;
        let expect = parts.take(Rule::expect).map(|node| self.expectation(node)).transpose()?;
        Ok(Check { question, expect, span: parts.whole() })
    }

    pub(super) fn question(self, node: Node<'_>) -> Built<Question> {
        let rule = node.as_rule();
        let mut parts = self.parts(node);
        let word = parts.any();
        Ok(match rule {
            Rule::ask_natural => {
                let optimizer = self.instance(parts.need(Rule::instance)?)?;
                parts.need(Rule::kw_along)?;
                let along = self.path(parts.need(Rule::path)?)?;
                Question::Natural { optimizer, along, on: self.on(&mut parts)? }
            }
            Rule::ask_training | Rule::ask_transfer => {
                let optimizer = self.instance(parts.need(Rule::instance)?)?;
                parts.need(Rule::kw_along)?;
                let along = self.path(parts.need(Rule::path)?)?;
                if rule == Rule::ask_training {
                    Question::Training { optimizer, along }
                } else {
                    Question::Transfer { optimizer, along }
                }
            }
            Rule::ask_commutes => Question::Commutes {
                left: self.path(parts.need(Rule::path)?)?,
                right: self.path(parts.need(Rule::path)?)?,
            },
            Rule::ask_preserves => {
                let what = parts.any().or(word).ok_or_else(|| parts.missing(Rule::kw_loss))?;
                Question::Preserves { what: self.ident(&what), path: self.path(parts.need(Rule::path)?)? }
            }
            Rule::ask_same => {
                let training = parts.take(Rule::kw_training).is_some();
                let left = self.instance(parts.need(Rule::instance)?)?;
                let right = self.instance(parts.need(Rule::instance)?)?;
                let on = self.on(&mut parts)?;
                match (training, self.via(&mut parts)?) {
                    (false, via) => Question::Same { left, right, on, via },
                    (true, None) => Question::SameTraining { left, right, on },
                    (true, Some(via)) => return Err(no_via(via.span)),
                }
            }
            Rule::ask_system => Question::System { system: parts.ident()? },
            _ => return Err(parts.missing(Rule::question)),
        })
    }

    pub(super) fn on(self, parts: &mut Parts<'_>) -> Built<Option<Instance>> {
        let Some(node) = parts.take(Rule::on) else {
            return Ok(None);
        };
        let mut parts = self.parts(node);
        parts.need(Rule::kw_on)?;
        self.instance(parts.need(Rule::instance)?).map(Some)
    }

    fn via(self, parts: &mut Parts<'_>) -> Built<Option<Via>> {
        let Some(node) = parts.take(Rule::via) else {
            return Ok(None);
        };
        let mut parts = self.parts(node);
        parts.need(Rule::kw_via)?;
        Ok(Some(Via { body: self.equations(&mut parts)?, span: parts.whole() }))
    }

    pub(super) fn expectation(self, node: Node<'_>) -> Built<Expectation> {
        let mut parts = self.parts(node);
        let span = parts.whole();
        parts.need(Rule::kw_expect)?;
        let mut verdict = self.parts(parts.need(Rule::verdict)?);
        let Some(node) = verdict.any() else {
            return Err(verdict.missing(Rule::verdict));
        };
        let mut rate = None;
        let verdict = match node.as_rule() {
            Rule::kw_commutes => ExpectedVerdict::Commutes,
            Rule::up_to_rate => {
                let rate = node.into_inner().find(|part| part.as_rule() == Rule::expr);
                ExpectedVerdict::UpToRate(rate.map(|node| self.expr(node)).transpose()?)
            }
            Rule::up_to_rates => {
                let rates = node.into_inner().filter(|part| part.as_rule() == Rule::block_rate);
                ExpectedVerdict::UpToRates(rates.map(|node| self.block_rate(node)).collect::<Built<_>>()?)
            }
            Rule::in_limit => {
                let order = node.into_inner().find(|part| part.as_rule() == Rule::order);
                let named = order.clone().and_then(|o| o.into_inner().find(|part| part.as_rule() == Rule::ident));
                rate = named.map(|n| Ident { name: n.as_str().to_owned(), span: self.span(&n) });
                ExpectedVerdict::InLimit(order.map(|node| self.order(node)).transpose()?)
            }
            Rule::kw_fails => ExpectedVerdict::Fails,
            Rule::kw_undecided => ExpectedVerdict::Undecided,
            Rule::kw_invalid => ExpectedVerdict::Invalid,
            _ => return Err(verdict.missing(Rule::verdict)),
        };
        Ok(Expectation { rate, verdict, span })
    }

    /// `(lr^2)`: a whole number, of whatever the learning rate is called.
    fn order(self, node: Node<'_>) -> Built<usize> {
        let (span, found) = (self.span(&node), format!("`{}`", node.as_str()));
        let number = node.into_inner().find(|part| part.as_rule() == Rule::number);
        number.and_then(|part| part.as_str().parse().ok()).ok_or_else(|| SyntaxError::Unexpected {
            expected: "the order of the defect".to_owned(),
            found,
            span,
            help: Some("the order is a whole number: `expect in limit (lr^2)`".to_owned()),
        })
    }

    fn block_rate(self, node: Node<'_>) -> Built<BlockRate> {
        let mut parts = self.parts(node);
        let hyperparameter = parts.ident()?;
        let block = parts.ident()?;
        Ok(BlockRate { hyperparameter, block, value: self.value(parts.need(Rule::value)?)? })
    }

    pub(super) fn transfer(self, node: Node<'_>) -> Built<Transfer> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_transfer)?;
        let optimizer = parts.take(Rule::instance).map(|node| self.instance(node)).transpose()?;
        parts.need(Rule::kw_along)?;
        Ok(Transfer { optimizer, along: self.path(parts.need(Rule::path)?)?, span: parts.whole() })
    }

    pub(super) fn trace(self, node: Node<'_>) -> Built<Trace> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_trace)?;
        let mut optimizers = Vec::new();
        while let Some(node) = parts.take(Rule::instance) {
            optimizers.push(self.instance(node)?);
        }
        parts.need(Rule::kw_along)?;
        let along = self.path(parts.need(Rule::path)?)?;
        let span = parts.whole();
        let mut trace =
            Trace { optimizers, along, settings: Vec::new(), start: None, repeat: Vec::new(), until: None, span };
        while let Some(entry) = parts.take(Rule::trace_entry) {
            let mut entry = self.parts(entry);
            let Some(node) = entry.any() else { return Err(entry.missing(Rule::trace_entry)) };
            let rule = node.as_rule();
            let mut parts = self.parts(node);
            match rule {
                Rule::trace_start => {
                    let word = self.span(&parts.need(Rule::kw_start)?);
                    let start = self.equations(&mut parts)?;
                    if trace.start.replace((word, start)).is_some() {
                        return Err(twice("start", word));
                    }
                }
                Rule::trace_repeat => {
                    parts.need(Rule::kw_repeat)?;
                    while let Some(node) = parts.take(Rule::expr) {
                        trace.repeat.push(self.expr(node)?);
                    }
                }
                Rule::trace_until => {
                    let word = self.span(&parts.need(Rule::kw_until)?);
                    parts.need(Rule::kw_loss)?;
                    parts.take(Rule::below);
                    if trace.until.replace(self.expr(parts.need(Rule::expr)?)?).is_some() {
                        return Err(twice("until", word));
                    }
                }
                _ => trace.settings.push((parts.ident()?, self.value(parts.need(Rule::value)?)?)),
            }
        }
        Ok(trace)
    }

    pub(super) fn classify(self, node: Node<'_>) -> Built<Classify> {
        let mut parts = self.parts(node);
        parts.need(Rule::kw_classify)?;
        let optimizer = parts.take(Rule::instance).map(|node| self.instance(node)).transpose()?;
        Ok(Classify { optimizer, on: self.on(&mut parts)?, span: parts.whole() })
    }
}

fn twice(word: &str, span: Span) -> SyntaxError {
    SyntaxError::Unexpected {
        expected: "one of each line".into(),
        found: format!("a second `{word}`"),
        span,
        help: Some("several experiments are several `trace` items".into()),
    }
}

fn no_via(span: Span) -> SyntaxError {
    SyntaxError::Unexpected {
        expected: "`expect`, a declaration or a check".into(),
        found: "`via`".into(),
        span,
        help: Some("`same training` compares parameters from fresh states, with no map to be given; `same … via` compares one step".into()),
    }
}
