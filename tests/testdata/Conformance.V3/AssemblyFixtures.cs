using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

[assembly: AssemblyFixture(typeof(Conformance.AssemblyWide))]
[assembly: TestPipelineStartup(typeof(Conformance.Startup))]
[assembly: RegisterXunitSerializer(typeof(Conformance.CelsiusSerializer), typeof(Conformance.Celsius))]

namespace Conformance;

/// <summary>Where something runs in the test host, it leaves a trace there: in a sandbox, that file is another one.</summary>
internal static class Outside
{
    public static void Trace([CallerFilePath] string file = "", [CallerMemberName] string member = "")
    {
        if (Environment.GetEnvironmentVariable("CONFORMANCE_OUTSIDE") is { } path)
            File.AppendAllText(path, $"{Path.GetFileNameWithoutExtension(file)}: {member}\n");
    }
}

public sealed class AssemblyWide : IAsyncLifetime
{
    public AssemblyWide() => Outside.Trace();

    public string State { get; private set; } = "constructed";

    public async ValueTask InitializeAsync()
    {
        await Task.Yield();
        State += ", initialized";
    }

    public ValueTask DisposeAsync()
    {
        TestContext.Current.SendDiagnosticMessage("assembly fixture: disposed of");
        return default;
    }
}

/// <summary>Runs wherever tests are: in the test host, and in each sandbox.</summary>
public sealed class Startup : ITestPipelineStartup
{
    public static string State { get; private set; } = "not started";

    public async ValueTask StartAsync(IMessageSink diagnosticMessageSink)
    {
        await Task.Yield();
        State = "started";
    }

    public ValueTask StopAsync() => default;
}

public class AssemblyFixtureTests : IClassFixture<AssemblyFixtureTests.OfClass>
{
    private readonly AssemblyWide wide;
    private readonly OfClass own;
    private readonly ITestOutputHelper output;

    public AssemblyFixtureTests(AssemblyWide wide, OfClass own, ITestOutputHelper output)
    {
        Outside.Trace();
        (this.wide, this.own, this.output) = (wide, own, output);
    }

    [Fact]
    public void Sees_the_assemblys_fixture() => output.WriteLine(wide.State);

    [Fact]
    public void Sees_its_classs_over_the_assemblys() => output.WriteLine(own.Text);

    [Fact]
    public async Task Gets_fixtures_by_type() => Assert.Same(own, await TestContext.Current.GetFixture<OfClass>());

    public sealed class OfClass
    {
        public OfClass(AssemblyWide wide)
        {
            Outside.Trace();
            Text = $"class fixture over {wide.State}";
        }

        public string Text { get; }
    }
}

/// <summary>A value whose serializer is registered by the assembly.</summary>
public sealed record Celsius(double Degrees);

public sealed class CelsiusSerializer : IXunitSerializer
{
    public object Deserialize(Type type, string serializedValue) => new Celsius(double.Parse(serializedValue));

    public bool IsSerializable(Type type, object? value, [NotNullWhen(false)] out string? failureReason)
    {
        failureReason = type == typeof(Celsius) ? null : "not a temperature";
        return failureReason == null;
    }

    public string Serialize(object value) => $"{((Celsius)value).Degrees}";
}
