using System.Text;
using NsFixture.Linux.Elf;

namespace NsFixture.Roots;

/// <summary>
/// All files that programs need to be started: themselves, the interpreters of scripts, the loader, and every library that it
/// will map. What a program opens by itself later (plug-ins, name services, data) cannot be seen from outside.
/// </summary>
internal sealed class ProgramClosure
{
    private const int MaxScriptDepth = 4; // the kernel's own limit (binfmt_script, since Linux 5.1: five rewrites)
    private const string UsualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private readonly LibrarySearch search = new();
    private readonly List<string> files = [];
    private readonly HashSet<string> known = [];

    private ProgramClosure()
    {
    }

    /// <summary>The files, as they are looked for: some are symbolic links, or lie behind one.</summary>
    /// <param name="programs">Absolute paths, or names to be found in the usual directories. Files that are no programs are taken as they are.</param>
    /// <param name="problems">Gets a sentence for everything that cannot be had.</param>
    public static IReadOnlyList<string> Of(IEnumerable<string> programs, List<string> problems)
    {
        var closure = new ProgramClosure();
        foreach (string program in programs)
        {
            if (Locate(program) is not { } path)
                problems.Add($"the program \"{program}\" does not exist{(program.Contains('/', StringComparison.Ordinal) ? "" : $" in {UsualPath}")}: install it, or leave it out");
            else
                closure.Add(path, program, problems, 0);
        }
        return closure.files;
    }

    /// <summary>The path of a program that is given by its name or its path.</summary>
    public static string? Locate(string program) => program.Contains('/', StringComparison.Ordinal)
        ? (File.Exists(program) ? Path.GetFullPath(program) : null)
        : UsualPath.Split(':').Select(d => $"{d}/{program}").FirstOrDefault(File.Exists);

    private void Add(string path, string program, List<string> problems, int depth)
    {
        if (!known.Add(path))
            return;
        files.Add(path);
        try
        {
            if (ElfFile.TryRead(path) is { } elf)
                AddElf(elf, program, problems);
            else if (Interpreter(path) is [var interpreter, ..] words)
                AddScript(interpreter, words, program, problems, depth);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add($"the program \"{program}\" cannot be read: {e.Message}");
        }
    }

    private void AddElf(ElfFile elf, string program, List<string> problems)
    {
        if (elf.Interpreter is { } loader)
            Take(loader, $"the loader {loader} of \"{program}\"", problems);
        LibrarySearch.Result found = search.Find(elf);
        foreach (var (_, library) in found.Libraries)
            Take(library, library, problems);
        foreach (var (name, neededBy) in found.Missing)
            problems.Add($"the program \"{program}\" needs the library {name} (for {neededBy}), which is nowhere: install it");
    }

    private void AddScript(string interpreter, string[] words, string program, List<string> problems, int depth)
    {
        if (depth == MaxScriptDepth)
        {
            problems.Add($"the script \"{program}\" has more than {MaxScriptDepth} interpreters in a row, more than the kernel starts");
            return;
        }
        AddOrReport(interpreter);
        // env(1) looks its argument up in PATH; with -S there are options, and assignments, before it.
        if (Path.GetFileName(interpreter) == "env" && words.Skip(1).SkipWhile(w => w.StartsWith('-') || w.Contains('=', StringComparison.Ordinal)).FirstOrDefault() is { } named)
            AddOrReport(named);

        void AddOrReport(string name)
        {
            if (Locate(name) is { } path)
                Add(path, program, problems, depth + 1);
            else
                problems.Add($"the script \"{program}\" is for {name}, which does not exist: install it");
        }
    }

    private void Take(string path, string what, List<string> problems)
    {
        if (!File.Exists(path))
            problems.Add($"{what} does not exist");
        else if (known.Add(path))
            files.Add(path);
    }

    /// <summary>The words behind <c>#!</c>; empty where there is none.</summary>
    private static string[] Interpreter(string path)
    {
        using var file = File.OpenHandle(path);
        Span<byte> start = stackalloc byte[256]; // BINPRM_BUF_SIZE, what the kernel looks at
        start = start[..RandomAccess.Read(file, start, 0)];
        if (!start.StartsWith("#!"u8))
            return [];
        int end = start.IndexOf((byte)'\n');
        return Encoding.UTF8.GetString(end < 0 ? start[2..] : start[2..end]).Split((char[])[' ', '\t', '\r', '\0'], StringSplitOptions.RemoveEmptyEntries);
    }
}
