[assembly: IsolatedNetwork]

namespace Conformance.Isolated
{
    [TestClass]
    public class SandboxTests
    {
        // Seen by the tests of NsFixture.MSTest: what they compare did run isolated, and as they asked.
        [TestMethod]
        public void Says_how_it_runs() =>
            Console.WriteLine($"launcher {IsolatedNetwork.Current.Launcher} in process {Environment.ProcessId} on {Environment.MachineName}: {IsolatedNetwork.Current.LauncherReason}");

        [TestMethod, IsolatedNetwork(HostName = "db")]
        public void The_nearest_attribute_counts() => Assert.AreEqual("db", Environment.MachineName);

        [TestMethod, IsolatedNetwork(HostName = "db")]
        [DataRow(1)]
        [DataRow(2)]
        public void The_nearest_attribute_counts_for_rows(int n) => Assert.AreEqual("db", Environment.MachineName, $"{n}");

        [TestMethod, IsolatedNetwork<Pair>]
        public void Has_a_topology() => Assert.AreEqual("other", IsolatedNetwork.Current.Network["other"].Name);

        [TestMethod, IsolatedNetwork(Subnet = "10.0.0.0/99")]
        public void Cannot_be() => Assert.Fail("ran");
    }

    public sealed class Pair() : Topology(new Topology().WithNetwork("lan").WithHost("other"));

    // Whatever of these runs in the test host, says so there.
    public abstract class InsideBase
    {
        [ClassInitialize(InheritanceBehavior.BeforeEachDerivedClass)]
        public static void BaseInitialize(TestContext context) => InsideTests.Inside("base class initialization");
    }

    [TestClass]
    public sealed class InsideTests : InsideBase, IDisposable
    {
        static InsideTests() => Inside("static constructor");

        public InsideTests() => Inside("constructor");

        [ClassInitialize]
        public static void ClassInitialize(TestContext context) => Inside("class initialization");

        [GlobalTestInitialize]
        public static void GlobalInitialize(TestContext context) => Inside("global initialization");

        [TestInitialize]
        public void Initialize() => Inside("initialization");

        [TestMethod, Retry(2)]
        public void Everything_runs_inside() => Inside("test");

        [TestCleanup]
        public void Cleanup() => Inside("clean-up");

        [ClassCleanup]
        public static void ClassCleanup() => Inside("class clean-up");

        public void Dispose() => Inside("disposal");

        public static void Inside(string what)
        {
            if (!IsolatedNetwork.IsIsolated)
                File.AppendAllText(Environment.GetEnvironmentVariable("CONFORMANCE_OUTSIDE")!, what + "\n");
        }
    }
}
