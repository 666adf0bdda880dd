using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>The usual tree with all that can be put into one.</summary>
public sealed class Furnished() : RootTree(CopyOnWrite
    .WithBind(RootTestTrees.Shared("read-only"), "/mnt/read-only")
    .WithBind(RootTestTrees.Shared("writable"), "/mnt/writable", readOnly: false)
    .WithBind("/etc/services", "/srv/deep/down/services")
    .WithTmpfs("/mnt/small", 1 << 20)
    .WithFile("/opt/app/run.sh", "#!/bin/sh\necho from a file\n", (UnixFileMode)0x1ED)
    .WithFile("/etc/motd", "welcome")
    .WithTemplate("/var/lib/numbers", "numbers", Prepare))
{
    private static async Task Prepare(VirtualHost host)
    {
        CommandResult result = await host.Command("sh").WithArguments("-c", "cat /etc/motd > motd && echo 1 2 3 > numbers && mkdir -p deep/down && chmod 700 deep").WithWorkingDirectory("/var/lib/numbers").RunAsync();
        if (result.ExitCode != 0)
            throw new InvalidOperationException(result.StandardError);
    }
}

/// <summary>Room for little.</summary>
public sealed class Tight() : RootTree(CopyOnWrite.WithLimits(4 << 20, 500));

/// <summary>An image with room for little.</summary>
public sealed class TightImage() : RootTree(FromImage(RootTestTrees.Image).WithLimits(4 << 20, 500));

/// <summary>What can be put into a root tree.</summary>
public abstract class RootFeatureTests
{
    [Fact]
    public void A_bind_is_read_only_unless_said_otherwise()
    {
        File.ReadAllText("/mnt/read-only/file").Should().Be("of the machine");
        var writing = () => File.WriteAllText("/mnt/read-only/file", "changed");
        writing.Should().Throw<IOException>().WithMessage("*ead-only*");
        File.ReadAllText("/srv/deep/down/services").Should().Contain("ssh");
    }

    [Fact]
    public void What_is_written_to_a_writable_bind_reaches_the_machine()
    {
        string name = $"written-{Guid.NewGuid():N}";
        File.WriteAllText("/mnt/writable/" + name, "by the test");
        string outside = RootTestTrees.Shared("writable") + "/" + name; // in the test assembly's directory, which is the machine's
        File.ReadAllText(outside).Should().Be("by the test");
        File.Delete(outside);
    }

    [Fact]
    public void A_tmpfs_that_is_full_is_full_alone()
    {
        var filling = () => File.WriteAllBytes("/mnt/small/big", new byte[2 << 20]);
        filling.Should().Throw<IOException>().WithMessage("*space*");
        File.WriteAllBytes("/tmp/big", new byte[2 << 20]);
    }

    [Fact]
    public async Task A_file_has_its_content_and_its_mode()
    {
        File.ReadAllText("/etc/motd").Should().Be("welcome");
        (await IsolatedNetwork.Current.Network.TestHost.Command("/opt/app/run.sh").RunAsync()).StandardOutput.Should().Be("from a file\n");
    }

    [Theory, InlineData("first"), InlineData("second")]
    public void A_template_is_there_as_it_was_prepared_and_each_test_has_its_own(string test)
    {
        File.ReadAllText("/var/lib/numbers/numbers").Should().Be("1 2 3\n");
        File.ReadAllText("/var/lib/numbers/motd").Should().Be("welcome", "it was prepared in this tree");
        File.GetUnixFileMode("/var/lib/numbers/deep").Should().Be((UnixFileMode)0x1C0);
        File.Exists("/var/lib/numbers/of-a-test").Should().BeFalse(test);
        File.WriteAllText("/var/lib/numbers/of-a-test", test);
        File.AppendAllText("/var/lib/numbers/numbers", "4\n");
        Directory.Delete("/var/lib/numbers/deep", recursive: true);
        IsolatedNetwork.Current.Changes().Select(c => c.ToString()).Should()
            .BeEquivalentTo(["Written: /var/lib/numbers/of-a-test", "Written: /var/lib/numbers/numbers", "Deleted: /var/lib/numbers/deep"]);
    }

    [Theory, InlineData("/usr/big"), InlineData("/tmp/big"), InlineData("/big"), InlineData("/etc/big"), InlineData("/run/big")]
    [IsolatedNetwork(RootTree = typeof(Tight))]
    public void A_test_that_fills_its_layer_fails_alone(string path)
    {
        var filling = () => File.WriteAllBytes(path, new byte[5 << 20]);
        filling.Should().Throw<IOException>().WithMessage("*space*");
        File.Delete(path);
        File.WriteAllText(path, "there is room again");
    }

    [Fact, IsolatedNetwork(RootTree = typeof(Tight))]
    public void A_test_that_makes_too_many_files_fails_alone()
    {
        var filling = () =>
        {
            for (int i = 0; i < 1000; i++)
                File.WriteAllText($"/var/file{i}", "");
        };
        filling.Should().Throw<IOException>().WithMessage("*space*");
        Directory.GetFiles("/var").Length.Should().BeGreaterThan(50);
    }

    [Fact, IsolatedNetwork(RootTree = typeof(TightImage), Launcher = LauncherKind.Fork)]
    public void An_image_has_limits_too()
    {
        var filling = () => File.WriteAllBytes("/data/big", new byte[5 << 20]);
        filling.Should().Throw<IOException>().WithMessage("*space*");
    }
}

/// <summary>By a fork of the warm runtime.</summary>
[IsolatedNetwork(RootTree = typeof(Furnished), Launcher = LauncherKind.Fork)]
public class ForkedRootFeatureTests : RootFeatureTests;

/// <summary>By a fresh runtime.</summary>
[IsolatedNetwork(RootTree = typeof(Furnished), Launcher = LauncherKind.Exec)]
public class ExecutedRootFeatureTests : RootFeatureTests;
