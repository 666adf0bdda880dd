using NsFixture.Linux;

namespace NsFixture.Roots;

/// <summary>Paths as a process sees them whose root a tree is, looked at from outside of it.</summary>
internal static class TreePath
{
    private const int MaxLinks = 40;

    /// <summary>Where a path of the tree lies outside, links followed within the tree; null where there is nothing.</summary>
    public static string? Resolve(string root, string path)
    {
        var rest = new Stack<string>(path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        var current = new List<string>();
        for (int links = 0; rest.TryPop(out string? component);)
        {
            if (component == "..")
            {
                if (current.Count > 0)
                    current.RemoveAt(current.Count - 1);
                continue;
            }
            if (component == ".")
                continue;
            string full = $"{root}/{string.Join('/', current.Append(component))}";
            if (FileStatus.OfAny(full) is not { } status || links > MaxLinks)
                return null;
            if (!status.IsLink)
            {
                current.Add(component);
                continue;
            }
            links++;
            string target = new FileInfo(full).LinkTarget!;
            if (target.StartsWith('/'))
                current.Clear();
            foreach (string part in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
                rest.Push(part);
        }
        return $"{root}/{string.Join('/', current)}";
    }
}
