namespace NsFixture.Roots;

/// <summary>All that a <see cref="RootTree"/> was told, unchecked.</summary>
internal sealed record RootDeclaration(RootKind Kind)
{
    /// <summary>The directory or the archive.</summary>
    public string Path { get; init; } = "";

    /// <summary>Which image of the archive.</summary>
    public string? Reference { get; init; }

    public IReadOnlyList<string> Programs { get; init; } = [];

    public IReadOnlyList<RootMountDeclaration> Mounts { get; init; } = [];

    public RootData Data { get; init; }

    public long Size { get; init; }

    public int Files { get; init; }

    public bool IsReadOnly { get; init; }

    private string Title => $"Root tree ({Kind}{(Path.Length == 0 ? "" : $" \"{Path}\"")})";

    /// <summary>What is wrong with it, a sentence each; nothing is read but whether files are there.</summary>
    public IEnumerable<string> Problems(string baseDirectory)
    {
        if (!Enum.IsDefined(Kind) && Kind != RootSpec.None)
            yield return $"Root = {(int)Kind} is unknown: use {string.Join(", ", Enum.GetNames<RootKind>())}.";
        if (Kind == RootKind.Minimal && Programs.Count == 0)
            yield return $"{Title} has no programs: name at least one.";
        if (Kind is RootKind.Directory or RootKind.Tarball or RootKind.Image)
        {
            string full = Full(Path, baseDirectory);
            if (Path.Length == 0)
                yield return $"{Title} needs a path: RootPath says which {(Kind == RootKind.Directory ? "directory" : "file")}.";
            else if (Kind == RootKind.Directory ? !Directory.Exists(full) : !File.Exists(full))
                yield return $"{Title}: there is no {(Kind == RootKind.Directory ? "directory" : "file")} {full}.";
            else if (Kind == RootKind.Directory && full.AsSpan().IndexOfAny(",:\\") >= 0)
                yield return $"{Title}: overlayfs takes no directory with a comma, a colon or a backslash in its path: use another path.";
            else if (full == "/")
                yield return $"{Title}: \"/\" as a directory would show the machine without its mounts: use CopyOnWrite or ReadOnly.";
        }
        if (Size is < 0 or > 0 and < 64 * 1024)
            yield return $"{Title}: a limit of {Size} bytes leaves no room for the tree's own directories: use 65536 or more, or 0 for none.";
        if (Files is < 0 or > 0 and < 200)
            yield return $"{Title}: a limit of {Files} files leaves no room for the tree's own: use 200 or more, or 0 for none.";
        foreach (RootMountDeclaration mount in Mounts)
            foreach (string problem in mount.Problems(baseDirectory))
                yield return $"{Title}: {problem}";
        foreach (var twice in Mounts.GroupBy(m => m.Path.TrimEnd('/')).Where(g => g.Count() > 1))
            yield return $"{Title}: {twice.Key} stands twice: leave one out.";
    }

    internal static string Full(string path, string baseDirectory) =>
        path.Length == 0 ? "" : System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path, baseDirectory));
}

/// <summary>Something put into a tree, as declared.</summary>
internal sealed record RootMountDeclaration(RootMountKind Kind, string Path)
{
    /// <summary>The path outside, the content, or the template's name.</summary>
    public string Source { get; init; } = "";

    public bool ReadOnly { get; init; }

    public long Size { get; init; }

    public uint Mode { get; init; }

    /// <summary>Of a template: whose directory it is.</summary>
    public string? User { get; init; }

    public Func<VirtualHost, Task>? Prepare { get; init; }

    public IEnumerable<string> Problems(string baseDirectory)
    {
        string inside = Kind == RootMountKind.Bind ? RootDeclaration.Full(Path, baseDirectory) : Path;
        if (!inside.StartsWith('/') || inside.TrimEnd('/').Length == 0 || inside.Split('/').Any(c => c is ".." or ".") || inside.Contains('\0'))
            yield return $"{Kind} \"{Path}\" is no place in the tree: use an absolute path, without \"..\", that is not \"/\".";
        else if (((string[])["/proc", "/sys", "/dev"]).FirstOrDefault(p => inside == p || inside.StartsWith(p + "/", StringComparison.Ordinal)) is { } own && !inside.StartsWith("/dev/shm/", StringComparison.Ordinal))
            yield return $"{Kind} \"{Path}\" lies in {own}, which every sandbox has of its own: use another path.";
        if (Kind == RootMountKind.Bind && (Source.Length == 0 || !System.IO.Path.Exists(RootDeclaration.Full(Source, baseDirectory))))
            yield return $"Bind \"{Source}\" ({RootDeclaration.Full(Source, baseDirectory)}) does not exist: create it before the test run, or leave it out.";
        if (Kind == RootMountKind.Bind && RootDeclaration.Full(Source, baseDirectory) == "/")
            yield return "Bind \"/\" would show the whole machine: name the directories that are needed.";
        if (Kind == RootMountKind.Tmpfs && Size < 0)
            yield return $"Tmpfs \"{Path}\": a size of {Size} bytes cannot be: use a positive number, or 0 for no limit.";
        if (Kind == RootMountKind.Template && (Source.Length == 0 || Prepare == null))
            yield return $"Template \"{Path}\" needs a name and something that prepares it.";
    }
}
