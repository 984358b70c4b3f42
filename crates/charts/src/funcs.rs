//! The functions of templates: Go's own, sprig's, Helm's.

mod compare;
mod dicts;
mod lists;
mod math;
mod patterns;
mod print;
mod strings;
mod texts;

use std::rc::Rc;

use crate::error::Failure;
use crate::exec::State;
use crate::text::{How, Origin, Text};
use crate::value::{Data, Map, Value};

pub(crate) use math::to_i64;

/// What calling a function gives.
pub(crate) type Outcome = Result<Value, Failure>;

/// The arguments of a call.
pub(crate) struct Args<'a> {
    pub(crate) name: &'a str,
    pub(crate) all: Vec<Value>,
}

impl Args<'_> {
    /// Refuses another number of arguments.
    pub(crate) fn exactly(&self, count: usize) -> Result<(), Failure> {
        if self.all.len() == count {
            return Ok(());
        }
        Err(Failure::new(format!(
            "wrong number of args for {}: want {count} got {}",
            self.name,
            self.all.len()
        )))
    }

    /// Refuses fewer arguments.
    pub(crate) fn at_least(&self, count: usize) -> Result<(), Failure> {
        if self.all.len() >= count {
            return Ok(());
        }
        Err(Failure::new(format!(
            "wrong number of args for {}: want at least {count} got {}",
            self.name,
            self.all.len()
        )))
    }

    /// An argument of any type.
    pub(crate) fn any(&self, n: usize) -> &Value {
        self.all.get(n).unwrap_or(&Value::NIL)
    }

    /// A string.
    pub(crate) fn text(&self, n: usize) -> Result<&Rc<Text>, Failure> {
        let value = self.any(n);
        value.as_text().ok_or_else(|| self.wrong(value, "string"))
    }

    /// A string.
    pub(crate) fn str(&self, n: usize) -> Result<&str, Failure> {
        self.text(n).map(|text| text.as_str())
    }

    /// What a function makes of its one argument, a string.
    pub(crate) fn remade(&self, change: &dyn Fn(&str) -> String) -> Outcome {
        self.exactly(1)?;
        let text = self.text(0)?;
        Ok(Value::text(text.remade(change(text.as_str()))))
    }

    /// An integer of any width.
    pub(crate) fn int(&self, n: usize) -> Result<i64, Failure> {
        match self.any(n).data {
            Data::Int(value) | Data::Int64(value) => Ok(value),
            _ => Err(self.wrong(self.any(n), "int")),
        }
    }

    /// A boolean.
    pub(crate) fn bool(&self, n: usize) -> Result<bool, Failure> {
        match self.any(n).data {
            Data::Bool(value) => Ok(value),
            _ => Err(self.wrong(self.any(n), "bool")),
        }
    }

    /// A map; nothing is an empty one.
    pub(crate) fn map(&self, n: usize) -> Result<Rc<Map>, Failure> {
        let value = self.any(n);
        if value.is_nil() && n < self.all.len() {
            return Ok(Rc::default());
        }
        value.as_map().cloned().ok_or_else(|| self.wrong(value, "map[string]interface {}"))
    }

    /// A list.
    pub(crate) fn list(&self, n: usize) -> Result<&Rc<Vec<Value>>, Failure> {
        let value = self.any(n);
        value
            .as_list()
            .ok_or_else(|| Failure::new(format!("Cannot find {} on type {}", self.name, value.kind_name())))
    }

    fn wrong(&self, value: &Value, wanted: &str) -> Failure {
        if value.is_nil() {
            return Failure::new(format!("error calling {}: invalid value; expected {wanted}", self.name));
        }
        Failure::new(format!(
            "wrong type for value of {}; expected {wanted}; got {}",
            self.name,
            value.type_name()
        ))
    }
}

