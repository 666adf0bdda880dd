using System.Diagnostics;

namespace Conformance;

[TestClass, TestCategory("context"), TestProperty("Level", "3")]
public class ContextTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod, TestCategory("output")]
    public void Writes()
    {
        TestContext.WriteLine("context {0}", 1);
        TestContext.Write("no line end");
        Console.WriteLine("console");
        Console.Write('c');
        Console.Out.Write("xarray".ToCharArray(), 1, 5);
        Console.Error.WriteLine("console error");
        Trace.WriteLine("trace");
        Debug.WriteLine("debug");
    }

    [TestMethod]
    public void Displays_a_message() => TestContext.DisplayMessage(MessageLevel.Warning, "half way");

    [TestMethod]
    public void Writes_much()
    {
        for (int i = 0; i < 5000; i++)
            TestContext.WriteLine($"line {i}");
        Assert.Fail("after much output");
    }

    [TestMethod]
    public async Task Writes_from_tasks()
    {
        await Task.Run(() => TestContext.WriteLine("from a task"));
        await Task.Run(() => Console.WriteLine("on the console"));
    }

    [TestMethod, Description("knows itself"), Owner("somebody"), Priority(2), TestProperty("Colour", "red"), WorkItem(7)]
    public void Knows_itself()
    {
        TestContext.WriteLine($"{TestContext.FullyQualifiedTestClassName} {TestContext.TestName} {TestContext.TestDisplayName} {TestContext.TestRunCount}");
        TestContext.WriteLine($"{TestContext.CurrentTestOutcome} {TestContext.CancellationToken.CanBeCanceled} {TestContext.TestException} {TestContext.TestData}");
        TestContext.WriteLine(string.Join(", ", TestContext.Properties.Where(p => p.Value is string).OrderBy(p => p.Key).Select(p => $"{p.Key}={p.Value}")));
        TestContext.WriteLine($"{TestContext.TestRunDirectory} {TestContext.DeploymentDirectory} {TestContext.ResultsDirectory}");
    }

    [TestMethod]
    public void Is_the_current_one() => Assert.AreSame(TestContext, TestContext.Current);

    [TestMethod]
    public void Attaches_a_file()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "attached.txt");
        File.WriteAllText(path, "attached");
        TestContext.AddResultFile(path);
    }

    [TestMethod]
    public void Attaches_a_temporary_file()
    {
        // A directory of the run's, which the recorder deletes.
        string path = Path.Combine(Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), Environment.GetEnvironmentVariable("CONFORMANCE_RUN")!)).FullName, "temporary.txt");
        File.WriteAllText(path, "temporary");
        TestContext.AddResultFile(path);
    }

    [TestMethod]
    public void Attaches_nothing() => TestContext.AddResultFile("/nowhere.txt");

    [TestMethod]
    public void Has_a_directory_of_its_own()
    {
        File.WriteAllText(Path.Combine(TestContext.TestTempDirectory!, "file"), "text");
        TestContext.WriteLine(Path.GetFileName(TestContext.TestTempDirectory!)[..26]);
    }
}
