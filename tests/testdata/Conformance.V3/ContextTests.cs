namespace Conformance;

public sealed class ContextTests : IAsyncLifetime
{
    private readonly ITestOutputHelper output;
    private readonly ITestContextAccessor accessor;

    public ContextTests(ITestOutputHelper output, ITestContextAccessor accessor)
    {
        (this.output, this.accessor) = (output, accessor);
        Say("constructor");
    }

    public ValueTask InitializeAsync()
    {
        Say("InitializeAsync");
        return default;
    }

    [Fact]
    public void Tells_where_it_is() => Say("test");

    [Fact]
    public void Tells_how_it_went() => Assert.Fail("to be told");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Tells_of_rows(int n)
    {
        await Task.Yield();
        Say($"row {n}");
    }

    [Fact]
    public void Keeps_warnings()
    {
        TestContext.Current.AddWarning("mind the gap");
        TestContext.Current.AddWarning("and the step\nof two lines \U0001F600");
    }

    [Fact]
    public void Keeps_warnings_of_a_failure()
    {
        TestContext.Current.AddWarning("it will fail");
        Assert.Fail("as warned");
    }

    [Fact]
    public void Keeps_attachments()
    {
        TestContext.Current.AddAttachment("text", "some text \U0001F600\n");
        TestContext.Current.AddAttachment("bytes", [0, 1, 2, 255], "application/x-four");
        TestContext.Current.AddAttachment("text", "another", replaceExistingValue: true);
    }

    [Fact]
    public void Has_a_key_value_storage()
    {
        TestContext.Current.KeyValueStorage["key"] = 5;
        output.WriteLine($"{accessor.Current.KeyValueStorage["key"]}");
    }

    [Fact]
    public void Can_be_cancelled_by_itself()
    {
        Assert.False(TestContext.Current.CancellationToken.IsCancellationRequested);
        TestContext.Current.CancelCurrentTest();
        Assert.True(TestContext.Current.CancellationToken.IsCancellationRequested);
    }

    [Fact]
    public void Sends_diagnostic_messages() => TestContext.Current.SendDiagnosticMessage("diagnostic {0}", "message");

    [Fact]
    public void Has_random_numbers_of_a_seed() => Assert.NotNull(Randomizer.Current);

    [Fact]
    public void Fails_a_debug_assertion() => System.Diagnostics.Trace.Assert(false, "asserted in vain", "in detail");

    [Fact]
    public void Sees_what_the_pipelines_startup_did() => output.WriteLine(Startup.State);

    public ValueTask DisposeAsync()
    {
        Say($"DisposeAsync after {TestContext.Current.TestState?.Result}");
        return default;
    }

    private void Say(string where)
    {
        ITestContext context = accessor.Current;
        output.WriteLine(
            $"{where}: {context.PipelineStage}, {context.TestAssembly?.AssemblyName.Split(',')[0]} {context.TestCollection?.TestCollectionDisplayName} " +
            $"{context.TestClass?.TestClassSimpleName}.{context.TestMethod?.MethodName} \"{context.TestCase?.TestCaseDisplayName}\" \"{context.Test?.TestDisplayName}\" " +
            $"{context.TestAssemblyStatus} {context.TestCollectionStatus} {context.TestClassStatus} {context.TestMethodStatus} {context.TestCaseStatus} {context.TestStatus} " +
            $"instance: {context.TestClassInstance?.GetType().Name}, warnings: {context.Warnings?.Count}");
    }
}
