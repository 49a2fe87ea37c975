//! The demo as a newcomer runs it: it judges itself, and leaves nothing running.

#[cfg(test)]
mod tests {
    use std::{
        fs,
        process::{Command, Stdio},
        time::Duration,
    };

    use tokio::{
        io::{AsyncBufReadExt as _, BufReader},
        time::timeout,
    };
    use world::processes::{Folder, binary, wait_for};

    const LIMIT: Duration = Duration::from_secs(90);

    fn demo(folder: &Folder) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(binary("kisima-demo").unwrap());
        command
            .arg("--folder")
            .arg(folder.path())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    #[tokio::test]
    async fn it_ends_by_itself_and_both_sides_agree() {
        let folder = Folder::new("demo").unwrap();
        let output = demo(&folder).env("DEMO_SECONDS", "1").output();
        let output = timeout(LIMIT, output).await.unwrap().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success(),
            "{told}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(!told.contains("types 4071"), "a PIN is told: {told}");
        for sentence in [
            "Amina dials *384*303#: Enter your name",
            "Amina types ****: Name: Amina Hassan | City: Nairobi",
            "Amina types 1: Account created! ID: ",
            "Amina types 1: Please confirm KES 80 ",
            "registers at kibera-1",
            "the hub asks M-PESA itself, and credits her",
            "the hub asks MTN MoMo itself, and credits her",
            "Litres paid in the stories: 40 by M-PESA, 20 by MTN MoMo.",
            "is cut",
            "Amina texts BALANCE to the SIM of kibera-1, +254700000900.",
            "Amina's phone: \u{201c}At this kiosk you have 10 l of water",
            "The SIM of kibera-1 texts its sales to the hub, the newest in ",
            "The link is still cut, and the hub says 10 litres for Amina, too.",
            "The link is back.",
            " and 1 by the SIMs of the sites.",
            "Both sides agree, and nothing",
        ] {
            assert!(told.contains(sentence), "{sentence}: {told}");
        }
    }

    #[tokio::test]
    async fn ctrl_c_ends_it_and_leaves_nothing_running() {
        let folder = Folder::new("demo").unwrap();
        let mut running = demo(&folder)
            .env_remove("DEMO_SECONDS")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let id = running.id().unwrap();
        let mut told = BufReader::new(running.stdout.take().unwrap()).lines();
        while !timeout(LIMIT, told.next_line())
            .await
            .unwrap()
            .unwrap()
            .unwrap()
            .contains("is cut")
        {}
        let children = children(id);
        assert_eq!(
            children.len(),
            6,
            "a hub, two gateways, their modems, pretend providers"
        );
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -INT {id}")])
            .status()
            .unwrap();
        assert!(sent.success());
        while timeout(LIMIT, told.next_line()).await.unwrap().unwrap().is_some() {}
        assert!(timeout(LIMIT, running.wait()).await.unwrap().unwrap().success());
        wait_for("its programs end", LIMIT, async || {
            children
                .iter()
                .all(|child| !fs::exists(format!("/proc/{child}")).unwrap())
                .then_some(())
        })
        .await
        .unwrap();
    }

    /// Programs whose parent is this one.
    fn children(parent: u32) -> Vec<u32> {
        let running = fs::read_dir("/proc").unwrap().flatten();
        let ids = running.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        ids.filter(|id| {
            let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
            status.lines().any(|line| line == format!("PPid:\t{parent}"))
        })
        .collect()
    }
}
