using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace NsFixture.Linux.Elf;

/// <summary>
/// Finds all that the dynamic loader would map for a program, without running it: ld.so(8)'s rules, breadth first. A library's RPATH
/// counts for what its own libraries need, a RUNPATH for itself alone; then the cache, ld.so.conf's directories for what the cache
/// is too old to know, and the default directories. LD_LIBRARY_PATH and LD_PRELOAD are the caller's and do not count.
/// </summary>
internal sealed class LibrarySearch
{
    private static readonly string[] Capabilities = ProcessorCapabilities();
    private readonly LinkerCache cache = LinkerCache.Read("/etc/ld.so.cache");
    private readonly List<string> configured = LinkerConfiguration.ReadDirectories("/etc/ld.so.conf");
    private readonly Dictionary<string, ElfFile?> files = [];

    /// <summary>A file that the loader maps, and whose sake it is mapped for.</summary>
    private sealed record Mapped(ElfFile File, string NeededAs, Mapped? Loader);

    /// <summary>What the loader maps for a program, besides itself.</summary>
    /// <param name="Libraries">By the name they are needed by, and the path they are found at.</param>
    /// <param name="Missing">Names that are found nowhere, and who needs each.</param>
    public sealed record Result(IReadOnlyList<(string Name, string Path)> Libraries, IReadOnlyList<(string Name, string NeededBy)> Missing);

    public Result Find(ElfFile program)
    {
        var mapped = new List<Mapped> { new(program, program.Path, null) };
        var missing = new List<(string, string)>();
        for (int i = 0; i < mapped.Count; i++)
        {
            Mapped loader = mapped[i];
            foreach (string name in loader.File.Needed)
            {
                // By the name that it was asked for before, or by what it calls itself.
                if (mapped.Exists(m => m.NeededAs == name || m.File.Name == name))
                    continue;
                if (program.Interpreter != null && (name == program.Interpreter || Read(program.Interpreter)?.Name == name))
                    continue; // the loader itself is there already
                if (Locate(name, loader, mapped[0]) is not { } file)
                    missing.Add((name, loader.File.Path));
                else if (!mapped.Exists(m => IsSame(m.File.Path, file.Path)))
                    mapped.Add(new Mapped(file, name, loader));
            }
        }
        return new Result([.. mapped.Skip(1).Select(m => (m.NeededAs, m.File.Path))], missing);
    }

    private ElfFile? Locate(string name, Mapped loader, Mapped program)
    {
        if (name.Contains('/', StringComparison.Ordinal))
            return Fitting(Expand(name, loader.File), program);
        return Candidates(name, loader, program).Select(path => Fitting(path, program)).FirstOrDefault(f => f != null);
    }

    private IEnumerable<string> Candidates(string name, Mapped loader, Mapped program)
    {
        if (loader.File.RunPath == null)
        {
            bool sawProgram = false;
            for (Mapped? l = loader; l != null; l = l.Loader)
            {
                sawProgram |= l == program;
                foreach (string path in In(l.File.RPath, l.File, name))
                    yield return path;
            }
            if (!sawProgram)
                foreach (string path in In(program.File.RPath, program.File, name))
                    yield return path;
        }
        foreach (string path in In(loader.File.RunPath, loader.File, name))
            yield return path;
        if (loader.File.IgnoresDefaults)
            yield break;
        foreach (string path in cache.Find(name, program.File.Machine, Capabilities))
            yield return path;
        foreach (string directory in Defaults(program.File))
            foreach (string path in InDirectory(directory, name))
                yield return path;
        foreach (string directory in configured)
            foreach (string path in InDirectory(directory, name))
                yield return path;
    }

    private static IEnumerable<string> In(string? list, ElfFile owner, string name) => list == null ? []
        : list.Split((char[])[':', ';']).SelectMany(directory => InDirectory(Expand(directory.Length == 0 ? "." : directory, owner), name));

    private static IEnumerable<string> InDirectory(string directory, string name) =>
        [.. Capabilities.Select(c => $"{directory}/glibc-hwcaps/{c}/{name}"), $"{(directory == "/" ? "" : directory)}/{name}"];

    // Multiarch first, as Debian's loader is built; the rest are those of other distributions.
    private static IEnumerable<string> Defaults(ElfFile program) => program.Machine switch
    {
        ElfConstants.EM_X86_64 => ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"],
        ElfConstants.EM_AARCH64 => ["/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/lib64", "/usr/lib64", "/lib", "/usr/lib"],
        _ => ["/lib/i386-linux-gnu", "/usr/lib/i386-linux-gnu", "/lib", "/usr/lib"],
    };

    /// <summary>$ORIGIN, $LIB and $PLATFORM, with and without braces (ld.so(8)).</summary>
    private static string Expand(string path, ElfFile owner)
    {
        if (!path.Contains('$', StringComparison.Ordinal))
            return path;
        string lib = owner.Machine switch { ElfConstants.EM_X86_64 => "lib/x86_64-linux-gnu", ElfConstants.EM_AARCH64 => "lib/aarch64-linux-gnu", _ => "lib/i386-linux-gnu" };
        if (!Directory.Exists("/" + lib))
            lib = owner.Machine == ElfConstants.EM_386 ? "lib" : "lib64";
        string platform = owner.Machine switch { ElfConstants.EM_X86_64 => "x86_64", ElfConstants.EM_AARCH64 => "aarch64", _ => "i686" };
        foreach (var (token, value) in new[] { ("ORIGIN", Origin(owner)), ("LIB", lib), ("PLATFORM", platform) })
            path = path.Replace("${" + token + "}", value, StringComparison.Ordinal).Replace("$" + token, value, StringComparison.Ordinal);
        return path;
    }

    // The program's own is that of the file itself, links followed, as the kernel names it; a library's is where it was found.
    private static string Origin(ElfFile file) => Path.GetDirectoryName(file.Interpreter == null ? file.Path : File.ResolveLinkTarget(file.Path, returnFinalTarget: true)?.FullName ?? file.Path)!;

    private ElfFile? Fitting(string path, Mapped program)
    {
        ElfFile? file = Read(path);
        return file != null && file.IsCompatibleWith(program.File) ? file : null;
    }

    private ElfFile? Read(string path)
    {
        if (files.TryGetValue(path, out ElfFile? known))
            return known;
        ElfFile? file = null;
        try
        {
            if (File.Exists(path))
                file = ElfFile.TryRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The loader, too, passes over what it may not read.
        }
        files.Add(path, file);
        return file;
    }

    private static bool IsSame(string path, string other) => path == other
        || (FileStatus.Followed(path) is { } a && FileStatus.Followed(other) is { } b && (a.Device, a.Inode) == (b.Device, b.Inode));

    private static string[] ProcessorCapabilities()
    {
        if (AdvSimd.IsSupported)
            return [];
        var supported = new List<string>();
        if (Avx512F.IsSupported && Avx512BW.IsSupported && Avx512CD.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported)
            supported.Add("x86-64-v4");
        if (Avx2.IsSupported && Bmi1.IsSupported && Bmi2.IsSupported && Fma.IsSupported && Lzcnt.IsSupported)
            supported.Add("x86-64-v3");
        if (Sse42.IsSupported && Popcnt.IsSupported)
            supported.Add("x86-64-v2");
        return [.. supported];
    }
}
