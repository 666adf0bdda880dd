using System.Runtime.CompilerServices;

namespace BadSettings;

public class BadSettingsTests
{
    [Fact, IsolatedNetwork(Address = "10.0.1.7")]
    public void Address_out_of_range() => Ran();

    [Fact, IsolatedNetwork(Address6 = "fd01::7")]
    public void Address6_out_of_range() => Ran();

    [Fact, IsolatedNetwork(Address = "ten")]
    public void Address_that_is_none() => Ran();

    [Fact, IsolatedNetwork(Subnet = "10.0.0.1/33")]
    public void Subnet_that_is_none() => Ran();

    [Fact, IsolatedNetwork(Subnet6 = "10.0.0.0/24")]
    public void Subnet6_of_the_other_family() => Ran();

    [Fact, IsolatedNetwork(HostName = "no good")]
    public void Host_name_that_is_none() => Ran();

    [Fact, IsolatedNetwork(Deadline = -5)]
    public void Negative_deadline() => Ran();

    [Fact, IsolatedNetwork(Scope = (IsolationScope)7)]
    public void Unknown_scope() => Ran();

    [Fact, IsolatedNetwork(Launcher = (LauncherKind)9)]
    public void Unknown_launcher() => Ran();

    [Fact, IsolatedNetwork(MaxParallel = 0)]
    public void No_parallel() => Ran();

    [Fact, IsolatedNetwork(WriteThrough = ["/no/such/path"])]
    public void Missing_path() => Ran();

    [Fact, IsolatedNetwork(HostName = "", Deadline = 0)]
    public void Two_at_once() => Ran();

    // Leaves a mark where the machine sees it.
    private static void Ran([CallerMemberName] string test = "") => File.WriteAllText(Path.Combine(AppContext.BaseDirectory, test + ".ran"), "");
}

[IsolatedNetwork(Scope = IsolationScope.PerClass, MaxParallel = 2)]
public class ContradictingTests
{
    [Fact]
    public void One() => Assert.Fail("it ran");

    [Fact]
    public void Two() => Assert.Fail("it ran");
}

public class GoodTests
{
    [Fact, IsolatedNetwork]
    public void Isolated() => Assert.Equal("test", Environment.MachineName);

    [Fact, IsolatedNetwork(Deadline = 60_000)]
    public void Isolated_with_a_deadline_of_its_own() => Assert.Equal("test", Environment.MachineName);

    [Fact]
    public void Plain() => Assert.NotEqual("test", Environment.MachineName);
}
