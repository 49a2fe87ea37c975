//! The words of the commands, and which of them was meant.

use crate::talk::{Language, gsm7};

/// A command without its arguments: what the right form is shown of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// `REGISTER name, city`.
    Register,
    /// `STATUS`.
    Status,
    /// `BALANCE`.
    Balance,
    /// `BUY litres|plan`.
    Buy,
    /// `USAGE`.
    Usage,
    /// `BILL`.
    Bill,
    /// `PAY`.
    Pay,
    /// `LOAN amount lender-phone repayment`.
    Loan,
    /// `APPROVE code`.
    Approve,
    /// `LOANS`.
    Loans,
    /// `REPORT account text`, or `REPORT text` about the sender's own.
    Report,
    /// `CHECK receipt`.
    Check,
    /// `LANG en|sw|fr`.
    Lang,
    /// `STOP`.
    Stop,
    /// `HELP`.
    Help,
}

impl Form {
    /// All of them, in the order of CONTRACTS section 7.
    pub const ALL: [Form; 15] = [
        Form::Register,
        Form::Status,
        Form::Balance,
        Form::Buy,
        Form::Usage,
        Form::Bill,
        Form::Pay,
        Form::Loan,
        Form::Approve,
        Form::Loans,
        Form::Report,
        Form::Check,
        Form::Lang,
        Form::Stop,
        Form::Help,
    ];

    /// The English word in lower case: its name in a log, and in the Fluent files.
    pub const fn name(self) -> &'static str {
        self.words()[0]
    }

    /// The words in English, Swahili and French, in lower case and without accents; the first is the contract's.
    const fn words(self) -> &'static [&'static str] {
        match self {
            Form::Register => &[
                "register",
                "join",
                "sajili",
                "jisajili",
                "andikisha",
                "inscrire",
                "inscription",
            ],
            Form::Status => &["status", "hali", "statut", "etat"],
            Form::Balance => &["balance", "salio", "solde"],
            Form::Buy => &["buy", "nunua", "acheter", "achat"],
            Form::Usage => &["usage", "matumizi", "consommation"],
            Form::Bill => &["bill", "ankara", "bili", "facture"],
            Form::Pay => &["pay", "lipa", "payer"],
            Form::Loan => &["loan", "borrow", "mkopo", "kopa", "pret", "emprunt"],
            Form::Approve => &["approve", "idhinisha", "kubali", "approuver"],
            Form::Loans => &["loans", "mikopo", "prets"],
            Form::Report => &["report", "ripoti", "taarifa", "signaler"],
            Form::Check => &["check", "verify", "hakiki", "kagua", "verifier"],
            Form::Lang => &["lang", "language", "lugha", "langue"],
            Form::Stop => &["stop", "acha", "komesha", "arret", "arreter"],
            Form::Help => &["help", "msaada", "saidia", "aide"],
        }
    }
}

/// Words that people put around a command, which say nothing.
pub(super) const POLITE: &str = "please pls plz kindly hi hello my the i want to now thanks account tafadhali naomba nataka habari \
     jambo ya yangu wangu sasa asante bonjour svp je veux merci kisima maji water";

/// The shortest word in which a letter may be wrong.
const NEAR_LETTERS_MIN: usize = 3;

/// What a message begins with.
pub(super) enum Found<'a> {
    /// The word of a command.
    Form(Word<'a>),
    /// A word of no command, or no word at all.
    Unknown,
    /// Nothing to read.
    Nothing,
}

/// The word of a command, and what follows it.
pub(super) struct Word<'a> {
    /// The command.
    pub form: Form,
    /// Whether it was spelt right.
    pub is_exact: bool,
    /// The rest of the message.
    pub rest: &'a str,
}

/// The command with which a message begins, after polite words. Digits may stand right behind its word: `BUY20`.
pub(super) fn found(text: &str) -> Found<'_> {
    let mut rest = text.trim_start_matches(|c: char| !c.is_alphanumeric());
    if rest.is_empty() {
        return Found::Nothing;
    }
    loop {
        let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let (written, after) = rest.split_at(end);
        let written = plain(written);
        let after = without_signs(after);
        if let Some((form, is_exact)) = form(&written) {
            return Found::Form(Word {
                form,
                is_exact,
                rest: after,
            });
        }
        if !is_in(&written, POLITE) || after.is_empty() {
            return Found::Unknown;
        }
        rest = after;
    }
}

/// What follows a word, without the signs between: `BUY: 20` and `BUY-20` are 20, but `BUY -20` is not.
fn without_signs(after: &str) -> &str {
    let rest = after.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '+');
    let signs = &after[..after.len() - rest.len()];
    let is_negative = signs.ends_with(" -") && rest.starts_with(|c: char| c.is_ascii_digit());
    &after[signs.len() - usize::from(is_negative)..]
}

