//! MiniJinja's values as nodes: what an expression gave, with its type and origins.

use super::{
    error,
    fill::Filler,
    inputs::{Kind, Tracked},
    origin::direct,
    slots::{self, NoText},
};
use crate::{
    diag::{Diagnostic, Place},
    yaml::{Key, Map, Node, Origin, Trail, Value},
};
use minijinja::value::{Value as Given, ValueKind};
use std::sync::Arc;

/// Values nest no deeper than this.
const DEEPEST: usize = 100;

/// What all slots of one rendering may hold together: a list that holds a list twice, sixty times over, is small
/// for the engine and without end as data.
const MOST: usize = 1_000_000;

/// Where a value goes and where it came from.
pub(super) struct Spot {
    /// The expression.
    pub(super) place: Place,
    /// The origin of what the expression computed.
    pub(super) origin: Origin,
    /// Is null data here?
    pub(super) nulls: bool,
}

impl Filler<'_, '_> {
    /// The value of a slot that stands alone. `input` is the input that it is, unchanged. `None`: it goes away,
    /// or an error was pushed.
    pub(super) fn value(&mut self, value: &Given, input: Option<&Arc<Tracked>>, spot: &Spot) -> Option<Node> {
        match input {
            Some(node) => self.tracked(node, spot),
            None => self.given(value, spot, 0),
        }
    }

    /// An input, with the origins of all its leaves.
    fn tracked(&mut self, node: &Arc<Tracked>, spot: &Spot) -> Option<Node> {
        self.room(spot)?;
        let within = match &spot.origin {
            Origin::Rich(trail) => &trail.within,
            _ => &None,
        };
        let value = match &node.kind {
            Kind::Scalar(Value::Null, _) if !spot.nulls => {
                let problem = self.null(&node.path, spot).label(node.origin.place(), "set here");
                self.push(problem);
                return None;
            }
            Kind::Scalar(value, _) => value.clone(),
            Kind::Seq(items) => {
                Value::Seq(items.iter().filter_map(|item| self.tracked(item, spot)).collect())
            }
            Kind::Map(map) => {
                let entries =
                    map.iter().filter_map(|(key, item)| Some((key.clone(), self.tracked(item, spot)?)));
                Value::Map(entries.collect())
            }
        };
        Some(Node::with(value, direct(node, false, spot.place, within)))
    }

    /// Counts one more part of a value. `None`: it is one too many, which is said of the first.
    fn room(&mut self, spot: &Spot) -> Option<()> {
        self.parts += 1;
        if self.parts == MOST + 1 {
            let problem = self.about(spot, "template/size", &format!("brings the values past {MOST} parts"));
            self.push(
                problem.help("build less in the template: a value that holds another twice doubles it"),
            );
        }
        (self.parts <= MOST).then_some(())
    }

