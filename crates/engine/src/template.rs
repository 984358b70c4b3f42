//! Files made from templates.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Value};
use seaworthy_syntax::yaml::edit;

/// A template with values in their places.
///
/// Blocks stand in `<% %>` and values in `<{ }>`, since `{{` belongs to the platforms that files are made for. The filter
/// `yaml` writes a text as a YAML scalar, `json` as a JSON string or array on one line.
///
/// # Errors
///
/// The template is wrong, or a value is not there: our own bug.
pub(crate) fn render(template: &str, values: Value) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        .block_delimiters("<%", "%>")
        .variable_delimiters("<{", "}>")
        .comment_delimiters("<#", "#>")
        .build()?;
    environment.set_syntax(syntax);
    environment.set_keep_trailing_newline(true);
    environment.add_filter("yaml", |text: String| edit::scalar(&text));
    environment.add_filter("json", |value: Value| match value.try_iter() {
        Ok(items) if value.as_str().is_none() => {
            let items: Vec<String> = items.map(|item| quoted(&item.to_string())).collect();
            format!("[{}]", items.join(", "))
        }
        _ => quoted(&value.to_string()),
    });
    environment.render_str(template, values)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
