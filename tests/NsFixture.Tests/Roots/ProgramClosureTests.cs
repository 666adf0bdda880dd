using System.Collections.Concurrent;
using System.Diagnostics;
using FluentAssertions;
using NsFixture.Linux.Elf;
using NsFixture.Roots;

namespace NsFixture.Tests.Roots;

public sealed class ProgramClosureTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("nsfixture-closure-").FullName;

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Fact]
    public void Every_program_of_the_machine_needs_what_ldd_says()
    {
        // Links are followed first, as the kernel follows them: of a program started by way of a link, $ORIGIN is where the program
        // lies. ldd cannot tell: it has the loader open the link, and says "not found" for libraries that java finds.
        string[] programs = [.. ((string[])["/usr/bin", "/usr/sbin"]).SelectMany(Directory.GetFiles).Where(IsDynamicProgram).Select(Resolved).Distinct().Order()];
        programs.Length.Should().BeGreaterThan(300, "the machine has that many");
        var differences = new ConcurrentBag<string>();
        Parallel.ForEach(programs.Chunk(40), chunk =>
        {
            var search = new LibrarySearch();
            foreach (var (program, expected) in Ldd(chunk))
            {
                LibrarySearch.Result found = search.Find(ElfFile.TryRead(program)!);
                string[] actual = [.. found.Libraries.Select(l => $"{l.Name} => {l.Path}"), .. found.Missing.Select(m => $"{m.Name} => not found")];
                if (!actual.Order().SequenceEqual(expected.Order()))
                    differences.Add($"{program}: we lack [{string.Join(", ", expected.Except(actual))}], and have beyond [{string.Join(", ", actual.Except(expected))}]");
            }
        });
        differences.Should().BeEmpty();
    }

    [Fact]
    public void A_program_takes_its_loader_its_libraries_and_itself_along()
    {
        var problems = new List<string>();
        IReadOnlyList<string> files = ProgramClosure.Of(["sh"], problems);
        problems.Should().BeEmpty();
        files.Should().StartWith("/usr/bin/sh").And.Contain(f => Path.GetFileName(f).StartsWith("ld-linux")).And.Contain(f => f.EndsWith("/libc.so.6"));
    }

    [Fact]
    public void A_script_takes_its_interpreter_along_and_one_of_env_the_program_it_names()
    {
        string script = Write("script", "#!/usr/bin/env -S LANG=C sh -e\n"), other = Write("other", "#!" + script + "\n");
        var problems = new List<string>();
        ProgramClosure.Of([other], problems).Should().Contain([other, script, "/usr/bin/env", "/usr/bin/sh"]);
        problems.Should().BeEmpty();
    }

    [Fact]
    public void What_is_missing_is_named_with_who_needs_it()
    {
        string script = Write("script", "#!/no/such/interpreter\n"), endless = Path.Combine(directory, "endless");
        string[] chain = [.. Enumerable.Range(0, 6).Select(i => Write($"{endless}{i}", $"#!{endless}{i + 1}\n"))];
        string library = Compile("libgone.so", "-shared", "int gone(void) { return 1; }");
        string program = Compile("program", library, "int gone(void); int main(void) { return gone(); }");
        File.Delete(library);
        var problems = new List<string>();
        ProgramClosure.Of([script, "no-such-program", "/no/such/file", chain[0], program], problems);
        problems.Should().HaveCount(5).And.ContainMatch("*script*/no/such/interpreter*").And.ContainMatch("*\"no-such-program\"*usr/bin*").And.ContainMatch("*\"/no/such/file\" does not exist*")
            .And.ContainMatch("*more than 4 interpreters*").And.ContainMatch("*program*needs the library*libgone.so*");
    }

    [Theory]
    [InlineData("-Wl,--disable-new-dtags,-rpath,$ORIGIN/one", true)] // RPATH counts for the libraries of libraries
    [InlineData("-Wl,--enable-new-dtags,-rpath,${ORIGIN}/one", false)] // RUNPATH does not
    public void The_loaders_rules_of_RPATH_and_RUNPATH_hold(string flag, bool reachesSecond)
    {
        Directory.CreateDirectory(Path.Combine(directory, "one"));
        string second = Compile("one/libsecond.so", "-shared -Wl,-soname,libsecond.so", "int second(void) { return 1; }");
        string first = Compile("one/libfirst.so", $"-shared -Wl,-soname,libfirst.so {second}", "int second(void); int first(void) { return second(); }");
        string program = Compile("program", $"'{flag}' {first} -Wl,-rpath-link,{directory}/one", "int first(void); int main(void) { return first(); }");
        LibrarySearch.Result found = new LibrarySearch().Find(ElfFile.TryRead(program)!);
        found.Libraries.Should().Contain(("libfirst.so", first));
        found.Missing.Select(m => m.Name).Should().Equal(reachesSecond ? [] : ["libsecond.so"]);
        string[] ldd = Ldd([program])[program];
        ldd.Should().Contain($"libsecond.so => {(reachesSecond ? second : "not found")}");
    }

    [Fact]
    public void A_library_that_is_there_by_its_own_name_is_not_searched_for_again()
    {
        Directory.CreateDirectory(Path.Combine(directory, "a"));
        string library = Compile("a/real.so", "-shared -Wl,-soname,liba.so.1", "int a(void) { return 1; }");
        string user = Compile("libuser.so", $"-shared {library}", "int a(void); int b(void) { return a(); }"); // needs liba.so.1, and has no path to it
        string path = Compile("libpath.so", "-shared", "int c(void) { return 1; }");
        string program = Compile("program", $"-Wl,--no-as-needed '-Wl,-rpath,{directory}/a' {path} {user} {library} -Wl,-rpath-link,{directory}/a", "int main(void) { return 0; }");
        File.CreateSymbolicLink(Path.Combine(directory, "a", "liba.so.1"), "real.so");
        Ldd([program])[program].Order().Should().Equal(new LibrarySearch().Find(ElfFile.TryRead(program)!).Libraries.Select(l => $"{l.Name} => {l.Path}").Order());
    }

    [Fact]
    public void Files_that_are_no_programs_or_broken_ones_are_not_taken_for_such()
    {
        byte[] sh = File.ReadAllBytes("/bin/sh");
        foreach (int length in (int[])[0, 3, 20, 52, 63, 64, 100, 500, 5000, sh.Length / 2])
            ElfFile.TryRead(Write("cut", sh[..length]))?.Needed.Should().NotContain(n => n.Length > 100);
        var random = new Random(1);
        for (int round = 0; round < 300; round++)
        {
            byte[] bytes = sh[..8192];
            for (int i = 0; i < 10; i++)
                bytes[random.Next(16, 1024)] = (byte)random.Next(256);
            _ = ElfFile.TryRead(Write("broken", bytes));
        }
        ElfFile.TryRead(Write("text", "hello")).Should().BeNull();
    }

    private string Write(string name, string text) => Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    private string Write(string name, byte[] content)
    {
        string path = Path.Combine(directory, name);
        File.WriteAllBytes(path, content);
        return path;
    }

    private string Compile(string name, string flags, string source)
    {
        string path = Path.Combine(directory, name);
        using var compiler = Process.Start(new ProcessStartInfo("sh", ["-c", $"cc -x c - -x none -o {path} -fPIC {flags}"]) { RedirectStandardInput = true, RedirectStandardError = true })!;
        compiler.StandardInput.Write(source);
        compiler.StandardInput.Close();
        string errors = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        compiler.ExitCode.Should().Be(0, errors);
        return path;
    }

    private static string Resolved(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;

    private static bool IsDynamicProgram(string path)
    {
        try
        {
            return ElfFile.TryRead(path) is { IsDynamic: true, Interpreter: not null };
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            return false; // a dangling link, or not for this user
        }
    }

    private static Dictionary<string, string[]> Ldd(string[] programs)
    {
        var start = new ProcessStartInfo("ldd", programs.Append("/bin/true")) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("LD_LIBRARY_PATH");
        using var ldd = Process.Start(start)!;
        _ = ldd.StandardError.ReadToEndAsync();
        var found = new Dictionary<string, string[]>();
        string program = "";
        var lines = new List<string>();
        foreach (string line in ldd.StandardOutput.ReadToEnd().Split('\n').Append("end:"))
        {
            if (line.StartsWith('\t'))
            {
                lines.Add(line.Trim());
                continue;
            }
            if (program.Length > 0 && program != "/bin/true")
                found[program] = [.. lines.Select(l => l.Split(" (0x")[0]).Where(l => !l.StartsWith("linux-vdso") && !l.Contains("/ld-linux"))
                    .Select(l => l.Contains(" => ", StringComparison.Ordinal) ? l : $"{l} => {l}")]; // a library needed by its path
            program = line.TrimEnd(':');
            lines.Clear();
        }
        found.Should().HaveCount(programs.Length);
        return found;
    }
}
