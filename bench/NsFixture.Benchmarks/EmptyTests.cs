using NsFixture.Xunit;
using Xunit;

namespace NsFixture.Benchmarks;

/// <summary>What is measured: tests that do nothing.</summary>
public class EmptyTests
{
    /// <summary>Runs in a sandbox.</summary>
    [Fact, IsolatedNetwork]
    public void Isolated()
    {
    }

    /// <summary>Runs in the measuring process.</summary>
    [Fact]
    public void Plain()
    {
    }
}
