using System.Formats.Tar;
using System.Runtime.InteropServices;
using FluentAssertions;
using NsFixture.Roots;
using NsFixture.Roots.Archives;

namespace NsFixture.Tests.Roots;

public sealed class TreeOwnersTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("owners-").FullName;

    public void Dispose() => TreeRemoval.Remove(directory);

    [Fact]
    public void Owners_are_those_of_the_last_layer_that_has_a_file()
    {
        Owners(
            new Tarball().Add(TarEntryType.RegularFile, "mine", By(7, 8)).Add(TarEntryType.RegularFile, "was", By(7, 8)).Add(TarEntryType.RegularFile, "gone", By(7, 8)).File("roots"),
            new Tarball().File("was").File(".wh.gone").Add(TarEntryType.SymbolicLink, "link", e => (e.LinkName, e.Uid) = ("mine", 9)))
            .Should().BeEquivalentTo([("mine", 7, 8), ("link", 9, 0)]);
    }

    [Fact]
    public void A_further_name_of_a_file_has_its_owner_when_the_first_is_gone()
    {
        Owners(
            new Tarball().Add(TarEntryType.RegularFile, "first", By(7, 8)).HardLink("second", "first"),
            new Tarball().File(".wh.first")).Should().BeEquivalentTo([("second", 7, 8)]);
    }

    [Fact]
    public void What_was_in_a_directory_is_forgotten_when_a_link_takes_its_place()
    {
        Owners(
            new Tarball().Add(TarEntryType.Directory, "d", By(7, 7)).Add(TarEntryType.RegularFile, "d/victim", By(7, 7)).Add(TarEntryType.RegularFile, "e/x", By(7, 7)),
            new Tarball().Link("d", directory).File(".wh.e").File("e/y")).Should().BeEmpty();
    }

    private static Action<TarEntry> By(int user, int group) => e => (e.Uid, e.Gid) = (user, group);

    private IEnumerable<(string Path, int User, int Group)> Owners(params Tarball[] layers)
    {
        string root = directory + "/root", file = directory + "/owners";
        Directory.CreateDirectory(root);
        var owners = new TreeOwners();
        var unpacker = new TreeUnpacker(root, setOwners: false, 1 << 20, owners: owners);
        foreach (Tarball layer in layers)
            unpacker.Unpack(new MemoryStream(layer.ToArray()), "the layer", isLayer: true);
        unpacker.Finish();
        owners.Write(file);
        byte[] bytes = File.ReadAllBytes(file);
        for (int at = 0; at < bytes.Length;)
        {
            ReadOnlySpan<int> numbers = MemoryMarshal.Cast<byte, int>(bytes.AsSpan(at, 12));
            (int user, int group, int length) = (numbers[0], numbers[1], numbers[2]);
            string path = System.Text.Encoding.UTF8.GetString(bytes, at + 12, length);
            at += 12 + length;
            yield return (path, user, group);
        }
    }
}
