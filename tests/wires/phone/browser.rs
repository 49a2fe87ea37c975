//! A real browser as wide as a phone, driven through its own driver (Debian packages `chromium` and `chromium-driver`).

use std::{
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::Context as _;
use serde_json::json;
use thirtyfour::prelude::*;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};
use world::processes::{Folder, wait_for};

/// How long the browser may take for anything, on a busy machine.
const WITHIN: Duration = Duration::from_secs(30);

/// A browser with one window. [`Browser::close`] ends it; when it is dropped, it is killed with its driver.
pub struct Browser {
    /// What drives it.
    pub window: WebDriver,
    driver: Child,
    _profile: Folder,
}

impl Browser {
    /// Starts it with an empty profile.
    pub async fn open() -> anyhow::Result<Browser> {
        let profile = Folder::new("browser")?;
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .context("chromedriver; make setup installs it")?;
        let mut told = BufReader::new(driver.stdout.take().context("its output")?).lines();
        let port = timeout(WITHIN, async {
            while let Some(line) = told.next_line().await? {
                if let Some((_, port)) = line.split_once("successfully on port ") {
                    return Ok(port.trim_end_matches('.').to_owned());
                }
            }
            anyhow::bail!("chromedriver ended before it was ready")
        });
        let port = port.await.context("chromedriver is ready")??;
        let mut wishes = DesiredCapabilities::chrome();
        let profile_at = format!("--user-data-dir={}", profile.path().display());
        // It refuses to run as root with its sandbox, and small machines have little shared memory.
        for word in [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--no-proxy-server",
            &profile_at,
        ] {
            wishes.add_arg(word)?;
        }
        // Frames that load themselves again would keep it waiting: everything here waits for what it wants to see.
        wishes.set_page_load_strategy(thirtyfour::PageLoadStrategy::None)?;
        let screen = json!({"deviceMetrics": {"width": 390, "height": 844, "pixelRatio": 2.0}});
        wishes.add_experimental_option("mobileEmulation", screen)?;
        let window = timeout(WITHIN, WebDriver::new(format!("http://127.0.0.1:{port}"), wishes));
        Ok(Browser {
            window: window.await.context("the browser starts")??,
            driver,
            _profile: profile,
        })
    }

    /// Waits until an element of this style shows these words.
    pub async fn shows(&self, style: &str, words: &str) -> anyhow::Result<String> {
        let mut last = String::new();
        let what = format!("{style} shows {words:?}");
        let shown = wait_for(&what, WITHIN, async || {
            // An element goes away when its page does: then the next look finds another.
            last = self.window.find(By::Css(style)).await.ok()?.text().await.ok()?;
            last.contains(words).then(|| last.clone())
        });
        shown.await.with_context(|| format!("it shows {last:?}"))
    }

    /// The same in the first frame of the page, found anew at every look; afterwards the page itself is looked at.
    pub async fn shows_in_frame(&self, style: &str, words: &str) -> anyhow::Result<()> {
        let mut last = String::new();
        let what = format!("{style} in the frame shows {words:?}");
        let shown = wait_for(&what, WITHIN, async || {
            self.enter_frame().await.ok()?;
            last = self.window.find(By::Css(style)).await.ok()?.text().await.ok()?;
            last.contains(words).then_some(())
        });
        shown.await.with_context(|| format!("it shows {last:?}"))?;
        Ok(self.window.enter_default_frame().await?)
    }

    /// Looks at the first frame of the page.
    pub async fn enter_frame(&self) -> anyhow::Result<()> {
        self.window.enter_default_frame().await?;
        let frame = self.window.find(By::Tag("iframe")).await?;
        Ok(frame.enter_frame().await?)
    }

    /// Fills a field, by its name.
    pub async fn fill(&self, name: &str, words: &str) -> anyhow::Result<()> {
        let style = format!("input[name={name}]");
        let filled = wait_for(&style, WITHIN, async || {
            let field = self.window.find(By::Css(style.as_str())).await.ok()?;
            field.send_keys(words).await.ok()
        });
        filled.await
    }

    /// Presses the button that says this.
    pub async fn press(&self, words: &str) -> anyhow::Result<()> {
        let path = format!("//button[contains(normalize-space(.), '{words}')]");
        let pressed = wait_for(&path, WITHIN, async || {
            let button = self.window.find(By::XPath(path.as_str())).await.ok()?;
            button.click().await.ok()
        });
        pressed.await
    }

    /// Ends it.
    pub async fn close(mut self) -> anyhow::Result<()> {
        self.window.clone().quit().await?;
        self.driver.kill().await.context("chromedriver ends")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // A driver that is killed leaves its browser running; both are in its group.
        if let Some(id) = self.driver.id() {
            let killed = std::process::Command::new("sh")
                .args(["-c", &format!("kill -KILL -{id}")])
                .status();
            if !killed.as_ref().is_ok_and(ExitStatus::success) {
                eprintln!("the browser is left behind: {killed:?}");
            }
        }
    }
}
