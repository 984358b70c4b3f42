//! Runs templates as Go's `text/template` does, within bounds.

use std::collections::HashMap;
use std::rc::Rc;

use crate::error::Failure;
use crate::funcs;
use crate::object::Object;
use crate::template::{Branch, Node, Operand, Parsed, Pipe, Place, Template, parse};
use crate::text::{How, Origin, Text};
use crate::value::{Data, MapKind, Value};

/// How much a chart may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Actions and calls.
    pub steps: u64,
    /// Bytes of text that are made, those of intermediate texts too.
    pub bytes: u64,
    /// How deep templates may include each other.
    pub depth: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { steps: 20_000_000, bytes: 512 << 20, depth: 160 }
    }
}

/// The steps after which collections are looked at before they become parts of others: none is as deep before.
const LONG: u64 = 100_000;

/// How deep collections may lie in each other.
const NESTED: u32 = 400;

/// How many values a collection may hold, those that it holds several times counted as often.
const SIZE: u64 = 3_000_000;

/// The templates that are there, by name.
pub(crate) type Templates = HashMap<Rc<str>, Rc<Template>>;

/// Adds a file's templates, as Go does: a later one of a name replaces an earlier, unless it is empty.
pub(crate) fn define(templates: &mut Templates, file: &Rc<str>, name: Rc<str>, body: Vec<Node>) {
    let blank = body.iter().all(|node| matches!(node, Node::Text(text) if text.as_str().trim().is_empty()));
    if blank && templates.contains_key(&name) {
        return;
    }
    templates.insert(name, Rc::new(Template { file: Rc::clone(file), body }));
}

/// A part of an output and the action of the file that wrote it.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    /// Where the part begins in the output.
    pub start: u32,
    /// The action.
    pub origin: Origin,
}

/// What runs.
pub(crate) struct State {
    templates: Rc<Templates>,
    variables: Vec<(Rc<str>, Value)>,
    bounds: Bounds,
    steps: u64,
    bytes: u64,
    depth: u32,
    /// Where the file that is rendered wrote what.
    sites: Vec<Site>,
}

/// How a list of nodes ended.
enum Flow {
    On,
    Break,
    Continue,
}

impl State {
    pub(crate) fn new(templates: Templates, bounds: Bounds) -> Self {
        Self {
            templates: Rc::new(templates),
            variables: Vec::new(),
            bounds,
            steps: 0,
            bytes: 0,
            depth: 0,
            sites: Vec::new(),
        }
    }

    /// Renders a file.
    pub(crate) fn render(&mut self, name: &str, data: &Value) -> Result<(Text, Vec<Site>), Failure> {
        self.sites.clear();
        self.depth = 0;
        let text = self.execute(name, data)?;
        Ok((text, std::mem::take(&mut self.sites)))
    }

    /// Runs a template by its name.
    pub(crate) fn execute(&mut self, name: &str, data: &Value) -> Result<Text, Failure> {
        let Some(template) = self.templates.get(name).cloned() else {
            return Err(Failure::new(format!("no template {name:?} associated with template \"gotpl\"")));
        };
        let mut out = Text::default();
        self.run(&template, data, &mut out)?;
        Ok(out)
    }

    fn run(&mut self, template: &Template, data: &Value, out: &mut Text) -> Result<(), Failure> {
        self.depth += 1;
        if self.depth > self.bounds.depth {
            return Err(Failure::bounded(format!(
                "templates include each other more than {} deep",
                self.bounds.depth
            )));
        }
        let variables = std::mem::take(&mut self.variables);
        self.variables.push(("$".into(), data.clone().unwrapped()));
        let result = self.walk(&template.file, &data.clone().unwrapped(), &template.body, out);
        self.variables = variables;
        self.depth -= 1;
        result.map(|_| ())
    }

