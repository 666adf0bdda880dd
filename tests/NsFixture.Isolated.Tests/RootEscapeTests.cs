using System.Globalization;
using FluentAssertions;
using NsFixture.Xunit;
using static NsFixture.Isolated.Tests.KernelCalls;

namespace NsFixture.Isolated.Tests;

/// <summary>Ways out of a tree that code without privileges tries, and that have to fail in a tree of every kind. <see cref="RootKindTests"/> tries what takes privileges.</summary>
public abstract class RootEscapeTests
{
    private const string Bind = ReadOnlyBind.Path;

    public static TheoryData<string> OfTheTestHost() => [Identity("/")];

    [Fact]
    public void What_is_mounted_read_only_stays_read_only()
    {
        string[] before = ReadOnlyMounts();
        before.Should().Contain(Bind);
        foreach (string path in before)
        {
            mount("none", path, null, MS_REMOUNT | MS_BIND, null).Should().Be(-1, path);
            mount("none", path, null, MS_REMOUNT, null).Should().Be(-1, path);
            MakeWritable(path).Should().Be(-1, path);
            path_syscall(FsPick, -100, path, 0, 0, 0).Should().Be(-1, path);
            umount2(path, MNT_DETACH).Should().Be(-1, path);
            mount("none", path, "tmpfs", 0, null).Should().Be(-1, path);
        }
        // Another view of the same directory would be as good.
        Directory.CreateDirectory("/tmp/view");
        mount(Bind, "/tmp/view", null, MS_BIND, null).Should().Be(-1);
        path_syscall(OpenTree, -100, Bind, 1 /* OPEN_TREE_CLONE */, 0, 0).Should().Be(-1);
        ReadOnlyMounts().Should().Equal(before);
        ReadOnlyBind.CannotBeWrittenThrough();
    }

    [Theory, MemberData(nameof(OfTheTestHost))]
    public void There_is_no_second_chroot_and_no_number_of_parents_leads_up(string ofTheTestHost)
    {
        string own = Identity("/");
        Directory.CreateDirectory("/tmp/inner/deep");
        string[] found = OnOwnThread(() =>
        {
            int kept = open("/", O_RDONLY);
            chroot("/tmp/inner").Should().Be(-1);
            Errno.Should().Be(EPERM);
            Check(chdir("/tmp/inner/deep"));
            string relative = Climbed();
            Check(fchdir(kept));
            string afterKept = Climbed();
            chroot(".").Should().Be(-1);
            return new[] { relative, afterKept, Identity("/proc/thread-self/cwd/") };
        });
        found.Should().OnlyContain(f => f == own).And.NotContain(ofTheTestHost);

        static string Climbed()
        {
            for (int i = 0; i < 50; i++)
                Check(chdir(".."));
            return Identity(".");
        }
    }

