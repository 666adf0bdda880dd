using Xunit.Abstractions;
using Xunit.Sdk;

namespace Quickstart;

/// <summary>Runs the tests of a class as they stand in its source.</summary>
public sealed class InOrderOfDeclaration : ITestCaseOrderer
{
    /// <inheritdoc/>
    public IEnumerable<TTestCase> OrderTestCases<TTestCase>(IEnumerable<TTestCase> testCases)
        where TTestCase : ITestCase =>
        testCases.OrderBy(c => c.TestMethod.Method.ToRuntimeMethod().MetadataToken);
}
