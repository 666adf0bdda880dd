using NUnit.Framework;

namespace NsFixture.NUnit.Sdk;

/// <summary>
/// The tests that the fork server runs on itself, so that NUnit's path through a test is compiled before the fork. None of them
/// may use the thread pool, whose gate thread never leaves, or fail: a stack trace with line numbers has the runtime keep a
/// mapping of the symbol file, which a fork does not inherit.
/// </summary>
[IsolatedNetwork]
internal sealed class WarmUpTests : IDisposable
{
    /// <summary>The tests by method and name.</summary>
    public static (string Method, string Name)[] Cases =>
    [
        (nameof(Passes), nameof(Passes)), (nameof(PassesAsynchronously), nameof(PassesAsynchronously)),
        (nameof(TakesACase), $"{nameof(TakesACase)}(1,\"warm\",null)"),
    ];

    [OneTimeSetUp]
    public void OneTimeSetUp()
    {
    }

    [OneTimeTearDown]
    public void OneTimeTearDown()
    {
    }

    [SetUp]
    public void SetUp()
    {
    }

    [TearDown]
    public void TearDown()
    {
    }

    public void Dispose()
    {
    }

    [Test, IsolatedNetwork]
    public void Passes()
    {
        TestContext.Out.WriteLine("warm");
        Console.WriteLine("warm");
        Assert.That(1 + 1, Is.EqualTo(2));
        Assert.That("warm", Is.EqualTo("warm").And.Not.Empty);
        Assert.That(true, Is.True);
    }

    [Test]
    public async Task PassesAsynchronously() => await Task.CompletedTask;

    [TestCase(1, "warm", null)]
    public void TakesACase(int number, string text, object? nothing) => _ = (number, text, nothing);
}
