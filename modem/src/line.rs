//! Cuts what comes out of a modem into lines. Knows no command and no port, and holds a bounded number of bytes.
//!
//! The form is that of ITU-T V.250 section 5.7 (`<CR><LF>text<CR><LF>`), the prompt and the two-line results are those of
//! 3GPP TS 27.005 sections 3.4 and 3.5, the quoted text is the one of `+CUSD` (3GPP TS 27.007 section 7.15).

/// The longest line that is kept, in bytes: a USSD text of 182 characters as hexadecimal UCS-2 has 728, a PDU 376.
/// What is longer is dropped up to its end.
pub const LINE_MAX: usize = 2048;

/// How many lines may stand between a header and its PDU before the PDU is no longer expected.
const BETWEEN_MAX: u8 = 4;

/// Headers of results whose next line is a PDU.
const HEADERS: [&[u8]; 5] = [b"+CMT:", b"+CDS:", b"+CBM:", b"+CMGL:", b"+CMGR:"];

/// One result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A line without its end; for `+CUSD` all lines up to the closing quotation mark. Bytes, for with `CSCS="GSM"` a text
    /// is not ASCII.
    Line(Vec<u8>),
    /// A header and the line after it.
    Pdu {
        /// Such as `+CMGL: 1,0,,23`.
        header: Vec<u8>,
        /// The PDU, in hexadecimal.
        pdu: String,
    },
    /// The modem waits for the text of a message.
    Prompt,
}

/// Collects bytes until they are a result.
#[derive(Debug, Default)]
pub struct Framer {
    line: Vec<u8>,
    /// The line is too long: it is skipped up to its end.
    is_skipping: bool,
    header: Option<(Vec<u8>, u8)>,
}

impl Framer {
    /// An empty one.
    pub fn new() -> Framer {
        Framer::default()
    }

    /// Takes bytes as they come, in any split, and returns the results that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Item> {
        let mut items = Vec::new();
        for &byte in bytes {
            self.push_one(byte, &mut items);
        }
        items
    }

    /// Whether a `+CUSD` text is begun and not closed: it may be that the modem never closes it.
    pub fn is_in_quotes(&self) -> bool {
        is_open_quote(&self.line)
    }

    /// Stops waiting for the end of a quoted text: what stands of it is one line, what came after its first line are others.
    pub fn give_up_quotes(&mut self) -> Vec<Item> {
        let mut items = Vec::new();
        let held = std::mem::take(&mut self.line);
        for piece in held.split(|&byte| byte == b'\r' || byte == b'\n') {
            if !piece.is_empty() {
                self.finish(piece.to_vec(), &mut items);
            }
        }
        items
    }

    /// Forgets everything: what comes next is from a port that was opened anew.
    pub fn clear(&mut self) {
        *self = Framer::default();
    }

    /// How many bytes are held now.
    pub fn held(&self) -> usize {
        self.line.len() + self.header.as_ref().map_or(0, |(header, _)| header.len())
    }

    fn push_one(&mut self, byte: u8, items: &mut Vec<Item>) {
        let ends = byte == b'\r' || byte == b'\n';
        if self.is_skipping {
            self.is_skipping = !ends;
            return;
        }
        if self.line.is_empty() {
            match byte {
                // A modem that starts sends zeros; a blank follows the prompt.
                0 | b' ' | b'\r' | b'\n' => return,
                b'>' => return items.push(Item::Prompt),
                _ => {}
            }
        }
        if ends && !is_open_quote(&self.line) {
            let line = std::mem::take(&mut self.line);
            return self.finish(line, items);
        }
        if self.line.len() == LINE_MAX {
            self.line = Vec::new();
            self.is_skipping = !ends;
            return;
        }
        self.line.push(byte);
    }

    fn finish(&mut self, line: Vec<u8>, items: &mut Vec<Item>) {
        let Some((header, between)) = self.header.take() else {
            return self.begin(line, items);
        };
        if let Some(pdu) = hexadecimal(&line) {
            return items.push(Item::Pdu { header, pdu });
        }
        // An unsolicited result can come between the two lines.
        let is_other = line.starts_with(b"+") || line.starts_with(b"^");
        if is_other && !is_header(&line) && between < BETWEEN_MAX {
            self.header = Some((header, between + 1));
            return items.push(Item::Line(line));
        }
        items.push(Item::Line(header));
        self.begin(line, items);
    }

    fn begin(&mut self, line: Vec<u8>, items: &mut Vec<Item>) {
        match is_header(&line) {
            true => self.header = Some((line, 0)),
            false => items.push(Item::Line(line)),
        }
    }
}

fn is_header(line: &[u8]) -> bool {
    HEADERS.iter().any(|header| line.starts_with(header))
}

/// A `+CUSD` text is closed by a quotation mark at the end of a line, with or without the coding scheme behind it. Without
/// it the marks must be even in number, for a text may itself end a line with one.
fn is_open_quote(line: &[u8]) -> bool {
    if !line.starts_with(b"+CUSD:") || !line.contains(&b'"') {
        return false;
    }
    let digits = |byte: &u8| byte.is_ascii_digit() || *byte == b' ';
    let without_digits = line.len() - line.iter().rev().take_while(|byte| digits(byte)).count();
    let marks = line.iter().filter(|byte| **byte == b'"').count();
    let has_scheme = marks > 1 && line[..without_digits].ends_with(b"\",");
    let has_mark = marks % 2 == 0 && line.trim_ascii_end().ends_with(b"\"");
    !has_scheme && !has_mark
}

