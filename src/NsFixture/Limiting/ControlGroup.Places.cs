using System.Globalization;
using System.Runtime.InteropServices;
using NsFixture.Linux;

namespace NsFixture.Limiting;

/// <summary>Where control groups are, and which of them are left.</summary>
internal sealed partial class ControlGroup
{
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

    /// <summary>Whether a directory has the name of a group that somebody in another pid namespace than the caller's has made for a sandbox, and will take away.</summary>
    public static bool IsOfAnother(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && name[Prefix.Length..].Split('-') is [var ns, var maker, var number]
        && ns != OwnNamespace() && IsNumber(ns) && IsNumber(maker) && IsNumber(number);

    private static bool IsNumber(string text) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static string OwnNamespace() => (FileSystem.LinkTargetIfThere("/proc/self/ns/pid") ?? "").Trim('p', 'i', 'd', ':', '[', ']');

    // Below the caller's own group, or the nearest above it that may have children with these controllers: with version 2, one with processes may not.
    private static string UnifiedDirectory(string name, string[] controllers)
    {
        string[] wanted = [.. controllers.Select(Unified).Where(c => c.Length > 0).Distinct()];
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
            if (wanted.Length > 0)
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
}
