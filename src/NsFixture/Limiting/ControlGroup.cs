using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using NsFixture.Linux;

namespace NsFixture.Limiting;

/// <summary>
/// A control group of one's own (cgroups(7)), below the one that the calling process is in: of version 2 where that has the controllers, else one a controller of version 1. Its directories are named after the process that
/// made it, and the pid namespace that this is in, so that whoever finds one there knows whether it is left.
/// </summary>
internal sealed class ControlGroup : IDisposable
{
    private const string Prefix = "nsfixture-";

    private const int Period = 100_000; // microseconds
    private static int made;

    private static string Mine { get; } = Prefix + (FileSystem.ReadLinkIfThere("/proc/self/ns/pid") ?? "").Trim('p', 'i', 'd', ':', '[', ']') + "-";

    private readonly Dictionary<string, string> directories = []; // by controller; the same for all of version 2
    private readonly bool isUnified;

    private ControlGroup(bool isUnified) => this.isUnified = isUnified;

    /// <summary>Of version 1 or 2, to be said where it matters.</summary>
    public string Version => isUnified ? "version 2" : "version 1";

    /// <summary>The files that a process writes "0" to, to be in it.</summary>
    public IEnumerable<string> MemberFiles => directories.Values.Distinct().Select(d => $"{d}/cgroup.procs");

    /// <summary>Makes one with limits. Null: the caller may not, or the machine has none; <paramref name="why"/> not.</summary>
    /// <param name="limits">What of it may be taken.</param>
    /// <param name="helpers">Processes of NsFixture's own that are in it.</param>
    /// <param name="why">The cause.</param>
    public static ControlGroup? Create(Limits limits, int helpers, out string why)
    {
        string[] controllers = [.. Needed(limits)];
        string name = string.Create(CultureInfo.InvariantCulture, $"{Mine}{Environment.ProcessId}-{Interlocked.Increment(ref made)}");
        var problems = new List<string>();
        foreach (bool isUnified in (bool[])[true, false])
        {
            var group = new ControlGroup(isUnified);
            try
            {
                foreach (string controller in controllers)
                    group.directories[controller] = isUnified ? UnifiedDirectory(name, controllers) : Directory1(controller, name);
                group.Apply(limits, helpers);
                why = "";
                return group;
            }
            catch (LinuxException e)
            {
                group.Dispose();
                problems.Add($"{group.Version}: {e.Message}");
            }
        }
        why = string.Join("; ", problems);
        return null;
    }

