using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using NsFixture.Tests.Recording;
using NsFixture.Xunit.Tests.Recording;

namespace NsFixture.Xunit.Tests;

/// <summary>An isolated test is to its runner what it would be as a plain one: the same names, ids, outcomes, output, order.</summary>
[Collection(WithRecordedRuns.Name)]
public class ConformanceTests(RecordedRuns runs)
{
    private const string LateTheories = "late theories";
    private const string Everything = RunSettings.WithoutCrashes + " --except Conformance.LoneSurrogateRowTests";
    private const string OnlyTheories = " --only Conformance.TheoryTests --only Conformance.BrokenTheoryTests --only Conformance.SkipTests";

    private const string OnlyNames =
        " --only Conformance.OrderTests --only Conformance.NameTests --only Conformance.RetryTests --only Conformance.Shared --only Conformance.Undisposable" +
        " --only Conformance.SkipTests --only Conformance.InheritingTests --only Conformance.StaticTests --only Conformance.LoneSurrogateRowTests";

    private const string StopOnFail = Everything + " --stop-on-fail --sequential --only Conformance.RetryTests --only Conformance.OutcomeTests";

#if XUNIT_V3
    // Where the process itself matters; all the rest that a process is to xUnit.net v2's tests it is to these.
    private static readonly string OnlyProcess = RunSettings.Part(
        " --only Conformance.ClassFixtureTests --only Conformance.LifecycleTests --only Conformance.ConsoleTests --only Conformance.ContextTests" +
        " --only Conformance.AssemblyFixtureTests --only Conformance.Isolated.");

    private static readonly string OnlyProcessOfClass = " --except Conformance.HeavyOutputTests" + OnlyProcess;

    private const string Framework = "V3.";

    // A shared sandbox has its methods in the order of a plain run: what is reported early is held.
    private const bool MethodsApart = false;
#else
    // Where the process itself matters: its runtime, its surroundings, its output and its end.
    private static readonly string OnlyProcess = RunSettings.Part(
        " --only Conformance.ClassFixtureTests --only Conformance.LifecycleTests --only Conformance.ThrowingFixtureDisposeTests --only Conformance.AsyncTests" +
        " --only Conformance.ConsoleTests --only Conformance.EnvironmentTests --only Conformance.RuntimeTests --only Conformance.Isolated.");

    // Of the adapters, this one shows that all that is so of a forked process is so of a fresh one.
    private const string OnlyProcessOfClass = "", Framework = "";
    private const bool MethodsApart = true;
#endif

    private static readonly string OutsideFile = Path.Combine(Path.GetTempPath(), $"nsfixture-outside-{Environment.ProcessId}");

    private static readonly Dictionary<string, RunSettings> Configurations = new()
    {
        ["fork"] = Isolated("Isolated", Everything) with { Launcher = "fork" },
        // Each test is a fresh runtime, a third of a second of work: the rest is what "exec, per class" is for.
        ["exec"] = Isolated("Isolated", Everything + OnlyProcess) with { Launcher = "exec" },
        ["fork, per class"] = Isolated("PerClass", Everything + " --except Conformance.HeavyOutputTests") with { Launcher = "fork" },
        ["exec, per class"] = Isolated("PerClass", Everything + OnlyProcessOfClass) with { Launcher = "exec" },
        // A theory that is not enumerated at discovery is one test case. Two collections at once, where there are more processors, too.
        [LateTheories] = Isolated("Isolated", Everything + " --threads 2 --late-theories" + OnlyTheories) with { Launcher = "fork" },
        // As an IDE runs tests, by serialized cases; and one after another, which shows the order of collections.
        // The only configuration whose plain run serializes too, and so the one to compare what that loses.
        ["serialized"] = Isolated("Isolated", RunSettings.WithoutCrashes + " --serialize --sequential" + OnlyNames) with { Launcher = "fork" },
        // The tests after the first failure do not run, and nothing is said of them.
        ["stop on fail"] = Isolated("Isolated", StopOnFail) with { Launcher = "fork" },
        ["stop on fail, per class"] = Isolated("PerClass", StopOnFail) with { Launcher = "fork" },
        // As an ordinary user is mapped; for one, this is "fork" once more.
        ["single user mapping"] = Isolated("Isolated", Everything + OnlyProcess) with { Launcher = "fork", UserMapping = "single" },
#if XUNIT_V3
        ["explicit"] = Isolated("Isolated", Everything + " --explicit --only Conformance.ExplicitTests --only Conformance.OnlyExplicitTests --only Conformance.ModernTheoryTests") with { Launcher = "fork" },
#endif
    };

    private static readonly string ConformanceAssembly = RecordedRun.PathOf(Framework + "Plain");

