using System.ComponentModel;
using System.Diagnostics;
using System.Net.NetworkInformation;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Namespaces.Tests;

/// <summary>Commands in namespaces, on the machine itself, as whoever runs the tests.</summary>
public class NamespaceCommandTests
{
    private static readonly NamespaceCommand Shell = new NamespaceCommand("sh").WithMappedRoot();

    [Fact]
    public async Task A_program_runs_in_namespaces_that_another_one_has()
    {
        using NamespaceProcess first = Shell.WithArguments("-c", "hostname inner; echo named; exec cat").WithNew(NamespaceTypes.All & ~NamespaceTypes.Time).WithMountedProc().WithFork().Start();
        first.Process.StandardOutput.ReadLine().Should().Be("named");
        LinuxNamespace[] all = [.. ((NamespaceTypes[])[NamespaceTypes.Uts, NamespaceTypes.Mount, NamespaceTypes.User, NamespaceTypes.Pid, NamespaceTypes.Network]).Select(first.Open)];
        CommandResult ours = await new NamespaceCommand("sh").WithArguments("-c", "hostname; id -u; cat /proc/1/comm; pwd; ls /sys/class/net /proc/self/ns").WithExisting(all).RunAsync();
        Tool.Outcome theirs = Tool.Run("nsenter", "-t", $"{first.Id}", "-u", "-m", "-U", "-p", "-n", "--preserve-credentials", "sh", "-c", "hostname; id -u; cat /proc/1/comm; pwd; ls /sys/class/net /proc/self/ns");
        ours.StandardOutput.Should().StartWith("inner\n0\ncat\n/\n").And.Be(theirs.Output);
        foreach (LinuxNamespace each in all)
            each.Dispose();
    }

    [Fact]
    public async Task New_and_existing_ones_mix()
    {
        IReadOnlyList<LinuxNamespace> made = LinuxNamespace.Create(NamespaceTypes.User | NamespaceTypes.Network);
        made.Select(n => n.Type).Should().Equal(NamespaceTypes.Network, NamespaceTypes.User);
        CommandResult result = await new NamespaceCommand("sh").WithArguments("-c", "readlink /proc/self/ns/net /proc/self/ns/user; hostname changed && hostname").WithExisting([.. made]).WithNew(NamespaceTypes.Uts).RunAsync();
        result.Should().Be(new CommandResult(0, $"{made[0]}\n{made[1]}\nchanged\n", ""));
        Tool.Output("hostname").Should().NotBe("changed\n");
        foreach (LinuxNamespace each in made)
            each.Dispose();
        LinuxNamespace.List(NamespaceTypes.Network).Should().NotContain(e => e.Inode == made[0].Inode && e.Holders.Any(h => h.ProcessId == Environment.ProcessId));
    }

    [Fact]
    public void Namespaces_are_made_that_nobody_is_in()
    {
        IReadOnlyList<LinuxNamespace> all = LinuxNamespace.Create(NamespaceTypes.All & ~NamespaceTypes.Pid);
        all.Should().HaveCount(7);
        all.Should().OnlyContain(n => n.ProcessIds().Count == 0);
        LinuxNamespace user = all.Single(n => n.Type == NamespaceTypes.User);
        foreach (LinuxNamespace each in all.Where(n => n != user))
            using (LinuxNamespace? owner = each.OwningUserNamespace())
                user.Should().Be(owner);
        LinuxNamespaceTests.Say(() => user.UserIds()).Should().StartWith($"The ids of {user} cannot be read");
        foreach (LinuxNamespace each in all)
            each.Dispose();
        ((Action)(() => LinuxNamespace.Create(NamespaceTypes.Pid))).Should().Throw<ArgumentException>().WithMessage("A pid namespace has to have a process 1*");
    }

    [Fact]
    public void Process_starts_it_with_whatever_that_can_redirect()
    {
        ProcessStartInfo info = Shell.WithArguments("-c", "read line; echo $line $VARIABLE; hostname; pwd").WithNew(NamespaceTypes.Uts).StartInfo();
        info.RedirectStandardInput = info.RedirectStandardOutput = true;
        info.Environment["VARIABLE"] = "set";
        info.WorkingDirectory = "/usr";
        for (int i = 0; i < 2; i++)
        {
            using Process process = Process.Start(info)!;
            process.StandardInput.WriteLine("typed");
            process.StandardOutput.ReadToEnd().Should().Be($"typed set\n{Tool.Output("hostname")}/usr\n");
            process.WaitForExit();
            process.ExitCode.Should().Be(0);
            GC.Collect();
        }
        ProcessStartInfo wrong = Shell.WithRoot("/nowhere").StartInfo();
        wrong.RedirectStandardError = true;
        using Process failed = Process.Start(wrong)!;
        failed.StandardError.ReadToEnd().Should().Be("NsFixture: there is no directory /nowhere to enter: make it, or give another one: errno 2\n");
        failed.WaitForExit();
        failed.ExitCode.Should().Be(127);
    }

