using NsFixture.MSTest.Sdk;

namespace NsFixture.MSTest;

/// <summary>
/// Runs every test of the method, class or assembly it stands on in a process of its own: forked, in fresh user, mount,
/// process, network, host name, IPC and cgroup namespaces, with a private network and a private copy of the file system.
/// The attribute nearest to the test counts, as a whole.
/// </summary>
/// <remarks>
/// Initialization, body and clean-up of the test, its class and the assembly all run inside, anew for each test and each data row.
/// Where all tests of a class, or of the assembly, are isolated, its initialization and clean-up run inside only; else in the test
/// host as well, for the plain tests.
/// </remarks>
/// <example>
/// <code>
/// [TestMethod, IsolatedNetwork]
/// public void Any_port_is_free() => new TcpListener(IPAddress.Any, 5432).Start();
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Class | AttributeTargets.Method)]
public partial class IsolatedNetworkAttribute : Attribute
{
    /// <summary>Called when MSTest reads the attributes of an assembly, a class or a method, before it runs any of their code.</summary>
    public IsolatedNetworkAttribute() => Isolation.Notice();
}