    public ResourceUsage Usage()
    {
        string memory = Of("memory"), cpu = Of("cpu"), pids = Of("pids");
        long? time = isUnified ? Keyed(cpu, "cpu.stat", "usage_usec") * 1000 : Number(Of("cpuacct"), "cpuacct.usage");
        long throttled = isUnified ? (Keyed(cpu, "cpu.stat", "throttled_usec") ?? 0) * 1000 : Keyed(cpu, "cpu.stat", "throttled_time") ?? 0;
        return new ResourceUsage(
            Number(memory, isUnified ? "memory.current" : "memory.usage_in_bytes"), Number(memory, isUnified ? "memory.peak" : "memory.max_usage_in_bytes"),
            Keyed(memory, isUnified ? "memory.events" : "memory.oom_control", "oom_kill") ?? 0,
            time is { } nanoseconds ? TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick) : null, TimeSpan.FromTicks(throttled / TimeSpan.NanosecondsPerTick),
            (int?)Number(pids, "pids.current"), Keyed(pids, "pids.events", "max") ?? 0);
    }

    /// <summary>Ends what is in it, and takes it away.</summary>
    public void Dispose()
    {
        foreach (string directory in directories.Values.Distinct())
            Remove(directory);
        directories.Clear();
    }

    /// <summary>Directories of groups whose makers have gone.</summary>
    public static IEnumerable<string> FindLeft()
    {
        foreach (string top in Hierarchies().Select(h => h.Directory).Distinct())
            foreach (string directory in Subdirectories(top))
                if (Path.GetFileName(directory)[Mine.Length..].Split('-') is [var maker, _] && int.TryParse(maker, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && !Directory.Exists($"/proc/{id}"))
                    yield return directory;

        static string[] Subdirectories(string top)
        {
            try
            {
                return Directory.GetDirectories(top, Mine + "*");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return [];
            }
        }
    }

    /// <summary>Ends what is in a group, and takes it away; false: it could not be.</summary>
    public static bool Remove(string directory)
    {
        var watch = Stopwatch.StartNew();
        while (Libc.RmDir(directory) != 0)
        {
            if (Marshal.GetLastPInvokeError() == Err.ENOENT)
                return true;
            if (Marshal.GetLastPInvokeError() != Err.EBUSY || watch.Elapsed > TimeSpan.FromSeconds(10))
                return false;
            // Processes leave it while they end, which takes a moment.
            foreach (string line in FileSystem.ReadTextIfThere($"{directory}/cgroup.procs").Split('\n', StringSplitOptions.RemoveEmptyEntries))
                if (int.Parse(line, CultureInfo.InvariantCulture) is > 0 and var process) // 0: of another pid namespace
                    _ = Libc.Kill(process, SignalNumbers.SIGKILL);
            Thread.Sleep(2);
        }
        return true;
    }

    private static IEnumerable<string> Needed(Limits limits)
    {
        if (limits.Memory != null)
            yield return "memory";
        if (limits.Cpu != null)
        {
            yield return "cpu";
            yield return "cpuacct";
        }
        if (limits.Processes != null)
            yield return "pids";
        if (limits.IoRate != null)
            yield return "blkio";
    }

    private void Apply(Limits limits, int helpers)
    {
        if (limits.Memory is { } memory)
        {
            Set("memory", isUnified ? "memory.max" : "memory.limit_in_bytes", $"{memory}");
            TrySet("memory", isUnified ? "memory.swap.max" : "memory.memsw.limit_in_bytes", isUnified ? "0" : $"{memory}"); // no such file: no swap
        }
        if (limits.Cpu is { } cpu)
        {
            long quota = (long)(cpu * Period);
            if (isUnified)
            {
                Set("cpu", "cpu.max", $"{quota} {Period}");
            }
            else
            {
                Set("cpu", "cpu.cfs_period_us", $"{Period}");
                Set("cpu", "cpu.cfs_quota_us", $"{quota}");
            }
        }
        if (limits.Processes is { } processes)
            Set("pids", "pids.max", $"{processes + helpers}");
        if (limits.IoRate is not { } rate)
            return;
        foreach (string device in Disks())
        {
            if (isUnified)
            {
                Set("blkio", "io.max", $"{device} rbps={rate} wbps={rate}");
                continue;
            }
            Set("blkio", "blkio.throttle.read_bps_device", $"{device} {rate}");
            Set("blkio", "blkio.throttle.write_bps_device", $"{device} {rate}");
        }
    }

    // Below the caller's own group, or the nearest above it that may have children with these controllers: with version 2, one with processes may not.
    private static string UnifiedDirectory(string name, string[] controllers)
    {
        string[] wanted = [.. controllers.Select(c => c switch { "blkio" => "io", "cpuacct" => "cpu", _ => c }).Distinct()];
        var (top, own) = Hierarchies().Where(h => h.Controller == "").Select(h => (h.Mount, h.Directory)).FirstOrDefault();
        if (top == null)
            throw new LinuxException("find", "a cgroup2 file system", Err.ENOENT);
        for (string parent = own; parent.Length >= top.Length; parent = Path.GetDirectoryName(parent)!)
        {
            string directory = $"{parent}/{name}";
            if (Directory.Exists(directory))
                return directory; // made for another controller
            string[] there = FileSystem.ReadTextIfThere($"{parent}/cgroup.controllers").Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
            if (wanted.Except(there).FirstOrDefault() is { } missing)
                throw new LinuxException("use", $"controller {missing} in {parent}", Err.ENOENT);
            if (Libc.Mkdir(directory, 0x1ED /* 0755 */) != 0)
                continue;
            TryWrite($"{parent}/cgroup.subtree_control", string.Join(' ', wanted.Select(c => "+" + c)));
            if (FileSystem.ReadTextIfThere($"{directory}/cgroup.controllers").Split((char[])[' ', '\n']) is var got && !wanted.Except(got).Any())
                return directory;
            _ = Libc.RmDir(directory);
        }
        throw new LinuxException("mkdir", $"{own}/{name}", Err.EACCES);
    }

    private static string Directory1(string controller, string name)
    {
        string parent = Hierarchies().Where(h => h.Controller == controller).Select(h => h.Directory).FirstOrDefault() ?? throw new LinuxException("find", $"controller {controller}", Err.ENOENT);
        string directory = $"{parent}/{name}";
        if (Libc.Mkdir(directory, 0x1ED /* 0755 */) != 0 && Marshal.GetLastPInvokeError() is var error and not Err.EEXIST)
            throw new LinuxException("mkdir", directory, error);
        return directory;
    }

    /// <summary>The controllers' mount points and, below them, the caller's own groups; of version 2 the controller's name is empty.</summary>
    private static IEnumerable<(string Controller, string Mount, string Directory)> Hierarchies()
    {
        Dictionary<string, string> own = File.ReadLines("/proc/self/cgroup").Select(l => l.Split(':', 3)).SelectMany(p => p[1].Split(',').Select(c => (c, p[2]))).ToDictionary(p => p.c, p => p.Item2);
        foreach (string line in File.ReadLines("/proc/self/mountinfo"))
        {
            string[] halves = line.Split(" - ", 2), left = halves[0].Split(' '), right = halves[1].Split(' ');
            string root = left[3], mount = left[4];
            string[] controllers = right[0] switch { "cgroup2" => [""], "cgroup" => right[2].Split(','), _ => [] };
            foreach (string controller in controllers)
            {
                if (!own.TryGetValue(controller, out string? path))
                    continue;
                // A container sees its own group as the mount's root.
                string below = path.StartsWith(root, StringComparison.Ordinal) ? path[root.Length..].Trim('/') : "";
                string directory = below.Length == 0 ? mount : $"{mount}/{below}";
                yield return (controller, mount, Directory.Exists(directory) ? directory : mount);
            }
        }
    }

    private static IEnumerable<string> Disks() =>
        from disk in Directory.Exists("/sys/block") ? Directory.GetDirectories("/sys/block") : []
        where !Path.GetFileName(disk).StartsWith("loop", StringComparison.Ordinal) && !Path.GetFileName(disk).StartsWith("ram", StringComparison.Ordinal)
        select FileSystem.ReadTextIfThere($"{disk}/dev").Trim() into device
        where device.Length > 0
        select device;

    private string Of(string controller) => directories.GetValueOrDefault(controller, "");

    private void Set(string controller, string file, string value)
    {
        string path = $"{directories[controller]}/{file}";
        int error = Write(path, value);
        if (error != 0)
            throw new LinuxException("write", $"'{value}' to {path}", error);
    }

    private void TrySet(string controller, string file, string value) => TryWrite($"{directories[controller]}/{file}", value);

    private static void TryWrite(string path, string value) => _ = Write(path, value);

    // Such files are neither made nor cut, and take one write each.
    private static unsafe int Write(string path, string value)
    {
        int fd = Libc.Open(path, Fcntl.O_WRONLY | Fcntl.O_CLOEXEC, 0);
        if (fd < 0)
            return Marshal.GetLastPInvokeError();
        byte[] bytes = System.Text.Encoding.ASCII.GetBytes(value);
        fixed (byte* p = bytes)
        {
            int error = Libc.Write(fd, p, bytes.Length) < 0 ? Marshal.GetLastPInvokeError() : 0;
            Descriptors.Close(fd);
            return error;
        }
    }

    private static long? Number(string directory, string file) =>
        directory.Length > 0 && long.TryParse(FileSystem.ReadTextIfThere($"{directory}/{file}"), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static long? Keyed(string directory, string file, string key) => directory.Length == 0 ? null
        : FileSystem.ReadTextIfThere($"{directory}/{file}").Split('\n').Select(l => l.Split(' ')).Where(p => p is [var name, _] && name == key).Select(p => (long?)long.Parse(p[1], CultureInfo.InvariantCulture)).FirstOrDefault();
}
