using NsFixture.Launching;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// Takes xUnit.net's messages in the test's process and sends what the test host cannot know: everything from the start of a
/// test case to its finish, and failures of clean-up. Starts and finishes of methods, classes and collections are the test host's.
/// </summary>
internal sealed class MessageForwarder(ITestReportSink sink) : IMessageSink
{
    private readonly Dictionary<string, int> tests = [];
    private readonly Lock gate = new();
    private readonly List<(string Id, bool Started)> cases = [];

    /// <summary>The cases that are to run, by their unique ids: two rows that are the same have the same one.</summary>
    public void Expect(IEnumerable<string> ids) => cases.AddRange(ids.Select(id => (id, false)));

    public bool OnMessage(IMessageSinkMessage message)
    {
        lock (gate)
            Forward(message);
        return true;
    }

    private void Forward(IMessageSinkMessage message)
    {
        int index = message is ITestCaseMessage { TestCaseUniqueID: var id } ? IndexOf(id, message is ITestCaseStarting) : -1;
        // A case whose tests cannot be made fails, and xUnit.net says nothing of the case itself.
        if (message is ITestStarting && !cases[index].Started)
            sink.Send(MessageCodec.Untold(TestReportKind.CaseStarting, index));
        if (MessageCodec.Write(message, index, message is ITestMessage { TestUniqueID: var test } ? NumberOf(test) : -1) is { } report)
            sink.Send(report);
        if (message is ITestFinished && !cases[index].Started)
            sink.Send(MessageCodec.Untold(TestReportKind.CaseFinished, index));
    }

    // The last of this id that has started.
    private int IndexOf(string id, bool starts)
    {
        int index = starts ? cases.FindIndex(c => c.Id == id && !c.Started) : cases.FindLastIndex(c => c.Id == id && c.Started);
        if (index < 0)
            index = Math.Max(0, cases.FindIndex(c => c.Id == id));
        if (starts && cases.Count > 0)
            cases[index] = (id, true);
        return index;
    }

    private int NumberOf(string test)
    {
        if (!tests.TryGetValue(test, out int number))
            tests.Add(test, number = tests.Count);
        return number;
    }
}