    [Theory, MemberData(nameof(OfTheTestHost))]
    public void No_process_shows_another_root(string ofTheTestHost)
    {
        string own = Identity("/");
        int refused = 0;
        foreach (string process in Directory.GetDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _)))
            foreach (string link in (string[])["root/", "root/..", "root/../..", "cwd/", "cwd/../../../../../../../../../.."])
                if (IdentityOrNull($"{process}/{link}") is not { } identity)
                    refused++;
                else if (link != "cwd/")
                    identity.Should().Be(own, process + "/" + link);
                else
                    identity.Should().NotBe(ofTheTestHost, process);
        refused.Should().Be(5, "init, the other process that there is, cannot be looked into");
        Identity("/proc/self/root/../..").Should().Be(own);
    }

    [Theory, MemberData(nameof(OfTheTestHost))]
    public void No_descriptor_leads_out(string ofTheTestHost)
    {
        _ = IsolatedNetwork.Current.Changes(); // gives this process the descriptor of the layers as well
        int directories = 0;
        foreach (string link in Directory.GetFileSystemEntries("/proc/self/fd"))
            for (string path = link + "/"; path.Length < 100 && IdentityOrNull(path) is { } identity; path += "../")
            {
                directories++;
                identity.Should().NotBe(ofTheTestHost, path);
                IdentityOrNull(path + ".nsfixture").Should().BeNull(path);
            }
        directories.Should().BePositive();
        foreach (string link in Directory.GetFileSystemEntries("/proc/1/fd"))
            IdentityOrNull(link).Should().BeNull(link);
    }

    [Fact]
    public void Mounts_are_nobody_elses_and_cannot_be_made_so()
    {
        File.ReadLines("/proc/self/mountinfo").Should().NotContain(l => l.Contains(" shared:", StringComparison.Ordinal) || l.Contains(" propagate_from:", StringComparison.Ordinal));
        mount("none", "/", null, MS_SHARED, null).Should().Be(-1);
        mount("none", "/tmp", "tmpfs", 0, null).Should().Be(-1);
        mount("/", "/tmp", null, MS_BIND, null).Should().Be(-1);
    }

    [Fact]
    public void Devices_of_the_machine_cannot_be_made()
    {
        const uint character = 0x2000 | 0x1B6, block = 0x6000 | 0x1B6;
        string output = Path.Combine(AppContext.BaseDirectory, $"device-{Environment.ProcessId}");
        foreach (string path in (string[])["/tmp/device", "/dev/device", "/dev/shm/device", "/run/device", output])
            foreach (var (type, device) in (IEnumerable<(uint, ulong)>)[(character, 0x101 /* mem */), (block, 0x800 /* sda */), (block, 0xFE00 /* vda */)])
            {
                mknod(path, type, device).Should().Be(-1, path);
                File.Exists(path).Should().BeFalse();
            }
    }

    [Fact]
    public void Archives_and_directories_that_trees_are_made_of_do_not_change()
    {
        string source = Path.Combine(AppContext.BaseDirectory, "trees/directory/data/greeting"); // beside the test assembly, which is the machine's in every tree
        if (File.Exists("/data/greeting"))
        {
            File.WriteAllText("/data/greeting", "changed");
            IsolatedNetwork.Current.Changes().Should().Contain(c => c.Path == "/data/greeting");
        }
        if (File.Exists(source))
            File.ReadAllText(source).Should().Be("from the directory");
        File.Exists("/tmp/inner").Should().BeFalse("another sandbox wrote it");
    }

    private static unsafe nint MakeWritable(string path)
    {
        ulong* attributes = stackalloc ulong[4]; // struct mount_attr: set, clear, propagation, user namespace
        *attributes = 0;
        attributes[1] = 1 /* MOUNT_ATTR_RDONLY */;
        attributes[2] = attributes[3] = 0;
        return path_syscall(MountSetAttr, -100, path, 0, (nint)attributes, 32);
    }

    private static string[] ReadOnlyMounts() =>
        [.. File.ReadLines("/proc/self/mountinfo").Select(l => l.Split(' ')).Where(f => f[5].Split(',').Contains("ro")).Select(f => f[4])];
}

/// <summary>A directory of the machine that is shown read-only in trees, and attempts to write to it that need no privilege.</summary>
internal static class ReadOnlyBind
{
    public const string Path = "/mnt/read-only";
    private const string Content = "of the machine";

    /// <summary>Shows it in a tree.</summary>
    public static RootTree In(RootTree tree) => tree.WithBind(RootTestTrees.Shared("read-only"), Path);

