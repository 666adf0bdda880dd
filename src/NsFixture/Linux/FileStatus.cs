namespace NsFixture.Linux;

/// <summary>What statx(2) says of a file.</summary>
internal readonly record struct FileStatus(uint Owner, uint Group, ushort Mode, ulong Inode)
{
    private const int TypeMask = 0xF000, Link = 0xA000, Regular = 0x8000, DirectoryType = 0x4000, CharacterDevice = 0x2000;

    public uint Permissions => Mode & 0xFFFu;

    public bool IsRegular => (Mode & TypeMask) == Regular;

    public bool IsDirectory => (Mode & TypeMask) == DirectoryType;

    public bool IsLink => (Mode & TypeMask) == Link;

    /// <summary>How overlayfs says in an upper layer that a file of a lower one is gone.</summary>
    public bool IsWhiteout => (Mode & TypeMask) == CharacterDevice && DeviceNumber == 0;

    public long Size { get; private init; }

    /// <summary>The file system it is on.</summary>
    public ulong Device { get; private init; }

    /// <summary>The device that it is, if it is one.</summary>
    public ulong DeviceNumber { get; private init; }

    /// <summary>The last change of its content, in nanoseconds since 1970.</summary>
    public long Modified { get; private init; }

    /// <summary>The last change of anything about it, in nanoseconds since 1970.</summary>
    public long Changed { get; private init; }

    /// <summary>Of a symbolic link, the link's own.</summary>
    public static FileStatus Of(string path) => Read(path, Fcntl.AT_SYMLINK_NOFOLLOW) ?? throw LinuxException.Last("statx", path);

    /// <summary>Of a symbolic link, the link's own; null where there is nothing.</summary>
    public static FileStatus? OfAny(string path) => Read(path, Fcntl.AT_SYMLINK_NOFOLLOW);

    /// <summary>Of what a symbolic link leads to; null where that is nothing.</summary>
    public static FileStatus? Followed(string path) => Read(path, 0);

    /// <summary>Of what is open.</summary>
    public static FileStatus Of(int fd) => Read("", Fcntl.AT_EMPTY_PATH, fd) ?? throw LinuxException.Last("statx", Descriptors.Target(fd));

    private static unsafe FileStatus? Read(string path, int flags, int directory = Fcntl.AT_FDCWD)
    {
        Statx status;
        fixed (byte* name = Utf8.Zero(path))
            if (Libc.StatX(directory, name, flags, StatxMask.STATX_BASIC_STATS, &status) != 0)
                return null;
        return new FileStatus(status.stx_uid, status.stx_gid, status.stx_mode, status.stx_ino)
        {
            Size = (long)status.stx_size,
            Device = ((ulong)status.stx_dev_major << 32) | status.stx_dev_minor,
            DeviceNumber = ((ulong)status.stx_rdev_major << 32) | status.stx_rdev_minor,
            Modified = Nanoseconds(status.stx_mtime),
            Changed = Nanoseconds(status.stx_ctime),
        };
    }

    private static long Nanoseconds(StatxTimestamp time) => (time.tv_sec * 1_000_000_000) + time.tv_nsec;
}
