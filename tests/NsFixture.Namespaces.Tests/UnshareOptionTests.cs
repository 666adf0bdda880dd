using System.Diagnostics;
using System.Globalization;
using FluentAssertions;

namespace NsFixture.Namespaces.Tests;

/// <summary>
/// What <see cref="NamespaceCommand"/> does is what util-linux's unshare(1) does with the option of that name: one script, run by both, tells all that it sees of itself. On the machine itself, as whoever runs the
/// tests; an ordinary user's in a user namespace of its own, as the kernel wants it.
/// </summary>
public class UnshareOptionTests
{
    private static readonly string[] Types = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];

    // What differs from run to run is left out: numbers of namespaces and of mounts, process ids outside of a new pid namespace.
    private const string Script = """
        for type in cgroup ipc mnt net pid time user uts; do
            link=$(readlink /proc/self/ns/$type); case " $* " in *" $link "*) echo $type: old;; " $link ") ;; *) echo "$type: ${link:+new}";; esac
        done
        case " $* " in *" $(readlink /proc/self/ns/pid)"*) ;; *) echo "pid $$ beside $(cat /proc/1/comm)";; esac
        id -u; id -g; id -G | tr ' ' '\n' | sort -n | tr '\n' ' '
        cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups
        grep -E '^(Cap|Uid|Gid|NoNewPrivs|Sig(Ign|Blk))' /proc/self/status
        pwd
        awk '$5 == "/" || $5 == "/proc" { line = $5; for (i = 7; $i != "-"; i++) { sub(":.*", "", $i); line = line " " $i } print line, $(i + 1) }' /proc/self/mountinfo
        cat /proc/self/timens_offsets
        ls -d /bin /lib /share /etc
        echo done
        """;

    /// <summary>A row by its name: options of unshare's, and the same of ours.</summary>
    private static readonly Dictionary<string, (string[] Theirs, Func<NamespaceCommand, NamespaceCommand> Ours)> Rows = new()
    {
        ["nothing"] = ([], c => c),
        ["--mount"] = (["--mount"], c => c.WithNew(NamespaceTypes.Mount)),
        ["--uts"] = (["--uts"], c => c.WithNew(NamespaceTypes.Uts)),
        ["--ipc"] = (["--ipc"], c => c.WithNew(NamespaceTypes.Ipc)),
        ["--net"] = (["--net"], c => c.WithNew(NamespaceTypes.Network)),
        ["--cgroup"] = (["--cgroup"], c => c.WithNew(NamespaceTypes.Cgroup)),
        ["--time"] = (["--time"], c => c.WithNew(NamespaceTypes.Time)),
        ["--user"] = (["--user"], c => c.WithNew(NamespaceTypes.User)),
        ["--pid --fork"] = (["--pid", "--fork"], c => c.WithNew(NamespaceTypes.Pid).WithFork()),
        ["all"] = (["--mount", "--uts", "--ipc", "--net", "--pid", "--user", "--cgroup", "--time", "--fork"], c => c.WithNew(NamespaceTypes.All).WithFork()),
        ["--fork"] = (["--fork"], c => c.WithFork()),
        ["--kill-child"] = (["--kill-child"], c => c.WithKillChild()),
        ["--mount-proc"] = (["--pid", "--fork", "--mount-proc"], c => c.WithNew(NamespaceTypes.Pid).WithFork().WithMountedProc()),
        ["--mount-proc=DIR"] = (["--pid", "--fork", "--mount-proc=/mnt"], c => c.WithNew(NamespaceTypes.Pid).WithFork().WithMountedProc("/mnt")),
        ["--mount-proc, shared"] = (["--pid", "--fork", "--mount-proc", "--propagation", "unchanged"], c => c.WithNew(NamespaceTypes.Pid).WithFork().WithMountedProc().WithPropagation(MountPropagation.Unchanged)),
        ["--map-user"] = (["--map-user", "17"], c => c.WithMappedUser(17)),
        ["--map-group"] = (["--map-group", "18"], c => c.WithMappedGroup(18)),
        ["--map-user --map-group"] = (["--map-user", "17", "--map-group", "18"], c => c.WithMappedUser(17).WithMappedGroup(18)),
        ["--map-root-user"] = (["--map-root-user"], c => c.WithMappedRoot()),
        ["--map-current-user"] = (["--map-current-user"], c => c.WithMappedCurrentUser()),
        ["--keep-caps"] = (["--map-user", "17", "--keep-caps"], c => c.WithMappedUser(17).WithKeptCapabilities()),
        ["--keep-caps, fork"] = (["--map-current-user", "--keep-caps", "--pid", "--kill-child"], c => c.WithMappedCurrentUser().WithKeptCapabilities().WithNew(NamespaceTypes.Pid).WithKillChild()),
        ["--keep-caps, no user"] = (["--uts", "--keep-caps"], c => c.WithNew(NamespaceTypes.Uts).WithKeptCapabilities()),
        ["--propagation private"] = (["--mount", "--propagation", "private"], c => c.WithNew(NamespaceTypes.Mount).WithPropagation(MountPropagation.Private)),
        ["--propagation slave"] = (["--mount", "--propagation", "slave"], c => c.WithNew(NamespaceTypes.Mount).WithPropagation(MountPropagation.Slave)),
        ["--propagation shared"] = (["--mount", "--propagation", "shared"], c => c.WithNew(NamespaceTypes.Mount).WithPropagation(MountPropagation.Shared)),
        ["--propagation unchanged"] = (["--mount", "--propagation", "unchanged"], c => c.WithNew(NamespaceTypes.Mount).WithPropagation(MountPropagation.Unchanged)),
        ["--wd"] = (["--wd", "/usr"], c => c.WithWorkingDirectory("/usr")),
        ["--root"] = (["--root", "/usr"], c => c.WithRoot("/usr")), // whose /bin and /lib are whole where /bin leads to /usr/bin
        ["--root --wd"] = (["--root", "/usr", "--wd", "/share"], c => c.WithRoot("/usr").WithWorkingDirectory("/share")),
        ["--root --mount-proc"] = (["--root", "/", "--pid", "--fork", "--mount-proc"], c => c.WithRoot("/").WithNew(NamespaceTypes.Pid).WithFork().WithMountedProc()),
        ["--setuid --setgid"] = (["--setuid", "0", "--setgid", "0"], c => c.WithUserId(0).WithGroupId(0)),
        ["--setuid --setgid, others"] = (["--setuid", "1234", "--setgid", "1235"], c => c.WithUserId(1234).WithGroupId(1235)),
        ["--setuid, others"] = (["--setuid", "1234"], c => c.WithUserId(1234)),
        ["--monotonic"] = (["--time", "--monotonic", "8640000"], c => c.WithClocks(monotonic: TimeSpan.FromDays(100))),
        ["--boottime"] = (["--time", "--boottime", "34560000", "--monotonic", "-1"], c => c.WithClocks(monotonic: TimeSpan.FromSeconds(-1), bootTime: TimeSpan.FromDays(400))),
        ["--boottime, fork"] = (["--time", "--fork", "--boottime", "34560000"], c => c.WithClocks(bootTime: TimeSpan.FromDays(400)).WithFork()),
    };

    public static IEnumerable<object[]> Options => Rows.Keys.Select(k => new object[] { k });

    [Theory, MemberData(nameof(Options))]
    public async Task Each_option_does_what_it_does_in_util_linux(string options)
    {
        var (theirs, ours) = Rows[options];
        // An ordinary user has the capability for namespaces in a user namespace of its own only.
        bool isOrdinary = !Root.IsTheMachines && !theirs.Any(o => o.StartsWith("--map", StringComparison.Ordinal));
        string[] script = ["sh", "-c", Script, "sh", .. Types.Select(t => new FileInfo($"/proc/self/ns/{t}").LinkTarget!)];
        Tool.Outcome expected = Tool.Run("unshare", [.. isOrdinary ? ["--map-root-user"] : (string[])[], .. theirs, "--", .. script]);
        NamespaceCommand command = ours(isOrdinary ? new NamespaceCommand("sh").WithMappedRoot() : new NamespaceCommand("sh"));
        if (expected.ExitCode != 0)
        {
            // An ordinary user, who has one id: refused by both.
            Func<Task> run = () => command.WithArguments(script[1..]).RunAsync();
            (await run.Should().ThrowAsync<NamespaceException>(expected.Error)).WithMessage("\"sh -c *\" could not be started in its namespaces: *");
            Root.IsTheMachines.Should().BeFalse(expected.Error);
            return;
        }
        expected.Output.Should().EndWith("done\n", expected.Error);
        CommandResult actual = await command.WithArguments(script[1..]).RunAsync();
        (actual.StandardOutput, actual.ExitCode).Should().Be((expected.Output, 0), actual.StandardError);
    }

    [Fact]
    public async Task The_comparison_would_notice_a_difference()
    {
        string[] old = [.. Types.Select(t => new FileInfo($"/proc/self/ns/{t}").LinkTarget!)];
        CommandResult one = await new NamespaceCommand("sh").WithArguments(["-c", Script, "sh", .. old]).WithMappedRoot().RunAsync();
        CommandResult other = await new NamespaceCommand("sh").WithArguments(["-c", Script, "sh", .. old]).WithMappedRoot().WithNew(NamespaceTypes.Uts).RunAsync();
        one.StandardOutput.Should().Contain("uts: old").And.Contain("user: new").And.EndWith("done\n");
        other.StandardOutput.Should().Be(one.StandardOutput.Replace("uts: old", "uts: new"));
    }

    [Theory]
    [InlineData("exit 7", 7), InlineData("kill -TERM $$", 143), InlineData("kill -KILL $$", 137)]
    public async Task It_ends_as_its_program_does(string script, int code)
    {
        (await new NamespaceCommand("sh").WithArguments("-c", script).WithMappedRoot().RunAsync()).ExitCode.Should().Be(code);
        (await new NamespaceCommand("sh").WithArguments("-c", script).WithMappedRoot().WithFork().RunAsync()).ExitCode.Should().Be(code);
        // Process 1 of a pid namespace gets no signal from inside that it does not handle, SIGKILL included (pid_namespaces(7)).
        Tool.Outcome theirs = Tool.Run("unshare", "--map-root-user", "--fork", "--pid", "sh", "-c", script + "; exit 3");
        (await new NamespaceCommand("sh").WithArguments("-c", script + "; exit 3").WithMappedRoot().WithNew(NamespaceTypes.Pid).WithFork().RunAsync()).ExitCode.Should().Be(theirs.ExitCode);
    }

    [Theory, InlineData(true), InlineData(false)]
    public void Its_child_ends_with_it_if_it_is_to(bool isOurs)
    {
        // In a pid namespace, whose process 1 this is about: of it the id and the start are known outside.
        Process waiting;
        int child;
        if (isOurs)
        {
            NamespaceProcess started = new NamespaceCommand("cat").WithMappedRoot().WithNew(NamespaceTypes.Pid).WithKillChild().Start();
            (waiting, child) = (started.Process, started.Id);
        }
        else
        {
            waiting = Tool.Start("unshare", "--map-root-user", "--pid", "--kill-child", "cat");
            string children = "";
            SpinWait.SpinUntil(() => (children = File.ReadAllText($"/proc/{waiting.Id}/task/{waiting.Id}/children").Trim()).Length > 0 && File.ReadAllText($"/proc/{children}/comm") == "cat\n", 10_000).Should().BeTrue();
            child = int.Parse(children, CultureInfo.InvariantCulture);
        }
        using (waiting)
        {
            Directory.Exists($"/proc/{child}").Should().BeTrue();
            waiting.Kill();
            waiting.WaitForExit();
            SpinWait.SpinUntil(() => !File.Exists($"/proc/{child}/status") || File.ReadAllText($"/proc/{child}/stat").Contains(") Z "), 10_000).Should().BeTrue("it gets SIGKILL");
        }
    }
}