/// The names of all functions, sorted.
const NAMES: &[&str] = &[
    "abbrev",
    "abbrevboth",
    "add",
    "add1",
    "add1f",
    "addf",
    "adler32sum",
    "ago",
    "all",
    "and",
    "any",
    "append",
    "atoi",
    "b32dec",
    "b32enc",
    "b64dec",
    "b64enc",
    "base",
    "bcrypt",
    "biggest",
    "break",
    "buildCustomCert",
    "call",
    "camelcase",
    "cat",
    "ceil",
    "chunk",
    "clean",
    "coalesce",
    "compact",
    "concat",
    "contains",
    "continue",
    "date",
    "dateInZone",
    "dateModify",
    "date_in_zone",
    "date_modify",
    "decryptAES",
    "deepCopy",
    "deepEqual",
    "default",
    "derivePassword",
    "dict",
    "dig",
    "dir",
    "div",
    "divf",
    "duration",
    "durationRound",
    "empty",
    "encryptAES",
    "eq",
    "ext",
    "fail",
    "first",
    "float64",
    "floor",
    "fromJson",
    "fromJsonArray",
    "fromToml",
    "fromYaml",
    "fromYamlArray",
    "ge",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "get",
    "getHostByName",
    "gt",
    "has",
    "hasKey",
    "hasPrefix",
    "hasSuffix",
    "hello",
    "html",
    "htmlDate",
    "htmlDateInZone",
    "htpasswd",
    "include",
    "indent",
    "index",
    "initial",
    "initials",
    "int",
    "int64",
    "isAbs",
    "join",
    "js",
    "kebabcase",
    "keys",
    "kindIs",
    "kindOf",
    "last",
    "le",
    "len",
    "list",
    "lookup",
    "lower",
    "lt",
    "max",
    "maxf",
    "merge",
    "mergeOverwrite",
    "min",
    "minf",
    "mod",
    "mul",
    "mulf",
    "mustAppend",
    "mustChunk",
    "mustCompact",
    "mustDateModify",
    "mustDeepCopy",
    "mustFirst",
    "mustFromJson",
    "mustHas",
    "mustInitial",
    "mustLast",
    "mustMerge",
    "mustMergeOverwrite",
    "mustPrepend",
    "mustPush",
    "mustRegexFind",
    "mustRegexFindAll",
    "mustRegexMatch",
    "mustRegexReplaceAll",
    "mustRegexReplaceAllLiteral",
    "mustRegexSplit",
    "mustRest",
    "mustReverse",
    "mustSlice",
    "mustToDate",
    "mustToJson",
    "mustToPrettyJson",
    "mustToRawJson",
    "mustUniq",
    "mustWithout",
    "must_date_modify",
    "ne",
    "nindent",
    "nospace",
    "not",
    "now",
    "omit",
    "or",
    "osBase",
    "osClean",
    "osDir",
    "osExt",
    "osIsAbs",
    "pick",
    "pluck",
    "plural",
    "prepend",
    "print",
    "printf",
    "println",
    "push",
    "quote",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randBytes",
    "randInt",
    "randNumeric",
    "regexFind",
    "regexFindAll",
    "regexMatch",
    "regexQuoteMeta",
    "regexReplaceAll",
    "regexReplaceAllLiteral",
    "regexSplit",
    "repeat",
    "replace",
    "required",
    "rest",
    "reverse",
    "round",
    "semver",
    "semverCompare",
    "seq",
    "set",
    "sha1sum",
    "sha256sum",
    "sha512sum",
    "shuffle",
    "slice",
    "snakecase",
    "sortAlpha",
    "split",
    "splitList",
    "splitn",
    "squote",
    "sub",
    "subf",
    "substr",
    "swapcase",
    "ternary",
    "title",
    "toDate",
    "toDecimal",
    "toJson",
    "toPrettyJson",
    "toRawJson",
    "toString",
    "toStrings",
    "toToml",
    "toYaml",
    "toYamlPretty",
    "tpl",
    "trim",
    "trimAll",
    "trimPrefix",
    "trimSuffix",
    "trimall",
    "trunc",
    "tuple",
    "typeIs",
    "typeIsLike",
    "typeOf",
    "uniq",
    "unixEpoch",
    "unset",
    "until",
    "untilStep",
    "untitle",
    "upper",
    "urlJoin",
    "urlParse",
    "urlquery",
    "uuidv4",
    "values",
    "without",
    "wrap",
    "wrapWith",
];

/// Whether there is a function of this name.
pub(crate) fn is_known(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
}