    /// Renders a text that is a template itself.
    pub(crate) fn tpl(&mut self, source: &Text, data: &Value) -> Result<Text, Failure> {
        if !source.as_str().contains("{{") {
            return Ok(source.clone());
        }
        let file: Rc<str> = "tpl".into();
        let Parsed { body, defined } = parse(source, &file)?;
        let before = Rc::clone(&self.templates);
        if !defined.is_empty() {
            let mut templates = (*self.templates).clone();
            for (name, body) in defined {
                define(&mut templates, &file, name, body);
            }
            self.templates = Rc::new(templates);
        }
        let mut out = Text::default();
        let result = self.run(&Template { file, body }, data, &mut out);
        self.templates = before;
        result?;
        Ok(without_no_value(out))
    }

    /// Counts a step.
    pub(crate) fn step(&mut self) -> Result<(), Failure> {
        self.steps += 1;
        if self.steps > self.bounds.steps {
            return Err(Failure::bounded(format!("it takes more than {} steps", self.bounds.steps)));
        }
        Ok(())
    }

    /// Counts text that is made.
    pub(crate) fn make(&mut self, bytes: usize) -> Result<(), Failure> {
        self.bytes += bytes as u64;
        if self.bytes > self.bounds.bytes {
            return Err(Failure::bounded(format!(
                "it makes more than {} MiB of text",
                self.bounds.bytes >> 20
            )));
        }
        Ok(())
    }

    /// Refuses a collection that nothing should be made of, since it holds itself or too much.
    pub(crate) fn measure(&mut self, value: &Value) -> Result<(), Failure> {
        let mut left = SIZE;
        let fits = fits(value, NESTED, &mut left);
        self.steps += (SIZE - left) / 8;
        if fits { Ok(()) } else { Err(Failure::bounded("a value holds itself, or too many others")) }
    }

    /// The same, once a chart has run for long: what is built in a few steps is not deep.
    pub(crate) fn measure_late(&mut self, value: &Value) -> Result<(), Failure> {
        if self.steps > LONG { self.measure(value) } else { Ok(()) }
    }

    fn walk(&mut self, file: &Rc<str>, dot: &Value, nodes: &[Node], out: &mut Text) -> Result<Flow, Failure> {
        for node in nodes {
            self.step()?;
            match node {
                Node::Text(text) => {
                    self.make(text.len())?;
                    if self.depth == 1 {
                        self.sites.push(Site { start: out.len() as u32, origin: Origin::NOWHERE });
                    }
                    out.push(text);
                }
                Node::Action(pipe) => {
                    let value = self.pipe(dot, pipe).map_err(|f| f.at(|| at(file, pipe.at)))?;
                    if pipe.variables.is_empty() {
                        self.write(&value, pipe.at, out)?;
                    }
                }
                Node::If(branch) | Node::With(branch) => {
                    let mark = self.variables.len();
                    let value =
                        self.pipe(dot, &branch.pipe).map_err(|f| f.at(|| at(file, branch.pipe.at)))?;
                    let flow = if value.is_true() {
                        let dot = if matches!(node, Node::With(_)) { &value } else { dot };
                        self.walk(file, dot, &branch.then, out)
                    } else {
                        self.walk(file, dot, &branch.otherwise, out)
                    };
                    self.variables.truncate(mark);
                    match flow? {
                        Flow::On => {}
                        other => return Ok(other),
                    }
                }
                Node::Range(branch) => {
                    let mark = self.variables.len();
                    let flow = self.range(file, dot, branch, out);
                    self.variables.truncate(mark);
                    flow?;
                }
                Node::Template { name, pipe, at: place } => {
                    let value = match pipe {
                        Some(pipe) => self.pipe(dot, pipe).map_err(|f| f.at(|| at(file, *place)))?,
                        None => Value::NIL,
                    };
                    let text = self.execute(name, &value).map_err(|f| f.at(|| at(file, *place)))?;
                    self.write(&Value::text(text), *place, out)?;
                }
                Node::Break => return Ok(Flow::Break),
                Node::Continue => return Ok(Flow::Continue),
            }
        }
        Ok(Flow::On)
    }