    public static TheoryData<string> All => [.. Configurations.Keys];

    public static IEnumerable<object[]> Classes =>
        from configuration in Configurations
        from name in TestClasses()
        where configuration.Value.Includes(name)
        select new object[] { configuration.Key, name };

    [Theory]
    [MemberData(nameof(Classes))]
    public void Every_test_of_a_class_is_what_it_is_plain(string configuration, string className)
    {
        RunSettings settings = Configurations[configuration];
        bool methodsApart = MethodsApart && settings.Build == "PerClass";
        LineDiff.AssertSame(
            Transcript.OfClass(runs[settings.Plain], className, methodsApart), Transcript.OfClass(runs[settings], className, methodsApart), $"{className} under \"{configuration}\"");
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Collections_and_their_fixtures_are_what_they_are_plain(string configuration) => Compare(configuration, Transcript.OfCollections);

    [Theory]
    [MemberData(nameof(All))]
    public void The_totals_are_those_of_the_plain_run(string configuration) => Compare(configuration, Transcript.OfAssembly);

    [Theory]
    [InlineData("fork")]
    [InlineData("exec")]
    [InlineData("fork, per class")]
    [InlineData("exec, per class")]
    [InlineData("serialized")]
    public void Diagnostic_messages_are_those_of_the_plain_run(string configuration) => Compare(configuration, Transcript.OfDiagnostics);

    [Theory]
    [InlineData("fork")]
    [InlineData("exec")]
    [InlineData("fork, per class")]
    [InlineData("exec, per class")]
    public void The_console_shows_what_it_shows_plain(string configuration) => Compare(configuration, Transcript.OfConsole);

    [Fact]
    public void Collections_run_in_the_order_the_project_asks_for() => Compare("serialized", Transcript.OrderOfCollections);

    [Fact]
    public void No_more_collections_run_at_once_than_the_run_is_told()
    {
        RunSettings settings = Configurations[LateTheories];
        Assert.All(new[] { settings.Plain, settings }, s => Assert.InRange(Transcript.CollectionsAtOnce(runs[s]), 1, 2));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void The_isolated_run_was_isolated(string configuration)
    {
        RunSettings settings = Configurations[configuration];
        if (!settings.Includes("Conformance.Isolated.SandboxTests"))
            settings = Configurations["fork"];
        Assert.Contains($"launcher {settings.Launcher} in process 2 on test", runs[settings].OutcomeOf("Says_how_it_runs").Text, StringComparison.OrdinalIgnoreCase);
    }

#if XUNIT_V3
    [Theory]
    [MemberData(nameof(All))]
    public void No_fixture_of_isolated_tests_is_made_in_the_test_host(string configuration)
    {
        _ = runs[Configurations[configuration]];
        Assert.False(File.Exists(OutsideFile), File.Exists(OutsideFile) ? File.ReadAllText(OutsideFile) : "");
    }

#endif
    [Theory]
    [MemberData(nameof(All))]
    public void Nothing_of_a_run_is_left_after_two_seconds(string configuration) => Assert.Empty(runs[Configurations[configuration]].Survivors);

    [Fact]
    public void No_class_is_left_out() =>
        Assert.Equal(
            Classes.Select(c => (string)c[1]).Distinct().Order(StringComparer.Ordinal),
            // Discovery is of them all, chosen or not.
            runs[Configurations["fork"].Plain].Messages.Where(m => m.Class != null).Select(m => m.Class!.Split('+')[0]).Distinct().Order(StringComparer.Ordinal));

    private static RunSettings Isolated(string build, string arguments) => new(Framework + build, arguments) { Environment = $"CONFORMANCE_OUTSIDE={OutsideFile}" };

    private void Compare(string configuration, Func<RecordedRun, List<string>> transcript)
    {
        RunSettings settings = Configurations[configuration];
        LineDiff.AssertSame(transcript(runs[settings.Plain]), transcript(runs[settings]), $"The run \"{configuration}\"");
    }

    /// <summary>The test classes by their metadata: the names of theory rows must not take a run to know.</summary>
    private static List<string> TestClasses()
    {
        using var pe = new PEReader(File.OpenRead(ConformanceAssembly));
        MetadataReader metadata = pe.GetMetadataReader();
        return
        [
            .. from handle in metadata.TypeDefinitions
               let type = metadata.GetTypeDefinition(handle)
               let name = metadata.GetString(type.Name)
               let isAbstract = (type.Attributes & TypeAttributes.Abstract) != 0 && (type.Attributes & TypeAttributes.Sealed) == 0
               where name.EndsWith("Tests", StringComparison.Ordinal) && !isAbstract && type.GetDeclaringType().IsNil
               select $"{metadata.GetString(type.Namespace)}.{name}",
        ];
    }
}