    [Fact]
    public async Task What_cannot_be_started_is_told_with_its_cause()
    {
        await Refused(new NamespaceCommand("/usr/bin/nonsense").WithMappedRoot(), "there is no program \"/usr/bin/nonsense\" where it would run: install it, or give its path.");
        await Refused(new NamespaceCommand("/etc/passwd").WithMappedRoot(), "\"/etc/passwd\" may not be executed");
        await Refused(Shell.WithRoot("/nowhere"), "there is no directory /nowhere that it may enter.");
        await Refused(Shell.WithWorkingDirectory("/nowhere"), "there is no directory /nowhere that it may enter.");
        await Refused(Shell.WithNew(NamespaceTypes.Pid).WithFork().WithUserId(1234), "id 1234 is none in its user namespace: map it");
        await Refused(Shell.WithClocks(monotonic: TimeSpan.FromDays(-4000)), "the clocks cannot be set off that far");
        Contradicts(Shell.WithClocks(monotonic: TimeSpan.FromMilliseconds(1500)), "give whole seconds");
        Contradicts(Shell.WithPersisted(NamespaceTypes.Pid, "/tmp/x"), "add WithFork");
        using LinuxNamespace network = LinuxNamespace.Current(NamespaceTypes.Network);
        Contradicts(Shell.WithExisting(network).WithNew(NamespaceTypes.Network), "choose one of them");
        ((Action)(() => Shell.WithPersisted(NamespaceTypes.Uts, "/tmp/x").StartInfo())).Should().Throw<InvalidOperationException>().WithMessage("*use Start or RunAsync.");

        static async Task Refused(NamespaceCommand command, string cause) =>
            (await ((Func<Task>)(() => command.RunAsync())).Should().ThrowAsync<NamespaceException>()).WithMessage($"\"{command}\" could not be started in its namespaces: {cause}*");

        static void Contradicts(NamespaceCommand command, string cause) => ((Action)(() => command.Start())).Should().Throw<InvalidOperationException>().WithMessage($"\"{command}\" cannot be run: *{cause}.");
    }

    [Fact]
    public async Task A_command_that_takes_too_long_is_ended_with_all_its_processes()
    {
        using var patience = new CancellationTokenSource(200);
        await ((Func<Task>)(() => Shell.WithArguments("-c", "sleep 7531 & sleep 7531").WithNew(NamespaceTypes.Pid).WithFork().RunAsync(patience.Token))).Should().ThrowAsync<OperationCanceledException>();
        SpinWait.SpinUntil(() => !Directory.GetDirectories("/proc").Any(d => File.Exists(d + "/cmdline") && Read(d + "/cmdline") == "sleep\07531\0"), 10_000).Should().BeTrue();

        static string Read(string file)
        {
            try
            {
                return File.ReadAllText(file);
            }
            catch (IOException)
            {
                return ""; // it has ended
            }
        }
    }
}

/// <summary>What takes root, in a sandbox, where everybody is.</summary>
[IsolatedNetwork]
public class PersistedCommandTests
{
    [Fact]
    public async Task New_namespaces_are_kept_by_files_as_unshare_keeps_them()
    {
        Directory.CreateDirectory("/tmp/kept");
        await using (var own = new PrivateMount("/tmp/kept"))
        {
            NamespaceCommand command = new NamespaceCommand("sh").WithArguments("-c", "hostname ours; mount -t tmpfs none /mnt; touch /mnt/inner").WithFork();
            NamespaceTypes[] types = [NamespaceTypes.Uts, NamespaceTypes.Mount, NamespaceTypes.Network, NamespaceTypes.Ipc, NamespaceTypes.Time, NamespaceTypes.Cgroup, NamespaceTypes.User, NamespaceTypes.Pid];
            foreach (NamespaceTypes type in types.Where(t => t is not (NamespaceTypes.User or NamespaceTypes.Pid)))
                command = command.WithPersisted(type, $"/tmp/kept/{type}");
            (await RunWhereItIsYoungerAsync(command)).Should().Be(new CommandResult(0, "", ""));
            Tool.Output("nsenter", "--uts=/tmp/kept/Uts", "--mount=/tmp/kept/Mount", "--net=/tmp/kept/Network", "sh", "-c", "hostname; ls /mnt").Should().Be("ours\ninner\n");
            // The other way round: what unshare keeps, this opens and enters.
            File.WriteAllText("/tmp/kept/theirs", "");
            File.WriteAllText("/tmp/kept/theirs-time", "");
            Tool.Output("unshare", "--uts=/tmp/kept/theirs", "--time=/tmp/kept/theirs-time", "--boottime", "86400000", "hostname", "theirs");
            using LinuxNamespace uts = LinuxNamespace.Open("/tmp/kept/theirs"), time = LinuxNamespace.Open("/tmp/kept/theirs-time");
            CommandResult entered = await new NamespaceCommand("sh").WithArguments("-c", "hostname; cut -c 1-5 /proc/uptime").WithExisting(uts, time).RunAsync();
            entered.StandardOutput.Should().StartWith("theirs\n864");
            foreach (string file in Directory.GetFiles("/tmp/kept"))
                LinuxNamespace.Release(file);
            Directory.GetFiles("/tmp/kept").Should().BeEmpty();
        }
    }