    public static void CannotBeWrittenThrough()
    {
        const string file = Path + "/file";
        foreach (string path in (string[])[file, "/proc/self/root" + file])
        {
            foreach (int flags in (int[])[O_WRONLY, O_RDWR, O_RDONLY | O_TRUNC])
                Refused(open(path, flags), path);
            Refused(truncate(path, 0), path);
            Refused(chmod(path, 0x1FF), path);
            Refused(unlink(path), path);
            Refused(rename(path, path + "2"), path);
        }
        Refused(open(Path + "/new", O_WRONLY | O_CREAT), "a new file");
        Refused(mkdir(Path + "/new", 0x1FF), "a new directory");
        link(file, "/tmp/second-name").Should().Be(-1, "a second name elsewhere could be written to");
        rename(file, "/tmp/elsewhere").Should().Be(-1);
        int readable = open(file, O_RDONLY), handle = open(file, O_PATH);
        readable.Should().BePositive();
        foreach (int fd in (int[])[readable, handle])
            Refused(open(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{fd}"), O_RDWR), "by its descriptor");
        mmap(0, 4096, 3 /* PROT_READ | PROT_WRITE */, 1 /* MAP_SHARED */, readable, 0).Should().Be(-1);
        _ = close(readable);
        _ = close(handle);
        File.ReadAllText(file).Should().Be(Content);
        Directory.GetFileSystemEntries(Path).Should().Equal([file]);

        static void Refused(int result, string what)
        {
            result.Should().Be(-1, what);
            Errno.Should().Be(EROFS, what);
        }
    }
}

/// <summary>Read-only binds where nothing but the mount keeps a test from writing to them: it has all capabilities inside.</summary>
public class ReadOnlyBindTests
{
    [Fact, IsolatedNetwork(RootTree = typeof(WithReadOnlyBind))]
    public void In_the_machines_tree() => ReadOnlyBind.CannotBeWrittenThrough();

    [Fact, IsolatedNetwork(RootTree = typeof(ReadOnlyWithReadOnlyBind))]
    public void In_a_read_only_tree() => ReadOnlyBind.CannotBeWrittenThrough();

    [Fact, IsolatedNetwork(RootTree = typeof(MinimalWithReadOnlyBind))]
    public void In_a_minimal_tree() => ReadOnlyBind.CannotBeWrittenThrough();

    [Fact, IsolatedNetwork(RootTree = typeof(DirectoryWithReadOnlyBind))]
    public void In_a_directory() => ReadOnlyBind.CannotBeWrittenThrough();

    [Fact, IsolatedNetwork(RootTree = typeof(TarballWithReadOnlyBind))]
    public void In_a_tarball() => ReadOnlyBind.CannotBeWrittenThrough();

    [Fact, IsolatedNetwork(RootTree = typeof(ImageWithReadOnlyBind))]
    public void In_an_image() => ReadOnlyBind.CannotBeWrittenThrough();
}

/// <summary>The usual tree with a bind.</summary>
public sealed class WithReadOnlyBind() : RootTree(ReadOnlyBind.In(CopyOnWrite));

/// <summary>The machine's tree, read-only, with a bind.</summary>
public sealed class ReadOnlyWithReadOnlyBind() : RootTree(ReadOnlyBind.In(ReadOnly));

/// <summary>A few programs with a bind.</summary>
public sealed class MinimalWithReadOnlyBind() : RootTree(ReadOnlyBind.In(Of("sh", "cat", "hostname", "id")));

/// <summary>A directory with a bind.</summary>
public sealed class DirectoryWithReadOnlyBind() : RootTree(ReadOnlyBind.In(FromDirectory(RootTestTrees.Directory)));

/// <summary>A tarball with a bind.</summary>
public sealed class TarballWithReadOnlyBind() : RootTree(ReadOnlyBind.In(FromTarball(RootTestTrees.Tarball)));

/// <summary>An image with a bind.</summary>
public sealed class ImageWithReadOnlyBind() : RootTree(ReadOnlyBind.In(FromImage(RootTestTrees.Image)));

/// <summary>From the machine's tree.</summary>
[IsolatedNetwork(Hardened = true, RootTree = typeof(WithReadOnlyBind), Launcher = LauncherKind.Fork)]
public class ForkedUsualRootEscapeTests : RootEscapeTests;

/// <summary>From the machine's tree, read-only.</summary>
[IsolatedNetwork(Hardened = true, RootTree = typeof(ReadOnlyWithReadOnlyBind), Launcher = LauncherKind.Fork)]
public class ForkedReadOnlyRootEscapeTests : RootEscapeTests;

/// <summary>From a minimal tree.</summary>
[IsolatedNetwork(Hardened = true, RootTree = typeof(MinimalWithReadOnlyBind), Launcher = LauncherKind.Fork)]
public class ForkedMinimalRootEscapeTests : RootEscapeTests;

/// <summary>From a directory.</summary>
[IsolatedNetwork(Hardened = true, RootTree = typeof(DirectoryWithReadOnlyBind), Launcher = LauncherKind.Fork)]
public class ForkedDirectoryRootEscapeTests : RootEscapeTests;

/// <summary>From a tarball.</summary>
[IsolatedNetwork(Hardened = true, RootTree = typeof(TarballWithReadOnlyBind), Launcher = LauncherKind.Fork)]
public class ForkedTarballRootEscapeTests : RootEscapeTests;

/// <summary>From an image, in a fresh runtime.</summary>
[IsolatedNetwork(Hardened = true, RootTree = typeof(ImageWithReadOnlyBind), Launcher = LauncherKind.Exec)]
public class ExecutedImageRootEscapeTests : RootEscapeTests;
