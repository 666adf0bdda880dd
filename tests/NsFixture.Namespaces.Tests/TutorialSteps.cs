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
        CommandResult libraries = await new NamespaceCommand("sh").WithArguments("-c", "ldd /bin/sh | grep -o '/[^ ]*'").RunAsync();
        foreach (string file in libraries.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries).Prepend("/bin/sh"))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(jail + file)!);
            File.Copy(file, jail + file);
        }
        CommandResult inside = await new NamespaceCommand("/bin/sh").WithArguments("-c", "echo /*").WithRoot(jail).RunAsync();
        CommandResult again = await new NamespaceCommand("/bin/sh").WithArguments("-c", "test -e /etc || echo jailed").WithRoot(jail).RunAsync();
        return inside.StandardOutput + again.StandardOutput;
    }
}
