using System.Runtime.InteropServices;
using NsFixture.Linux;
using NsFixture.Linux.Elf;
using NsFixture.Roots.Archives;

namespace NsFixture.Roots;

/// <summary>Puts a tree together from programs of the machine, their loaders and libraries, at the paths that they have there.</summary>
internal static class MinimalTree
{
    private const string Passwd = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";
    private const string Group = "root:x:0:\nnogroup:x:65534:\n";
    private const string NameServices = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n";

    /// <summary>What the runtime opens by name while it runs, and its files do not say that they need.</summary>
    private static readonly string[] OpenedByTheRuntime = ["libssl.so", "libcrypto.so", "libicuuc.so", "libicui18n.so", "libicudata.so", "libgssapi_krb5.so", "libz.so"];

    /// <summary>The tree of some programs; made where there is none yet.</summary>
    /// <param name="cache">Where such trees are.</param>
    /// <param name="programs">Paths or names.</param>
    /// <param name="withRuntime">Whether a .NET runtime is to run in it, which itself is shown in another way.</param>
    /// <exception cref="RootTreeException">A program, or something that one needs, is missing; all that are, are named.</exception>
    public static string Get(TreeCache cache, IReadOnlyList<string> programs, bool withRuntime)
    {
        var problems = new List<string>();
        var files = ProgramClosure.Of(programs, problems).ToList();
        if (problems.Count > 0)
            throw new RootTreeException($"The minimal root tree cannot be had: {string.Join("; ", problems)}.");
        if (withRuntime)
            files.AddRange(ProgramClosure.Of(RuntimeFiles(), []).Where(f => !f.StartsWith(RuntimePaths.Root + "/", StringComparison.Ordinal)));
        files.AddRange(((string[])["/etc/ld.so.cache"]).Where(File.Exists));
        files = [.. files.Distinct().Order(StringComparer.Ordinal)];
        var facts = files.Select(f => FileStatus.Followed(f) is { } s ? $"{f} {s.Device} {s.Inode} {s.Size} {s.Modified}" : f);
        return cache.Get(TreeCache.KeyOf(facts.Prepend("minimal")), root => Make(root, files));
    }

    private static IEnumerable<string> RuntimeFiles()
    {
        LinkerCache cache = LinkerCache.Read("/etc/ld.so.cache");
        int machine = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? ElfConstants.EM_AARCH64 : ElfConstants.EM_X86_64;
        string[] opened = [.. cache.Names.Where(n => OpenedByTheRuntime.Any(o => n.StartsWith(o, StringComparison.Ordinal))).SelectMany(n => cache.Find(n, machine, []).Take(1))];
        return Directory.GetFiles(RuntimeEnvironment.GetRuntimeDirectory(), "*.so").Append(RuntimePaths.Muxer)
            .Concat(Directory.Exists(RuntimePaths.Root + "/host") ? Directory.GetFiles(RuntimePaths.Root + "/host", "*.so", SearchOption.AllDirectories) : []).Concat(opened);
    }

    private static long Make(string root, IEnumerable<string> files)
    {
        long size = 0;
        foreach (string file in files)
            size += Add(root, file, 0);
        foreach (string directory in (string[])["/etc", "/root", "/var", "/tmp", "/run"])
            FileSystem.MakeDirectories(root + directory);
        _ = Libc.Chmod(root + "/tmp", 0x3FF);
        foreach (var (name, content) in (IEnumerable<(string, string)>)[("passwd", Passwd), ("group", Group), ("nsswitch.conf", NameServices)])
            File.WriteAllText($"{root}/etc/{name}", content);
        return size;
    }

    /// <summary>Copies a file to its path in the tree, with the links that lead there.</summary>
    private static long Add(string root, string path, int links)
    {
        if (links > 40)
            throw new RootTreeException($"{path} lies behind symbolic links that lead in a circle.");
        string[] components = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        string current = "";
        for (int i = 0; i < components.Length; i++)
        {
            current += "/" + components[i];
            if (FileStatus.Of(current).IsLink)
            {
                string target = new FileInfo(current).LinkTarget!;
                if (FileStatus.OfAny(root + current) == null)
                    FileSystem.Symlink(target, root + current);
                string behind = Path.GetFullPath(target, Path.GetDirectoryName(current)!);
                return Add(root, string.Join('/', components.AsSpan()[(i + 1)..].ToArray().Prepend(behind)), links + 1);
            }
            if (i < components.Length - 1)
                FileSystem.MakeDirectory(root + current);
        }
        if (FileStatus.OfAny(root + current) != null)
            return 0;
        File.Copy(current, root + current);
        var status = FileStatus.Of(current);
        if (Libc.Chmod(root + current, status.Permissions & 0x1FF /* no set-user-id programs */) != 0)
            throw LinuxException.Last("chmod", root + current);
        return status.Size;
    }
}