/// Whether a word is one of some, neither case nor accents counted.
pub(super) fn is_in(written: &str, words: &str) -> bool {
    let written = plain(written);
    words.split(' ').any(|word| word == written)
}

/// The language of this code or name.
pub(super) fn language(written: &str) -> Option<Language> {
    const NAMES: [(&str, Language); 12] = [
        ("english", Language::English),
        ("eng", Language::English),
        ("kiingereza", Language::English),
        ("anglais", Language::English),
        ("swahili", Language::Swahili),
        ("kiswahili", Language::Swahili),
        ("swa", Language::Swahili),
        ("souahili", Language::Swahili),
        ("french", Language::French),
        ("francais", Language::French),
        ("kifaransa", Language::French),
        ("fra", Language::French),
    ];
    Language::from_code(written).or_else(|| {
        let name = super::nearest(written, NAMES.map(|(name, _)| name))?;
        NAMES
            .into_iter()
            .find_map(|(known, language)| (known == name).then_some(language))
    })
}

/// The command of this word, and whether it is spelt right: itself, or the only command with a word that is one letter
/// off.
fn form(written: &str) -> Option<(Form, bool)> {
    let having = |is_it: &dyn Fn(&str) -> bool| {
        let having = Form::ALL
            .into_iter()
            .filter(|form| form.words().iter().any(|word| is_it(word)));
        having.collect::<Vec<Form>>()
    };
    if let [form, ..] = having(&|word| word == written)[..] {
        return Some((form, true));
    }
    match having(&|word| is_one_letter_off(written, word))[..] {
        [form] => Some((form, false)),
        _ => None,
    }
}

/// Letters and digits in lower case, accents dropped.
pub(super) fn plain(written: &str) -> String {
    let plain = gsm7::ascii(written).to_ascii_lowercase();
    // A letter that cannot be written plainly stays a letter that no word has.
    plain
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '?')
        .collect()
}

/// Whether one letter that is wrong, missing, too many or swapped with its neighbour makes `word` of `written`. Both are
/// ASCII. Very short words must be right, and one of three letters has none that is wrong: "but" is not BUY.
pub(super) fn is_one_letter_off(written: &str, word: &str) -> bool {
    let (short, long) = match written.len() <= word.len() {
        true => (written.as_bytes(), word.as_bytes()),
        false => (word.as_bytes(), written.as_bytes()),
    };
    if word.len() < NEAR_LETTERS_MIN || short.len() + 1 < NEAR_LETTERS_MIN || long.len() - short.len() > 1 {
        return false;
    }
    let same_start = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (short, long) = (&short[same_start..], &long[same_start..]);
    match (short, long) {
        ([], []) => false,
        _ if long.len() > short.len() => long[1..] == *short,
        ([a, b, rest @ ..], [c, d, others @ ..]) if (a, b) == (d, c) && rest == others => true,
        _ => word.len() > NEAR_LETTERS_MIN && short[1..] == long[1..],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_means_two_things() {
        let words = Form::ALL.map(Form::words).concat();
        for (at, word) in words.iter().enumerate() {
            assert_eq!(plain(word), *word);
            assert!(!words[..at].contains(word), "{word} twice");
            assert!(!is_in(word, POLITE), "{word} is polite, too");
            assert!(form(word).is_some_and(|(_, is_exact)| is_exact));
        }
    }

    #[test]
    fn one_letter_may_be_wrong_missing_too_many_or_swapped() {
        for (written, meant) in [
            ("balanse", Some(Form::Balance)),
            ("balnce", Some(Form::Balance)),
            ("ballance", Some(Form::Balance)),
            ("blaance", Some(Form::Balance)),
            ("alance", Some(Form::Balance)),
            ("balances", Some(Form::Balance)),
            ("balanec", Some(Form::Balance)),
            // Two letters.
            ("balnc", None),
            ("blanace", None),
            // BUY or PAY.
            ("bay", None),
            // LOAN or LOANS, MKOPO or MIKOPO; but KOPA and MKOPO are one command.
            ("loanz", None),
            ("mokopo", None),
            ("kopo", Some(Form::Loan)),
            ("b", None),
            ("by", Some(Form::Buy)),
            ("buuy", Some(Form::Buy)),
            ("but", None),
            ("bus", None),
            ("say", None),
            ("", None),
        ] {
            assert_eq!(form(written).map(|(form, _)| form), meant, "{written}");
        }
    }
}
