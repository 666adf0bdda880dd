using NsFixture.Linux;

namespace NsFixture;

/// <summary>A namespace as a listing of the machine found it (<see cref="LinuxNamespace.List"/>). It does not keep the namespace alive.</summary>
public sealed class NamespaceEntry
{
    private readonly List<NamespaceHolder> holders = [];

    internal NamespaceEntry(NamespaceTypes type, ulong inode) => (Type, Inode) = (type, inode);

    /// <summary>Its type.</summary>
    public NamespaceTypes Type { get; }

    /// <summary>Its number (<see cref="LinuxNamespace.Inode"/>).</summary>
    public ulong Inode { get; }

    /// <summary>What keeps it alive, as far as can be seen: processes first, in the order of their ids.</summary>
    public IReadOnlyList<NamespaceHolder> Holders => holders;

    /// <summary>The processes in it, by id.</summary>
    public IReadOnlyList<int> ProcessIds { get; private set; } = [];

    /// <summary>The files it is mounted on.</summary>
    public IReadOnlyList<string> Paths => [.. holders.Where(h => h.Kind == NamespaceHolderKind.Mount).Select(h => h.Path!).Distinct()];

    /// <summary>The user of the process with the lowest id; null: no process is in it.</summary>
    public uint? UserId { get; private set; }

    /// <summary>The name of that user; its number, where it has none.</summary>
    public string? UserName { get; private set; }

    /// <summary>The command line of the process with the lowest id; its name, where it has none, as the kernel's own.</summary>
    public string? Command { get; private set; }

    /// <summary>The number of the pid or user namespace above it; null: none that can be seen.</summary>
    public ulong? Parent { get; internal set; }

    /// <summary>The number of the user namespace that owns it; null: none that can be seen.</summary>
    public ulong? Owner { get; internal set; }

    /// <summary><c>net:[4026531840]</c>, as the kernel writes it.</summary>
    public override string ToString() => $"{NamespaceTypeNames.Name(Type)}:[{Inode}]";

    /// <summary>Opens the namespace, by any of those that keep it alive.</summary>
    /// <exception cref="NamespaceException">It has gone since, or may not be opened.</exception>
    public LinuxNamespace Open() => TryOpen() ?? throw new NamespaceException($"{this} cannot be opened any more: what kept it alive when it was listed has gone ({string.Join(", ", holders.Take(3))}). List again.");

    internal LinuxNamespace? TryOpen()
    {
        foreach (NamespaceHolder holder in holders)
        {
            try
            {
                int fd = holder.OpenNamespace();
                if (fd < 0)
                    continue;
                var opened = new LinuxNamespace(fd);
                if (opened.Inode == Inode && opened.Type == Type)
                    return opened;
                opened.Dispose(); // the process's id, or the descriptor's number, means another one now
            }
            catch (LinuxException)
            {
                // it has gone, or one may not look
            }
        }
        return null;
    }

    internal void Add(NamespaceHolder holder) => holders.Add(holder);

    /// <summary>Sorts the holders, and reads what is said of the first process.</summary>
    internal void Complete()
    {
        NamespaceHolder[] sorted = [.. holders.OrderBy(h => h.Kind).ThenBy(h => h.ProcessId).ThenBy(h => h.Number)];
        holders.Clear();
        holders.AddRange(sorted);
        ProcessIds = [.. holders.Where(h => h.Kind == NamespaceHolderKind.Process).Select(h => h.ProcessId)];
        if (ProcessIds.Count == 0)
            return;
        string process = $"/proc/{ProcessIds[0]}";
        UserId = FileStatus.OfAny(process)?.Owner;
        UserName = UserId is { } id ? Account.NameOf(id) : null;
        string line = FileSystem.ReadTextIfThere(process + "/cmdline").TrimEnd('\0').Replace('\0', ' ');
        Command = line.Length > 0 ? line : FileSystem.ReadTextIfThere(process + "/comm").TrimEnd('\n');
    }
}
