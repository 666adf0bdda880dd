using System.Diagnostics;
using System.Runtime.CompilerServices;
using NsFixture.Launching;
using NsFixture.Linux;

namespace NsFixture.Tests.Linux;

/// <summary>Machine code that the product holds as numbers is what its source assembles to.</summary>
public class MachineCodeTests
{
    [Theory]
    [InlineData("FirstProcess", FirstProcess.Code)]
    [InlineData("PairFork", PairFork.Code)]
    [InlineData("SystemCallProgram", SystemCallProgram.Code)]
    public void It_is_what_its_source_assembles_to(string name, string code) => Assert.Equal(code, Assembled(Source(name)), ignoreCase: true);

    [Fact]
    public void Another_source_would_be_noticed() => Assert.NotEqual(FirstProcess.Code, Assembled(Source("PairFork")), StringComparer.OrdinalIgnoreCase);

    [Fact]
    public void It_reports_what_the_protocol_calls_the_end_of_a_test() =>
        Assert.Contains($"[rsp+151], {(int)ControlKind.TestEnded} ", File.ReadAllText(Source("FirstProcess")), StringComparison.Ordinal);

    private static string Source(string name, [CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../src/NsFixture/Linux/MachineCode", name + ".S"));

    private static string Assembled(string source)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("nsfixture-code-");
        try
        {
            string objectFile = Path.Combine(directory.FullName, "code.o"), binary = Path.Combine(directory.FullName, "code.bin");
            Run("cc", "-c", "-o", objectFile, source);
            Run("objcopy", "-O", "binary", "-j", ".text", objectFile, binary);
            return Convert.ToHexString(File.ReadAllBytes(binary));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error);
    }
}
