using System.Text;

namespace NsFixture.Linux;

/// <summary>
/// The few file operations that a sandbox is built with, by system call: the file classes of .NET leave finalizers and
/// caches behind, for which the fork server's processes have no use.
/// </summary>
internal static unsafe class FileSystem
{
    /// <summary>Makes a directory; one that exists is left as it is.</summary>
    public static void MakeDirectory(string path, uint mode = 0x1ED /* 0755 */)
    {
        if (Libc.Mkdir(path, mode) != 0 && System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != Err.EEXIST)
            throw LinuxException.Last("mkdir", path);
    }

    /// <summary>Makes a directory and those above it.</summary>
    public static void MakeDirectories(string path)
    {
        if (path.Length <= 1 || Exists(path))
            return;
        MakeDirectories(path[..Math.Max(path.LastIndexOf('/'), 0)]);
        MakeDirectory(path);
    }

    public static bool Exists(string path) => Libc.Access(path, 0) == 0;

    public static void WriteFile(string path, string content)
    {
        int fd = LinuxException.Check(Libc.Open(path, Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_TRUNC | Fcntl.O_CLOEXEC, 0x1A4 /* 0644 */), "open", path);
        try
        {
            WriteAll(fd, Encoding.UTF8.GetBytes(content), path);
        }
        finally
        {
            _ = Libc.Close(fd);
        }
    }

    /// <summary>Replaces a file's content where it lies. It never is empty meanwhile, as it is with O_TRUNC.</summary>
    public static void Overwrite(string path, string content)
    {
        int fd = LinuxException.Check(Libc.Open(path, Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_CLOEXEC, 0x1A4 /* 0644 */), "open", path);
        try
        {
            byte[] bytes = Encoding.UTF8.GetBytes(content);
            WriteAll(fd, bytes, path);
            if (Libc.FTruncate(fd, bytes.Length) != 0)
                throw LinuxException.Last("ftruncate", path);
        }
        finally
        {
            _ = Libc.Close(fd);
        }
    }

    public static void WriteAll(int fd, ReadOnlySpan<byte> bytes, string target)
    {
        fixed (byte* start = bytes)
        {
            for (nint done = 0; done < bytes.Length;)
            {
                nint n = Libc.Write(fd, start + done, bytes.Length - done);
                if (n < 0)
                {
                    if (System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == Err.EINTR)
                        continue;
                    throw LinuxException.Last("write", target);
                }
                done += n;
            }
        }
    }

    /// <summary>Writes to someone who may have gone; false: has.</summary>
    public static bool TryWriteAll(int fd, ReadOnlySpan<byte> bytes)
    {
        try
        {
            WriteAll(fd, bytes, "a pipe");
            return true;
        }
        catch (LinuxException)
        {
            return false;
        }
    }

    /// <summary>A whole file, or nothing where there is none or one may not look: a process that a file of /proc is about may end at any time.</summary>
    public static string ReadTextIfThere(string path) => Encoding.UTF8.GetString(ReadBytesIfThere(path));

    /// <summary>The same, as it is.</summary>
    public static byte[] ReadBytesIfThere(string path)
    {
        try
        {
            return ReadBytes(path);
        }
        catch (LinuxException)
        {
            return [];
        }
    }

    /// <summary>A whole file; files of /proc, which have no size, included.</summary>
    public static string ReadText(string path) => Encoding.UTF8.GetString(ReadBytes(path));

    /// <summary>The same, as it is.</summary>
    public static byte[] ReadBytes(string path)
    {
        const int most = 4096; // what the kernel gives of a file of /proc at once
        int fd = LinuxException.Check(Libc.Open(path, Fcntl.O_RDONLY | Fcntl.O_CLOEXEC, 0), "open", path);
        try
        {
            byte[] bytes = [];
            int length = 0;
            byte* buffer = stackalloc byte[most];
            while (true)
            {
                nint n = Libc.Read(fd, buffer, most);
                if (n < 0)
                    throw LinuxException.Last("read", path);
                if (n == 0)
                    break;
                if (length + (int)n > bytes.Length)
                    Array.Resize(ref bytes, Math.Max(length + (int)n, 2 * length)); // exact for most, which are read at once
                new ReadOnlySpan<byte>(buffer, (int)n).CopyTo(bytes.AsSpan(length));
                length += (int)n;
            }
            if (length < bytes.Length)
                Array.Resize(ref bytes, length);
            return bytes;
        }
        finally
        {
            _ = Libc.Close(fd);
        }
    }

    public static void Symlink(string target, string link)
    {
        if (Libc.Symlink(target, link) != 0)
            throw LinuxException.Last("symlink", $"{link} → {target}");
    }

    /// <summary>What a symbolic link says, those of /proc included; null where there is none or one may not look.</summary>
    public static string? LinkTargetIfThere(string path)
    {
        const int longest = 4096;
        byte* target = stackalloc byte[longest];
        fixed (byte* name = Utf8.Zero(path))
        {
            nint length = Libc.ReadLink(name, target, longest);
            return length < 0 ? null : Encoding.UTF8.GetString(target, (int)length);
        }
    }

    public static int OpenDescriptor(string path, int flags) =>
        LinuxException.Check(Libc.Open(path, flags | Fcntl.O_CLOEXEC, 0), "open", path);
}
