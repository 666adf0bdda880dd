namespace NsFixture.Linux;

/// <summary>mount(2), umount2(2) and pivot_root(2), each failure naming what was mounted where.</summary>
internal static unsafe class Mounts
{
    public static void Mount(string source, string target, string? type, ulong flags = 0, string? data = null)
    {
        if (Libc.Mount(source, target, type, flags, data) != 0)
            throw LinuxException.Last("mount", $"{type ?? "bind"} {source} on {target}{(data == null ? "" : $" ({data})")}");
    }

    public static void Bind(string source, string target, bool recursive = false) =>
        Mount(source, target, null, MountFlags.MS_BIND | (recursive ? MountFlags.MS_REC : 0));

    public static void Tmpfs(string target, string mode, ulong flags = MountFlags.MS_NOSUID | MountFlags.MS_NODEV) =>
        Mount("tmpfs", target, "tmpfs", flags, "mode=" + mode);

    /// <summary>Makes a mount read-only, and those below it (mount_setattr(2), Linux 5.12; before that, itself alone).</summary>
    public static void SetReadOnly(string target, bool recursive)
    {
        var attributes = new MountAttr { attr_set = MountAttributes.MOUNT_ATTR_RDONLY };
        fixed (byte* path = Utf8.Zero(target))
            if (Libc.Syscall(SyscallNumbers.MountSetAttr, Fcntl.AT_FDCWD, (nint)path, recursive ? Fcntl.AT_RECURSIVE : 0, (nint)(&attributes), sizeof(MountAttr)) == 0)
                return;
        // Flags that the host's mount has are locked inside a user namespace and must be repeated.
        const ulong readOnly = MountFlags.MS_REMOUNT | MountFlags.MS_BIND | MountFlags.MS_RDONLY, locked = MountFlags.MS_NOSUID | MountFlags.MS_NODEV;
        if (Libc.Mount("none", target, null, readOnly, null) != 0 && Libc.Mount("none", target, null, readOnly | locked, null) != 0)
            Mount("none", target, null, readOnly | locked | MountFlags.MS_NOEXEC);
    }

    public static void Detach(string target)
    {
        if (Libc.Umount2(target, MountFlags.MNT_DETACH) != 0)
            throw LinuxException.Last("umount", target);
    }

    /// <summary>
    /// Mounts proc or sysfs, read-only where the kernel allows no other: it lets nobody write to a new one who may not write to those that there are
    /// (mount_too_revealing in its sources), and containers have theirs read-only.
    /// </summary>
    /// <returns>Why it is read-only; null: it is not.</returns>
    public static LinuxException? Kernel(string type, string target)
    {
        const ulong flags = MountFlags.MS_NOSUID | MountFlags.MS_NODEV | MountFlags.MS_NOEXEC;
        try
        {
            Mount(type, target, type, flags);
            return null;
        }
        catch (LinuxException e)
        {
            Mount(type, target, type, flags | MountFlags.MS_RDONLY);
            return e;
        }
    }

    /// <summary>Whether <see cref="ChangeRoot"/> has not been refused pivot_root(2), which gives every process in the old root the new one; chroot(2) does so for its caller alone.</summary>
    public static bool HasPivotRoot { get; private set; } = true;

    /// <summary>Makes <paramref name="newRoot"/> the root; the old one stays reachable at <paramref name="putOld"/>.</summary>
    /// <param name="newRoot">A mount.</param>
    /// <param name="putOld">A directory in it; the same as the first: nowhere, the old root is let go of.</param>
    /// <param name="notes">Gets a line where the kernel, or a filter of system calls, has no pivot_root(2) for us, such as where the root is an initramfs.</param>
    /// <param name="held">A mount in the old root that the caller keeps a descriptor of: not left mounted there, or the descriptor would lead there.</param>
    public static void ChangeRoot(string newRoot, string putOld, List<string> notes, string? held = null)
    {
        bool keeps = newRoot != putOld;
        int result;
        // With ".": the old root is stacked on the new one for a moment and needs no directory of its own.
        ChangeDirectory(newRoot);
        fixed (byte* n = "."u8, o = Utf8.Zero(keeps ? putOld : "."))
            result = (int)Libc.Syscall(SyscallNumbers.PivotRoot, (nint)n, (nint)o, 0, 0, 0);
        if (result == 0)
        {
            if (!keeps)
                Detach(".");
        }
        else
        {
            HasPivotRoot = false;
            string note = $"The root is changed by chroot: {LinuxException.Last("pivot_root", "the new root").Message}. The old root lies below the new one, where code that has capabilities inside can bring it to light; Hardened takes them away.";
            // As switch_root(8) does it: the new root covers the old one, and whoever climbs to the top ends up in it again.
            if (keeps)
                Bind("/", putOld, recursive: true);
            if (held != null)
                Detach(held); // else that is done with the whole old root, by whoever lets go of it
            Mount(".", "/", null, MountFlags.MS_MOVE);
            if (Libc.Chroot(".") != 0)
                throw LinuxException.Last("chroot", newRoot);
            if (!notes.Contains(note))
                notes.Add(note);
        }
        ChangeDirectory("/");
    }

    private static void ChangeDirectory(string path)
    {
        if (Libc.Chdir(path) != 0)
            throw LinuxException.Last("chdir", path);
    }

    /// <summary>The mount points under <paramref name="self"/>, in the order the kernel lists them (proc_pid_mountinfo(5)).</summary>
    public static List<string> Points(string self = "/proc/self/mountinfo")
    {
        var points = new List<string>();
        foreach (string line in FileSystem.ReadText(self).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            points.Add(Unescape(line.Split(' ')[4]));
        return points;
    }

    /// <summary>The mounts of a file system in a text of proc_pid_mountinfo(5): what of it is mounted, and where.</summary>
    public static IEnumerable<(string Root, string Point)> OfType(string type, string mountInformation) =>
        from line in mountInformation.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        let separator = line.IndexOf(" - ", StringComparison.Ordinal)
        where separator > 0 && line.AsSpan(separator + 3).StartsWith(type + " ")
        let fields = line.Split(' ')
        select (Unescape(fields[3]), Unescape(fields[4]));

    // Space, tab, newline and backslash are written as three octal digits.
    private static string Unescape(string field)
    {
        if (!field.Contains('\\', StringComparison.Ordinal))
            return field;
        return field.Replace("\\040", " ", StringComparison.Ordinal).Replace("\\011", "\t", StringComparison.Ordinal)
            .Replace("\\012", "\n", StringComparison.Ordinal).Replace("\\134", "\\", StringComparison.Ordinal);
    }
}
