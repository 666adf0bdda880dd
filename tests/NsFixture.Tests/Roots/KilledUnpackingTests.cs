using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using NsFixture.Linux;
using NsFixture.Roots;

namespace NsFixture.Tests.Roots;

/// <summary>
/// Runs that unpack an image are killed, with SIGKILL, in the middle of it: nobody uses half a tree, and nothing but the whole one is left. Each run is a
/// process of its own, which finds the cache by its environment.
/// </summary>
public sealed class KilledUnpackingTests : IDisposable
{
    private const int DirectoriesPerLayer = 60, FilesPerDirectory = 50;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string directory = $"/dev/shm/nsfixture-killed-{Guid.NewGuid():N}"; // in memory: thousands of files are made and removed, again and again

    private string Workshop => directory + "/nsfixture/workshop";

    private string Trees => directory + "/nsfixture/trees";

    private string Locks => directory + "/nsfixture/locks";

    public KilledUnpackingTests() => Directory.CreateDirectory(directory);

    public void Dispose() => TreeRemoval.Remove(directory);

    [Fact]
    public void Whenever_who_unpacks_is_killed_the_next_run_has_the_whole_tree_and_nothing_else_is_left()
    {
        string image = Image("app", DirectoriesPerLayer);
        // In the first layer, at the end of it, and in the second one, which takes away what the first has. Each run clears away what the one before has left.
        int[] points = [1, DirectoriesPerLayer / 2, DirectoriesPerLayer - 2, DirectoriesPerLayer * 3 / 2];
        foreach (int point in points)
            KillWhen(image, mine => mine.Length > 0 && Count(mine) >= point, $"directory {point}");
        // And while it clears away.
        string left = Directory.GetDirectories(Workshop).Single();
        int before = Count(left);
        KillWhen(image, _ => Count(left) < before, "clearing away");

        using Process last = Start(image);
        AssertWhole(TreeOf(last));
    }

    [Fact]
    public void Who_waits_for_one_that_is_killed_does_its_work()
    {
        string image = Image("app", DirectoriesPerLayer);
        using Process first = Start(image);
        Comes(() => Directory.GetDirectories(Workshop).Length > 0, first).Should().BeTrue();
        Stop(first); // for as long as it takes the second one to come
        using Process second = Start(image);
        Comes(() => Waits(second), second).Should().BeTrue();
        Kill(first);
        AssertWhole(TreeOf(second));

        bool Waits(Process process)
        {
            try
            {
                return Directory.GetFiles($"/proc/{process.Id}/fd").Any(fd => new FileInfo(fd).LinkTarget?.EndsWith(".make", StringComparison.Ordinal) == true);
            }
            catch (IOException)
            {
                return false;
            }
        }
    }

    [Fact]
    public void The_cache_is_where_XDG_CACHE_HOME_says_and_no_larger_than_NSFIXTURE_CACHE_SIZE()
    {
        string[] images = [.. ((string[])["a", "b", "c"]).Select(name => Image(name, 2))];
        long size = (2 * 2 * FilesPerDirectory * 1000) + 100; // and a little that the second layer takes away
        string[] trees = [.. images.Select(image =>
        {
            using Process run = Start(image, limit: size * 2);
            return TreeOf(run);
        })];
        trees.Should().OnlyContain(t => t.StartsWith(Trees + "/", StringComparison.Ordinal));
        trees.Select(Directory.Exists).Should().Equal([false, true, true], "the one that was used first went when the third came");
        Directory.GetFiles(Locks).Should().HaveCount(2);
        using Process tooSmall = Start(images[0], limit: size / 2);
        tooSmall.StandardError.ReadToEnd().Should().Contain($"larger than {size / 2} bytes").And.Contain("NSFIXTURE_CACHE_SIZE");
        tooSmall.WaitForExit();
        Directory.GetFileSystemEntries(Workshop).Should().BeEmpty();
    }

    private static int Count(string tree) => Directory.Exists(tree + "/root/data") ? Directory.GetDirectories(tree + "/root/data").Length : 0;

