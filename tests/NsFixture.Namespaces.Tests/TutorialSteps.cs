using System.Diagnostics;
using System.Net.NetworkInformation;
using System.Text.RegularExpressions;

namespace NsFixture.Namespaces.Tests;

/// <summary>The C# of docs/tutorial.md, letter by letter: <see cref="TutorialTests"/> compares.</summary>
internal static class TutorialSteps
{
    public static string List()
    {
        NamespaceTypes[] types = [NamespaceTypes.Cgroup, NamespaceTypes.Ipc, NamespaceTypes.Mount, NamespaceTypes.Network, NamespaceTypes.Pid, NamespaceTypes.Time, NamespaceTypes.User, NamespaceTypes.Uts];
        return string.Join('\n', types.Select(type => LinuxNamespace.Current(type).ToString()));
    }

    public static string OneOfEach()
    {
        NamespaceTypes[] types = [NamespaceTypes.Cgroup, NamespaceTypes.Ipc, NamespaceTypes.Mount, NamespaceTypes.Network, NamespaceTypes.Time, NamespaceTypes.User, NamespaceTypes.Uts];
        var changed = new List<string>();
        foreach (NamespaceTypes type in types)
        {
            using NamespaceProcess inside = new NamespaceCommand("cat").WithNew(type).Start();
            NamespaceTypes different = LinuxNamespace.Differences(Environment.ProcessId, inside.Id);
            using LinuxNamespace made = inside.Open(different);
            changed.Add(made.ToString().Split(':')[0]);
        }
        return string.Join('\n', changed);
    }

    public static async Task<string> HostName()
    {
        CommandResult inside = await new NamespaceCommand("sh").WithArguments("-c", "hostname inner; hostname").WithNew(NamespaceTypes.Uts).RunAsync();
        return inside.StandardOutput + (Environment.MachineName == "inner" ? "" : "outside it is another");
    }

    public static async Task<string> ProcessOne()
    {
        CommandResult inside = await new NamespaceCommand("sh").WithArguments("-c", "echo $$; echo /proc/[0-9]*; :").WithNew(NamespaceTypes.Pid).WithFork().WithMountedProc().RunAsync();
        return inside.StandardOutput;
    }

    public static async Task<string> OtherUsers()
    {
        CommandResult ordinary = await new NamespaceCommand("sh").WithArguments("-c", "id -u; id -g").WithMappedUser(1000).WithMappedGroup(1000).RunAsync();
        CommandResult root = await new NamespaceCommand("sh").WithArguments("-c", "id -u; awk '{ print $1, $3 }' /proc/self/uid_map").WithMappedRoot().RunAsync();
        return ordinary.StandardOutput + root.StandardOutput;
    }

    public static async Task<string> SharedMemory()
    {
        var run = (NamespaceCommand command, string script) => command.WithArguments("-c", script).RunAsync();
        CommandResult id = await run(new NamespaceCommand("sh"), "ipcmk --shmem 4096 | grep -o '[0-9]*$'");
        CommandResult outside = await run(new NamespaceCommand("sh"), "echo outside $(ipcs -m | grep -c ^0x)");
        CommandResult inside = await run(new NamespaceCommand("sh").WithNew(NamespaceTypes.Ipc), "echo inside $(ipcs -m | grep -c ^0x)");
        await run(new NamespaceCommand("sh"), $"ipcrm --shmem-id {id.StandardOutput}");
        return outside.StandardOutput + inside.StandardOutput;
    }

    public static async Task<string> Kept()
    {
        await new NamespaceCommand("hostname").WithArguments("kept").WithPersisted(NamespaceTypes.Uts, "/run/kept").RunAsync();
        using LinuxNamespace kept = LinuxNamespace.Open("/run/kept");
        CommandResult entered = await new NamespaceCommand("hostname").WithExisting(kept).RunAsync();
        LinuxNamespace.Release("/run/kept");
        return entered.StandardOutput;
    }

    public static async Task<string> Jail()
    {
        string jail = Directory.CreateTempSubdirectory().FullName;
        CopyWithLibraries(jail, "/bin/sh");
        CommandResult inside = await new NamespaceCommand("/bin/sh").WithArguments("-c", "echo /*").WithRoot(jail).RunAsync();
        CommandResult again = await new NamespaceCommand("/bin/sh").WithArguments("-c", "test -e /etc || echo jailed").WithRoot(jail).RunAsync();
        return inside.StandardOutput + again.StandardOutput;
    }