    fn write(&mut self, value: &Value, place: Place, out: &mut Text) -> Result<(), Failure> {
        if self.depth == 1 {
            self.sites.push(Site { start: out.len() as u32, origin: place.origin });
        }
        let before = out.len();
        match &value.data {
            Data::Nil | Data::Null => out.push_made(NO_VALUE),
            Data::Str(text) if text.pieces().all(|(_, origin)| origin.how == How::Nowhere) => {
                for (range, origin) in text.pieces() {
                    let origin = if origin.how == How::Nowhere { place.origin.derived() } else { origin };
                    out.push_str(&text.as_str()[range], origin);
                }
            }
            Data::Str(text) => out.push(text),
            _ => {
                self.measure(value)?;
                let text = value.display();
                let origin = match text.origin() {
                    o if o.how == How::Nowhere => place.origin.derived(),
                    o => o,
                };
                out.push_str(text.as_str(), origin);
            }
        }
        self.make(out.len() - before)
    }

    fn range(&mut self, file: &Rc<str>, dot: &Value, branch: &Branch, out: &mut Text) -> Result<(), Failure> {
        let pipe = &branch.pipe;
        let place = |f: Failure| f.at(|| at(file, pipe.at));
        let value = self.pipe_without_variables(dot, pipe).map_err(place)?;
        let items: Vec<(Value, Value)> = match &value.data {
            Data::Nil | Data::Null => Vec::new(),
            Data::List(items) => items
                .iter()
                .enumerate()
                .map(|(n, item)| (Value::new(Data::Int(n as i64)), element(item)))
                .collect(),
            Data::Map(map) => map
                .entries
                .borrow()
                .iter()
                .map(|(key, entry)| {
                    let key = Text::new(&**key, entry.key);
                    (Value::text(key), element(&entry.value))
                })
                .collect(),
            Data::Int(count) | Data::Int64(count) => {
                let count = (*count).max(0) as u64;
                if count > self.bounds.steps {
                    return Err(place(Failure::bounded(format!("a range of {count} rounds"))));
                }
                return self.count(file, dot, branch, count, out);
            }
            Data::Object(object) => match &**object {
                Object::Files(files) => files.items(),
                Object::ApiVersions(c) => c
                    .api_versions
                    .iter()
                    .enumerate()
                    .map(|(n, v)| (Value::new(Data::Int(n as i64)), Value::str(&**v)))
                    .collect(),
                _ => {
                    return Err(place(Failure::new(format!(
                        "range can't iterate over {}",
                        value.type_name()
                    ))));
                }
            },
            Data::Bool(_) | Data::Float(_) | Data::Str(_) => {
                return Err(place(Failure::new(format!(
                    "range can't iterate over {}",
                    value.display().as_str()
                ))));
            }
        };
        if items.is_empty() {
            self.walk(file, dot, &branch.otherwise, out)?;
            return Ok(());
        }
        let base = self.variables.len();
        if !pipe.assigns {
            for name in &pipe.variables {
                self.variables.push((Rc::clone(name), Value::NIL));
            }
        }
        let mark = self.variables.len();
        for (key, item) in items {
            self.step().map_err(place)?;
            match (&pipe.variables[..], pipe.assigns) {
                ([one], true) => self.assign(one, item.clone()).map_err(place)?,
                ([first, second], true) => {
                    self.assign(first, key).map_err(place)?;
                    self.assign(second, item.clone()).map_err(place)?;
                }
                ([_], false) => self.variables[base].1 = item.clone(),
                ([_, _], false) => {
                    self.variables[base].1 = key;
                    self.variables[base + 1].1 = item.clone();
                }
                _ => {}
            }
            let flow = self.walk(file, &item, &branch.then, out);
            self.variables.truncate(mark);
            if matches!(flow?, Flow::Break) {
                break;
            }
        }
        Ok(())
    }

