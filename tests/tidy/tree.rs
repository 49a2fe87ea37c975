//! The tree as the rules see it: paths from the root and texts.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// One text file.
#[derive(Clone, Debug)]
pub struct File {
    /// From the root of the repository, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}

impl File {
    /// A file, of the tree or made up for a sample.
    pub fn new(path: &str, text: &str) -> File {
        File {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    /// Its lines, counted from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// The lines of a Rust file that are code of the program: no comments, and nothing from its tests.
    pub fn program_lines(&self) -> Vec<(usize, &str)> {
        let mut kept = Vec::new();
        let mut lines = self.lines().peekable();
        while let Some((number, line)) = lines.next() {
            if line.trim() == "#[cfg(test)]" {
                match lines.next() {
                    Some((_, item)) if item.trim_end().ends_with(';') => continue,
                    _ => break,
                }
            }
            kept.push((number, without_comment(line)));
        }
        kept
    }
}

/// The part of a line before `//`, unless that is the one of a web address.
fn without_comment(line: &str) -> &str {
    let starts = line.match_indices("//").map(|(place, _)| place);
    let comment = starts.into_iter().find(|place| !line[..*place].ends_with(':'));
    comment.map_or(line, |place| &line[..place])
}

/// A rule broken at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

impl Finding {
    /// A finding in a file.
    pub fn new(path: &str, line: usize, what: impl Into<String>) -> Finding {
        Finding {
            path: path.to_owned(),
            line,
            what: what.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// Whether `word` stands in `text` by itself and not as a part of a longer name.
pub fn names(text: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(place, _)| {
        let before = text[..place].chars().next_back().is_some_and(part_of_name);
        let after = text[place + word.len()..].chars().next().is_some_and(part_of_name);
        !before && !after
    })
}

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the repository")
        .to_owned()
}

/// All text files that are, or would be, under version control.
pub fn files() -> Vec<File> {
    let root = root();
    let mut files = Vec::new();
    for path in paths(&root) {
        // Pictures and the like are no text, and a file deleted but not yet committed is no file.
        if let Ok(text) = fs::read_to_string(root.join(&path)) {
            files.push(File { path, text });
        }
    }
    assert!(
        files.iter().any(|file| file.path == "Cargo.toml"),
        "no files were found under {}",
        root.display()
    );
    files
}

/// The Rust files among them.
pub fn rust_files() -> Vec<File> {
    files().into_iter().filter(|file| file.path.ends_with(".rs")).collect()
}

fn paths(root: &Path) -> Vec<String> {
    // Another owner than the one who runs the tests is usual in a container and no danger here.
    let arguments = [
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ];
    match Command::new("git").args(arguments).current_dir(root).output() {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8(output.stdout).expect("paths of this repository are UTF-8");
            text.split_terminator('\0').map(str::to_owned).collect()
        }
        // A tree without version control, such as an unpacked archive.
        _ => {
            let mut found = Vec::new();
            walk(root, root, &mut found);
            found
        }
    }
}

fn walk(root: &Path, directory: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).expect("a directory of the tree can be listed") {
        let path = entry.expect("an entry can be read").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !matches!(name, ".git" | "target" | "__pycache__") {
            walk(root, &path, found);
        } else if path.is_file() {
            let relative = path.strip_prefix(root).expect("the walk began at the root");
            found.push(relative.to_string_lossy().replace('\\', "/"));
        }
    }
}

#[test]
fn comments_and_tests_are_no_program() {
    let text = "a // b\n//! c\nlet u = \"http://x\";\n#[cfg(test)]\nmod far;\nd\n#[cfg(test)]\nmod tests {\ne\n}\n";
    let file = File::new("x.rs", text);
    assert_eq!(
        file.program_lines(),
        [(1, "a "), (2, ""), (3, "let u = \"http://x\";"), (6, "d")]
    );
}

#[test]
fn words_are_whole() {
    assert!(names("use tokio::net", "tokio") && names("tokio", "tokio") && names("(tokio_x, tokio)", "tokio"));
    assert!(!names("tokio_x mytokio", "tokio"));
}

#[test]
fn a_tree_without_version_control_is_walked() {
    let mut found = Vec::new();
    walk(&root(), &root().join("tests/tidy"), &mut found);
    assert!(found.iter().any(|path| path == "tests/tidy/tree.rs"), "{found:?}");
}
