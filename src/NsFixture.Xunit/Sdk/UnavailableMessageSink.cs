using NsFixture.Launching;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>
/// Has plain tests that make a network, or whose fixture does, skipped where a machine allows none, as isolated tests are: xUnit.net v2 itself knows only skips that are known before the run.
/// Where NSFIXTURE_REQUIRE=1, they fail. All other messages pass as they are.
/// </summary>
internal sealed class UnavailableMessageSink(IMessageSink inner) : IMessageSink
{
    // How many tests of a case, method, class, collection or assembly were skipped here, and not by xUnit.net, whose counts have them as failed.
    private readonly Dictionary<string, int> skipped = [];

    public bool OnMessage(IMessageSinkMessage message) => inner.OnMessage(message switch
    {
        ITestFailed m when ReasonOf(m) is { } reason => Skip(m, reason),
        ITestCaseFinished m when Count(m.TestCase.UniqueID) is > 0 and var n => new TestCaseFinished(m.TestCase, m.ExecutionTime, m.TestsRun, m.TestsFailed - n, m.TestsSkipped + n),
        ITestMethodFinished m when Count(Key(m.TestMethod)) is > 0 and var n => new TestMethodFinished(m.TestCases, m.TestMethod, m.ExecutionTime, m.TestsRun, m.TestsFailed - n, m.TestsSkipped + n),
        ITestClassFinished m when Count(Key(m.TestClass)) is > 0 and var n => new TestClassFinished(m.TestCases, m.TestClass, m.ExecutionTime, m.TestsRun, m.TestsFailed - n, m.TestsSkipped + n),
        ITestCollectionFinished m when Count(Key(m.TestCollection)) is > 0 and var n => new TestCollectionFinished(m.TestCases, m.TestCollection, m.ExecutionTime, m.TestsRun, m.TestsFailed - n, m.TestsSkipped + n),
        ITestAssemblyFinished m when Count("") is > 0 and var n => new TestAssemblyFinished(m.TestCases, m.TestAssembly, m.ExecutionTime, m.TestsRun, m.TestsFailed - n, m.TestsSkipped + n),
        _ => message,
    });

    private static string? ReasonOf(ITestFailed message) =>
        Array.IndexOf(message.ExceptionTypes, typeof(SandboxUnavailableException).FullName) is >= 0 and var i ? TestLauncher.SkipReason(message.Messages[i]) : null;

    private TestSkipped Skip(ITestFailed message, string reason)
    {
        lock (skipped)
            foreach (string key in (string[])[message.TestCase.UniqueID, Key(message.TestMethod), Key(message.TestClass), Key(message.TestCollection), ""])
                skipped[key] = skipped.GetValueOrDefault(key) + 1;
        return new TestSkipped(message.Test, reason);
    }

    private int Count(string key)
    {
        lock (skipped)
            return skipped.GetValueOrDefault(key);
    }

    private static string Key(ITestCollection collection) => collection.UniqueID.ToString();

    private static string Key(ITestClass type) => $"{Key(type.TestCollection)} {type.Class.Name}";

    private static string Key(ITestMethod method) => $"{Key(method.TestClass)} {method.Method.Name}";
}
