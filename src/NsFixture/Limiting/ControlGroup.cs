using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using NsFixture.Linux;

namespace NsFixture.Limiting;

/// <summary>
/// A control group of one's own (cgroups(7)), below the one that the calling process is in: of version 2 where that has the controllers, else one a controller of version 1. Its directories are named after the process that
/// is to take it away, and the pid namespace that this is in, so that whoever finds one there knows whether it is left.
/// </summary>
internal sealed partial class ControlGroup : IDisposable
{
    private const string Prefix = "nsfixture-";

    /// <summary>Freezes and thaws a group of version 1: <c>FROZEN</c>, <c>THAWED</c>.</summary>
    public const string FreezerFile = "freezer.state";

    /// <summary>How long a group may take to be empty.</summary>
    public static readonly TimeSpan RemovalLimit = TimeSpan.FromSeconds(10);

    /// <summary>Milliseconds between attempts to remove one.</summary>
    public const int RemovalPause = 2;

    private const int Period = 100_000; // microseconds
    private static int made;

    private static string Mine { get; } = Prefix + OwnNamespace() + "-";

    private readonly Dictionary<string, string> directories = []; // by controller; the same for all of version 2

    private ControlGroup(bool isUnified) => IsUnified = isUnified;

    /// <summary>Of version 2, which has one hierarchy for all controllers.</summary>
    public bool IsUnified { get; }

    /// <summary>Of version 1 or 2, to be said where it matters.</summary>
    public string Version => IsUnified ? "version 2" : "version 1";

    /// <summary>Where it is, by controller.</summary>
    public IReadOnlyDictionary<string, string> Directories => directories;

    /// <summary>The files that a process writes "0" to, to be in it.</summary>
    public IEnumerable<string> MemberFiles => directories.Values.Distinct().Select(d => $"{d}/cgroup.procs");

    /// <summary>Makes one with limits. Null: the caller may not, or the machine has none; <paramref name="why"/> not.</summary>
    /// <param name="limits">What of it may be taken.</param>
    /// <param name="helpers">Processes of NsFixture's own that are in it.</param>
    /// <param name="keeper">The process that is to take it away, after which it is named: when that has gone, and it has not, it is left.</param>
    /// <param name="why">The cause.</param>
    /// <param name="more">Controllers that it has besides, for groups below it.</param>
    public static ControlGroup? Create(Limits limits, int helpers, int keeper, out string why, params string[] more)
    {
        string[] controllers = [.. Needed(limits).Union(more)];
        string name = string.Create(CultureInfo.InvariantCulture, $"{Mine}{keeper}-{Interlocked.Increment(ref made)}");
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

    /// <summary>One that is there, by other paths.</summary>
    /// <param name="isUnified">Whether it is of version 2.</param>
    /// <param name="directories">Where it is, by controller.</param>
    public static ControlGroup Of(bool isUnified, IEnumerable<(string Controller, string Directory)> directories)
    {
        var group = new ControlGroup(isUnified);
        foreach (var (controller, directory) in directories)
            group.directories[controller] = directory;
        return group;
    }

    /// <summary>Makes one in this one, with limits of its own.</summary>
    /// <exception cref="LinuxException">It cannot be; nothing is left of it.</exception>
    public ControlGroup MakeBelow(string name, Limits limits)
    {
        foreach (string directory in IsUnified ? directories.Values.Distinct() : [])
            TryWrite($"{directory}/cgroup.subtree_control", string.Join(' ', directories.Keys.Select(Unified).Where(c => c.Length > 0).Distinct().Select(c => "+" + c)));
        ControlGroup below = Below(name);
        try
        {
            foreach (string directory in below.directories.Values.Distinct())
                if (Libc.Mkdir(directory, 0x1ED /* 0755 */) != 0)
                    throw LinuxException.Last("mkdir", directory);
            below.Apply(limits, helpers: 0);
            return below;
        }
        catch
        {
            below.Dispose();
            throw;
        }
    }

    /// <summary>The one of that name in this one, which is there.</summary>
    public ControlGroup Below(string name) => Of(IsUnified, directories.Select(d => (d.Key, $"{d.Value}/{name}")));

    /// <summary>What has been taken, by whatever is in it and in those below it.</summary>
    /// <param name="below">Those.</param>
    public ResourceUsage Usage(params IReadOnlyList<ControlGroup> below)
    {
        string memory = Of("memory"), cpu = Of("cpu"), pids = Of("pids");
        long? time = IsUnified ? Keyed(cpu, "cpu.stat", "usage_usec") * 1000 : Number(Of("cpuacct"), "cpuacct.usage");
        long throttled = IsUnified ? (Keyed(cpu, "cpu.stat", "throttled_usec") ?? 0) * 1000 : Keyed(cpu, "cpu.stat", "throttled_time") ?? 0;
        ResourceUsage usage = new ResourceUsage(
            Number(memory, IsUnified ? "memory.current" : "memory.usage_in_bytes"), Number(memory, IsUnified ? "memory.peak" : "memory.max_usage_in_bytes"),
            Keyed(memory, IsUnified ? "memory.events" : "memory.oom_control", "oom_kill") ?? 0,
            time is { } nanoseconds ? TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick) : null, TimeSpan.FromTicks(throttled / TimeSpan.NanosecondsPerTick),
            (int?)Number(pids, "pids.current"), Keyed(pids, "pids.events", "max") ?? 0) with
        {
            CpuStalled = Stalled(cpu, "cpu"), MemoryStalled = Stalled(memory, "memory"), IoStalled = Stalled(Of("blkio"), "io"),
        };
        // Version 1 counts these where they happen, version 2 in all groups above, too.
        foreach (ControlGroup group in IsUnified ? [] : below)
        {
            ResourceUsage part = group.Usage();
            usage = usage with { OutOfMemoryKills = usage.OutOfMemoryKills + part.OutOfMemoryKills, RefusedForks = usage.RefusedForks + part.RefusedForks };
        }
        return usage;
    }

