//! Answers as CSV (RFC 4180): what a spreadsheet opens.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};

use super::api::query::Query;
use crate::hub::effect::Refusal;

/// Whether the answer is wanted as CSV: `?format=csv`; `json` and nothing are the other answer.
pub fn is_wanted(query: &mut Query) -> Result<bool, Refusal> {
    match query.text("format").as_deref() {
        None | Some("json") => Ok(false),
        Some("csv") => Ok(true),
        Some(_) => Err(Refusal::invalid("format", "bad_field", "format must be json or csv")),
    }
}

/// A table being written.
pub struct Table {
    name: String,
    text: String,
}

impl Table {
    /// A table of this name, which becomes the file's, with its columns.
    pub fn new(name: impl Into<String>, columns: &str) -> Table {
        Table {
            name: name.into(),
            text: format!("{columns}\r\n"),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, fields: &[&str]) {
        let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
        self.text.push_str(&fields.join(","));
        self.text.push_str("\r\n");
    }
}

impl IntoResponse for Table {
    fn into_response(self) -> Response {
        let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
        let name: String = self.name.chars().map(safe).collect();
        let headers = [
            (
                header::CONTENT_TYPE,
                "text/csv; charset=utf-8; header=present".to_owned(),
            ),
            (
                header::CONTENT_DISPOSITION,
                format!("attachment; filename=\"{name}.csv\""),
            ),
        ];
        (headers, self.text).into_response()
    }
}

/// A field, in quotes where it must be. What a spreadsheet would take for a formula stands behind an apostrophe; numbers
/// do not.
fn quoted(field: &str) -> String {
    let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']) && field.parse::<i64>().is_err();
    let field = match is_formula {
        true => format!("'{field}"),
        false => field.to_owned(),
    };
    match field.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", field.replace('"', "\"\"")),
        false => field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_quoted_where_it_must_be_and_no_formula() {
        for (field, expected) in [
            ("till:mpesa", "till:mpesa"),
            ("-4000", "-4000"),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("-1+2", "'-1+2"),
            ("@x,y", "\"'@x,y\""),
        ] {
            assert_eq!(quoted(field), expected);
        }
    }
}
