using Microsoft.VisualStudio.TestTools.UnitTesting;
using NsFixture.Launching;

namespace NsFixture.MSTest.Sdk;

/// <summary>MSTest's results, and what a test displays while it runs, as a report's data.</summary>
internal static class ResultPayload
{
    public static byte[] Write(IReadOnlyCollection<TestResult> results, Func<string, string> keep)
    {
        var writer = new ByteWriter();
        writer.Int32(results.Count);
        foreach (TestResult r in results)
        {
            writer.Int32((int)r.Outcome).Int64(r.Duration.Ticks).Int32(MSTestInternals.GetAttempt(r)).Boolean(MSTestInternals.GetIsSuperseded(r)).Boolean(r.TestFailureException != null);
            writer.Strings([r.DisplayName, r.LogOutput, r.LogError, r.DebugTrace, r.TestContextMessages, MSTestInternals.GetIgnoreReason(r)]);
            writer.Strings([MSTestInternals.GetExceptionMessage(r), MSTestInternals.GetExceptionStackTrace(r), MSTestInternals.GetExpectedText(r), MSTestInternals.GetActualText(r)]);
            writer.Strings([.. r.ResultFiles?.Select(keep) ?? []]);
        }
        return writer.Written.ToArray();
    }

    public static TestResult[] Read(byte[] data)
    {
        var reader = new ByteReader(data);
        var results = new TestResult[reader.Int32()];
        for (int i = 0; i < results.Length; i++)
        {
            TestResult result = results[i] = new TestResult { Outcome = (UnitTestOutcome)reader.Int32(), Duration = new TimeSpan(reader.Int64()) };
            MSTestInternals.SetAttempt(result, reader.Int32());
            MSTestInternals.SetIsSuperseded(result, reader.Boolean());
            bool hasFailure = reader.Boolean();
            string?[] texts = reader.Strings(), failure = reader.Strings(), files = reader.Strings();
            (result.DisplayName, result.LogOutput, result.LogError, result.DebugTrace, result.TestContextMessages) = (texts[0], texts[1], texts[2], texts[3], texts[4]);
            MSTestInternals.SetIgnoreReason(result, texts[5]);
            if (hasFailure)
                result.TestFailureException = new SandboxedFailure(failure[0] ?? "", failure[1]);
            MSTestInternals.SetExpectedText(result, failure[2]);
            MSTestInternals.SetActualText(result, failure[3]);
            result.ResultFiles = files.Length == 0 ? null : [.. files!];
        }
        return results;
    }

    public static byte[] WriteMessage(int level, string text) => new ByteWriter().Int32(level).String(text).Written.ToArray();

    public static (int Level, string Text) ReadMessage(byte[] data)
    {
        var reader = new ByteReader(data);
        return (reader.Int32(), reader.Text());
    }
}
