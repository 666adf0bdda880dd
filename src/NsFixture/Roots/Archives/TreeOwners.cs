using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using NsFixture.Linux;

namespace NsFixture.Roots.Archives;

/// <summary>
/// The owners that an archive's files are to have, where who unpacks it may not give files away: an ordinary user with subordinate ids. So they are
/// noted while it is unpacked, and written down beside the tree; a child of the zygote, which is uid 0 of a user namespace that has these ids, gives
/// them (<see cref="Give"/>). Files of uid and gid 0 stay the user's, who is that inside.
/// </summary>
internal sealed class TreeOwners
{
    private readonly Dictionary<string, (uint User, uint Group)> owners = [];

    /// <param name="path">Relative to the tree, without symbolic links but for the last component.</param>
    /// <param name="user">As the archive says.</param>
    /// <param name="group">As the archive says.</param>
    public void Note(string path, uint user, uint group)
    {
        if ((user, group) == (0, 0))
            owners.Remove(path);
        else
            owners[path] = (user, group);
    }

    /// <summary>A path is one more name of a file.</summary>
    public void NoteLink(string path, string target)
    {
        var (user, group) = owners.GetValueOrDefault(target);
        Note(path, user, group);
    }

    /// <summary>What was at a path is not there any more.</summary>
    public void Forget(string path, bool isDirectory)
    {
        owners.Remove(path);
        if (!isDirectory)
            return;
        foreach (string below in owners.Keys.Where(p => p.StartsWith(path + "/", StringComparison.Ordinal)).ToArray())
            owners.Remove(below);
    }

    /// <summary>Writes them down: user, group, the path's length, the path.</summary>
    public void Write(string file)
    {
        using FileStream stream = File.Create(file);
        Span<byte> numbers = stackalloc byte[3 * sizeof(uint)];
        foreach (var (path, (user, group)) in owners)
        {
            byte[] name = Encoding.UTF8.GetBytes(path);
            BinaryPrimitives.WriteUInt32LittleEndian(numbers, user);
            BinaryPrimitives.WriteUInt32LittleEndian(numbers[4..], group);
            BinaryPrimitives.WriteInt32LittleEndian(numbers[8..], name.Length);
            stream.Write(numbers);
            stream.Write(name);
        }
    }

    /// <summary>
    /// Gives a tree's files to whom they were noted for, ids as the calling process sees them. The tree becomes the root of this process: a link
    /// that an archive has in a file's place leads nowhere else.
    /// </summary>
    /// <returns>How many have an owner or a group that does not exist here, and keep uid or gid 0.</returns>
    /// <exception cref="LinuxException">It could not be done.</exception>
    public static int Give(string tree, string file)
    {
        ReadOnlySpan<byte> rest = File.ReadAllBytes(file);
        if (Libc.Chroot(tree) != 0)
            throw LinuxException.Last("chroot", tree);
        int unknown = 0;
        while (rest.Length > 0)
        {
            uint user = BinaryPrimitives.ReadUInt32LittleEndian(rest), group = BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]);
            int end = 12 + BinaryPrimitives.ReadInt32LittleEndian(rest[8..]);
            string path = "/" + Encoding.UTF8.GetString(rest[12..end]);
            rest = rest[end..];
            if (Libc.LChown(path, user, group) == 0)
                continue;
            if (Marshal.GetLastPInvokeError() != Err.EINVAL)
                throw LinuxException.Last("chown", path);
            unknown++;
            const uint unchanged = uint.MaxValue;
            if (Libc.LChown(path, user, unchanged) != 0)
                _ = Libc.LChown(path, unchanged, group);
        }
        return unknown;
    }
}