    fn given(&mut self, value: &Given, spot: &Spot, depth: usize) -> Option<Node> {
        self.room(spot)?;
        if depth > DEEPEST {
            let problem = self.about(spot, "template/depth", &format!("nests deeper than {DEEPEST} levels"));
            self.push(problem.help("flatten the structure"));
            return None;
        }
        if let Some(node) = value.downcast_object::<Tracked>() {
            return self.tracked(&node, spot);
        }
        let node = |value| Some(Node::with(value, spot.origin.clone()));
        match value.kind() {
            ValueKind::None if spot.nulls => node(Value::Null),
            ValueKind::None => {
                let name = self.rendered.expression(spot.place).into_owned();
                let problem = self.null(&name, spot);
                self.push(problem);
                None
            }
            ValueKind::Bool => node(Value::Bool(value.is_true())),
            ValueKind::Number => self.number(value, spot).and_then(node),
            ValueKind::Map => self.mapping(value, spot, depth).and_then(node),
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter().map(|items| items.collect::<Vec<_>>()).unwrap_or_default();
                let items =
                    items.iter().filter_map(|item| self.given(item, spot, depth + 1)).collect::<Vec<_>>();
                node(Value::Seq(items))
            }
            _ if slots::is_omit(value) => None,
            _ => {
                let value = slots::filled(value).unwrap_or_else(|_| value.clone());
                match slots::text_of(&value) {
                    Ok(text) => node(Value::Str(text)),
                    Err(why) => {
                        let problem = self.unfit(why, spot);
                        self.push(problem);
                        None
                    }
                }
            }
        }
    }

    fn number(&mut self, value: &Given, spot: &Spot) -> Option<Value> {
        let problem = if value.is_integer() {
            match i64::try_from(value.clone()) {
                Ok(int) => return Some(Value::Int(int)),
                Err(_) => self
                    .about(spot, "template/integer", "does not fit into 64 bits")
                    .help("write it as text: `{{ … | string }}`"),
            }
        } else if let Some(problem) = self.integral(value, spot.place, &spot.origin, false) {
            problem
        } else {
            match f64::try_from(value.clone()) {
                Ok(float) if float.is_finite() => return Some(Value::Float(float)),
                _ => self.unfit(NoText::NonFinite, spot),
            }
        };
        self.push(problem);
        None
    }

    /// A computed number without a fraction that is none of the integers: `6 / 2` is `3.0`.
    pub(super) fn integral(
        &self,
        value: &Given,
        place: Place,
        origin: &Origin,
        exact: bool,
    ) -> Option<Diagnostic> {
        if exact || value.kind() != ValueKind::Number || value.is_integer() {
            return None;
        }
        let float = f64::try_from(value.clone()).ok()?;
        if !float.is_finite() || float.fract() != 0.0 || self.is_input(float, origin) {
            return None;
        }
        let name = self.rendered.expression(place).into_owned();
        let problem =
            Diagnostic::error("template/float", format!("`{name}` is a float where an integer is meant"))
                .at(place)
                .because("`/` always gives a float, and readers differ on `3.0`");
        Some(match name.contains('/') {
            true => {
                problem.help(format!("divide with `//`: `{}`", name.replace("//", "/").replace('/', "//")))
            }
            false => problem.help("divide with `//`, or add `| int`; if a float is meant, `| string`"),
        })
    }

    /// Was the float read from an input rather than computed?
    fn is_input(&self, float: f64, origin: &Origin) -> bool {
        let Origin::Rich(trail) = origin else { return false };
        let Trail { reads, .. } = &**trail;
        self.rendered.session.log.iter().any(|node| {
            matches!(&node.kind, Kind::Scalar(Value::Float(own), _) if *own == float)
                && reads.iter().any(|read| read.path == node.path)
        })
    }

    fn mapping(&mut self, value: &Given, spot: &Spot, depth: usize) -> Option<Value> {
        let mut map = Map::new();
        let keys = value.try_iter().map(|keys| keys.collect::<Vec<_>>()).unwrap_or_default();
        for key in keys {
            let Ok(item) = value.get_item(&key) else { continue };
            if slots::is_omit(&key) {
                continue;
            }
            let text = match slots::text_of(&key) {
                Ok(text) => text,
                Err(why) => {
                    let problem = self
                        .about(spot, "template/key", &format!("has {} as a key", why.noun()))
                        .help("use a text");
                    self.push(problem);
                    continue;
                }
            };
            let Some(item) = self.given(&item, spot, depth + 1) else { continue };
            if map.insert(Key::new(text.clone(), Some(spot.place)), item).is_some() {
                let problem = self.about(spot, "template/key", &format!("gives the key `{text}` twice"));
                self.push(problem.help("keep one of them"));
            }
        }
        Some(Value::Map(map))
    }

    fn about(&self, spot: &Spot, id: &'static str, what: &str) -> Diagnostic {
        let name = self.rendered.expression(spot.place);
        Diagnostic::error(id, format!("`{name}` {what}")).at(spot.place)
    }

    fn unfit(&self, why: NoText, spot: &Spot) -> Diagnostic {
        if why == NoText::Undefined {
            return error::undefined(self.rendered.compiled, spot.place, &self.rendered.session);
        }
        let problem = self.about(spot, "template/value", &format!("is {}", why.noun()));
        match why {
            NoText::Code => problem.help("call it"),
            NoText::Poison => {
                problem.help("leave lists, mappings and `omit` out of texts; `| to_yaml` makes text")
            }
            _ => problem.help("use a value that YAML can hold"),
        }
    }

    fn null(&self, name: &str, spot: &Spot) -> Diagnostic {
        Diagnostic::error(
            "template/null",
            format!("`{name}` is null, and null may stand only under `values`"),
        )
        .at(spot.place)
        .help("leave the key out: `| default(omit)` for what may be absent, `else omit` in a condition")
    }
}
