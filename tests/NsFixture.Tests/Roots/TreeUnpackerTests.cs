using System.Formats.Tar;
using FluentAssertions;
using NsFixture.Linux;
using NsFixture.Roots;
using NsFixture.Roots.Archives;

namespace NsFixture.Tests.Roots;

public sealed class TreeUnpackerTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("nsfixture-unpack-").FullName;
    private readonly string root;

    public TreeUnpackerTests()
    {
        Directory.CreateDirectory(root = directory + "/tree");
        File.WriteAllText(directory + "/victim", "untouched");
    }

    public void Dispose() => TreeRemoval.Remove(directory);

    [Fact]
    public void Files_directories_and_links_are_as_in_the_archive()
    {
        Unpack(new Tarball().Directory("etc/", 0x1ED).File("etc/passwd", "root", 0x1A0).Directory("./closed", 0x140).File("./closed/file", "x")
            .Link("bin", "usr/bin").File("usr/bin/sh", "#!", 0x1ED).HardLink("usr/bin/ash", "usr/bin/sh").Add(TarEntryType.Fifo, "pipe").File("/absolute", "a"));
        File.ReadAllText(root + "/etc/passwd").Should().Be("root");
        FileStatus.Of(root + "/etc/passwd").Permissions.Should().Be(0x1A0);
        FileStatus.Of(root + "/closed").Permissions.Should().Be(0x140, "the mode of a directory that may not be written comes last");
        File.ReadAllText(root + "/bin/sh").Should().Be("#!");
        FileStatus.Of(root + "/usr/bin/ash").Inode.Should().Be(FileStatus.Of(root + "/usr/bin/sh").Inode);
        File.ReadAllText(root + "/absolute").Should().Be("a", "names begin at the tree");
        File.GetLastWriteTimeUtc(root + "/etc/passwd").Should().BeCloseTo(DateTime.UtcNow, TimeSpan.FromMinutes(5));
    }

    [Theory, InlineData(TarEntryFormat.Gnu), InlineData(TarEntryFormat.Ustar), InlineData(TarEntryFormat.Pax), InlineData(TarEntryFormat.V7)]
    public void Every_format_is_read(TarEntryFormat format)
    {
        var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, format, leaveOpen: true))
        {
            string name = format is TarEntryFormat.Gnu or TarEntryFormat.Pax ? string.Concat(Enumerable.Repeat("long-directory-name/", 10)) + "file" : "dir/file";
            TarEntry entry = format switch
            {
                TarEntryFormat.Gnu => new GnuTarEntry(TarEntryType.RegularFile, name),
                TarEntryFormat.Ustar => new UstarTarEntry(TarEntryType.RegularFile, name),
                TarEntryFormat.V7 => new V7TarEntry(TarEntryType.V7RegularFile, name),
                _ => new PaxTarEntry(TarEntryType.RegularFile, name),
            };
            entry.DataStream = new MemoryStream("content"u8.ToArray());
            writer.WriteEntry(entry);
        }
        stream.Position = 0;
        var unpacker = new TreeUnpacker(root, setOwners: false, maxSize: 1 << 20);
        unpacker.Unpack(stream, "the archive", isLayer: false);
        Directory.GetFiles(root, "file", SearchOption.AllDirectories).Should().ContainSingle().Which.Should().Match(f => File.ReadAllText(f) == "content");
    }

    public static TheoryData<string, string> Attacks() => new()
    {
        { "dotdot", "\"../victim\" has \"..\" in its name*" },
        { "dotdot inside", "\"a/../../victim\" has \"..\"*" },
        { "below a climbing link", "\"link/victim\" lies below a symbolic link that leads out of the tree*" },
        { "below a chain of links", "*lies below a symbolic link that leads out of the tree*" },
        { "below links in a circle", "*circle*" },
        { "hard link outside by dotdot", "*hard link to \"../victim\", which could lead out of the tree*" },
        { "hard link outside by an absolute name", "*hard link to \"/etc/passwd\", which is no file of the tree*" },
        { "hard link through a link", "*lies below a symbolic link that leads out of the tree*" },
        { "hard link to a directory", "*is no file of the tree*" },
        { "device", "\"opt/null\" is a device*" },
        { "sparse file of GNU tar", "*sparse*" },
        { "sparse file of pax", "*sparse*" },
        { "4 GB of zeros", "*larger than 1048576 bytes*NSFIXTURE_CACHE_SIZE*" },
        { "a file as directory", "*lies below \"file\", which is no directory*" },
        { "too long a name", "*could not be unpacked*" },
        { "an unknown type", "*type*not read*" },
    };

    [Theory, MemberData(nameof(Attacks))]
    public void What_is_not_safe_is_refused_and_nothing_outside_is_touched(string attack, string message)
    {
        Tarball tar = attack switch
        {
            "dotdot" => new Tarball().File("../victim", "gone"),
            "dotdot inside" => new Tarball().File("a/../../victim", "gone"),
            "below a climbing link" => new Tarball().Link("link", "..").File("link/victim", "gone"),
            "below a chain of links" => new Tarball().Directory("d").Link("d/up", "../..").Link("link", "d/up").File("link/victim", "gone"),
            "below links in a circle" => new Tarball().Link("a", "b").Link("b", "a").File("a/x", "gone"),
            "hard link outside by dotdot" => new Tarball().HardLink("mine", "../victim").File("mine", "gone"),
            "hard link outside by an absolute name" => new Tarball().HardLink("mine", "/etc/passwd").File("mine", "gone"),
            "hard link through a link" => new Tarball().Link("link", "..").HardLink("mine", "link/victim"),
            "hard link to a directory" => new Tarball().Directory("d").HardLink("mine", "d"),
            "device" => new Tarball().Device("opt/null"),
            "sparse file of GNU tar" => new Tarball().Add(TarEntryType.RegularFile, "sparse"),
            "sparse file of pax" => new Tarball(),
            "4 GB of zeros" => new Tarball(),
            "a file as directory" => new Tarball().File("file", "x").File("file/below", "y"),
            "too long a name" => new Tarball().File(new string('n', 300), "x"),
            _ => new Tarball().File("strange", "x"),
        };
        byte[] bytes = attack switch
        {
            "sparse file of GNU tar" => WithType(tar.ToArray(), "sparse", 'S'),
            "an unknown type" => WithType(tar.ToArray(), "strange", 'M'),
            "sparse file of pax" => Sparse(),
            "4 GB of zeros" => Huge(),
            _ => tar.ToArray(),
        };
        var unpacking = () => Unpack(bytes, maxSize: 1 << 20);
        unpacking.Should().Throw<RootTreeException>().WithMessage($"the archive*{message}");
        File.ReadAllText(directory + "/victim").Should().Be("untouched");
        Directory.GetFileSystemEntries(directory).Should().HaveCount(2, "there is the tree, and the victim");
    }

    [Fact]
    public void Absolute_links_and_links_that_lead_outside_are_kept_but_never_followed_out_of_the_tree()
    {
        Unpack(new Tarball().Link("run", "/var/run").Directory("var/run").File("run/pid", "1").Link("out", directory).Link("passwd", "../../etc/passwd").File("out" + directory + "/x", "y"));
        File.ReadAllText(root + "/var/run/pid").Should().Be("1", "an absolute link leads to where it leads within the tree");
        File.ReadAllText(root + directory + directory + "/x").Should().Be("y");
        Directory.GetFileSystemEntries(directory).Should().HaveCount(2);
        new FileInfo(root + "/passwd").LinkTarget.Should().Be("../../etc/passwd");
    }

    [Fact]
    public void A_link_is_replaced_by_a_later_file_and_not_written_through()
    {
        Unpack(new Tarball().Link("a", directory + "/victim").File("a", "mine").Link("d", directory).Directory("d").File("d/victim", "mine"));
        File.ReadAllText(directory + "/victim").Should().Be("untouched");
        File.ReadAllText(root + "/a").Should().Be("mine");
        File.ReadAllText(root + "/d/victim").Should().Be("mine");
    }

    [Fact]
    public void Set_user_id_bits_are_not_kept_and_that_is_said()
    {
        var unpacker = Unpack(new Tarball().File("su", "x", 0x9ED).File("wall", "x", 0x5ED).Directory("shared", 0x5FF));
        FileStatus.Of(root + "/su").Permissions.Should().Be(0x1ED);
        FileStatus.Of(root + "/wall").Permissions.Should().Be(0x1ED);
        FileStatus.Of(root + "/shared").Permissions.Should().Be(0x5FF, "on a directory the set-group-id bit runs nothing");
        unpacker.Notes.Should().Equal("2 set-user-id or set-group-id bits were not kept");
    }

    [Fact]
    public void Devices_of_dev_are_left_out_since_every_sandbox_has_its_own()
    {
        Unpack(new Tarball().Directory("dev").Device("dev/null").File("etc/hostname", "x"));
        Directory.GetFileSystemEntries(root + "/dev").Should().BeEmpty();
    }

    [Fact]
    public void A_million_and_one_entries_are_too_many()
    {
        Directory.CreateDirectory(root);
        var unpacker = new TreeUnpacker(root, setOwners: false, 1 << 30);
        var endless = new EndlessStream(new Tarball().Directory("d").ToArray()[..^1024]); // without the two blocks of zeros that end an archive
        var unpacking = () => unpacker.Unpack(endless, "the archive", isLayer: false);
        unpacking.Should().Throw<RootTreeException>().WithMessage("the archive has more than 1000000 entries: too many for a root tree.");
        endless.Rounds.Should().BeInRange(1_000_001, 1_010_000);
        Directory.GetFileSystemEntries(root).Should().Equal(root + "/d");
    }

    [Fact]
    public void An_archive_that_is_cut_off_anywhere_is_refused_or_whole()
    {
        byte[] whole = new Tarball().File("a", new string('x', 2000)).Directory("d").File("d/b", "y").ToArray();
        int refused = 0;
        for (int length = 0; length < whole.Length - 1024; length += 100)
        {
            try
            {
                Unpack(whole[..length]);
            }
            catch (RootTreeException)
            {
                refused++;
            }
        }
        refused.Should().BeGreaterThan(whole.Length / 100 / 2);
    }

    [Fact]
    public void Rubbish_is_refused()
    {
        var random = new Random(7);
        byte[] rubbish = new byte[5000];
        random.NextBytes(rubbish);
        ((Action)(() => Unpack(rubbish))).Should().Throw<RootTreeException>().WithMessage("*no tar archive*");
        byte[] good = new Tarball().File("a", "x").Link("l", "a").HardLink("h", "a").Directory("d").File("d/x", "y").ToArray();
        for (int round = 0; round < 500; round++)
        {
            byte[] bad = [.. good];
            for (int i = 0; i < 4; i++)
                bad[random.Next(bad.Length)] = (byte)random.Next(256);
            try
            {
                Unpack(bad);
            }
            catch (RootTreeException)
            {
                // As it should be; anything else fails the test.
            }
            Directory.GetFileSystemEntries(directory).Should().HaveCount(2);
        }
        File.ReadAllText(directory + "/victim").Should().Be("untouched");
    }

    [Fact]
    public void A_layer_takes_away_what_layers_below_have()
    {
        UnpackLayers(
            new Tarball().File("etc/a", "1").File("etc/b", "1").File("var/cache/x", "1").File("opt/old/deep/file", "1").File("keep", "1"),
            new Tarball().File("etc/.wh.a").File("var/cache/new", "2").File("var/cache/.wh..wh..opq").File("opt/.wh.old").File("opt/old/new", "2").File(".wh..wh.plnk"));
        Files().Should().BeEquivalentTo(["/etc/b", "/var/cache/new", "/opt/old/new", "/keep"]);
    }

    [Fact]
    public void What_a_layer_has_itself_its_own_whiteouts_leave_alone_in_either_order()
    {
        UnpackLayers(
            new Tarball().File("d/lower", "1").File("f", "1"),
            new Tarball().File("d/mine", "2").File(".wh.d").File(".wh.f").File("f", "2").File(".wh.nothing"));
        Files().Should().BeEquivalentTo(["/d/mine", "/f"]);
        File.ReadAllText(root + "/f").Should().Be("2");
    }

    [Fact]
    public void A_file_takes_the_place_of_a_directory_and_the_other_way_round()
    {
        UnpackLayers(
            new Tarball().File("a/below", "1").File("b", "1").Link("c", "a").File("d/x", "1"),
            new Tarball().File("a", "2").Directory("b").File("b/below", "2").Directory("c").Directory("d", 0x1C0));
        Files().Should().BeEquivalentTo(["/a", "/b/below", "/d/x"]);
        FileStatus.Of(root + "/d").Permissions.Should().Be(0x1C0);
        FileStatus.Of(root + "/c").IsDirectory.Should().BeTrue();
    }

    [Fact]
    public void Whiteouts_that_lead_out_of_the_tree_remove_nothing()
    {
        foreach (Tarball layer in (Tarball[])[new Tarball().Link("up", "..").File("up/.wh.victim"), new Tarball().File(".wh.../victim"), new Tarball().File(".wh..")])
        {
            try
            {
                UnpackLayers(new Tarball().File("x", "1"), layer);
            }
            catch (RootTreeException)
            {
                // Refused: good as well.
            }
            File.ReadAllText(directory + "/victim").Should().Be("untouched");
            Directory.Exists(root).Should().BeTrue();
        }
    }

    private IEnumerable<string> Files() => Directory.GetFiles(root, "*", SearchOption.AllDirectories).Select(f => f[root.Length..]);

    private TreeUnpacker Unpack(Tarball tar) => Unpack(tar.ToArray());

    private TreeUnpacker Unpack(byte[] tar, long maxSize = 1 << 30)
    {
        TreeRemoval.Remove(root);
        Directory.CreateDirectory(root);
        var unpacker = new TreeUnpacker(root, setOwners: false, maxSize);
        unpacker.Unpack(new HashingStream(new MemoryStream(tar)), "the archive", isLayer: false);
        unpacker.Finish();
        return unpacker;
    }

    private void UnpackLayers(params Tarball[] layers)
    {
        TreeRemoval.Remove(root);
        Directory.CreateDirectory(root);
        var unpacker = new TreeUnpacker(root, setOwners: false, 1 << 30);
        foreach (Tarball layer in layers)
            unpacker.Unpack(new MemoryStream(layer.ToArray()), "the layer", isLayer: true);
        unpacker.Finish();
    }

    /// <summary>Changes the type of an entry in place, and its checksum.</summary>
    private static byte[] WithType(byte[] tar, string name, char type)
    {
        byte[] wanted = System.Text.Encoding.ASCII.GetBytes(name + "\0");
        int header = 0;
        while (!tar.AsSpan(header).StartsWith(wanted))
            header += 512;
        tar[header + 156] = (byte)type;
        tar.AsSpan(header + 148, 8).Fill((byte)' ');
        int sum = tar.Skip(header).Take(512).Sum(b => b);
        System.Text.Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(tar, header + 148);
        return tar;
    }

    private static byte[] Sparse()
    {
        var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
            writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "sparse", new Dictionary<string, string> { ["GNU.sparse.major"] = "1", ["GNU.sparse.realsize"] = "4294967296" }));
        return stream.ToArray();
    }

    private static byte[] Huge()
    {
        byte[] tar = new Tarball().File("zeros", "x").ToArray();
        int header = tar.AsSpan().IndexOf("zeros\0"u8);
        System.Text.Encoding.ASCII.GetBytes(Convert.ToString(4L << 30, 8).PadLeft(11, '0') + "\0").CopyTo(tar, header + 124);
        return WithType(tar, "zeros", '0');
    }

    /// <summary>The same block over and over.</summary>
    private sealed class EndlessStream(byte[] block) : Stream
    {
        public long Rounds => Position / block.Length;

        public override long Position { get; set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override int Read(Span<byte> buffer)
        {
            ReadOnlySpan<byte> rest = block.AsSpan((int)(Position % block.Length));
            int count = Math.Min(rest.Length, buffer.Length);
            rest[..count].CopyTo(buffer);
            Position += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
