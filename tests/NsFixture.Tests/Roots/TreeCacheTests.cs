using System.Diagnostics;
using FluentAssertions;
using NsFixture.Linux;
using NsFixture.Roots;
using NsFixture.Roots.Archives;

namespace NsFixture.Tests.Roots;

public sealed class TreeCacheTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("nsfixture-treecache-").FullName;

    private string Location => directory + "/cache";

    public void Dispose() => TreeRemoval.Remove(directory);

    [Fact]
    public void A_tree_is_made_once_for_all_runs()
    {
        int made = 0;
        string key = TreeCache.KeyOf("a");
        string[] found = [.. Enumerable.Range(0, 3).Select(_ => new TreeCache(Location, 1 << 20).Get(key, Making("content", () => made++)))];
        made.Should().Be(1);
        found.Distinct().Should().ContainSingle().Which.Should().Match(root => File.ReadAllText(root + "/file") == "content");
        FileStatus.Of(Location).Permissions.Should().Be(0x1C0, "what images hold is nobody else's business");
        Directory.GetFileSystemEntries(Location + "/workshop").Should().BeEmpty();
    }

    [Fact]
    public void Runs_at_the_same_time_make_it_once_too()
    {
        int made = 0;
        string key = TreeCache.KeyOf("a");
        Parallel.For(0, 16, new ParallelOptions { MaxDegreeOfParallelism = 16 }, _ => new TreeCache(Location, 1 << 20).Get(key, Making("content", () =>
        {
            Interlocked.Increment(ref made);
            Thread.Sleep(50);
        })));
        made.Should().Be(1);
    }

    [Fact]
    public void A_tree_that_could_not_be_made_leaves_nothing_and_is_tried_again()
    {
        var cache = new TreeCache(Location, 1 << 20);
        string key = TreeCache.KeyOf("a");
        var failing = () => cache.Get(key, root =>
        {
            File.WriteAllText(root + "/half", "x");
            throw new RootTreeException("broken layer");
        });
        failing.Should().Throw<RootTreeException>().WithMessage("broken layer");
        Directory.GetFileSystemEntries(Location + "/trees").Should().BeEmpty();
        Directory.GetFileSystemEntries(Location + "/workshop").Should().BeEmpty();
        File.Exists(cache.Get(key, Making("content")) + "/file").Should().BeTrue();
    }

    [Fact]
    public void Of_trees_that_nobody_uses_the_oldest_go_when_the_limit_is_reached()
    {
        for (int i = 0; i < 3; i++)
            MakeElsewhere(TreeCache.KeyOf($"{i}"), 400, DateTime.UtcNow.AddHours(i - 10));
        var cache = new TreeCache(Location, 1000);
        string used = cache.Get(TreeCache.KeyOf("0"), Making("never")); // the oldest, but in use
        cache.Get(TreeCache.KeyOf("new"), root => 400);
        Directory.GetDirectories(Location + "/trees").Select(Path.GetFileName).Should().BeEquivalentTo([TreeCache.KeyOf("0"), TreeCache.KeyOf("new")]);
        Directory.Exists(used).Should().BeTrue();
        Directory.GetFileSystemEntries(Location + "/workshop").Should().BeEmpty();
    }

    [Fact]
    public void What_a_killed_run_left_half_made_is_removed_and_made_anew()
    {
        string key = TreeCache.KeyOf("a");
        new TreeCache(Location, 1 << 20).Get(TreeCache.KeyOf("first"), Making("x"));
        string left = $"{Location}/workshop/{key[..16]}.left", living = $"{Location}/workshop/{key[..16]}.living";
        foreach (string half in (string[])[left, living])
        {
            Directory.CreateDirectory(half + "/root/closed");
            File.WriteAllText(half + "/root/closed/half", "x");
            File.WriteAllText(half + ".lock", "");
            _ = Libc.Chmod(half + "/root/closed", 0x140 /* 0500 */);
        }
        Directory.CreateDirectory($"{Location}/trees/{key}/root"); // cannot come about, and must not be taken for a tree
        using var holder = Process.Start(new ProcessStartInfo("flock", ["--no-fork", living + ".lock", "sh", "-c", "echo held; exec sleep 1000"]) { RedirectStandardOutput = true })!;
        holder.StandardOutput.ReadLine().Should().Be("held");
        try
        {
            File.ReadAllText(new TreeCache(Location, 1 << 20).Get(key, Making("whole")) + "/file").Should().Be("whole");
            Directory.Exists(left).Should().BeFalse();
            Directory.Exists(living).Should().BeTrue("its maker lives");
        }
        finally
        {
            holder.Kill();
            holder.WaitForExit();
        }
        new TreeCache(Location, 1 << 20).Get(TreeCache.KeyOf("next"), Making("x"));
        Directory.Exists(living).Should().BeFalse("its maker was killed, with -9");
    }

    [Fact]
    public void It_lies_where_the_XDG_specification_says()
    {
        TreeCache.DirectoryFor("/caches/", directory).Should().Be("/caches/nsfixture");
        TreeCache.DirectoryFor(null, directory).Should().Be(directory + "/.cache/nsfixture");
        TreeCache.DirectoryFor("relative", directory).Should().Be(directory + "/.cache/nsfixture", "relative paths are to be ignored");
        foreach (string? home in (string?[])[null, "", "/", "/no/such/home"])
            TreeCache.DirectoryFor("", home).Should().Be(Path.Combine(Path.GetTempPath(), $"nsfixture-cache-{Libc.GetEUid()}"));
    }

    [Theory, InlineData(null, 10L << 30), InlineData("", 10L << 30), InlineData("4096", 4096), InlineData("5K", 5L << 10), InlineData("5m", 5L << 20), InlineData("2G", 2L << 30), InlineData("1T", 1L << 40)]
    public void Its_limit_is_a_number_of_bytes_with_or_without_a_unit(string? text, long limit) => TreeCache.LimitOf(text).Should().Be(limit);

    [Theory, InlineData("0"), InlineData("-1G"), InlineData("much"), InlineData("1.5G"), InlineData("99999999T"), InlineData("G")]
    public void A_limit_that_is_no_size_is_named(string text)
    {
        var reading = () => TreeCache.LimitOf(text);
        reading.Should().Throw<RootTreeException>().WithMessage($"NSFIXTURE_CACHE_SIZE={text} is no size*10G*");
    }

    [Fact]
    public void A_cache_that_others_could_write_to_is_not_used()
    {
        Directory.CreateDirectory(Location);
        _ = Libc.Chmod(Location, 0x1FF /* 0777 */);
        var use = () => new TreeCache(Location, 1 << 20).Get(TreeCache.KeyOf("a"), Making("x"));
        use.Should().Throw<RootTreeException>().WithMessage($"*{Location}*others may write to it*XDG_CACHE_HOME*");
    }

    [Fact]
    public void A_place_that_cannot_be_written_to_is_named()
    {
        File.WriteAllText(Location, "a file");
        var use = () => new TreeCache(Location, 1 << 20).Get(TreeCache.KeyOf("a"), Making("x"));
        use.Should().Throw<RootTreeException>().WithMessage($"*{Location}*XDG_CACHE_HOME*");
    }

    private static Func<string, long> Making(string content, Action? also = null) => root =>
    {
        also?.Invoke();
        File.WriteAllText(root + "/file", content);
        return content.Length;
    };

    /// <summary>A tree as another run has left it: in use by nobody.</summary>
    private void MakeElsewhere(string key, long size, DateTime used)
    {
        Directory.CreateDirectory(Location);
        _ = Libc.Chmod(Location, 0x1C0);
        Directory.CreateDirectory($"{Location}/trees/{key}/root");
        File.WriteAllText($"{Location}/trees/{key}/size", $"{size}");
        File.SetLastWriteTimeUtc($"{Location}/trees/{key}/size", used);
    }
}
