namespace NsFixture.Linux;

/// <summary>What statx(2) says of a file; of a symbolic link, the link's own.</summary>
internal readonly record struct FileStatus(uint Owner, uint Group, ushort Mode, ulong Inode)
{
    public uint Permissions => Mode & 0xFFFu;

    public bool IsRegular => (Mode & 0xF000) == 0x8000;

    public static unsafe FileStatus Of(string path)
    {
        Statx status;
        fixed (byte* name = Utf8.Zero(path))
            if (Libc.StatX(Fcntl.AT_FDCWD, name, Fcntl.AT_SYMLINK_NOFOLLOW, StatxMask.STATX_BASIC_STATS, &status) != 0)
                throw LinuxException.Last("statx", path);
        return new FileStatus(status.stx_uid, status.stx_gid, status.stx_mode, status.stx_ino);
    }
}
