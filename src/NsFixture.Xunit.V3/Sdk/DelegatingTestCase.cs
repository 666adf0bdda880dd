using Xunit.Sdk;
using Xunit.v3;

namespace NsFixture.Xunit.Sdk;

/// <summary>A test case that is another one, but for what a derived class says, and runs itself.</summary>
internal abstract class DelegatingTestCase(IXunitTestCase inner) : ISelfExecutingXunitTestCase
{
    public virtual string? SkipReason => Inner.SkipReason;

    public virtual string? SkipUnless => Inner.SkipUnless;

    public virtual string? SkipWhen => Inner.SkipWhen;

    public Type[]? SkipExceptions => Inner.SkipExceptions;

    public Type? SkipType => Inner.SkipType;

    public bool Explicit => Inner.Explicit;

    public int Timeout => Inner.Timeout;

    public string UniqueID => Inner.UniqueID;

    public string TestCaseDisplayName => Inner.TestCaseDisplayName;

    public string? SourceFilePath => Inner.SourceFilePath;

    public int? SourceLineNumber => Inner.SourceLineNumber;

    public IReadOnlyDictionary<string, IReadOnlyCollection<string>> Traits => Inner.Traits;

    public IXunitTestCollection TestCollection => Inner.TestCollection;

    public IXunitTestClass TestClass => Inner.TestClass;

    public IXunitTestMethod TestMethod => Inner.TestMethod;

    public int TestClassMetadataToken => Inner.TestClassMetadataToken;

    public string TestClassName => Inner.TestClassName;

    public string? TestClassNamespace => Inner.TestClassNamespace;

    public string TestClassSimpleName => Inner.TestClassSimpleName;

    public int? TestMethodArity => Inner.TestMethodArity;

    public int TestMethodMetadataToken => Inner.TestMethodMetadataToken;

    public string TestMethodName => Inner.TestMethodName;

    public string[] TestMethodParameterTypesVSTest => Inner.TestMethodParameterTypesVSTest;

    public string TestMethodReturnTypeVSTest => Inner.TestMethodReturnTypeVSTest;

    ITestCollection ITestCase.TestCollection => TestCollection;

    ITestClass? ITestCase.TestClass => TestClass;

    ITestMethod? ITestCase.TestMethod => TestMethod;

    // What messages are made of: the truth.
    string? ITestCaseMetadata.SkipReason => ((ITestCaseMetadata)Inner).SkipReason;

    int? ITestCaseMetadata.TestClassMetadataToken => TestClassMetadataToken;

    string? ITestCaseMetadata.TestClassName => TestClassName;

    string? ITestCaseMetadata.TestClassSimpleName => TestClassSimpleName;

    int? ITestCaseMetadata.TestMethodMetadataToken => TestMethodMetadataToken;

    string? ITestCaseMetadata.TestMethodName => TestMethodName;

    string[]? ITestCaseMetadata.TestMethodParameterTypesVSTest => TestMethodParameterTypesVSTest;

    string? ITestCaseMetadata.TestMethodReturnTypeVSTest => TestMethodReturnTypeVSTest;

    protected IXunitTestCase Inner { get; } = inner;

    public abstract ValueTask<RunSummary> Run(
        ExplicitOption explicitOption, IMessageBus messageBus, object?[] constructorArguments, ExceptionAggregator aggregator, CancellationTokenSource cancellationTokenSource);

    public ValueTask<IReadOnlyCollection<IXunitTest>> CreateTests() => Inner.CreateTests();

    public void PreInvoke() => Inner.PreInvoke();

    public void PostInvoke() => Inner.PostInvoke();
}
