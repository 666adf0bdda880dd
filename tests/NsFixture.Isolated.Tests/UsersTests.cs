using System.Diagnostics;
using System.Formats.Tar;
using System.Globalization;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>Programs as other users than uid 0, whatever user runs the tests.</summary>
public abstract class UsersTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static string[] UidMap => [.. File.ReadAllLines("/proc/self/uid_map").Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];

    // Of root, or of an ordinary user with subordinate ids.
    private static bool HasOtherUsers => UidMap is not [var only] || !only.EndsWith(" 1", StringComparison.Ordinal);

    private static HostCommand Shell(string script) => IsolatedNetwork.Current.Network["server"].Command("sh").WithArguments("-c", script);

    private static async Task<string> Output(HostCommand command)
    {
        CommandResult result = await command.RunAsync().WaitAsync(Patience);
        result.StandardError.Should().BeEmpty();
        return result.StandardOutput;
    }

    private static void AddUser()
    {
        File.AppendAllText("/etc/passwd", "tester:x:4321:4322:A tester:/home/tester:/bin/dash\n");
        File.AppendAllText("/etc/group", "testers:x:4322:\nreaders:x:4323:someone,tester\n");
    }

    [Theory, InlineData("tester", "4321 4322"), InlineData("4321", "4321 4322"), InlineData("4321:4323", "4321 4323"), InlineData("tester:readers", "4321 4323"), InlineData("5000", "5000 5000"), InlineData("root", "0 0")]
    public async Task A_program_sees_itself_as_the_user_it_was_started_as(string user, string ids)
    {
        AddUser();
        (await Output(Shell("echo $(id -u) $(id -g)").AsUser(user))).Should().Be(ids + "\n");
    }

    [Fact]
    public async Task It_has_its_home_and_names_and_further_groups()
    {
        AddUser();
        (await Output(Shell("echo $HOME $USER $LOGNAME $SHELL; id -un; id -gn").AsUser("tester"))).Should().Be("/home/tester tester tester /bin/dash\ntester\ntesters\n");
        (await Output(Shell("echo $HOME ${USER-none} $LOGNAME").AsUser("tester").WithEnvironmentVariable("HOME", "/tmp").WithEnvironmentVariable("USER", null))).Should().Be("/tmp none tester\n");
        string groups = await Output(Shell("id -G").AsUser("tester"));
        if (HasOtherUsers)
            groups.Should().Be("4322 4323\n");
        else
            groups.Should().StartWith("4322", "an ordinary user without subordinate ids has no other groups to give");
    }

    [Fact]
    public async Task It_has_no_privileges()
    {
        AddUser();
        (await Output(Shell("grep CapEff /proc/self/status").AsUser("tester"))).Should().Be("CapEff:\t0000000000000000\n");
        CommandResult result = await Shell("hostname other").AsUser("tester").RunAsync().WaitAsync(Patience);
        result.ExitCode.Should().NotBe(0);
    }

    [Fact]
    public async Task What_it_writes_is_its_own_and_it_may_write_to_its_outputs_by_name()
    {
        AddUser();
        (await Output(Shell("echo mine > /tmp/file; stat -c %u /tmp/file; echo named > /dev/stdout").AsUser("tester"))).Should().Be("4321\nnamed\n");
        if (!HasOtherUsers)
            return; // there is one user outside, and uid 0 inside is that one too
        await Output(Shell("umask 077; touch /tmp/secret"));
        (await Shell("cat /tmp/secret").AsUser("tester").RunAsync().WaitAsync(Patience)).StandardError.Should().Contain("Permission denied");
    }

    [Fact]
    public void The_users_that_there_are_are_those_that_the_machine_has_for_whoever_runs_the_tests()
    {
        string notes = string.Join('\n', IsolatedNetwork.Current.Diagnostics);
        string? expected = Environment.GetEnvironmentVariable("TESTED_USERS"); // set by eng/test-as-user.sh
        if (expected == "subordinate")
            UidMap.Should().Equal(["0 0 1", "1 1 65536"], "so many are in the user's line of /etc/subuid; " + notes);
        else if (expected == "refused")
            notes.Should().MatchRegex("The subordinate ids of /etc/subuid are not used, since /usr/bin/newuidmap .*: .*NSFIXTURE_USER_MAPPING=single");
        else
            notes.Should().NotContain("subordinate");
    }

    [Fact]
    public async Task A_program_of_another_user_takes_signals()
    {
        AddUser();
        HostProcess process = await Shell("echo up; exec sleep 1000").AsUser("tester").WithReadyLine("up").StartAsync().WaitAsync(Patience);
        await process.DisposeAsync().AsTask().WaitAsync(Patience);
        (await process.Exited).Should().Be(128 + 15);
    }

    [Theory, InlineData("nobody-at-all", "*no user \"nobody-at-all\"*/etc/passwd*"), InlineData("root:no-group", "*no group \"no-group\"*/etc/group*"), InlineData("-1", "*no user \"-1\"*"), InlineData("4294967295", "*no user*")]
    public async Task A_user_who_is_not_there_is_named(string user, string message)
    {
        var running = () => Shell("true").AsUser(user).RunAsync().WaitAsync(Patience);
        (await running.Should().ThrowAsync<HostCommandException>()).WithMessage(message);
    }

    [Fact]
    public async Task A_program_that_refuses_uid_0_runs()
    {
        HostCommand init = IsolatedNetwork.Current.Network["server"].Command(Programs.PostgreSql("initdb")).WithArguments("--no-sync", "-D", "/tmp/data");
        (await init.RunAsync().WaitAsync(Patience)).StandardError.Should().Contain("cannot be run as root");
        CommandResult result = await init.AsUser("postgres").RunAsync().WaitAsync(TimeSpan.FromSeconds(60));
        result.ExitCode.Should().Be(0, result.StandardError);
    }
}

