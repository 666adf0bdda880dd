using System.Diagnostics;
using FluentAssertions;

namespace NsFixture.Isolated.Tests;

/// <summary>A handful of this assembly's tests in containers of a real engine: what the doctor promises there. <c>eng/in-container.sh</c> runs them all.</summary>
[Collection(nameof(Engines))]
public class PodmanContainedTests(Podman podman) : ContainedTests(podman);

/// <inheritdoc/>
[Collection(nameof(Engines))]
public class DockerContainedTests(Docker docker) : ContainedTests(docker);

/// <inheritdoc cref="PodmanContainedTests"/>
public abstract class ContainedTests(Engine engine) : IDisposable
{
    private const string AHandful = "FullyQualifiedName~ForkedSandboxTests&(FullyQualifiedName~namespace|FullyQualifiedName~PID_1|FullyQualifiedName~eth0|FullyQualifiedName~server|FullyQualifiedName~System_V)" +
        "|FullyQualifiedName~.SandboxFixtureTests"; // which are plain tests

    // The assembly's directory is written to, and a container's root may not write to what is the machine's root's.
    private readonly string copy = Directory.CreateTempSubdirectory("contained-").FullName;

    [EngineFact]
    public async Task They_pass_in_a_privileged_container() => ShouldPass(await RunAsync(["--env", "NSFIXTURE_REQUIRE=1", .. engine.Privileged]));

    [EngineFact]
    public async Task They_pass_in_a_container_with_the_options_that_the_doctor_names() =>
        ShouldPass(await RunAsync(["--env", "NSFIXTURE_REQUIRE=1", .. engine.Advised]));

    [EngineFact]
    public async Task They_are_skipped_in_a_plain_container_and_say_what_stands_against_them()
    {
        string output = await RunAsync();
        output.Should().Contain("[NSF0108]").And.Contain("--security-opt seccomp=unconfined");
        output.Should().MatchRegex(@"This machine allows no isolated tests: A security policy forbids new namespaces").And.NotContain("Failed ").And.MatchRegex(@"Skipped: +19\b").And.NotMatchRegex(@"Passed: +\d");
    }

    public void Dispose()
    {
        Directory.Delete(copy, recursive: true);
        GC.SuppressFinalize(this);
    }

    private static void ShouldPass(string output) => output.Should().MatchRegex(@"Test Run Successful\.\s+Total tests: 19\s+Passed: 19\s");

    private async Task<string> RunAsync(params string[] options)
    {
        string assembly = typeof(ContainedTests).Assembly.Location, here = Path.GetDirectoryName(assembly)!;
        using (Process copying = Process.Start("cp", ["-r", here + "/.", copy]))
            await copying.WaitForExitAsync();
        return await engine.AskAsync(["run", "--rm", "--network", "none", .. options, .. Engine.Dotnet(out string dotnet), "--volume", $"{copy}:{here}", "--volume", "/etc:/etc:ro", "--tmpfs", "/tmp:exec", "--env", "HOME=/tmp",
            "--env", "DOTNET_CLI_UI_LANGUAGE=en", "--env", "DOTNET_NOLOGO=1", "tests", dotnet, "test", assembly, "--filter", AHandful, "--logger", "console;verbosity=normal"]);
    }
}
