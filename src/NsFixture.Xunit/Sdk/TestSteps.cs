using NsFixture.Launching;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace NsFixture.Xunit.Sdk;

/// <summary>xUnit.net's own messages about a test's steps and clean-up, to names and back.</summary>
internal static class TestSteps
{
    /// <summary>The step that a message of xUnit.net's is about; null for any other message.</summary>
    public static string? NameOf(IMessageSinkMessage message) => message switch
    {
        ITestClassConstructionStarting => "constructing",
        ITestClassConstructionFinished => "constructed",
        ITestClassDisposeStarting => "disposing",
        ITestClassDisposeFinished => "disposed",
        IBeforeTestStarting m => "before:" + m.AttributeName,
        IBeforeTestFinished m => "before-done:" + m.AttributeName,
        IAfterTestStarting m => "after:" + m.AttributeName,
        IAfterTestFinished m => "after-done:" + m.AttributeName,
        _ => null,
    };

    public static IMessageSinkMessage ToMessage(ITest test, string step)
    {
        string attribute = step[(step.IndexOf(':') + 1)..];
        return step switch
        {
            "constructing" => new TestClassConstructionStarting(test),
            "constructed" => new TestClassConstructionFinished(test),
            "disposing" => new TestClassDisposeStarting(test),
            "disposed" => new TestClassDisposeFinished(test),
            _ when step.StartsWith("before:", StringComparison.Ordinal) => new BeforeTestStarting(test, attribute),
            _ when step.StartsWith("before-done:", StringComparison.Ordinal) => new BeforeTestFinished(test, attribute),
            _ when step.StartsWith("after:", StringComparison.Ordinal) => new AfterTestStarting(test, attribute),
            _ => new AfterTestFinished(test, attribute),
        };
    }

    /// <summary>What a failure outside a test's body was the clean-up of; null for any other message.</summary>
    public static string? CleanupOf(IMessageSinkMessage message) => message switch
    {
        ITestCleanupFailure => "test",
        ITestCaseCleanupFailure => "test case",
        ITestMethodCleanupFailure => "test method",
        ITestClassCleanupFailure => "test class",
        ITestCollectionCleanupFailure => "test collection",
        ITestAssemblyCleanupFailure => "test assembly",
        IErrorMessage => "error",
        _ => null,
    };

    /// <summary>The same failure, of the test host's own class, collection or assembly.</summary>
    public static IMessageSinkMessage CleanupFailure(TestReport message, ITest? test, IReadOnlyList<IXunitTestCase> cases)
    {
        var (types, messages, stacks, parents) = message.Failure!;
        ITestCase testCase = cases[Math.Max(message.Case, 0)];
        ITestMethod method = testCase.TestMethod;
        return message.Text switch
        {
            "test" when test != null => new TestCleanupFailure(test, types, messages, stacks, parents),
            "test method" => new TestMethodCleanupFailure(cases, method, types, messages, stacks, parents),
            "test class" => new TestClassCleanupFailure(cases, method.TestClass, types, messages, stacks, parents),
            "test collection" => new TestCollectionCleanupFailure(cases, method.TestClass.TestCollection, types, messages, stacks, parents),
            "test assembly" => new TestAssemblyCleanupFailure(cases, method.TestClass.TestCollection.TestAssembly, types, messages, stacks, parents),
            "error" => new ErrorMessage(cases, types, messages, stacks, parents),
            _ => new TestCaseCleanupFailure(testCase, types, messages, stacks, parents),
        };
    }
}