    // Linux 6.18 tells a mount namespace's age by numbers that each processor takes from a stock of its own: one made on another processor may pass for older
    // than this process', and then cannot be kept. On the processor that made this process' it never does.
    private static async Task<CommandResult> RunWhereItIsYoungerAsync(NamespaceCommand command)
    {
        string allowed = File.ReadLines("/proc/thread-self/status").First(l => l.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)).Split('\t')[1];
        int[] processors = [.. allowed.Split(',').Select(range => range.Split('-').Select(int.Parse).ToArray()).SelectMany(range => Enumerable.Range(range[0], range[^1] - range[0] + 1))];
        foreach (int processor in processors)
        {
            Tool.Output("taskset", "--cpu-list", "--pid", $"{processor}", Path.GetFileName(new FileInfo("/proc/thread-self").LinkTarget!));
            try
            {
                return await command.RunAsync();
            }
            catch (NamespaceException e) when (processor != processors[^1] && e.Message.Contains("older one", StringComparison.Ordinal))
            {
                Directory.GetFiles("/tmp/kept").Should().BeEmpty("what was persisted by then is released");
            }
        }
        throw new InvalidOperationException(); // the last one's exception is thrown
    }

    [Fact]
    public void A_file_that_cannot_be_mounted_on_ends_the_command_before_it_runs()
    {
        NamespaceCommand command = new NamespaceCommand("touch").WithArguments("/tmp/ran").WithPersisted(NamespaceTypes.Uts, "/tmp/first").WithPersisted(NamespaceTypes.Ipc, "/tmp/none/second");
        LinuxNamespaceTests.Say(() => command.Start()).Should().StartWith("/tmp/none/second, on which ipc:[");
        File.Exists("/tmp/ran").Should().BeFalse();
        File.Exists("/tmp/first").Should().BeFalse("what was persisted by then is released");
    }

    [Fact]
    public void What_cannot_be_started_leaves_nothing()
    {
        Fail();
        int before = Directory.GetFiles("/proc/self/fd").Length;
        for (int i = 0; i < 20; i++)
            Fail();
        Directory.GetFiles("/proc/self/fd").Length.Should().BeLessThan(before + 20);
        SpinWait.SpinUntil(() => Processes().Length == 2, TimeSpan.FromSeconds(10)); // process 1 reaps what has lost its parent
        Processes().Should().HaveCount(2, "there is process 1, and this one");

        static string[] Processes() => [.. Directory.GetDirectories("/proc").Where(d => int.TryParse(Path.GetFileName(d), out _))];
        static void Fail() => LinuxNamespaceTests.Say(() => new NamespaceCommand("true").WithNew(NamespaceTypes.Pid).WithFork().WithRoot("/nowhere").Start());
    }

    [Fact]
    public async Task A_named_network_is_one_that_a_command_has_made()
    {
        using (NamespaceProcess process = new NamespaceCommand("cat").WithNew(NamespaceTypes.Network).Start())
        using (LinuxNamespace network = process.Open(NamespaceTypes.Network))
            NetworkNamespaceNames.Add("made", network);
        using LinuxNamespace made = NetworkNamespaceNames.Open("made");
        (await new NamespaceCommand("ip").WithArguments("-o", "link").WithExisting(made).RunAsync()).StandardOutput.Should().StartWith("1: lo:");
        made.Run(() => NetworkInterface.GetAllNetworkInterfaces().Length).Should().Be(1);
        NetworkNamespaceNames.Remove("made");
    }

    /// <summary>A mount of its own that nobody else sees, on which mount namespaces can be mounted.</summary>
    private sealed class PrivateMount : IAsyncDisposable
    {
        private readonly string directory;

        public PrivateMount(string directory)
        {
            this.directory = directory;
            Tool.Output("mount", "-t", "tmpfs", "none", directory);
            Tool.Output("mount", "--make-private", directory);
        }

        public ValueTask DisposeAsync()
        {
            Tool.Output("umount", "--lazy", directory);
            return ValueTask.CompletedTask;
        }
    }
}
