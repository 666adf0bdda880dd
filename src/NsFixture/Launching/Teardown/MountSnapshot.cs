using System.Globalization;
using System.Runtime.InteropServices;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>The mounts of a sandbox at a moment: by their ids where the kernel lists these, else /proc/self/mountinfo.</summary>
internal sealed class MountSnapshot
{
    private readonly ulong[]? ids;
    private readonly byte[] text;

    private MountSnapshot(ulong[]? ids, byte[] text, DateTime taken) => (this.ids, this.text, Taken) = (ids, text, taken);

    /// <summary>A mount that has come between two moments.</summary>
    /// <param name="Place">Where it is.</param>
    /// <param name="Root">What of its file system it shows.</param>
    /// <param name="Type">The file system.</param>
    internal readonly record struct Mount(string Place, string Root, string Type)
    {
        public bool IsOfControlGroups => Type is "cgroup" or "cgroup2";

        /// <summary><c>/mnt (tmpfs)</c>. A namespace that is mounted stays, without any process.</summary>
        public override string ToString() => Type == "nsfs" ? $"{Place} (keeps {Root})" : $"{Place} ({Type})";
    }

    /// <summary>No mounts, at no time.</summary>
    public static MountSnapshot Empty { get; } = new([], [], DateTime.MaxValue);

    /// <summary>When it was taken.</summary>
    public DateTime Taken { get; }

    /// <summary>Those that there are now.</summary>
    public static MountSnapshot Take() => MountIds.All() is { } ids ? new MountSnapshot(ids, [], DateTime.UtcNow) : new MountSnapshot(null, Text(), DateTime.UtcNow);

    public static MountSnapshot Read(ref ByteReader reader) =>
        new(reader.Boolean() ? MemoryMarshal.Cast<byte, ulong>(reader.Bytes()).ToArray() : null, reader.Bytes().ToArray(), new DateTime(reader.Int64(), DateTimeKind.Utc));

    public ByteWriter Write(ByteWriter writer)
    {
        writer.Boolean(ids != null);
        if (ids != null)
            writer.Bytes(MemoryMarshal.AsBytes(ids.AsSpan()));
        return writer.Bytes(text).Int64(Taken.Ticks);
    }

    /// <summary>Whether nothing has been mounted or unmounted between the two.</summary>
    public bool IsSameAs(MountSnapshot other) => ids.AsSpan().SequenceEqual(other.ids) && text.AsSpan().SequenceEqual(other.text);

    /// <summary>The mounts of this moment that an earlier one had not.</summary>
    public IEnumerable<Mount> Since(MountSnapshot before) => ids != null && before.ids != null
        ? Describe(Text(), ids.Except(before.ids).Select(MountIds.Number).OfType<uint>().Select(n => n.ToString(CultureInfo.InvariantCulture)))
        : Describe(text, Lines(text).Select(f => f[0]).Except(Lines(before.text).Select(f => f[0])));

    private static byte[] Text() => FileSystem.ReadBytesIfThere("/proc/self/mountinfo");

    // The first field is the mount's number, the fifth where it is, and what it is of follows a dash (proc_pid_mountinfo(5)).
    private static IEnumerable<Mount> Describe(byte[] text, IEnumerable<string> numbers)
    {
        var wanted = new HashSet<string>(numbers);
        return Lines(text).Where(f => wanted.Contains(f[0])).Select(f => new Mount(f[4], f[3], f[Array.IndexOf(f, "-") + 1]));
    }

    private static IEnumerable<string[]> Lines(byte[] text) => System.Text.Encoding.UTF8.GetString(text).Split('\n').Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(f => f.Length > 4);
}