    private static void CopyWithLibraries(string jail, string program)
    {
        string libraries = new NamespaceCommand("ldd").WithArguments(program).RunAsync().Result.StandardOutput;
        foreach (string file in Regex.Matches(libraries, "/[^ ]+").Select(m => m.Value).Prepend(program))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(jail + file)!);
            File.Copy(file, jail + file);
        }
    }

    public static async Task<string> WayOut()
    {
        string jail = Directory.CreateTempSubdirectory().FullName;
        CopyWithLibraries(jail, "/bin/sh");
        Directory.CreateDirectory(jail + "/proc");
        CommandResult inside = await new NamespaceCommand("/bin/sh").WithArguments("-c", "test -e /etc/passwd || echo jailed; test -e /proc/1/root/etc/passwd && echo and out").WithMountedProc().WithRoot(jail).RunAsync();
        return inside.StandardOutput;
    }

    public static async Task<string> NoWayOut()
    {
        string jail = Directory.CreateTempSubdirectory().FullName;
        CopyWithLibraries(jail, "/bin/sh");
        Directory.CreateDirectory(jail + "/proc");
        CommandResult inside = await new NamespaceCommand("/bin/sh").WithArguments("-c", "test -e /etc/passwd || echo jailed; test -e /proc/1/root/etc/passwd || echo and no way out")
            .WithNew(NamespaceTypes.Pid).WithFork().WithMountedProc().WithPivotedRoot(jail).RunAsync();
        return inside.StandardOutput;
    }

    public static string Cable()
    {
        using LinuxNamespace red = LinuxNamespace.Create(NamespaceTypes.Network)[0], blue = LinuxNamespace.Create(NamespaceTypes.Network)[0];
        using NetworkControl inRed = NetworkControl.Of(red), inBlue = NetworkControl.Of(blue);
        inRed.AddVeth("cable0", "cable1", inBlue);
        inRed.AddAddress("cable0", "10.9.0.1/24");
        inBlue.AddAddress("cable1", "10.9.0.2/24");
        inRed.SetUp("cable0");
        inBlue.SetUp("cable1");
        return red.Run(() => new Ping().Send("10.9.0.2", 20_000).Status) == IPStatus.Success ? "blue answers" : "";
    }

    public static string Bridge()
    {
        LinuxNamespace[] spaces = [.. Enumerable.Range(0, 4).Select(_ => LinuxNamespace.Create(NamespaceTypes.Network)[0])];
        using NetworkControl center = NetworkControl.Of(spaces[0]);
        center.AddBridge("bridge0");
        center.SetUp("bridge0");
        for (int i = 1; i <= 3; i++)
        {
            using NetworkControl host = NetworkControl.Of(spaces[i]);
            host.AddVeth("eth0", $"port{i}", center);
            host.AddAddress("eth0", $"10.9.1.{i}/24");
            host.SetUp("eth0");
            center.Plug($"port{i}", "bridge0");
            center.SetUp($"port{i}");
        }
        string answers = string.Join('\n', ((int[])[2, 3]).Where(i => spaces[1].Run(() => new Ping().Send($"10.9.1.{i}", 20_000).Status) == IPStatus.Success).Select(i => $"{i} answers"));
        foreach (LinuxNamespace each in spaces)
            each.Dispose();
        return answers;
    }

    public static string IntoProcess()
    {
        using NamespaceProcess process = new NamespaceCommand("sleep").WithArguments("60").WithNew(NamespaceTypes.Network).Start();
        using NetworkControl here = NetworkControl.Current(), there = NetworkControl.OfProcess(process.Id);
        here.AddVeth("outside", "inside");
        here.Move("inside", process.Id);
        here.AddAddress("outside", "10.9.2.1/24");
        here.SetUp("outside");
        there.AddAddress("inside", "10.9.2.2/24");
        there.SetUp("inside");
        string answer = new Ping().Send("10.9.2.2", 20_000).Status == IPStatus.Success ? "the process answers" : "";
        here.Remove("outside");
        return answer;
    }

    public static string Share()
    {
        using NamespaceProcess busy = new NamespaceCommand("sh").WithArguments("-c", "while :; do :; done").WithLimits(new Limits { Cpu = 0.3 }).Start();
        var watch = Stopwatch.StartNew();
        Thread.Sleep(2000);
        double share = busy.Usage().CpuTime!.Value / watch.Elapsed;
        return share < 0.36 ? "no more than 30 %" : $"{share:P0}";
    }
}
