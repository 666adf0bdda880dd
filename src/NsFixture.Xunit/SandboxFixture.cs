using Xunit;

namespace NsFixture.Xunit;

/// <summary>
/// A network that plain tests share: a fixture of their class, collection or assembly. No attribute and no root: the tests stay
/// in the test host, and act on the hosts through sockets, HTTP clients and commands.
/// </summary>
/// <typeparam name="TTopology">Declares it; derives from <see cref="Topology"/>.</typeparam>
/// <example>
/// <code>
/// public class OfficeTests(SandboxFixture&lt;TwoOffices&gt; offices) : IClassFixture&lt;SandboxFixture&lt;TwoOffices&gt;&gt;
/// {
///     [Fact]
///     public async Task The_database_answers() => await offices["laptop"].ConnectAsync("db", 5432);
/// }
/// </code>
/// </example>
public sealed class SandboxFixture<TTopology> : IAsyncLifetime
    where TTopology : Topology, new()
{
    private VirtualNetwork? network;

    /// <summary>The network, from before the first test until after the last.</summary>
    /// <exception cref="InvalidOperationException">xUnit.net has not initialized the fixture: it was made by hand.</exception>
    public VirtualNetwork Network => network ?? throw new InvalidOperationException(
        "This SandboxFixture has no network: have xUnit.net make it, by IClassFixture, ICollectionFixture or AssemblyFixture, or use VirtualNetwork.CreateAsync.");

    /// <summary>A host by its name.</summary>
    /// <param name="name">In any case.</param>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public VirtualHost this[string name] => Network[name];

#if NSFIXTURE_XUNIT_V3
    async ValueTask IAsyncLifetime.InitializeAsync() => network = await VirtualNetwork.CreateAsync(new TTopology(), TestContext.Current.CancellationToken);

    async ValueTask IAsyncDisposable.DisposeAsync() => await (network?.DisposeAsync() ?? ValueTask.CompletedTask);
#else
    async Task IAsyncLifetime.InitializeAsync() => network = await VirtualNetwork.CreateAsync(new TTopology());

    async Task IAsyncLifetime.DisposeAsync() => await (network?.DisposeAsync() ?? ValueTask.CompletedTask);
#endif
}
