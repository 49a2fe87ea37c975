//! As root, a subcommand goes on as the owner of the data directory, so that it leaves no file the daemon cannot use.

use std::{
    fs, io,
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    path::Path,
    process::Command,
};

use rustix::{
    process::{Gid, Uid},
    thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid},
};

/// The group that may open serial ports; the gateway's unit gives it to the daemon, whatever the user database says.
const SERIAL_GROUP: &str = "dialout";

/// Starts this program again, with the same arguments, as the owner of `directory` and with the groups that the daemon has;
/// returns only when there is nothing to change or when that fails.
pub fn act_as_owner(directory: &Path) -> io::Result<()> {
    let (Ok(own), Ok(owner)) = (fs::metadata("/proc/self"), fs::metadata(directory)) else {
        return Ok(());
    };
    if own.uid() != 0 || owner.uid() == 0 {
        return Ok(());
    }
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let groups = groups(owner.uid(), &read("/etc/passwd"), &read("/etc/group"));
    // `Command::uid` would take all groups away. What this thread is, the program becomes.
    set_thread_groups(&groups)?;
    let (user, group) = (Uid::from_raw(owner.uid()), Gid::from_raw(owner.gid()));
    set_thread_res_gid(group, group, group)?;
    set_thread_res_uid(user, user, user)?;
    let mut command = Command::new(std::env::current_exe()?);
    Err(command.args(std::env::args_os().skip(1)).exec())
}

/// Beside its own, the groups of a user, by the system's lists of users and groups (passwd(5), group(5)).
fn groups(user: u32, users: &str, groups: &str) -> Vec<Gid> {
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(user)).then_some(name)
    });
    let is_in = |members: &str| name.is_some_and(|name| members.split(',').any(|member| member == name));
    let group = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let &[group, _, number, members] = fields.as_slice() else {
            return None;
        };
        let number = number.parse().ok()?;
        (group == SERIAL_GROUP || is_in(members)).then(|| Gid::from_raw(number))
    };
    groups.lines().filter_map(group).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_owner_has_the_groups_of_the_daemon() {
        let users = "root:x:0:0:root:/root:/bin/bash\nkisima:x:997:995::/var/lib/kisima:/usr/sbin/nologin\n";
        let listed =
            "root:x:0:\ndialout:x:20:\ngpio:x:993:pi,kisima\nplugdev:x:46:kisima2\nbroken\nodd:x:many:kisima\n";
        let of = |user| {
            groups(user, users, listed)
                .into_iter()
                .map(Gid::as_raw)
                .collect::<Vec<_>>()
        };
        assert_eq!(of(997), [20, 993]);
        assert_eq!(of(1_000), [20], "a user without a name");
    }
}
