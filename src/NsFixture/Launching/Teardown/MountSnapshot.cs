using System.Globalization;
using System.Runtime.InteropServices;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>The mounts of a sandbox at a moment: by their ids where the kernel lists these, else /proc/self/mountinfo.</summary>
internal sealed class MountSnapshot
{
    private readonly ulong[]? ids;
    private readonly byte[] text;

    private MountSnapshot(ulong[]? ids, byte[] text) => (this.ids, this.text) = (ids, text);

    /// <summary>No mounts.</summary>
    public static MountSnapshot Empty { get; } = new([], []);

    /// <summary>Those that there are now.</summary>
    public static MountSnapshot Take() => MountIds.All() is { } ids ? new MountSnapshot(ids, []) : new MountSnapshot(null, Text());

    public static MountSnapshot Read(ref ByteReader reader) =>
        new(reader.Boolean() ? MemoryMarshal.Cast<byte, ulong>(reader.Bytes()).ToArray() : null, reader.Bytes().ToArray());

    public ByteWriter Write(ByteWriter writer)
    {
        writer.Boolean(ids != null);
        if (ids != null)
            writer.Bytes(MemoryMarshal.AsBytes(ids.AsSpan()));
        return writer.Bytes(text);
    }

    /// <summary>Whether nothing has been mounted or unmounted between the two.</summary>
    public bool IsSameAs(MountSnapshot other) => ids.AsSpan().SequenceEqual(other.ids) && text.AsSpan().SequenceEqual(other.text);

    /// <summary>The mounts of this moment that an earlier one had not, as <c>/mnt (tmpfs)</c>.</summary>
    public IEnumerable<string> Since(MountSnapshot before) => ids != null && before.ids != null
        ? Describe(Text(), ids.Except(before.ids).Select(MountIds.Number).OfType<uint>().Select(n => n.ToString(CultureInfo.InvariantCulture)))
        : Describe(text, Lines(text).Select(f => f[0]).Except(Lines(before.text).Select(f => f[0])));

    private static byte[] Text() => FileSystem.ReadBytesIfThere("/proc/self/mountinfo");

    // The first field is the mount's number, the fifth where it is, and what it is of follows a dash (proc_pid_mountinfo(5)).
    private static IEnumerable<string> Describe(byte[] text, IEnumerable<string> numbers)
    {
        var wanted = new HashSet<string>(numbers);
        return Lines(text).Where(f => wanted.Contains(f[0])).Select(f => $"{f[4]} ({f[Array.IndexOf(f, "-") + 1]})");
    }

    private static IEnumerable<string[]> Lines(byte[] text) => System.Text.Encoding.UTF8.GetString(text).Split('\n').Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(f => f.Length > 4);
}
