using NsFixture.Xunit;
using Xunit;

namespace NsFixture.Benchmarks;

/// <summary>What is measured: tests that do nothing.</summary>
public class EmptyTests
{
    /// <summary>Runs in a sandbox; by the launcher that is to be measured, and no other.</summary>
    [Fact, IsolatedNetwork]
    public void Isolated()
    {
        if (IsolatedNetwork.Current.Launcher.ToString() != Environment.GetEnvironmentVariable("NSFIXTURE_LAUNCHER"))
            throw new InvalidOperationException(string.Join(Environment.NewLine, IsolatedNetwork.Current.Diagnostics));
    }

    /// <summary>Runs in the measuring process.</summary>
    [Fact]
    public void Plain()
    {
    }
}
