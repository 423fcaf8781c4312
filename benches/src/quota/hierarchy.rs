//! Where the kernel's CPU controller is: control groups of version 1, or of version 2.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Error;

/// A folder of the CPU controller that groups can be made in.
pub(crate) enum Hierarchy {
    V1(PathBuf),
    V2(PathBuf),
}

impl Hierarchy {
    /// Looks at what is mounted.
    pub(crate) fn find() -> Result<Self, Error> {
        let mounts = fs::read_to_string("/proc/self/mountinfo")?;
        let groups = fs::read_to_string("/proc/self/cgroup")?;
        if let Some(mount) = mount_point(&mounts, "cgroup", Some("cpu")) {
            return Ok(Self::V1(mount.join(own_group(&groups, Some("cpu")))));
        }
        let mount = mount_point(&mounts, "cgroup2", None).ok_or("--memory needs control groups: none are mounted")?;
        // A group with processes in it cannot give a share to groups below it, so its nearest ancestor that does is used.
        let own = mount.join(own_group(&groups, None));
        let able = own.ancestors().take_while(|path| path.starts_with(&mount)).find(|path| gives_cpu(path));
        let path = able.ok_or(
            "--memory needs the CPU controller of control groups: no group of this process gives it to groups below; \
             run as root, with `cpu` in `cgroup.subtree_control` of the root group",
        )?;
        Ok(Self::V2(path.to_owned()))
    }

    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::V1(path) | Self::V2(path) => path,
        }
    }

    pub(crate) fn version(&self) -> u8 {
        match self {
            Self::V1(_) => 1,
            Self::V2(_) => 2,
        }
    }

    /// Sets what a group may use of each period.
    pub(crate) fn limit(&self, group: &Path, share: Duration, period: Duration) -> io::Result<()> {
        let (share, period) = (share.as_micros(), period.as_micros());
        match self {
            Self::V1(_) => {
                fs::write(group.join("cpu.cfs_period_us"), period.to_string())?;
                fs::write(group.join("cpu.cfs_quota_us"), share.to_string())
            }
            Self::V2(_) => fs::write(group.join("cpu.max"), format!("{share} {period}")),
        }
    }
}

fn gives_cpu(group: &Path) -> bool {
    let given = fs::read_to_string(group.join("cgroup.subtree_control")).unwrap_or_default();
    given.split_ascii_whitespace().any(|controller| controller == "cpu")
}

/// The first mount of this kind of file system, with an option if one is named: lines as in `/proc/self/mountinfo`.
fn mount_point(mounts: &str, kind: &str, option: Option<&str>) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut file_system = file_system.split(' ');
        let of_kind = file_system.next()? == kind;
        let options = file_system.nth(1)?;
        let has_option = option.is_none_or(|option| options.split(',').any(|one| one == option));
        (of_kind && has_option).then(|| mount.split(' ').nth(4).map(PathBuf::from))?
    })
}

/// The path of the process's group below the mount: lines as in `/proc/self/cgroup`. No controller stands for version 2.
fn own_group<'a>(groups: &'a str, controller: Option<&str>) -> &'a str {
    let path = groups.lines().find_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        let is_it = match controller {
            Some(controller) => controllers.split(',').any(|one| one == controller),
            None => controllers.is_empty(),
        };
        is_it.then_some(path)
    });
    path.unwrap_or_default().trim_start_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
        33 31 0:30 / /sys/fs/cgroup/cpuset rw,shared:1 - cgroup cgroup rw,cpuset\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    #[test]
    fn the_cpu_controller_is_found_among_the_mounts() {
        assert_eq!(mount_point(V1, "cgroup", Some("cpu")), Some("/sys/fs/cgroup/cpu".into()));
        assert_eq!(mount_point(V1, "cgroup2", None), Some("/sys/fs/cgroup/unified".into()));
        assert_eq!(mount_point(V1, "cgroup", Some("io")), None);
    }

    #[test]
    fn a_group_is_below_the_own_group() {
        let groups = "9:name=systemd:/\n4:cpu,cpuacct:/jobs/7\n0::/user.slice/one\n";
        assert_eq!(own_group(groups, Some("cpu")), "jobs/7");
        assert_eq!(own_group(groups, None), "user.slice/one");
        assert_eq!(own_group("4:memory:/jobs\n", Some("cpu")), "");
    }

    #[test]
    fn a_quota_is_written_as_each_version_reads_it() {
        let (share, period) = (Duration::from_micros(1_447), Duration::from_millis(20));
        let group = tempfile::tempdir().unwrap();
        let read = |name: &str| fs::read_to_string(group.path().join(name)).unwrap();
        Hierarchy::V1(PathBuf::new()).limit(group.path(), share, period).unwrap();
        assert_eq!([read("cpu.cfs_period_us"), read("cpu.cfs_quota_us")], ["20000", "1447"]);
        Hierarchy::V2(PathBuf::new()).limit(group.path(), share, period).unwrap();
        assert_eq!(read("cpu.max"), "1447 20000");
    }
}
