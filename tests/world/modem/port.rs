//! The pty around a pretend modem: a port that a program opens by a symlink, and that can vanish and come back.

use std::{
    fs, io,
    os::{fd::OwnedFd, unix::fs::symlink},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{OptionalActions, ioctl_tiocnxcl, tcgetattr, tcsetattr},
};
use tokio::{io::unix::AsyncFd, sync::mpsc, time::Instant};

use super::{Modem, Out, Told, happening::Happening};

/// How often the port is looked after, though nothing happens.
const LOOKED_AFTER: Duration = Duration::from_millis(250);

/// A pty, of which this side is the modem's.
struct Pty {
    ours: AsyncFd<OwnedFd>,
    /// Held open, so that the port stays usable while no program has it.
    theirs: OwnedFd,
}

impl Pty {
    fn open(link: &Path) -> io::Result<Pty> {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&ours)?;
        unlockpt(&ours)?;
        let name = ptsname(&ours, Vec::new())?;
        let theirs = open(
            name.as_c_str(),
            OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let mut attributes = tcgetattr(&theirs)?;
        attributes.make_raw();
        tcsetattr(&theirs, OptionalActions::Now, &attributes)?;
        fcntl_setfl(&ours, fcntl_getfl(&ours)? | OFlags::NONBLOCK)?;
        unlink(link)?;
        symlink(name.to_string_lossy().as_ref(), link)?;
        #[expect(
            deprecated,
            reason = "unsound only for types that lie about their descriptor; its successor needs unsafe code"
        )]
        let ours = AsyncFd::new(ours)?;
        Ok(Pty { ours, theirs })
    }

    async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut ready = self.ours.readable().await?;
            if let Ok(read) = ready.try_io(|fd| Ok(rustix::io::read(fd.get_ref(), &mut *buffer)?)) {
                return read;
            }
        }
    }

    /// Writes what the port takes. A program that reads nothing loses what comes, as from a real modem.
    fn write(&self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            match rustix::io::write(self.ours.get_ref(), rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) => {
                    tracing::debug!(%error, lost = rest.len(), "the modem's port takes no more");
                    return;
                }
            }
        }
    }

    /// A program that has it for itself may be gone, and the next one could not open it while this side holds it.
    fn share(&self) {
        if let Err(error) = ioctl_tiocnxcl(&self.theirs) {
            tracing::debug!(%error, "the modem's port stays with one program");
        }
    }
}

fn unlink(link: &Path) -> io::Result<()> {
    match fs::symlink_metadata(link) {
        Ok(found) if found.is_symlink() => fs::remove_file(link),
        Ok(_) => Err(io::Error::other("something is there that is no symlink")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// A pretend modem at a port; its port goes with it.
pub struct Port {
    link: PathBuf,
    happenings: mpsc::UnboundedSender<Happening>,
    told: mpsc::UnboundedReceiver<Told>,
    task: tokio::task::JoinHandle<io::Result<()>>,
}

impl Port {
    /// Puts a modem at `link`, which a symlink there may have to leave. What the script tells happens at its times,
    /// counted from now.
    pub fn start(modem: Modem, link: &Path, script: Vec<(Duration, Happening)>) -> io::Result<Port> {
        let pty = Pty::open(link)?;
        let (happenings, happened) = mpsc::unbounded_channel();
        let (tell, told) = mpsc::unbounded_channel();
        let task = tokio::spawn(run(modem, pty, link.to_owned(), script, happened, tell));
        Ok(Port {
            link: link.to_owned(),
            happenings,
            told,
            task,
        })
    }

    /// Lets something happen now; `false` when the modem has ended.
    pub fn happen(&self, happening: Happening) -> bool {
        self.happenings.send(happening).is_ok()
    }

    /// From where something can be let happen while [`Port::told`] waits.
    pub fn happenings(&self) -> mpsc::UnboundedSender<Happening> {
        self.happenings.clone()
    }

    /// The next thing that the modem tells the network; `None` when it has ended.
    pub async fn told(&mut self) -> Option<Told> {
        self.told.recv().await
    }

    /// Where it is.
    pub fn link(&self) -> &Path {
        &self.link
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.task.abort();
        if let Err(error) = unlink(&self.link) {
            tracing::warn!(%error, link = %self.link.display(), "the modem's link stays");
        }
    }
}

async fn run(
    mut modem: Modem,
    pty: Pty,
    link: PathBuf,
    script: Vec<(Duration, Happening)>,
    mut happened: mpsc::UnboundedReceiver<Happening>,
    tell: mpsc::UnboundedSender<Told>,
) -> io::Result<()> {
    let start = Instant::now();
    let mut script = script.into_iter().peekable();
    let mut pty = Some(pty);
    let mut buffer = [0; 4_096];
    let mut is_heard = true;
    loop {
        while let Some((at, happening)) = script.next_if(|(at, _)| *at <= start.elapsed()) {
            modem.happen(at, happening);
        }
        for out in modem.take(start.elapsed()) {
            match out {
                Out::Bytes(bytes) => pty.iter().for_each(|pty| pty.write(&bytes)),
                Out::Vanish => {
                    unlink(&link)?;
                    pty = None;
                }
                Out::Appear => pty = Some(Pty::open(&link)?),
                Out::Tell(told) => is_heard = tell.send(told).is_ok(),
                _ => {}
            }
        }
        if !is_heard {
            return Ok(());
        }
        if let Some(pty) = &pty {
            pty.share();
        }
        let next = script.peek().map(|(at, _)| *at).into_iter().chain(modem.due()).min();
        let latest = start.elapsed() + LOOKED_AFTER;
        let until = start + next.map_or(latest, |next| next.min(latest));
        let heard = async {
            match &pty {
                Some(pty) => pty.read(&mut buffer).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            heard = heard => modem.hear(start.elapsed(), &buffer[..heard?]),
            happening = happened.recv() => match happening {
                Some(happening) => modem.happen(start.elapsed(), happening),
                None => return Ok(()),
            },
            () = tokio::time::sleep_until(until) => {}
        }
    }
}
