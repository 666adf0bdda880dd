using NsFixture.Launching;

namespace NsFixture.Cli;

/// <summary>Gets a program into a sandbox that is there: on a host by its owner, into the sandbox as such by its namespaces.</summary>
internal static class Entry
{
    private const NamespaceTypes Types = NamespaceTypes.All & ~NamespaceTypes.Time;

    public static int Run(int id, string? host, string[] program)
    {
        if (host == null)
            return Enter(id, program);
        if (KeptSandbox.Read(id) is { } kept)
            return Enter(id, program, kept.FirstOrDefault(h => h.Name.Equals(host, StringComparison.OrdinalIgnoreCase)) ?? throw NoHost(id, host, kept.Select(h => h.Name)));
        DoorAnswer there = Door.Describe(id) ?? throw NoDoor(id);
        int index = there.Hosts.ToList().FindIndex(h => h.Name.Equals(host, StringComparison.OrdinalIgnoreCase));
        return index < 0 ? throw NoHost(id, host, there.Hosts.Select(h => h.Name))
            : EnterProgram.Run(there.Entrance, index, "", "", "", program);
    }

    /// <summary>Nobody tells of a sandbox's hosts: it has none that could be named, or there is no such sandbox.</summary>
    public static BadArgumentException NoDoor(int id) => new SandboxSurvey().Find().Any(s => s.Id == id)
        ? new($"sandbox {id} is not one of 'nsfixture up' or 'nsfixture run', and only these tell of their hosts: leave the host out to enter it ('nsfixture enter {id}').")
        : new($"there is no sandbox {id}: 'nsfixture ls' lists those that there are.");

    private static BadArgumentException NoHost(int id, string host, IEnumerable<string> hosts) => new($"sandbox {id} has no host \"{host}\": choose one of {string.Join(", ", hosts)}.");

    private static int Enter(int id, string[] program, KeptSandbox.Host? host = null)
    {
        if (!new SandboxSurvey().Find().Any(s => s.Id == id))
            throw NoDoor(id);
        LinuxNamespace[] there = [.. Single().Select(t => PathOf(host, t) is { } path ? LinuxNamespace.Open(path) : LinuxNamespace.OfProcess(id, t))];
        // Those of its own it is in already, and a user namespace is entered by nobody who is in it (setns(2)).
        LinuxNamespace[] others = [.. there.Where(n => { using var own = LinuxNamespace.Current(n.Type); return !n.Equals(own); })];
        using NamespaceProcess started = new NamespaceCommand(program[0]).WithArguments(program[1..]).WithExisting(others).WithWorkingDirectory("/").WithKillChild().StartAttached();
        return HostShell.Wait(started.Process);
    }

    // Null: that of the sandbox's process 1.
    private static string? PathOf(KeptSandbox.Host? host, NamespaceTypes type) => type switch
    {
        NamespaceTypes.Network => host?.Network,
        NamespaceTypes.Mount => host?.Mounts,
        NamespaceTypes.Uts => host?.Names,
        _ => null,
    };

    private static IEnumerable<NamespaceTypes> Single() => Enum.GetValues<NamespaceTypes>().Where(t => t != NamespaceTypes.None && (t & (t - 1)) == 0 && (Types & t) != 0);
}
