using NsFixture.Launching;
using NUnit.Framework;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace NsFixture.NUnit.Sdk;

/// <summary>A result of NUnit's but for its output, which is the report's text, and its times, which are the test host's.</summary>
internal sealed record ResultPayload(ResultState State, string Message, string? StackTrace)
{
    public int Asserts { get; init; }

    public IReadOnlyList<AssertionResult> Assertions { get; init; } = [];

    public IReadOnlyList<TestAttachment> Attachments { get; init; } = [];

    /// <summary>Of the test, as it left them.</summary>
    public IReadOnlyList<(string Key, string Value)> Properties { get; init; } = [];

    public static ResultPayload Of(ITestResult result, Func<TestAttachment, TestAttachment> keep) => new(result.ResultState, result.Message, result.StackTrace)
    {
        Asserts = result.AssertCount,
        Assertions = [.. result.AssertionResults],
        Attachments = [.. result.TestAttachments.Select(keep)],
        Properties = [.. from key in result.Test.Properties.Keys from value in result.Test.Properties[key].OfType<string>() select (key, value)],
    };

    public byte[] Write()
    {
        var writer = new ByteWriter();
        writer.Int32((int)State.Status).String(State.Label).Int32((int)State.Site).String(Message).String(StackTrace).Int32(Asserts).Int32(Assertions.Count);
        foreach (AssertionResult a in Assertions)
            writer.Int32((int)a.Site).Int32((int)a.Status).String(a.Message).String(a.StackTrace);
        writer.Strings([.. Attachments.SelectMany(a => new[] { a.FilePath, a.Description })]);
        return writer.Strings([.. Properties.SelectMany(p => new[] { p.Key, p.Value })]).Written.ToArray();
    }

    public static ResultPayload Read(byte[] data)
    {
        var reader = new ByteReader(data);
        var state = new ResultState((TestStatus)reader.Int32(), reader.String(), (FailureSite)reader.Int32());
        var payload = new ResultPayload(state, reader.Text(), reader.String()) { Asserts = reader.Int32() };
        var assertions = new AssertionResult[reader.Int32()];
        for (int i = 0; i < assertions.Length; i++)
            assertions[i] = new AssertionResult((FailureSite)reader.Int32(), (AssertionStatus)reader.Int32(), reader.String()!, reader.String());
        string?[] attachments = reader.Strings(), properties = reader.Strings();
        return payload with
        {
            Assertions = assertions,
            Attachments = [.. attachments.Chunk(2).Select(a => new TestAttachment(a[0]!, a[1]))],
            Properties = [.. properties.Chunk(2).Select(p => (p[0]!, p[1]!))],
        };
    }

    /// <summary>Makes it the result of the test that runs in a context.</summary>
    public void ApplyTo(TestExecutionContext context)
    {
        TestResult result = context.CurrentResult;
        foreach (AssertionResult assertion in Assertions)
            result.RecordAssertion(assertion);
        result.SetResult(State, Message, StackTrace);
        context.IncrementAssertCount(Asserts);
        foreach (TestAttachment attachment in Attachments)
            TestContext.AddTestAttachment(attachment.FilePath, attachment.Description);
        IPropertyBag properties = context.CurrentTest.Properties;
        foreach (var (key, value) in Properties)
            if (!properties[key].Contains(value))
                properties.Add(key, value);
    }
}
