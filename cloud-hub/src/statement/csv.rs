//! Fields and lines of CSV (RFC 4180): fields in quotes may hold commas, line ends and doubled quotes.

/// A line with its fields.
pub(crate) struct Row {
    /// The line of the file on which it begins, from 1.
    pub line: usize,
    pub fields: Vec<String>,
}

/// Splits a text into rows; the error is the line on which a quoted field begins that never ends.
pub(crate) fn rows(text: &str) -> Result<Vec<Row>, usize> {
    let mut rows = Vec::new();
    let mut row = Row {
        line: 1,
        fields: Vec::new(),
    };
    let (mut field, mut line) = (String::new(), 1);
    let mut quoted_since: Option<usize> = None;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        line += usize::from(character == '\n');
        match (character, quoted_since) {
            ('"', Some(_)) if characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            ('"', Some(_)) => quoted_since = None,
            (_, Some(_)) => field.push(character),
            ('"', None) if field.trim().is_empty() => {
                field.clear();
                quoted_since = Some(line);
            }
            (',', None) => row.fields.push(std::mem::take(&mut field)),
            ('\n', None) => {
                row.fields.push(std::mem::take(&mut field));
                rows.push(std::mem::replace(
                    &mut row,
                    Row {
                        line,
                        fields: Vec::new(),
                    },
                ));
            }
            ('\r', None) if matches!(characters.peek(), Some('\n') | None) => {}
            (_, None) => field.push(character),
        }
    }
    if let Some(since) = quoted_since {
        return Err(since);
    }
    if !field.is_empty() || !row.fields.is_empty() {
        row.fields.push(field);
        rows.push(row);
    }
    Ok(rows)
}
