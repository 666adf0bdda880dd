using System.Globalization;
using System.Text;
using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>
/// How a sandbox that is kept is known from outside: its process 1 has a name of its own, and holds open a file in memory with a line for each host, and the descriptors of its namespaces. Who may enter the sandbox may read
/// that; nothing listens, and nothing is on any file system.
/// </summary>
internal static unsafe class KeptSandbox
{
    /// <summary>What its process 1 is called.</summary>
    public const string ProcessName = "nsfixture-kept";

    private const string TableName = "nsfixture-hosts";

    /// <summary>A host: where its namespaces are in /proc; null: it has the sandbox's.</summary>
    public sealed record Host(string Name, IReadOnlyList<string> Addresses, string Network, string? Mounts, string? Names);

    /// <summary>Marks the calling process.</summary>
    /// <param name="plan">The hosts.</param>
    /// <param name="namespaces">Descriptors of a host's network, mounts and names; -1: the sandbox's.</param>
    public static void Mark(NetworkPlan plan, Func<int, (int Network, int Mounts, int Names)> namespaces)
    {
        fixed (byte* name = Utf8.Zero(ProcessName))
            _ = Libc.Prctl(PrctlOptions.PR_SET_NAME, (nint)name, 0, 0, 0);
        var text = new StringBuilder();
        foreach (PlannedHost host in plan.Present.Where(h => !h.IsContainer))
        {
            var (network, mounts, names) = namespaces(host.Index);
            text.Append(CultureInfo.InvariantCulture, $"{host.Name} {network} {mounts} {names} {string.Join(',', host.Interfaces.SelectMany(i => i.Addresses).Select(a => a.Address))}\n");
        }
        fixed (byte* name = Utf8.Zero(TableName))
        {
            int file = LinuxException.Check(Libc.MemFdCreate(name, MemFd.MFD_CLOEXEC), "memfd_create", TableName);
            FileSystem.WriteAll(file, Encoding.UTF8.GetBytes(text.ToString()), TableName);
        }
    }

    /// <summary>The hosts of a sandbox that is kept; null: it is none.</summary>
    /// <param name="id">Its process 1.</param>
    public static IReadOnlyList<Host>? Read(int id)
    {
        if (FileSystem.ReadTextIfThere($"/proc/{id}/comm").Trim() != ProcessName)
            return null;
        foreach (string fd in DirectoryNames.Of($"/proc/{id}/fd"))
            if (FileSystem.LinkTargetIfThere($"/proc/{id}/fd/{fd}") is { } target && target.StartsWith($"/memfd:{TableName}", StringComparison.Ordinal))
                return [.. FileSystem.ReadTextIfThere($"/proc/{id}/fd/{fd}").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => Parse(id, l.Split(' ')))];
        return null;
    }

    private static Host Parse(int id, string[] parts) => new(parts[0], parts[4].Split(','), Path(id, parts[1])!, Path(id, parts[2]), Path(id, parts[3]));

    private static string? Path(int id, string descriptor) => descriptor == "-1" ? null : $"/proc/{id}/fd/{descriptor}";
}