    /// <summary>Starts a run and kills it at some point; a run that was faster than this process, which may have to wait for a processor, is undone and starts again.</summary>
    private void KillWhen(string image, Func<string, bool> reached, string point)
    {
        for (var time = Stopwatch.StartNew(); time.Elapsed < Patience;)
        {
            string[] before = Directory.Exists(Workshop) ? Directory.GetDirectories(Workshop) : [];
            using Process run = Start(image);
            bool came = Comes(() => Directory.GetDirectories(Workshop).Except(before).Append("").Any(reached), run);
            Kill(run);
            if (came && Directory.GetDirectories(Workshop).Length > 0)
            {
                Directory.GetDirectories(Trees).Should().BeEmpty("half a tree is none");
                return;
            }
            TreeRemoval.Remove(Trees);
        }
        throw new TimeoutException($"No run could be killed at {point}.");
    }

    /// <summary>Waits for a condition; false: the run has ended before.</summary>
    private static bool Comes(Func<bool> condition, Process run)
    {
        for (var time = Stopwatch.StartNew(); time.Elapsed < Patience; Thread.Sleep(1))
        {
            try
            {
                if (condition())
                    return true;
            }
            catch (DirectoryNotFoundException)
            {
                // Not there yet, or not any more.
            }
            if (run.HasExited)
                return false;
        }
        throw new TimeoutException("The run stands still.");
    }

    private static void Stop(Process run) => Libc.Kill(run.Id, 19 /* SIGSTOP */).Should().Be(0);

    private static void Kill(Process run)
    {
        run.Kill(); // SIGKILL
        run.WaitForExit();
    }

    private Process Start(string image, long limit = 1 << 30) => Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [typeof(Program).Assembly.Location, "unpack", image])
    {
        RedirectStandardOutput = true, RedirectStandardError = true,
        Environment = { ["XDG_CACHE_HOME"] = directory, ["NSFIXTURE_CACHE_SIZE"] = limit.ToString(CultureInfo.InvariantCulture), ["DOTNET_TieredPGO"] = "0" },
    })!;

    private static string TreeOf(Process run)
    {
        string tree = run.StandardOutput.ReadToEnd().Trim();
        string errors = run.StandardError.ReadToEnd();
        run.WaitForExit();
        run.ExitCode.Should().Be(0, errors);
        return tree;
    }

    private void AssertWhole(string tree)
    {
        string[] files = Directory.GetFiles(tree, "*", SearchOption.AllDirectories);
        files.Should().HaveCount(2 * DirectoriesPerLayer * FilesPerDirectory);
        files.Should().OnlyContain(f => new FileInfo(f).Length == 1000).And.NotContain(f => f.EndsWith("/gone", StringComparison.Ordinal));
        Directory.GetFileSystemEntries(Workshop).Should().BeEmpty();
        Directory.GetFileSystemEntries(Trees).Should().Equal([Path.GetDirectoryName(tree)]);
        Directory.GetFiles(Locks).Should().Equal([$"{Locks}/{Path.GetFileName(Path.GetDirectoryName(tree))}"]);
    }

    /// <summary>An image of two layers, the second of which takes a file of every directory of the first away.</summary>
    private string Image(string name, int directories)
    {
        string content = new('x', 1000), path = $"{directory}/{name}.tar";
        Tarball first = new(), second = new();
        for (int d = 0; d < directories; d++)
        {
            first.File($"data/{name}{d}/gone", "of the first layer");
            for (int f = 0; f < FilesPerDirectory; f++)
                first.File($"data/{name}{d}/{f}", content);
        }
        for (int d = 0; d < directories; d++)
        {
            second.File($"data/{name}{d}/.wh.gone");
            for (int f = 0; f < FilesPerDirectory; f++)
                second.File($"data/{name}{d}-2/{f}", content);
        }
        File.WriteAllBytes(path, Tarball.Image([first.ToArray(), second.ToArray()]));
        return path;
    }
}