/// <summary>By a fork of the warm runtime.</summary>
[IsolatedNetwork(Hosts = ["server"], Launcher = LauncherKind.Fork)]
public class ForkedUsersTests : UsersTests;

/// <summary>By a fresh runtime.</summary>
[IsolatedNetwork(Hosts = ["server"], Launcher = LauncherKind.Exec)]
public class ExecutedUsersTests : UsersTests;

/// <summary>Whom files that are made inside belong to outside, as a plain test sees it, and whom those of an image belong to inside.</summary>
public class OwnersTests
{
    private static bool HasSubordinateIds => Environment.GetEnvironmentVariable("TESTED_USERS") == "subordinate";

    // Whether uid 0 is the only one inside.
    private static bool IsAlone => !HasSubordinateIds && (!Environment.IsPrivilegedProcess || Environment.GetEnvironmentVariable("NSFIXTURE_USER_MAPPING") == "single");

    [Fact]
    public async Task Files_of_an_image_have_the_owners_that_its_layers_say()
    {
        CommandResult result = await InImageAsync("stat -c '%n %u:%g' /srv/* /srv/own/*; echo more > /srv/own/more; stat -c '%n %u:%g' /srv/own/more");
        string far = HasSubordinateIds ? "0:0" : "200000:200000"; // beyond the 65536 ids that the user has
        string[] expected = ["/srv/far " + far, "/srv/link 1002:0", "/srv/mine 1000:1001", "/srv/own 1000:0", "/srv/second 1000:1001", "/srv/was 0:0", "/srv/own/file 1000:1000", "/srv/own/more 0:0"];
        if (IsAlone)
            expected = [.. expected.Select(l => l[..l.IndexOf(' ', StringComparison.Ordinal)] + " 0:0")];
        result.Should().Be(new CommandResult(0, string.Join('\n', expected) + "\n", ""));
    }

