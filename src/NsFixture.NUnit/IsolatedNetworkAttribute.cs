using NsFixture.Launching;
using NsFixture.NUnit.Sdk;
using NUnit.Framework;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;
using NUnit.Framework.Internal.Commands;

namespace NsFixture.NUnit;

/// <summary>
/// Runs every test of the method, fixture or assembly it stands on in a process of its own: forked, in fresh user, mount,
/// process, network, host name, IPC and cgroup namespaces, with a private network and a private copy of the file system.
/// The attribute nearest to the test counts, as a whole.
/// </summary>
/// <remarks>
/// Set-up, body, tear-down, repetitions and the one-time methods above the test all run inside, anew for each test. On a fixture, a
/// <see cref="SetUpFixtureAttribute">SetUpFixture</see> or the assembly, they run inside only; where it stands on methods, the
/// fixture is made in the test host as well, for the plain tests beside them.
/// </remarks>
/// <example>
/// <code>
/// [Test, IsolatedNetwork]
/// public void Any_port_is_free() => new TcpListener(IPAddress.Any, 5432).Start();
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Assembly | AttributeTargets.Class | AttributeTargets.Method)]
public partial class IsolatedNetworkAttribute : NUnitAttribute, IApplyToTest, IApplyToContext, IWrapSetUpTearDown
{
    /// <summary>Called by NUnit as it builds its tree of tests.</summary>
    /// <param name="test">What the attribute stands on, or is nested in.</param>
    void IApplyToTest.ApplyToTest(Test test)
    {
        if (Program.IsTestHost)
            Isolation.Prepare(test);
    }

    /// <summary>Called by NUnit before the one-time set-up of what the attribute stands on: now it has all its tests.</summary>
    /// <param name="context">Of what the attribute stands on.</param>
    void IApplyToContext.ApplyToContext(TestExecutionContext context)
    {
        if (Program.IsTestHost)
            Isolation.Start(context.CurrentTest);
    }

    /// <summary>Called by NUnit to wrap the set-up, body and tear-down of a test: in the test host, they are left out; inside, what they print is told at once.</summary>
    /// <param name="command">Set-up, body and tear-down.</param>
    /// <returns>What runs in their place.</returns>
    TestCommand ICommandWrapper.Wrap(TestCommand command) => Program.IsTestHost ? Isolation.Wrap(command) : new LiveOutputCommand(command);
}