/// A line that is hexadecimal throughout.
fn hexadecimal(line: &[u8]) -> Option<String> {
    let is_pdu = line.len().is_multiple_of(2) && line.iter().all(u8::is_ascii_hexdigit);
    String::from_utf8(line.to_vec()).ok().filter(|_| is_pdu)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Item {
        Item::Line(text.as_bytes().to_vec())
    }

    fn pdu(header: &str, pdu: &str) -> Item {
        Item::Pdu {
            header: header.as_bytes().to_vec(),
            pdu: pdu.to_owned(),
        }
    }

    /// What comes of a dialogue must not depend on how it is split.
    fn all_splits(bytes: &[u8], expected: &[Item]) {
        for at in 0..=bytes.len() {
            let mut framer = Framer::new();
            let mut items = framer.push(&bytes[..at]);
            items.extend(framer.push(&bytes[at..]));
            assert_eq!(items, expected, "split at {at}");
        }
        let mut framer = Framer::new();
        let single: Vec<Item> = bytes.iter().flat_map(|byte| framer.push(&[*byte])).collect();
        assert_eq!(single, expected, "byte by byte");
    }

    #[test]
    fn lines_come_with_and_without_echo_in_any_split() {
        all_splits(b"\r\nOK\r\n", &[line("OK")]);
        all_splits(b"AT\r\r\nOK\r\n", &[line("AT"), line("OK")]);
        all_splits(b"\0\0\r\nRDY\r\n", &[line("RDY")]);
    }

    #[test]
    fn the_prompt_needs_no_line_end() {
        all_splits(b"AT+CMGS=5\r\r\n> ", &[line("AT+CMGS=5"), Item::Prompt]);
        all_splits(
            b"\r\n> \r\n+CMGS: 4\r\n\r\nOK\r\n",
            &[Item::Prompt, line("+CMGS: 4"), line("OK")],
        );
    }

    #[test]
    fn a_header_takes_the_pdu_after_it() {
        all_splits(
            b"+CMGL: 1,0,,2\r\n00a1\r\n+CMGL: 2,1,,1\r\nFF\r\n\r\nOK\r\n",
            &[pdu("+CMGL: 1,0,,2", "00a1"), pdu("+CMGL: 2,1,,1", "FF"), line("OK")],
        );
        // Something unasked between the two lines.
        all_splits(
            b"\r\n+CDS: 1\r\n+CREG: 1\r\n0102\r\n",
            &[line("+CREG: 1"), pdu("+CDS: 1", "0102")],
        );
        // No PDU comes.
        all_splits(
            b"\r\n+CMGR: 0,,0\r\n\r\nOK\r\n+CMGR: 0,,1\r\n+CMGR: 0,,1\r\n07\r\n",
            &[
                line("+CMGR: 0,,0"),
                line("OK"),
                line("+CMGR: 0,,1"),
                pdu("+CMGR: 0,,1", "07"),
            ],
        );
    }

    #[test]
    fn a_ussd_text_runs_to_its_closing_mark() {
        let whole = b"\r\n+CUSD: 1,\"Say \"hi\"\r\n1. Yes\r\n> 2. No\",15\r\n\r\nOK\r\n";
        all_splits(
            whole,
            &[line("+CUSD: 1,\"Say \"hi\"\r\n1. Yes\r\n> 2. No\",15"), line("OK")],
        );
        all_splits(b"+CUSD: 0,\"a\r\nb\"\r\n", &[line("+CUSD: 0,\"a\r\nb\"")]);
        all_splits(
            b"+CUSD: 2\r\n+CUSD: 0,\"x\", 72\r\n",
            &[line("+CUSD: 2"), line("+CUSD: 0,\"x\", 72")],
        );
    }

    #[test]
    fn a_text_that_is_never_closed_is_given_up() {
        let mut framer = Framer::new();
        assert_eq!(framer.push(b"+CUSD: 0,\"half\r\nOK\r\n"), []);
        assert!(framer.is_in_quotes());
        assert_eq!(framer.give_up_quotes(), [line("+CUSD: 0,\"half"), line("OK")]);
        assert_eq!(framer.push(b"OK\r\n"), [line("OK")]);
    }

    #[test]
    fn a_line_of_a_megabyte_is_dropped_and_the_next_one_heard() {
        let mut framer = Framer::new();
        for _ in 0..1024 {
            assert_eq!(framer.push(&[b'x'; 1024]), []);
            assert!(framer.held() <= LINE_MAX);
        }
        assert_eq!(framer.push(b"\r\nOK\r\n"), [line("OK")]);
        // The same inside quotes.
        let _ = framer.push(b"+CUSD: 0,\"");
        for _ in 0..1024 {
            let _ = framer.push(&[b'x'; 1024]);
            assert!(framer.held() <= LINE_MAX);
        }
        assert_eq!(framer.push(b"\r\nOK\r\n"), [line("OK")]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_leave_it_small_and_able(chunks: Vec<Vec<u8>>) {
            let mut framer = Framer::new();
            for chunk in &chunks {
                let _ = framer.push(chunk);
                assert!(framer.held() <= 2 * LINE_MAX);
            }
            let _ = framer.give_up_quotes();
            let _ = framer.push(b"\r\n\r\n");
            let items = framer.push(b"OK\r\n\r\nOK\r\n");
            assert_eq!(items.last(), Some(&line("OK")));
        }
    }
}
