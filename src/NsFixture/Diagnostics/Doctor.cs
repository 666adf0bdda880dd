using NsFixture.Diagnostics.Checks;
using NsFixture.Launching;

namespace NsFixture.Diagnostics;

/// <summary>
/// Says whether isolated tests can run on a machine, and if not, or not wholly, why and what to do: it reads the machine's switches, and tries in a
/// process of its own what a sandbox is made of. Nothing is left of that. <c>docs/doctor.md</c> lists what it knows.
/// </summary>
public static class Doctor
{
    /// <summary>Examines this machine, as the calling thread's user, limits and seccomp filters have it. It takes about a second.</summary>
    public static DoctorReport Examine() => Examine(new DoctorRoots());

    /// <summary>Examines the machine whose files lie under <paramref name="roots"/>; where those are not this machine's own, nothing is tried.</summary>
    /// <param name="roots">Where to read.</param>
    public static DoctorReport Examine(DoctorRoots roots)
    {
        if (!OperatingSystem.IsLinux() || !roots.AreOfThisMachine)
            return Examine(new Machine(roots));
        IReadOnlyDictionary<string, Attempt> attempts = Probe.Run(out string? problem);
        DoctorReport report = Examine(new Machine(roots, attempts));
        if (!report.CanIsolate)
            return report;
        // All that a sandbox is made of works. What remains to be tried is a sandbox.
        problem ??= ServerProblem();
        return problem == null ? report
            : Sorted(report.Facts, [.. report.Findings, new Finding(Check.Server, Severity.Prevents, "The kernel allows sandboxes, and yet none can be made", problem,
                "see what the message says; if it does not help, report it with this text.")]);
    }

    internal static DoctorReport Examine(Machine machine)
    {
        if (!machine.IsLinux)
            return new DoctorReport([new("system", Environment.OSVersion.ToString())], [new Finding(Check.NotLinux, Severity.Prevents, "Isolated tests need Linux", $"the system is {Environment.OSVersion}",
                "run them there, in WSL 2, or in a Linux container or dev container.")]);
        List<Finding?> findings = [.. Namespaces(machine), .. ResourceChecks.Run(machine)];
        return Sorted(Facts(machine), findings.OfType<Finding>());
    }

    private static DoctorReport Sorted(IReadOnlyList<KeyValuePair<string, string>> facts, IEnumerable<Finding> findings) =>
        new(facts, [.. findings.DistinctBy(f => (f.Check, f.Cause)).GroupBy(f => f.Check).SelectMany(Strongest).OrderByDescending(f => f.Severity).ThenBy(f => f.Check.Code, StringComparer.Ordinal)]);

    // One check may find a thing both by a file and by an attempt: the graver counts.
    private static IEnumerable<Finding> Strongest(IEnumerable<Finding> same) => same.Where(f => f.Severity == same.Max(o => o.Severity));

    private static IEnumerable<Finding?> Namespaces(Machine machine)
    {
        Attempt clone3 = machine.Tried("clone3");
        if (clone3.Failed)
            yield return new Finding(Check.Clone3, Severity.Note, "A seccomp filter hides clone3; clone is used instead", $"{clone3}; /proc/self/status has Seccomp: {machine.Status("Seccomp")}",
                "do nothing; newer versions of container engines let it through.");
        foreach (string type in Refusals.Types)
        {
            if (!machine.HasProc("self/ns/" + type))
                yield return Refusals.Missing($"/proc/self/ns/{type} does not exist");
            yield return Refusals.SwitchedOff(machine, type);
            Attempt tried = machine.Tried(type);
            if (tried.Failed)
                yield return Refusals.Of(machine, tried.Errno, tried.ToString());
        }
        // What podman's filter refuses to whoever does not have CAP_SYS_ADMIN outside.
        if (machine.Tried("hostname") is { Failed: true } name)
            yield return Refusals.Of(machine, name.Errno, name.ToString());
        foreach (string part in (string[])["map", "tmpfs", "veth"])
            if (machine.Tried(part) is { Failed: true } tried)
                yield return new Finding(Check.Refused, Severity.Prevents, "The kernel refuses what every sandbox is made of", tried.ToString(),
                    "load the module veth ('sudo modprobe veth') if it is about network devices; else look for a line about it in the kernel's log ('dmesg').");
        // A switch against ordinary users does not matter to those who got a namespace in spite of it.
        if (machine.Tried("user").Errno != 0 && !machine.IsRoot)
            yield return Refusals.BySwitch(machine);
    }

    private static List<KeyValuePair<string, string>> Facts(Machine machine) =>
    [
        new("kernel", machine.Sysctl("kernel.osrelease") ?? "unknown"),
        new("user", machine.IsRoot ? "root" : machine.UserName),
        new("user map", string.Join("; ", (machine.Proc("self/uid_map") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => string.Join(' ', l.Split(' ', StringSplitOptions.RemoveEmptyEntries))))),
        new("control groups", machine.Sys("fs/cgroup/cgroup.controllers") != null ? "version 2" : "version 1, or none"),
        new("seccomp filter", machine.Status("Seccomp") switch { "0" => "none", "2" => "yes", _ => "unknown" }),
        new("works", machine.Attempts.Count == 0 ? "nothing was tried" : string.Join(", ", machine.Attempts.Where(a => a.Value.Errno == 0).Select(a => a.Key))),
        new("does not work", string.Join(", ", machine.Attempts.Where(a => a.Value.Failed).Select(a => a.Key)) is { Length: > 0 } failed ? failed : "nothing"),
    ];

    private static string? ServerProblem()
    {
        try
        {
            ForkServer.Start(BareServer.Application(), runnerType: null).TryOutAsync().GetAwaiter().GetResult();
            return null;
        }
        catch (SandboxException e)
        {
            return e.Message;
        }
    }
}
