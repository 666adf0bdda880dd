using NsFixture.Launching;
using Xunit.Runner.Common;
using Xunit.Sdk;
using Xunit.v3;

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// What a test's process is told: test cases as xUnit.net serializes them for its runners, execution options, and the seed of
/// its random numbers. A theory whose rows cannot be serialized is one case, and enumerates its rows again inside.
/// </summary>
internal sealed record TestCasePayload(string[] Cases, ITestFrameworkExecutionOptions Options, int Seed)
{
    public static byte[] Write(IReadOnlyList<IXunitTestCase> cases, ITestFrameworkExecutionOptions options) => new ByteWriter()
        .String(options.ToJson()).Int32(Randomizer.Seed).Strings([.. cases.Select(c => SerializationHelper.Instance.Serialize(c))]).Written.ToArray();

    public static TestCasePayload Read(byte[] payload)
    {
        var reader = new ByteReader(payload);
        ITestFrameworkExecutionOptions options = TestFrameworkOptions.ForExecutionFromSerialization(reader.Text());
        int seed = reader.Int32();
        return new TestCasePayload(reader.Strings()!, options, seed);
    }
}