    /// A range over a number.
    fn count(
        &mut self,
        file: &Rc<str>,
        dot: &Value,
        branch: &Branch,
        count: u64,
        out: &mut Text,
    ) -> Result<(), Failure> {
        if count == 0 {
            self.walk(file, dot, &branch.otherwise, out)?;
        }
        for n in 0..count {
            self.step()?;
            let item = Value::new(Data::Int(n as i64));
            let mark = self.variables.len();
            if let [name] = &branch.pipe.variables[..] {
                self.variables.push((Rc::clone(name), item.clone()));
            }
            let flow = self.walk(file, &item, &branch.then, out);
            self.variables.truncate(mark);
            if matches!(flow?, Flow::Break) {
                break;
            }
        }
        Ok(())
    }

    fn assign(&mut self, name: &str, value: Value) -> Result<(), Failure> {
        match self.variables.iter_mut().rev().find(|(n, _)| **n == *name) {
            Some((_, place)) => {
                *place = value;
                Ok(())
            }
            None => Err(Failure::new(format!("undefined variable: {name}"))),
        }
    }

    fn pipe(&mut self, dot: &Value, pipe: &Pipe) -> Result<Value, Failure> {
        let value = self.pipe_without_variables(dot, pipe)?;
        for name in &pipe.variables {
            if pipe.assigns {
                self.assign(name, value.clone())?;
            } else {
                self.variables.push((Rc::clone(name), value.clone()));
            }
        }
        Ok(value)
    }

    fn pipe_without_variables(&mut self, dot: &Value, pipe: &Pipe) -> Result<Value, Failure> {
        let mut value: Option<Value> = None;
        for command in &pipe.commands {
            value = Some(self.command(dot, command, value)?.unwrapped());
        }
        Ok(value.unwrap_or(Value::NIL))
    }

    fn command(&mut self, dot: &Value, operands: &[Operand], last: Option<Value>) -> Result<Value, Failure> {
        self.step()?;
        let Some((first, rest)) = operands.split_first() else {
            return Err(Failure::new("missing value for command"));
        };
        match first {
            Operand::Function(name) => self.function(dot, name, rest, last),
            Operand::Field(names) => {
                let args = self.arguments(dot, rest, last)?;
                Self::fields(dot.clone(), names, args)
            }
            Operand::Variable(name, names) => {
                let value = self.variable(name)?;
                let args = self.arguments(dot, rest, last)?;
                Self::fields(value, names, args)
            }
            Operand::Chain(inner, names) => {
                if matches!(**inner, Operand::Nil) {
                    return Err(Failure::new("nil is not a command"));
                }
                let value = self.operand(dot, inner)?.unwrapped();
                let args = self.arguments(dot, rest, last)?;
                Self::fields(value, names, args)
            }
            _ if !rest.is_empty() || last.is_some() => {
                Err(Failure::new("can't give argument to non-function"))
            }
            Operand::Nil => Err(Failure::new("nil is not a command")),
            other => self.operand(dot, other),
        }
    }

    fn arguments(
        &mut self,
        dot: &Value,
        operands: &[Operand],
        last: Option<Value>,
    ) -> Result<Vec<Value>, Failure> {
        let mut args = Vec::with_capacity(operands.len() + 1);
        for operand in operands {
            args.push(self.operand(dot, operand)?.unwrapped());
        }
        args.extend(last.map(Value::unwrapped));
        Ok(args)
    }

    fn operand(&mut self, dot: &Value, operand: &Operand) -> Result<Value, Failure> {
        Ok(match operand {
            Operand::Dot => dot.clone(),
            Operand::Nil => Value::NIL,
            Operand::Bool(value) => Value::bool(*value),
            Operand::Int(value, at) => Value { data: Data::Int(*value), at: *at },
            Operand::Float(value, at) => Value { data: Data::Float(*value), at: *at },
            Operand::Str(text) => Value { at: text.origin(), data: Data::Str(Rc::clone(text)) },
            Operand::Field(names) => Self::fields(dot.clone(), names, Vec::new())?,
            Operand::Variable(name, names) => {
                let value = self.variable(name)?;
                Self::fields(value, names, Vec::new())?
            }
            Operand::Function(name) => self.function(dot, name, &[], None)?,
            Operand::Pipe(pipe) => self.pipe(dot, pipe)?,
            Operand::Chain(inner, names) => {
                let value = self.operand(dot, inner)?.unwrapped();
                Self::fields(value, names, Vec::new())?
            }
        })
    }

