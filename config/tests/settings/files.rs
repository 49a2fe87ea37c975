//! The two files that are installed say what is built in.

use kisima_config::{ConfigError, Gateway, Hub, Loaded, Sources, Surroundings};

use crate::pretend::{Pretend, set};

/// Takes the comment sign off the examples: lines that begin with `#` and no space.
fn with_examples(file: &str) -> String {
    file.lines()
        .map(|line| match line.strip_prefix('#') {
            Some(example) if !example.is_empty() && !example.starts_with(' ') => example,
            _ => line,
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn check_file<C: PartialEq + std::fmt::Debug>(
    name: &str,
    text: &str,
    load: impl Fn(&Sources, &dyn Surroundings) -> Result<Loaded<C>, ConfigError>,
) {
    let etc = format!("/etc/kisima/{name}.toml");
    let built_in = load(&Sources::default(), &Pretend::default()).expect("no problem");
    let from_file = load(&Sources::default(), &Pretend::default().file(&etc, text)).expect("no problem");
    assert_eq!(
        from_file.config, built_in.config,
        "{name}.toml differs from what is built in"
    );
    for (file, own) in from_file.values().iter().zip(built_in.values()) {
        assert_eq!((&file.key, &file.value), (&own.key, &own.value));
        let layer = if own.value == "(not set)" {
            "built-in"
        } else {
            etc.as_str()
        };
        assert_eq!(file.layer, layer, "{name}.toml does not hold {}", file.key);
    }
    let examples = load(
        &Sources::default(),
        &Pretend::default().file(&etc, &with_examples(text)),
    )
    .expect("no problem");
    for row in examples.values() {
        assert_eq!(row.layer, etc, "{name}.toml has no example of {}", row.key);
    }
}

#[test]
fn the_files_are_complete_and_equal_to_what_is_built_in() {
    check_file("gateway", include_str!("../../gateway.toml"), Gateway::load);
    check_file("hub", include_str!("../../hub.toml"), Hub::load);
}

#[test]
#[should_panic(expected = "does not hold modem.baud")]
fn a_file_that_lacks_a_key_is_noticed() {
    let text = include_str!("../../gateway.toml").replace("baud = 115200\n", "");
    check_file("gateway", &text, Gateway::load);
}

#[test]
fn what_is_shown_can_be_read_back() {
    let loaded = Gateway::load(&set(&["hub.url=https://hub.example"]), &Pretend::default()).unwrap();
    let shown: String = loaded
        .show()
        .lines()
        .filter(|line| !line.contains("(not set)"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(shown.contains("# built-in\n") && shown.contains("# --set\n"), "{shown}");
    let again = Gateway::load(
        &Sources::default(),
        &Pretend::default().file("/etc/kisima/gateway.toml", &shown),
    )
    .unwrap();
    assert_eq!(again.config, loaded.config);
}