/// Calls a function.
pub(crate) fn call(state: &mut State, name: &str, args: Vec<Value>) -> Outcome {
    let args = Args { name, all: args };
    let cause = cause(&args.all);
    for value in &args.all {
        // Those that look into a whole value; the others only hand it on.
        if matches!(value.data, Data::List(_) | Data::Map(_)) {
            match name {
                "toYaml" | "toYamlPretty" | "toJson" | "toPrettyJson" | "toRawJson" | "mustToJson"
                | "mustToPrettyJson" | "mustToRawJson" | "toToml" | "print" | "println" | "printf"
                | "quote" | "squote" | "cat" | "toString" | "join" | "toStrings" | "deepCopy"
                | "mustDeepCopy" | "deepEqual" | "merge" | "mergeOverwrite" | "mustMerge"
                | "mustMergeOverwrite" | "has" | "mustHas" | "uniq" | "mustUniq" | "without"
                | "mustWithout" | "sortAlpha" | "eq" | "ne" | "html" | "js" | "urlquery" => {
                    state.measure(value)?;
                }
                "list" | "tuple" | "dict" | "append" | "push" | "mustAppend" | "mustPush" | "prepend"
                | "mustPrepend" | "set" | "concat" => state.measure_late(value)?,
                _ => {}
            }
        }
    }
    let value = dispatch(state, &args)?;
    let value = value.unwrapped();
    if let Data::Str(text) = &value.data {
        state.make(text.len())?;
    }
    Ok(attribute(value, cause))
}

fn dispatch(state: &mut State, args: &Args<'_>) -> Outcome {
    if let Some(outcome) = helm(state, args) {
        return outcome;
    }
    let found = compare::call(args)
        .or_else(|| strings::call(state, args))
        .or_else(|| texts::call(state, args))
        .or_else(|| dicts::call(args))
        .or_else(|| lists::call(state, args))
        .or_else(|| math::call(state, args))
        .or_else(|| patterns::call(args))
        .or_else(|| print::call(state, args));
    found.unwrap_or_else(|| Err(Failure::bounded(format!("the function {} is not supported", args.name))))
}

/// What all arguments together come from: something generated, or the one place that any of them was written at.
fn cause(args: &[Value]) -> Origin {
    let mut only = Origin::NOWHERE;
    for arg in args {
        let origin = match &arg.data {
            Data::Str(text) => text.origin(),
            Data::Object(object) if object.is_generated() => Origin::GENERATED,
            Data::Map(_) | Data::List(_) | Data::Object(_) => continue,
            _ => arg.at,
        };
        match origin.how {
            How::Generated => return Origin::GENERATED,
            How::Nowhere => {}
            _ if only.how == How::Nowhere => only = origin,
            // The value of several is nobody's alone; what is written last is what the others are done to.
            _ => only = origin,
        }
    }
    only
}

/// A result that knows no place gets that of what it was made of.
fn attribute(value: Value, cause: Origin) -> Value {
    if cause.how == How::Nowhere {
        return value;
    }
    match &value.data {
        Data::Str(text) if text.origin().how == How::Nowhere || cause.how == How::Generated => {
            if text.pieces().any(|(_, origin)| origin.is_place()) && cause.how != How::Generated {
                return value;
            }
            Value::text(Text::new(text.as_str(), cause.derived())).with_origin(cause.derived())
        }
        Data::Bool(_) | Data::Int(_) | Data::Int64(_) | Data::Float(_) if value.at.how == How::Nowhere => {
            value.with_origin(cause.derived())
        }
        _ => value,
    }
}

/// Helm's own.
fn helm(state: &mut State, args: &Args<'_>) -> Option<Outcome> {
    Some(match args.name {
        "include" => args.exactly(2).and_then(|()| {
            let name = args.str(0)?.to_owned();
            Ok(Value::text(state.execute(&name, args.any(1))?))
        }),
        "tpl" => args.exactly(2).and_then(|()| {
            let source = Rc::clone(args.text(0)?);
            Ok(Value::text(state.tpl(&source, args.any(1))?))
        }),
        "required" => args.exactly(2).and_then(|()| {
            let value = args.any(1);
            if value.is_nil() || value.as_str() == Some("") {
                return Err(Failure::new(args.str(0)?));
            }
            Ok(value.clone())
        }),
        "fail" => args.exactly(1).and_then(|()| Err(Failure::new(args.str(0)?))),
        "lookup" => Ok(Value::map(crate::value::Entries::new())),
        "getHostByName" => Ok(Value::str("")),
        _ => return None,
    })
}