    fn variable(&self, name: &str) -> Result<Value, Failure> {
        let found = self.variables.iter().rev().find(|(n, _)| **n == *name);
        found
            .map(|(_, value)| value.clone())
            .ok_or_else(|| Failure::new(format!("undefined variable {name:?}")))
    }

    fn function(
        &mut self,
        dot: &Value,
        name: &Rc<str>,
        operands: &[Operand],
        last: Option<Value>,
    ) -> Result<Value, Failure> {
        if matches!(&**name, "and" | "or") {
            // These stop at the operand that decides.
            let mut value = None;
            for operand in operands {
                let next = self.operand(dot, operand)?.unwrapped();
                let decided = next.is_true() == (&**name == "or");
                value = Some(next);
                if decided {
                    return Ok(value.unwrap_or(Value::NIL));
                }
            }
            return last.or(value).ok_or_else(|| Failure::new(format!("wrong number of args for {name}")));
        }
        let args = self.arguments(dot, operands, last)?;
        funcs::call(self, name, args)
    }

    /// Follows fields; arguments are for the last, which then is a method.
    fn fields(value: Value, names: &[Rc<str>], args: Vec<Value>) -> Result<Value, Failure> {
        let Some((last, way)) = names.split_last() else {
            return if args.is_empty() {
                Ok(value)
            } else {
                Err(Failure::new("can't give argument to non-function"))
            };
        };
        let mut value = value;
        for name in way {
            value = Self::field(&value, name, &[])?;
        }
        Self::field(&value, last, &args)
    }

    fn field(value: &Value, name: &str, args: &[Value]) -> Result<Value, Failure> {
        match &value.data {
            Data::Nil => Ok(Value::NIL),
            Data::Null => Err(Failure::new(format!("nil pointer evaluating interface {{}}.{name}"))),
            Data::Map(map) => {
                if !args.is_empty() {
                    return Err(Failure::new(format!("{name} is not a method but has arguments")));
                }
                Ok(match map.entries.borrow().get(name) {
                    Some(entry) => element(&entry.value),
                    None if map.kind == MapKind::Strings => Value::str(""),
                    None => Value::NULL,
                })
            }
            Data::Object(object) => {
                let found = if args.is_empty() {
                    object.call(name, args).or_else(|| object.field(name).map(Ok))
                } else {
                    object.call(name, args)
                };
                found.unwrap_or_else(|| {
                    Err(Failure::new(format!("can't evaluate field {name} in type {}", object.type_name())))
                })
            }
            _ => Err(Failure::new(format!("can't evaluate field {name} in type {}", value.type_name()))),
        }
    }
}

/// What Go prints for no value.
const NO_VALUE: &str = "<no value>";

/// Takes out what Go prints for no value.
pub(crate) fn without_no_value(text: Text) -> Text {
    if text.as_str().contains(NO_VALUE) { text.replace(NO_VALUE, &Text::default()) } else { text }
}

/// An element of a collection: nothing is an interface that holds nothing.
fn element(value: &Value) -> Value {
    match value.data {
        Data::Nil => Value { data: Data::Null, at: value.at },
        _ => value.clone(),
    }
}

fn at(file: &str, place: Place) -> (String, u32) {
    (file.to_owned(), place.line)
}

fn fits(value: &Value, depth: u32, left: &mut u64) -> bool {
    if depth == 0 || *left == 0 {
        return false;
    }
    *left -= 1;
    match &value.data {
        Data::List(items) => items.iter().all(|item| fits(item, depth - 1, left)),
        Data::Map(map) => map.entries.borrow().values().all(|entry| fits(&entry.value, depth - 1, left)),
        _ => true,
    }
}
