using Xunit;

namespace NsFixture.EndToEnd.Tests;

/// <summary>What comes before the names of a framework's test projects.</summary>
public static class Frameworks
{
    // The others have the same code in the core; 'eng/test.sh all' takes the time for them.
    private static bool IsAll => Environment.GetEnvironmentVariable("CONFORMANCE_ALL") == "1";

    public static TheoryData<string> All => IsAll ? ["", "V3.", "NUnit.", "MSTest."] : [""];

    public static TheoryData<string> OnThePlatform => IsAll ? ["V3.", "NUnit.", "MSTest."] : ["V3."];
}
