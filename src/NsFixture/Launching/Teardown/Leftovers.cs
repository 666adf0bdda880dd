using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// The leak oracle: what of a test is still in its sandbox when its process has ended. All of it ends with the sandbox, by the kernel's own rules; but a test that
/// leaves it would leave it on a machine, too, so it is named. Control groups alone would stay (<see cref="ControlGroups"/>). It runs in init, which sees everything in the sandbox, or at the end of the test's
/// process (<see cref="TestEnd"/>); no test waits for it.
/// <para>
/// What a test may leave: files, since everything that is written is private to begin with; and programs on hosts, which NsFixture started and ends itself.
/// </para>
/// </summary>
internal static class Leftovers
{
    private const int MostOfAKind = 20, Patience = 100, Pause = 5; // milliseconds
    private static readonly (string File, string What)[] SystemVFiles = [("shm", "System V shared memory"), ("sem", "System V semaphores"), ("msg", "System V message queue")];

    /// <summary>Has its code compiled, by use.</summary>
    public static void Rehearse()
    {
        TemporaryFiles.Begin();
        MountSnapshot.Take().Write(new ByteWriter());
        _ = new EndReport(Find(0, [], MountSnapshot.Empty, _ => false, patience: 0), StillOpen.Find(), [], [new EndStep("", 0)]).Write();
    }

    /// <summary>One line for each.</summary>
    /// <param name="test">The test's process, which may still be about to end.</param>
    /// <param name="sessions">Those of the programs on hosts.</param>
    /// <param name="mountsBefore">The mounts that there were before the test.</param>
    /// <param name="isAnotherHosts">Whether a network, such as <c>net:[4026531840]</c>, is that of a host other than the test's own: what a program leaves there ends with the sandbox, too.</param>
    /// <param name="patience">How many milliseconds a process that was told to end may take.</param>
    public static List<string> Find(int test, IReadOnlyCollection<int> sessions, MountSnapshot mountsBefore, Func<string, bool> isAnotherHosts, int patience = Patience)
    {
        var left = new List<string>();
        if (ProcessTable.HasOthers())
            AddProcesses(left, test, sessions, isAnotherHosts, patience);
        MountSnapshot mounts = MountSnapshot.Take();
        if (!mounts.IsSameAs(mountsBefore))
            AddMounts(left, mounts, mountsBefore);
        if (sessions.Count > 0)
            return left; // of programs that end with the sandbox, which have no other way to clean up
        if (SystemV.Any())
            AddSystemV(left);
        AddPosix(left, "shared memory", "/dev/shm");
        AddPosix(left, "message queue", "/dev/mqueue");
        return left;
    }

    private static void AddMounts(List<string> left, MountSnapshot mounts, MountSnapshot before)
    {
        // ip netns makes a mount of its directory, once and for good, and so does who names namespaces as it does; what is in it counts.
        List<MountSnapshot.Mount> come = [.. mounts.Since(before).Where(mount => mount.Place != NetworkNamespaceNames.Directory).Take(MostOfAKind)];
        left.AddRange(come.Select(mount => $"mount {mount}"));
        left.AddRange(come.Where(mount => mount.IsOfControlGroups).SelectMany(mount => ControlGroups.Remove(mount.Place, before.Taken)));
    }

    private static void AddSystemV(List<string> left)
    {
        foreach (var (file, what) in SystemVFiles)
            foreach (string[] fields in Lines("/proc/sysvipc/" + file).Skip(1).Take(MostOfAKind).Select(Words))
                left.Add($"{what} (key {fields[0]}, id {fields[1]})");
    }

    private static void AddPosix(List<string> left, string what, string directory)
    {
        int shown = 0;
        foreach (string name in DirectoryNames.Of(directory))
            if (shown++ < MostOfAKind)
                left.Add($"POSIX {what} {directory}/{name}");
    }

    private static void AddProcesses(List<string> left, int test, IReadOnlyCollection<int> sessions, Func<string, bool> isAnotherHosts, int patience)
    {
        List<Leftover> others = Others(test, sessions, isAnotherHosts);
        for (int waited = 0; others.Count > 0 && waited < patience; waited += Pause)
        {
            Poller.Wait([], Pause);
            others = Others(test, sessions, isAnotherHosts);
        }
        foreach (Leftover process in others)
            left.Add(process.Describe(test));
    }

    private static List<Leftover> Others(int test, IReadOnlyCollection<int> sessions, Func<string, bool> isAnotherHosts)
    {
        var others = new List<Leftover>();
        int self = Libc.GetPid();
        foreach (ProcessTable.Process process in ProcessTable.All())
        {
            if (process.Id == 1 || process.Id == test || process.Id == self || process.HasEnded || others.Count == MostOfAKind)
                continue;
            var other = Leftover.Of(process);
            if (other != null && !other.IsNsFixtures && !sessions.Contains(other.Session) && !(FileSystem.LinkTargetIfThere($"/proc/{process.Entry}/ns/net") is { } network && isAnotherHosts(network)))
                others.Add(other);
        }
        return others;
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string[] Lines(string path) => FileSystem.ReadTextIfThere(path).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
