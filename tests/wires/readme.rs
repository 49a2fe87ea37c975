//! What README.md tells a newcomer to type is typed here, word for word, on other ports and in another folder.

#[cfg(test)]
mod tests {
    use std::{
        fs,
        net::TcpListener,
        path::Path,
        process::{Command, Stdio},
        time::Duration,
    };

    use tokio::{process, time::timeout};
    use world::processes::{Folder, binary};

    const LIMIT: Duration = Duration::from_secs(60);

    /// The lines of the shell under the heading.
    fn session(readme: &str, heading: &str) -> String {
        let (_, section) = readme.split_once(heading).expect("the heading is there");
        let section = section.split("\n## ").next().unwrap_or_default();
        let blocks = section.split("```sh\n").skip(1);
        blocks.filter_map(|block| block.split("```").next()).collect()
    }

    /// Puts another text in every place of one that must be there.
    fn replaced(text: &str, from: &str, to: &str) -> String {
        assert!(text.contains(from), "README.md says {from} no more");
        text.replace(from, to)
    }

    fn is_installed(program: &str) -> bool {
        let found = Command::new(program)
            .arg("--help")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if found.is_err() {
            println!("skipped: {program} is not installed");
        }
        found.is_ok()
    }

    /// Types what stands under the heading, after `prepare`; what was said. Skipped without what it needs.
    async fn typed(heading: &str, ports: &[&str], prepare: fn(String) -> String) -> Option<String> {
        if !is_installed("curl") {
            return None;
        }
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let folder = Folder::new("readme").unwrap();
        let readme = fs::read_to_string(root.join("README.md")).unwrap();
        let mut script = prepare(session(&readme, heading));
        let programs = binary("kisima-hub").unwrap();
        script = replaced(
            &script,
            "$PWD/target/debug",
            &programs.parent().unwrap().display().to_string(),
        );
        let folder_of_try = folder.path().join("try").display().to_string();
        script = script.replace("$PWD/target/try", &folder_of_try);
        script = replaced(&script, "target/try", &folder_of_try);
        // All at once, so that they differ; the programs take them a moment later.
        let free: Vec<TcpListener> = ports
            .iter()
            .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        let chosen: Vec<u16> = free
            .iter()
            .map(|listener| listener.local_addr().unwrap().port())
            .collect();
        drop(free);
        for (port, free) in ports.iter().zip(chosen) {
            script = replaced(&script, &format!("127.0.0.1:{port}"), &format!("127.0.0.1:{free}"));
            script = script.replace(&format!("-p {port} "), &format!("-p {free} "));
        }
        // Whatever happens, what it started goes with it.
        let script = format!("trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\nset -eu\n{script}");
        let run = process::Command::new("bash")
            .args(["-c", &script])
            .current_dir(root)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = timeout(LIMIT, run).await.expect("it ends").unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{}: {said}", output.status);
        Some(said)
    }

    #[tokio::test]
    async fn the_session_with_a_real_mqtt_client_is_true() {
        let built = |script: String| replaced(&script, "cargo build --workspace", "true");
        let ports = ["8000", "8080", "8883", "1883"];
        let Some(said) = typed("## Try it with a real MQTT client", &ports, built).await else {
            return;
        };
        for line in [
            "This box is site kibera-3 now.",
            "kisima/v1/tap-1/config {\"revision\":1,",
            "kisima/v1/tap-1/answer {\"request\":\"try-1\",\"approved\":true,\"reason\":\"verified\",\"volume_ml\":20000,",
            "kisima/v1/tap-1/receipt {\"request\":\"try-1\",\"volume_ml\":20000,\"balance_ml\":80000,",
        ] {
            assert!(said.contains(line), "{line} is missing: {said}");
        }
    }

    #[tokio::test]
    async fn the_session_with_a_pretend_modem_is_true() {
        let ports = ["8000", "8080", "8883", "1883", "9100"];
        let Some(said) = typed("## The modem", &ports, |script| script).await else {
            return;
        };
        for line in [
            "generic of +254700000900 at",
            "This box is site kibera-3 now.",
            "{\"done\":true}",
            "\"balance_ml\":80000",
        ] {
            assert!(said.contains(line), "{line} is missing: {said}");
        }
    }
}
