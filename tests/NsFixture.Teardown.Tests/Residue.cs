using System.Globalization;
using System.Runtime.InteropServices;

namespace NsFixture.Teardown.Tests;

/// <summary>
/// An oracle that shares no code with the product. It knows the processes of a run by an environment variable, which every
/// process inherits, the namespaces by those processes, and compares what a run could leave on the machine with what was
/// there before.
/// </summary>
internal sealed class Residue
{
    /// <summary>Two seconds of a machine that is not overloaded; as many times more as it has runnable tasks for each processor.</summary>
    public static TimeSpan Limit =>
        TimeSpan.FromSeconds(2 * Math.Max(1, double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture) / Environment.ProcessorCount));

    private static readonly string[] NamespaceTypes = ["net", "mnt", "pid", "uts", "ipc", "user", "cgroup"];
    private static readonly string[] OfRuntime = ["clr-debug-pipe-", "dotnet-diagnostic-"]; // which a runtime that is killed leaves anywhere
    private readonly string mark = "NSFIXTURE_TEARDOWN_TEST=" + Guid.NewGuid().ToString("N");
    private readonly HashSet<string> namespaces = [];
    private readonly Dictionary<string, HashSet<string>> holders = [];
    private readonly HashSet<string> before;

    public Residue()
    {
        before = Machine();
        OwnNamespaces = [.. NamespaceTypes.Select(t => Link($"/proc/self/ns/{t}")!)];
    }

    private HashSet<string> OwnNamespaces { get; }

    /// <summary>The run's own temporary directory, in which it may leave what a test host records, and nothing else; null: it has none.</summary>
    public DirectoryInfo? Temporary { get; init; }

    public string MarkName => mark.Split('=')[0];

    public string MarkValue => mark.Split('=')[1];

    /// <summary>The ids of the run's processes, as the machine numbers them.</summary>
    public List<int> Processes() => [.. AllProcesses().Where(pid => Read($"/proc/{pid}/environ").Split('\0').Contains(mark))];

    /// <summary>Those of them whose command line holds <paramref name="text"/>.</summary>
    public List<int> Processes(string text) => [.. Processes().Where(pid => Read($"/proc/{pid}/cmdline").Contains(text, StringComparison.Ordinal))];

    /// <summary>The fork server: all that has its command line is forked from it, later. Not that with the least id, as ids begin anew.</summary>
    public int ForkServer() => Processes("fork-server").MinBy(pid => Stat(pid) is { Length: > 19 } fields ? ulong.Parse(fields[19], CultureInfo.InvariantCulture) : ulong.MaxValue);

    /// <summary>The run's processes, and where in the kernel each of their threads is.</summary>
    public string Describe() => string.Concat(Processes().Select(pid => $"{Environment.NewLine}{pid} of {Stat(pid).ElementAtOrDefault(1)}: {CommandLine(pid)}" + string.Concat(
        Directory.Exists($"/proc/{pid}/task") ? Directory.GetDirectories($"/proc/{pid}/task").Select(t => $"{Environment.NewLine}  {Read(t + "/comm").Trim()} {Read(t + "/wchan")} {Read(t + "/syscall").Trim()}") : [])));

    /// <summary>Remembers the namespaces that the run's processes are in now, to look for them afterwards.</summary>
    /// <returns>How many sandboxes there are.</returns>
    public int RememberNamespaces()
    {
        var members = Processes().Select(pid => (Pid: pid, Id: Identity(pid), Namespaces: NamespaceTypes.Select(t => Link($"/proc/{pid}/ns/{t}")).OfType<string>().Except(OwnNamespaces).ToList())).ToList();
        var held = AllProcesses().Select(pid => (Id: Identity(pid), Namespaces: NamespacesOf(pid).ToList())).ToList();
        // A number is a run's for as long as a process is in the namespace: those of processes that have ended meanwhile may be others' by now.
        var alive = members.Where(m => Identity(m.Pid) == m.Id && Stat(m.Pid) is [not "Z", ..]).SelectMany(m => m.Namespaces).ToHashSet();
        foreach (var (id, own) in held)
            if (own.Where(alive.Contains).ToList() is { Count: > 0 } common)
                (CollectionsMarshal.GetValueRefOrAddDefault(holders, id, out _) ??= []).UnionWith(common);
        namespaces.UnionWith(members.SelectMany(m => m.Namespaces));
        return namespaces.Count(n => n.StartsWith("pid:", StringComparison.Ordinal));
    }

    /// <summary>Processes with all their descendants, so that they can be known again: an id with a start time.</summary>
    public static List<string> TreesOf(IEnumerable<int> roots)
    {
        var tree = new List<int>();
        for (List<int> next = [.. roots]; next.Count > 0; next = [.. ChildrenOf(next).Except(tree)])
            tree.AddRange(next);
        return [.. tree.Select(Identity).Where(i => i.Length > 0).Distinct()];
    }

    /// <summary>The children of processes.</summary>
    public static List<int> ChildrenOf(List<int> parents) => parents.Count == 0 ? []
        : [.. AllProcesses().Where(pid => Stat(pid) is { Length: > 1 } fields && parents.Contains(int.Parse(fields[1], CultureInfo.InvariantCulture)))];

    /// <summary>How many namespaces processes are in.</summary>
    public static int CountNamespaces() => AllProcesses().SelectMany(pid => NamespaceTypes.Select(t => Link($"/proc/{pid}/ns/{t}"))).Distinct().Count();

    /// <summary>
    /// Waits up to <see cref="Limit"/> until none of these processes is there, and returns those that still are. One that has ended, and whose parent has, is the machine's own init's to
    /// ask for, which in some virtual machines looks every two seconds.
    /// </summary>
    public static List<string> WaitUntilEnded(List<string> processes)
    {
        DateTime deadline = DateTime.UtcNow + Limit;
        List<string> left;
        while ((left = [.. processes.Where(IsThere)]).Count > 0 && DateTime.UtcNow < deadline)
            Thread.Sleep(10);
        return left;
    }

    private static bool IsThere(string identity)
    {
        int pid = int.Parse(identity.Split(' ')[0], CultureInfo.InvariantCulture);
        return Identity(pid) == identity && Stat(pid) is not ["Z", "1", ..];
    }

    /// <summary>Waits up to <see cref="Limit"/> until nothing is left, and returns what still is.</summary>
    public List<string> WaitUntilGone()
    {
        DateTime deadline = DateTime.UtcNow + Limit;
        List<string> left;
        while ((left = Left()).Count > 0 && DateTime.UtcNow < deadline)
            Thread.Sleep(20);
        return left;
    }

    private List<string> Left()
    {
        var left = Processes().Select(pid => $"process {pid}: {CommandLine(pid)}").ToList();
        foreach (int pid in holders.Count > 0 ? AllProcesses() : [])
            if (holders.TryGetValue(Identity(pid), out HashSet<string>? held))
                left.AddRange(NamespacesOf(pid).Where(held.Contains).Distinct().Select(n => $"namespace {n} of {pid}: {CommandLine(pid)}"));
        left.AddRange(Temporary?.EnumerateFileSystemInfos().Where(f => f.Name != "recording" && !Array.Exists(OfRuntime, f.Name.StartsWith)).Select(f => "file " + f.FullName) ?? []);
        left.AddRange(Machine().Except(before));
        left.AddRange(before.Except(Machine()).Where(gone => !gone.Contains("nsfixture-victim", StringComparison.OrdinalIgnoreCase)).Select(gone => "gone: " + gone)); // what victims name was another run's, which has ended since
        return left;
    }

    // The kernel gives the numbers of dead namespaces to new ones, so only who held ours at the time can still do so: another's
    // process that was there may have come by a new one since. A process id with its start time, field 22 of proc_pid_stat(5), is not used twice.
    private static string Identity(int pid)
    {
        string[] fields = Stat(pid);
        return fields.Length == 0 ? "" : $"{pid} {fields[19]}";
    }

    // What follows the name: state, parent, …
    private static string[] Stat(int pid)
    {
        string stat = Read($"/proc/{pid}/stat");
        return stat.Length == 0 ? [] : stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }

    // Namespaces that processes are in, or hold by a descriptor.
    private static IEnumerable<string> NamespacesOf(int pid)
    {
        foreach (string type in NamespaceTypes)
            if (Link($"/proc/{pid}/ns/{type}") is { } inode)
                yield return inode;
        string[] descriptors;
        try
        {
            descriptors = Directory.GetFileSystemEntries($"/proc/{pid}/fd");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            yield break;
        }
        foreach (string descriptor in descriptors)
            if (Link(descriptor) is { } target)
                yield return target;
    }

    /// <summary>What a run could leave behind: mounts, what rtnetlink dumps, System V objects, control groups, files. Other programs on the machine go on meanwhile, so of files and groups only those with our name count.</summary>
    private static HashSet<string> Machine()
    {
        var all = new HashSet<string>(File.ReadLines("/proc/self/mountinfo").Select(l => "mount " + l.Split(' ')[4]));
        all.UnionWith(NetlinkDump.All());
        foreach (string directory in (string[])["/tmp", "/run", "/dev/shm", "/var/run", "/run/netns"])
            if (Directory.Exists(directory))
                all.UnionWith(Directory.GetFileSystemEntries(directory).Where(f => f.Contains("nsfixture-victim", StringComparison.OrdinalIgnoreCase)).Select(f => "file " + f));
        foreach (string file in (string[])["msg", "sem", "shm"])
            all.UnionWith(File.ReadLines("/proc/sysvipc/" + file).Skip(1).Select(l => $"System V {file} {l}"));
        if (Directory.Exists("/sys/fs/cgroup"))
            all.UnionWith(Directory.EnumerateDirectories("/sys/fs/cgroup", "*nsfixture*", SearchOption.AllDirectories).Where(c => !IsAnothers(c)).Select(c => "cgroup " + c));
        return all;
    }

    // Named after the process that made it, which lives: those that a run makes are named after one that ends with it.
    private static bool IsAnothers(string group) => Path.GetFileName(group).Split('-') is ["nsfixture", _, var maker, _] && Directory.Exists("/proc/" + maker);

    private static IEnumerable<int> AllProcesses() =>
        Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out int pid) ? pid : 0).Where(pid => pid > 0);

    private static string CommandLine(int pid) => Read($"/proc/{pid}/cmdline").Replace('\0', ' ');

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // it has ended, or is another user's
        }
    }

    private static string? Link(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
