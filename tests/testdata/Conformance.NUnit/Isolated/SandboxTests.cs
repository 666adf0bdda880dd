using NUnit.Framework.Interfaces;

[assembly: IsolatedNetwork]

namespace Conformance.Isolated
{
    public class SandboxTests
    {
        // Seen by the tests of NsFixture.NUnit: what they compare did run isolated, and as they asked.
        [Test]
        public void Says_how_it_runs() =>
            TestContext.Out.WriteLine($"launcher {IsolatedNetwork.Current.Launcher} in process {Environment.ProcessId} on {Environment.MachineName}: {IsolatedNetwork.Current.LauncherReason}");

        // NUnit looks for wrappers on fixture and assembly only where the method has none.
        [Test, MaxTime(60_000)]
        public void Is_isolated_beside_other_wrappers() => Assert.That(IsolatedNetwork.IsIsolated);

        [Test, IsolatedNetwork(HostName = "db")]
        public void The_nearest_attribute_counts() => Assert.That(Environment.MachineName, Is.EqualTo("db"));

        [TestCase(1), IsolatedNetwork(HostName = "db")]
        [TestCase(2)]
        public void The_nearest_attribute_counts_for_cases(int n) => Assert.That(Environment.MachineName, Is.EqualTo("db"), $"{n}");

        [Test, IsolatedNetwork(Subnet = "10.0.0.0/99")]
        public void Cannot_be() => Assert.Fail("ran");
    }

    // Whatever of these runs in the test host, says so there.
    [HostSees("fixture action")]
    public sealed class InsideTests : IDisposable
    {
        static InsideTests() => Inside("static constructor");

        public InsideTests() => Inside("constructor");

        [OneTimeSetUp]
        public void OneTimeSetUp() => Inside("one-time set-up");

        [SetUp]
        public void SetUp() => Inside("set-up");

        [Test, Retry(2), HostSees("action")]
        public void Everything_runs_inside() => Inside("test");

        [TearDown]
        public void TearDown() => Inside("tear-down");

        [OneTimeTearDown]
        public void OneTimeTearDown() => Inside("one-time tear-down");

        public void Dispose() => Inside("disposal");

        public static void Inside(string what)
        {
            if (!IsolatedNetwork.IsIsolated)
                File.AppendAllText(Environment.GetEnvironmentVariable("CONFORMANCE_OUTSIDE")!, what + "\n");
        }
    }

    [FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
    public sealed class InsidePerTestTests : IDisposable
    {
        public InsidePerTestTests() => InsideTests.Inside("constructor per test");

        [Test]
        public void Everything_runs_inside()
        {
        }

        public void Dispose() => InsideTests.Inside("disposal per test");
    }

    [SetUpFixture]
    public class InsideSetUp
    {
        [OneTimeSetUp]
        public void OneTimeSetUp() => InsideTests.Inside("set-up fixture");

        [OneTimeTearDown]
        public void OneTimeTearDown() => InsideTests.Inside("set-up fixture's tear-down");
    }

    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
    public sealed class HostSeesAttribute(string what) : Attribute, ITestAction
    {
        public ActionTargets Targets => ActionTargets.Test | ActionTargets.Suite;

        public void BeforeTest(ITest test) => InsideTests.Inside(what);

        public void AfterTest(ITest test) => InsideTests.Inside(what);
    }
}
