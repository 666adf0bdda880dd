using System.Reflection;
#if NSFIXTURE_XUNIT_V3
using Xunit.v3;
#else
using Xunit.Sdk;
#endif

namespace NsFixture.Xunit;

/// <summary>
/// Runs every fact and theory of the method, class or assembly it stands on in a process of its own: forked, in fresh user, mount,
/// process, network, host name, IPC and cgroup namespaces, with a private network and a private copy of the file system.
/// The attribute nearest to the test counts, as a whole.
/// </summary>
/// <example>
/// <code>
/// [Fact, IsolatedNetwork]
/// public void Any_port_is_free() => new TcpListener(IPAddress.Any, 5432).Start();
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Class | AttributeTargets.Method)]
public partial class IsolatedNetworkAttribute : BeforeAfterTestAttribute
{
#if NSFIXTURE_XUNIT_V3
    /// <summary>
    /// Called by xUnit.net before the test. A test that carries this attribute and yet is about to run unisolated fails here:
    /// the project's test framework is not NsFixture's.
    /// </summary>
    /// <param name="methodUnderTest">The test's method.</param>
    /// <param name="test">The test.</param>
    /// <exception cref="SandboxException">The test would have run without isolation, unasked.</exception>
    public override void Before(MethodInfo methodUnderTest, IXunitTest test) => RequireFramework();
#else
    /// <summary>
    /// Called by xUnit.net before the test. A test that carries this attribute and yet is about to run unisolated fails here:
    /// the project's test framework is not NsFixture's.
    /// </summary>
    /// <param name="methodUnderTest">The test's method.</param>
    /// <exception cref="SandboxException">The test would have run without isolation, unasked.</exception>
    public override void Before(MethodInfo methodUnderTest) => RequireFramework();
#endif

    private static void RequireFramework()
    {
        if (!IsolatedNetwork.TryGet(out _))
        {
            throw new SandboxException(
                "[IsolatedNetwork] had no effect: the test assembly runs on another xUnit.net test framework. " +
                $"Reference the {typeof(IsolatedNetworkAttribute).Assembly.GetName().Name} package from the test project itself, and where the project has a [assembly: TestFramework(…)] " +
                "of its own, derive that class from NsFixture.Xunit.Sdk.IsolatedTestFramework.");
        }
    }
}