    [Fact]
    public async Task What_of_a_killed_run_belongs_to_other_users_is_removed_by_the_next()
    {
        (await InImageAsync("true")).ExitCode.Should().Be(0); // then there is a cache
        string cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg ? xdg : Environment.GetEnvironmentVariable("HOME") + "/.cache";
        string left = $"{cache}/nsfixture/workshop/left.{Guid.NewGuid():N}";
        Directory.CreateDirectory(left);
        var building = new FileStream(left + ".lock", FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None); // so that no other test takes it for left yet
        File.SetUnixFileMode(left, (UnixFileMode)0x1FF);
        await using (VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of().WithHost("h", h => h.WithRoot(RootTree.CopyOnWrite.WithBind(left, "/mnt/left", readOnly: false)))))
            (await network["h"].Command("sh").WithArguments("-c", "umask 077; mkdir -p /mnt/left/root/deep; touch /mnt/left/root/deep/file").AsUser("1000").RunAsync()).Should().Be(new CommandResult(0, "", ""));
        await building.DisposeAsync();
        (await InImageAsync("true")).ExitCode.Should().Be(0);
        SpinWait.SpinUntil(() => !Path.Exists(left), 10_000).Should().BeTrue("that one, or another at the same time, has removed it");
    }

    // With the machine's programs. Each image is another, and so unpacked anew.
    private static async Task<CommandResult> InImageAsync(string script)
    {
        string path = Path.Combine(Path.GetDirectoryName(typeof(OwnersTests).Assembly.Location)!, $"owners-{Guid.NewGuid():N}.tar");
        RootTestTrees.WriteImage(path,
        [
            RootTestTrees.Layer(writer =>
            {
                foreach (string link in Directory.GetDirectories("/").Where(d => new DirectoryInfo(d).LinkTarget is { } target && target.StartsWith("usr/", StringComparison.Ordinal)))
                    writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, link[1..]) { LinkName = "usr" + link });
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "srv/mine") { Uid = 1000, Gid = 1001, DataStream = new MemoryStream(Guid.NewGuid().ToByteArray()) });
                writer.WriteEntry(new PaxTarEntry(TarEntryType.HardLink, "srv/second") { LinkName = "srv/mine" });
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "srv/was") { Uid = 1000, Gid = 1000 });
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "srv/far") { Uid = 200_000, Gid = 200_000 });
                writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "srv/link") { LinkName = "/etc/passwd", Uid = 1002 });
                writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, "srv/own") { Uid = 1000, Mode = (UnixFileMode)0x1C0 });
                writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "srv/own/file") { Uid = 1000, Gid = 1000 });
            }),
            RootTestTrees.Layer(writer => RootTestTrees.Write(writer, "srv/was", "of root")),
        ], new { Env = new[] { "PATH=/usr/bin:/bin" } });
        try
        {
            await using VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of().WithHost("h", h => h.WithRoot(RootTree.FromImage(path).WithBind("/usr", "/usr"))));
            return await network["h"].Command("/usr/bin/sh").WithArguments("-c", script).RunAsync();
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory, InlineData(0, 0), InlineData(1000, 700_999)]
    public async Task A_file_belongs_outside_to_whom_the_users_map_says(int inside, int subordinate)
    {
        string directory = Directory.CreateTempSubdirectory("owners-").FullName;
        File.SetUnixFileMode(directory, (UnixFileMode)0x1FF);
        await using (VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of().WithHost("h", h => h.WithRoot(RootTree.CopyOnWrite.WithBind(directory, "/mnt/shared", readOnly: false)))))
            (await network["h"].Command("touch").WithArguments("/mnt/shared/file").AsUser($"{inside}").RunAsync()).Should().Be(new CommandResult(0, "", ""));
        int outside = Owner(directory + "/file"), own = Owner(directory);
        File.Delete(directory + "/file");
        Directory.Delete(directory);
        outside.Should().Be(inside == 0 || IsAlone ? own : HasSubordinateIds ? subordinate : inside);
    }

    private static int Owner(string path)
    {
        using var stat = Process.Start(new ProcessStartInfo("stat", ["-c", "%u", path]) { RedirectStandardOutput = true })!;
        return int.Parse(stat.StandardOutput.ReadToEnd(), CultureInfo.InvariantCulture);
    }
}
