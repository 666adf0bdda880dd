namespace NsFixture.EndToEnd.Tests;

public class SettingsTests
{
    private static readonly string Directory = Paths.Testdata("BadSettings");
    private static readonly string Assembly = Path.Combine(Directory, "BadSettings.dll");
    private static readonly string[] GoodTests = ["Isolated", "Isolated_with_a_deadline_of_its_own", "Plain"];

    /// <summary>No user namespace may be made in a user namespace with this; the setting is each user namespace's own.</summary>
    private static readonly string[] WithoutUserNamespaces =
        ["unshare", "--user", "--map-root-user", "sh", "-c", "echo 0 > /proc/sys/user/max_user_namespaces && exec \"$@\"", "sh"];

    private static readonly Lazy<TestRun> Run = new(() => TestRun.Of(Assembly, []));
    private static readonly Lazy<TestRun> Forbidden = new(() => TestRun.Of(Assembly, [], WithoutUserNamespaces));

    public static TheoryData<string, string[]> Impossible => new()
    {
        { "Address_out_of_range", ["Address = \"10.0.1.7\" is out of range", "10.0.0.1 to 10.0.0.254"] },
        { "Address6_out_of_range", ["Address6 = \"fd01::7\" is out of range", "fd00::/64"] },
        { "Address_that_is_none", ["Address = \"ten\" is not an IPv4 address"] },
        { "Subnet_that_is_none", ["Subnet = \"10.0.0.1/33\" is not an IPv4 network"] },
        { "Subnet6_of_the_other_family", ["Subnet6 = \"10.0.0.0/24\" is not an IPv6 network"] },
        { "Host_name_that_is_none", ["HostName = \"no good\" is not a host name"] },
        { "Negative_deadline", ["Deadline = -5 is not a number of milliseconds"] },
        { "Unknown_scope", ["Scope = 7 is unknown", "PerTest or PerClass"] },
        { "Unknown_launcher", ["Launcher = 9 is unknown"] },
        { "No_parallel", ["MaxParallel = 0 is not a number of tests"] },
        { "Missing_path", ["WriteThrough: the path \"/no/such/path\" does not exist"] },
        { "Two_at_once", ["HostName = \"\" is not a host name", "Deadline = 0 is not a number of milliseconds"] },
        { "ContradictingTests.One", ["MaxParallel = 2 does not go with Scope = PerClass"] },
        { "ContradictingTests.Two", ["MaxParallel = 2 does not go with Scope = PerClass"] },
    };

    [Theory, MemberData(nameof(Impossible))]
    public void An_impossible_setting_fails_its_test_and_is_named_with_its_value(string test, string[] said)
    {
        TestOutcome outcome = Run.Value[test];
        Assert.Equal("Failed", outcome.Outcome);
        Assert.All(said, text => Assert.Contains(text, outcome.Message));
        Assert.False(File.Exists(Path.Combine(Directory, test + ".ran")), "the test ran");
    }

    [Theory, MemberData(nameof(Impossible))]
    public void It_is_found_before_the_machine_is_asked_for_anything(string test, string[] said)
    {
        // Here tests are skipped that get as far as asking for a sandbox.
        TestOutcome outcome = Forbidden.Value[test];
        Assert.Equal("Failed", outcome.Outcome);
        Assert.All(said, text => Assert.Contains(text, outcome.Message));
    }

    [Fact]
    public void The_other_tests_pass()
    {
        Assert.All(GoodTests, test => Assert.Equal("Passed", Run.Value["GoodTests." + test].Outcome));
        Assert.Equal(Impossible.Count + GoodTests.Length, Run.Value.Outcomes.Count);
    }

    [Fact]
    public void An_unknown_launcher_in_the_environment_fails_the_isolated_tests_and_is_named()
    {
        TestRun run = TestRun.Of(Assembly, ["--filter", "FullyQualifiedName~GoodTests"], environment: ("NSFIXTURE_LAUNCHER", "nonsense"));
        Assert.Equal("Passed", run["Plain"].Outcome);
        Assert.All([run["Isolated"], run["Isolated_with_a_deadline_of_its_own"]], outcome =>
        {
            Assert.Equal("Failed", outcome.Outcome);
            Assert.Contains("NSFIXTURE_LAUNCHER=nonsense is unknown: use fork, exec, inprocess or auto", outcome.Message);
        });
    }

    [Fact]
    public void An_impossible_deadline_in_the_environment_fails_the_tests_that_it_counts_for()
    {
        TestRun run = TestRun.Of(Assembly, ["--filter", "FullyQualifiedName~GoodTests"], environment: ("NSFIXTURE_DEADLINE", "-1"));
        Assert.Equal("Passed", run["Plain"].Outcome);
        Assert.Equal("Passed", run["Isolated_with_a_deadline_of_its_own"].Outcome);
        Assert.Equal("Failed", run["Isolated"].Outcome);
        Assert.Contains("NSFIXTURE_DEADLINE=-1 is not a number of milliseconds", run["Isolated"].Message);
    }

    [Fact]
    public void Where_the_machine_allows_no_sandbox_tests_are_skipped_with_cause_and_remedy()
    {
        TestRun run = Forbidden.Value;
        Assert.Equal("Passed", run["Plain"].Outcome);
        Assert.All([run["GoodTests.Isolated"], run["Isolated_with_a_deadline_of_its_own"]], outcome =>
        {
            Assert.Equal("NotExecuted", outcome.Outcome);
            string reason = outcome.Output + outcome.Message;
            Assert.Contains("This machine allows no isolated tests: User namespaces are switched off (user.max_user_namespaces=0)", reason);
            Assert.Contains("sudo sysctl -w user.max_user_namespaces=10000", reason);
            Assert.Contains("NSFIXTURE_REQUIRE=1 makes this a failure", reason);
        });
    }

    [Fact]
    public void With_NSFIXTURE_REQUIRE_they_fail_instead()
    {
        TestRun run = TestRun.Of(Assembly, ["--filter", "FullyQualifiedName~GoodTests"], WithoutUserNamespaces, environment: ("NSFIXTURE_REQUIRE", "1"));
        Assert.Equal("Passed", run["Plain"].Outcome);
        Assert.Equal("Failed", run["GoodTests.Isolated"].Outcome);
        Assert.Contains("user.max_user_namespaces=0", run["GoodTests.Isolated"].Message);
        Assert.Contains("because NSFIXTURE_REQUIRE=1", run["GoodTests.Isolated"].Message);
        Assert.Equal(1, run.ExitCode);
    }
}
