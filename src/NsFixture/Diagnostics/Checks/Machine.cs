using System.Globalization;
using NsFixture.Linux;

namespace NsFixture.Diagnostics.Checks;

/// <summary>
/// A machine as the checks see it: files under roots that may be another machine's, and what the kernel answered to what was tried. No check
/// asks anything else, so that each can be shown every machine there is.
/// </summary>
internal sealed class Machine(DoctorRoots roots, IReadOnlyDictionary<string, Attempt>? attempts = null)
{
    private static readonly Attempt NotTried = new(-1, "making one");

    private string? userName;

    /// <summary>The machine at hand, as far as its files tell.</summary>
    public static Machine Here { get; } = new(new DoctorRoots());

    public bool IsLinux { get; init; } = OperatingSystem.IsLinux();

    public bool IsRoot { get; init; } = OperatingSystem.IsLinux() && Libc.GetEUid() == 0;

    /// <summary>The user's name; its id, where nobody has that.</summary>
    public string UserName => userName ??= UserNamed(OperatingSystem.IsLinux() ? Libc.GetEUid().ToString(CultureInfo.InvariantCulture) : Environment.UserName);

    /// <summary>The program that AppArmor would have to let through.</summary>
    public string Dotnet { get; init; } = Environment.ProcessPath ?? "/usr/bin/dotnet";

    /// <summary>What came of an attempt; one that was not made has not failed.</summary>
    public Attempt Tried(string name) => attempts?.GetValueOrDefault(name) ?? NotTried;

    public IReadOnlyDictionary<string, Attempt> Attempts => attempts ?? new Dictionary<string, Attempt>();

    public string? Proc(string path) => Read(roots.Proc, path);

    public string? Sys(string path) => Read(roots.Sys, path);

    public string? Etc(string path) => Read(roots.Etc, path);

    public bool HasDevice(string path) => FileSystem.Exists(Path.Combine(roots.Dev, path));

    public bool HasProc(string path) => FileSystem.Exists(Path.Combine(roots.Proc, path));

    /// <summary>A setting by its name, such as <c>user.max_net_namespaces</c>; null: this kernel has no such switch.</summary>
    public string? Sysctl(string name) => Proc("sys/" + name.Replace('.', '/'))?.Trim();

    /// <summary>A field of proc_pid_status(5) of the calling thread.</summary>
    public string? Status(string field) =>
        (Proc("thread-self/status") ?? Proc("self/status"))?.Split('\n').FirstOrDefault(l => l.StartsWith(field + ":", StringComparison.Ordinal))?[(field.Length + 1)..].Trim();

    /// <summary>The limit that counts, of proc_pid_limits(5); null: none, or unlimited.</summary>
    public long? Limit(string name) => Proc("self/limits")?.Split('\n').FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal)) is { } line
        && long.TryParse(line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture, out long value) ? value : null;

    // passwd(5). Environment.UserName fails where that file does not exist, as in a container.
    private string UserNamed(string id) => (Etc("passwd") ?? "").Split('\n').Select(l => l.Split(':')).FirstOrDefault(f => f.Length > 2 && f[2] == id)?[0] ?? id;

    private static string? Read(string root, string path)
    {
        try
        {
            return FileSystem.ReadText(Path.Combine(root, path));
        }
        catch (LinuxException)
        {
            return null; // this kernel, or this machine, has no such file, or shows it to others only
        }
    }
}

/// <summary>What came of something that was tried.</summary>
/// <param name="Errno">0: it worked; -1: it was not tried.</param>
/// <param name="What">The system call and its object.</param>
internal sealed record Attempt(int Errno, string What)
{
    public bool Failed => Errno > 0;

    public override string ToString() => Errno switch { 0 => $"{What} works", < 0 => $"{What} was not tried", _ => $"{What} failed: {LinuxException.Describe(Errno)}" };
}
