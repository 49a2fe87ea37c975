//! As root, a subcommand goes on as the owner of the data directory, so that it leaves no file the daemon cannot use.

use std::{
    fs, io,
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    path::Path,
    process::Command,
};

/// Starts this program again, with the same arguments, as the owner of `directory`; returns only when there is nothing to
/// change or when that fails.
pub fn act_as_owner(directory: &Path) -> io::Result<()> {
    let (Ok(own), Ok(owner)) = (fs::metadata("/proc/self"), fs::metadata(directory)) else {
        return Ok(());
    };
    if own.uid() != 0 || owner.uid() == 0 {
        return Ok(());
    }
    let mut command = Command::new(std::env::current_exe()?);
    Err(command
        .args(std::env::args_os().skip(1))
        .uid(owner.uid())
        .gid(owner.gid())
        .exec())
}
