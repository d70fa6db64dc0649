//! Whether a folder may be changed by other machines, of which this one's kernel raises no events.

use std::path::Path;

/// Numbers that the kernel gives to kinds of file systems (`statfs`), and their names. FUSE may be local; nobody can tell.
const REMOTE: [(u64, &str); 18] = [
    (0x6969, "NFS"),
    (0xff53_4d42, "SMB"),
    (0xfe53_4d42, "SMB"),
    (0x517b, "SMB"),
    (0x6573_5546, "FUSE"),
    (0x0102_1997, "9P"),
    (0x00c3_6400, "CephFS"),
    (0x0bd0_0bd0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x1983_0326, "BeeGFS"),
    (0x0116_1970, "GFS2"),
    (0x7461_636f, "OCFS2"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x7375_7245, "Coda"),
    (0x2003_0528, "OrangeFS"),
    (0x786f_4256, "a folder of VirtualBox's host"),
    (0xbacb_acbc, "a folder of VMware's host"),
];

/// The name of the kind of a file system that machines may share; `None` for the disks of this machine.
pub fn remote(folder: &Path) -> Option<&'static str> {
    let kind = rustix::fs::statfs(folder).ok()?.f_type as u64 & 0xffff_ffff;
    REMOTE.iter().find(|(number, _)| *number == kind).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::remote;
    use std::path::Path;

    #[test]
    fn what_the_kernel_makes_itself_is_not_remote() {
        assert_eq!(remote(Path::new("/proc")), None);
        assert_eq!(remote(Path::new("/nowhere at all")), None);
    }
}
