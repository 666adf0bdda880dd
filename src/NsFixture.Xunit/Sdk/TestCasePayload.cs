using System.Globalization;
using NsFixture.Launching;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// Test cases and execution options on their way into a sandbox. Cases travel as xUnit.net serializes them for its runners; a
/// theory whose rows cannot be is one case, and enumerates its rows again inside.
/// </summary>
internal static class TestCasePayload
{
    // The keys that xUnit.net's runners set (TestOptionsNames.Execution); options have no list of their own.
    private static readonly string[] Flags =
    [
        "xunit.execution.DisableParallelization", "xunit.execution.SynchronousMessageReporting", "xunit.execution.StopOnFail",
        "xunit.execution.ShowLiveOutput", "xunit.execution.DiagnosticMessages", "xunit.execution.InternalDiagnosticMessages",
    ];

    private static readonly string[] Numbers = ["xunit.execution.MaxParallelThreads"];
    private static readonly string[] Texts = ["xunit.execution.ParallelAlgorithm"];

    public static byte[] Write(IReadOnlyList<IXunitTestCase> cases, ITestFrameworkExecutionOptions options)
    {
        var writer = new ByteWriter();
        foreach (string key in Flags)
            writer.String(options.GetValue<bool?>(key)?.ToString());
        foreach (string key in Numbers)
            writer.String(options.GetValue<int?>(key)?.ToString(CultureInfo.InvariantCulture));
        foreach (string key in Texts)
            writer.String(options.GetValue<string>(key));
        return writer.Strings([.. cases.Select(SerializationHelper.Serialize)]).Written.ToArray();
    }

    public static string[] Read(byte[] payload, ITestFrameworkExecutionOptions options)
    {
        var reader = new ByteReader(payload);
        foreach (string key in Flags)
            if (reader.String() is { } flag)
                options.SetValue<bool?>(key, bool.Parse(flag));
        foreach (string key in Numbers)
            if (reader.String() is { } number)
                options.SetValue<int?>(key, int.Parse(number, CultureInfo.InvariantCulture));
        foreach (string key in Texts)
            if (reader.String() is { } text)
                options.SetValue(key, text);
        return reader.Strings()!;
    }
}