    /// <summary>Ends what is in it, and takes it away.</summary>
    public void Dispose()
    {
        foreach (string directory in directories.Values.Distinct())
            Remove(directory);
        directories.Clear();
    }

    /// <summary>Ends what is in a group, and takes it away; false: it could not be.</summary>
    public static bool Remove(string directory)
    {
        var watch = Stopwatch.StartNew();
        bool? gone;
        while ((gone = TryRemove(directory)) == null && watch.Elapsed < RemovalLimit)
            Thread.Sleep(RemovalPause);
        return gone == true;
    }

    /// <summary>The same, without waiting: null where what is in it has yet to end, which takes a moment.</summary>
    public static bool? TryRemove(string directory)
    {
        if (Libc.RmDir(directory) == 0 || Marshal.GetLastPInvokeError() == Err.ENOENT)
            return true;
        if (Marshal.GetLastPInvokeError() != Err.EBUSY)
            return false;
        foreach (string below in DirectoryNames.Of(directory).Select(n => $"{directory}/{n}").Where(Directory.Exists))
            _ = TryRemove(below);
        if (FileSystem.Exists($"{directory}/{FreezerFile}"))
            TryWrite($"{directory}/{FreezerFile}", "THAWED"); // what is frozen does not even end
        foreach (string line in FileSystem.ReadTextIfThere($"{directory}/cgroup.procs").Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (int.Parse(line, CultureInfo.InvariantCulture) is > 0 and var process) // 0: of another pid namespace
                _ = Libc.Kill(process, SignalNumbers.SIGKILL);
        return null;
    }

    /// <summary>The controllers that limits take.</summary>
    public static IEnumerable<string> Needed(Limits limits)
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
            Set("memory", IsUnified ? "memory.max" : "memory.limit_in_bytes", $"{memory}");
            TrySet("memory", IsUnified ? "memory.swap.max" : "memory.memsw.limit_in_bytes", IsUnified ? "0" : $"{memory}"); // no such file: no swap
        }
        if (limits.Cpu is { } cpu)
        {
            long quota = (long)(cpu * Period);
            if (IsUnified)
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
            if (IsUnified)
            {
                Set("blkio", "io.max", $"{device} rbps={rate} wbps={rate}");
                continue;
            }
            Set("blkio", "blkio.throttle.read_bps_device", $"{device} {rate}");
            Set("blkio", "blkio.throttle.write_bps_device", $"{device} {rate}");
        }
    }

    private static IEnumerable<string> Disks() =>
        from disk in Directory.Exists("/sys/block") ? Directory.GetDirectories("/sys/block") : []
        where !Path.GetFileName(disk).StartsWith("loop", StringComparison.Ordinal) && !Path.GetFileName(disk).StartsWith("ram", StringComparison.Ordinal)
        select FileSystem.ReadTextIfThere($"{disk}/dev").Trim() into device
        where device.Length > 0
        select device;

    // "some avg10=0.00 avg60=0.00 avg300=0.00 total=123", in microseconds; in version 1 there is none.
    private TimeSpan? Stalled(string directory, string resource) => !IsUnified || directory.Length == 0 ? null
        : FileSystem.ReadTextIfThere($"{directory}/{resource}.pressure").Split('\n').FirstOrDefault(l => l.StartsWith("some ", StringComparison.Ordinal))?.Split("total=") is [_, var total]
            && long.TryParse(total, NumberStyles.None, CultureInfo.InvariantCulture, out long time) ? TimeSpan.FromMicroseconds(time) : null;

    // What version 2 calls a controller; empty: none is needed there.
    private static string Unified(string controller) => controller switch { "blkio" => "io", "cpuacct" => "cpu", "freezer" => "", _ => controller };

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
