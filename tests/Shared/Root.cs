using System.Globalization;

namespace NsFixture.Tests.Shared;

/// <summary>What root may here: in an unprivileged container it is not the machine's.</summary>
internal static class Root
{
    private const int SysAdmin = 21; // linux/capability.h

    /// <summary>Whether this is root with CAP_SYS_ADMIN.</summary>
    public static bool IsTheMachines { get; } = Environment.IsPrivilegedProcess
        && (ulong.Parse(File.ReadLines("/proc/self/status").Single(l => l.StartsWith("CapEff:", StringComparison.Ordinal)).AsSpan(7).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> SysAdmin & 1) != 0;

    /// <summary>Whether this is root where control groups are not mounted read-only.</summary>
    public static bool MakesControlGroups { get; } = Environment.IsPrivilegedProcess
        && !(File.ReadLines("/proc/mounts").Select(l => l.Split(' ')).Where(f => f[2] is "cgroup" or "cgroup2").ToList() is { Count: > 0 } groups && groups.TrueForAll(f => f[3].Split(',').Contains("ro")));
}
