using NsFixture.Limiting;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// Control groups that a test has made. They are the one thing that would outlive its sandbox: a hierarchy is the machine's own, and a test that mounts it can make groups where its runner
/// may, as root, or below a delegated group. So they are removed as well as named.
/// <para>
/// A group does not say who made it. Looked for are those that are younger than the sandbox, in the hierarchies that the test has mounted; what is in one that it has unmounted again cannot
/// be told from what others on the machine make at the same time, and stays. So does what has somebody else's processes in it, or the name of a sandbox's; and since whoever makes a group puts
/// somebody into it a moment later, an empty one is a test's only if it stays so for <see cref="Moment"/>.
/// </para>
/// </summary>
internal static class ControlGroups
{
    private const int Most = 64, SlowClock = 20; // groups; milliseconds that the kernel's clock of files may be behind
    private const int Moment = 200; // milliseconds

    /// <summary>Removes the groups of one hierarchy. One line for each, the innermost first.</summary>
    /// <param name="mount">Where the hierarchy is.</param>
    /// <param name="since">When the sandbox was built.</param>
    public static IEnumerable<string> Remove(string mount, DateTime since)
    {
        var groups = new List<string>();
        if (since == DateTime.MaxValue)
            yield break; // nothing is younger
        Collect(mount, since.AddMilliseconds(-SlowClock), groups);
        if (groups.Count > 0)
            Thread.Sleep(Moment);
        groups.Reverse();
        foreach (string group in groups)
        {
            bool hasOwn = MoveOut(mount, group);
            if (Libc.RmDir(group) == 0)
                yield return $"control group {group}";
            else if (hasOwn)
                yield return $"control group {group}, which cannot be removed: {LinuxException.Last("rmdir", group).Message}";
        }
    }

    private static void Collect(string directory, DateTime since, List<string> groups)
    {
        foreach (string name in DirectoryNames.Of(directory))
        {
            string path = $"{directory}/{name}";
            if (groups.Count == Most || ControlGroup.IsOfAnother(name) || !Directory.Exists(path))
                continue;
            if (Directory.GetLastWriteTimeUtc(path) >= since)
                groups.Add(path);
            Collect(path, since, groups);
        }
    }

    // A group with processes in it stays: these end with the sandbox, but nobody would be there to remove it then. They are moved to where the sandbox is.
    // Processes of other pid namespaces are not told of (version 1), or as 0 (version 2).
    private static bool MoveOut(string mount, string group)
    {
        bool any = false;
        foreach (string process in FileSystem.ReadTextIfThere(group + "/cgroup.procs").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (process == "0")
                continue;
            any = true;
            try
            {
                FileSystem.WriteFile(mount + "/cgroup.procs", process);
            }
            catch (LinuxException)
            {
                // It has ended; the removal says what is wrong.
            }
        }
        return any;
    }
}
