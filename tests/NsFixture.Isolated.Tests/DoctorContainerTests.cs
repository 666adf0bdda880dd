using System.Text.Json;
using FluentAssertions;
using NsFixture.Diagnostics;

namespace NsFixture.Isolated.Tests;

/// <summary>What the doctor says in containers of a real engine.</summary>
[Collection(nameof(Engines))]
public class PodmanDoctorContainerTests(Podman podman) : DoctorContainerTests(podman);

/// <inheritdoc/>
[Collection(nameof(Engines))]
public class DockerDoctorContainerTests(Docker docker) : DoctorContainerTests(docker);

/// <inheritdoc cref="PodmanDoctorContainerTests"/>
public abstract class DoctorContainerTests(Engine engine)
{
    [EngineFact]
    public async Task In_a_privileged_container_sandboxes_can_be_had()
    {
        JsonElement report = await ExamineAsync(engine.Privileged);
        report.GetProperty("canIsolate").GetBoolean().Should().BeTrue(report.ToString());
    }

    [EngineFact]
    public async Task In_a_plain_container_the_engines_restrictions_are_found_with_the_options_that_lift_them()
    {
        JsonElement report = await ExamineAsync();
        var found = report.GetProperty("findings").EnumerateArray().ToDictionary(f => f.GetProperty("code").GetString()!, f => f.GetProperty("remedy").GetString()!);
        // Docker's filter lets nobody make namespaces. podman's does, but nobody in them may set a host name.
        report.GetProperty("canIsolate").GetBoolean().Should().BeFalse();
        found.Should().ContainKey("NSF0108").WhoseValue.Should().Contain("seccomp=unconfined");
        found.Should().ContainKey("NSF0111").WhoseValue.Should().Contain(engine.Advised[^1]);
    }

    [EngineFact]
    public async Task With_the_options_that_it_names_sandboxes_can_be_had()
    {
        JsonElement report = await ExamineAsync(engine.Advised);
        report.GetProperty("canIsolate").GetBoolean().Should().BeTrue(report.ToString());
        report.GetProperty("findings").EnumerateArray().Select(f => f.GetProperty("code").GetString()).Should().NotContain(["NSF0108", "NSF0111"]);
    }

    private async Task<JsonElement> ExamineAsync(params string[] options)
    {
        string here = Path.GetDirectoryName(typeof(DoctorContainerTests).Assembly.Location)!;
        string output = await engine.AskAsync(["run", "--rm", "--network", "none", "--env", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1", .. options, .. Engine.Dotnet(out string dotnet), "--volume", $"{here}:{here}:ro", "tests",
            dotnet, "exec", "--runtimeconfig", here + "/NsFixture.Isolated.Tests.runtimeconfig.json", typeof(Doctor).Assembly.Location, "doctor", "--json"]);
        output.Should().Contain("{");
        using var json = JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..]);
        return json.RootElement.Clone();
    }
}
