using Microsoft.VisualStudio.TestTools.UnitTesting;

[assembly: DiscoverInternals]

namespace NsFixture.MSTest.Sdk;

/// <summary>
/// The tests that the fork server runs on itself, so that MSTest's path through a test is compiled before the fork. None of them
/// may use the thread pool, whose gate thread never leaves, or fail: a stack trace with line numbers has the runtime keep a
/// mapping of the symbol file, which a fork does not inherit.
/// </summary>
[TestClass, DoNotParallelize]
internal sealed class WarmUpTests : IDisposable
{
    /// <summary>The tests by method, and by the name of a row.</summary>
    public static (string Method, string Name)[] Cases =>
    [
        (nameof(Passes), nameof(Passes)), (nameof(PassesAsynchronously), nameof(PassesAsynchronously)),
        (nameof(TakesARow), $"{nameof(TakesARow)} (1,\"warm\",null)"),
    ];

    public TestContext TestContext { get; set; } = null!;

    [AssemblyInitialize]
    public static void AssemblyInitialize(TestContext context) => _ = context;

    [AssemblyCleanup]
    public static void AssemblyCleanup()
    {
    }

    [ClassInitialize]
    public static void ClassInitialize(TestContext context) => _ = context;

    [ClassCleanup]
    public static void ClassCleanup()
    {
    }

    [TestInitialize]
    public void TestInitialize()
    {
    }

    [TestCleanup]
    public void TestCleanup()
    {
    }

    public void Dispose()
    {
    }

    [TestMethod, IsolatedNetwork]
    public void Passes()
    {
        TestContext.WriteLine("warm");
        Console.WriteLine("warm");
        Assert.AreEqual("warm", TestContext.Properties["warm"]);
        Assert.IsTrue(TestContext.Properties.Count > 0);
    }

    [TestMethod]
    public async Task PassesAsynchronously() => await Task.CompletedTask;

    [TestMethod]
    [DataRow(1, "warm", null)]
    public void TakesARow(int number, string text, object? nothing) => _ = (number, text, nothing);
}
