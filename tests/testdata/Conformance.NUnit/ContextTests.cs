using NUnit.Framework.Internal;

namespace Conformance;

[Category("context"), Property("Level", 3)]
public class ContextTests
{
    [Test, Category("output")]
    public void Writes()
    {
        TestContext.Out.WriteLine("out");
        TestContext.WriteLine("context");
        Console.WriteLine("console");
        Console.Write("no line end");
    }

    [Test]
    public void Writes_to_the_error_output() => Console.Error.WriteLine("console error");

    [Test]
    public void Reports_progress()
    {
        TestContext.Progress.WriteLine("half way");
        TestContext.Progress.WriteLine("nearly there");
        TestContext.Error.WriteLine("an error");
    }

    [Test]
    public void Writes_much()
    {
        for (int i = 0; i < 5000; i++)
            TestContext.Out.WriteLine($"line {i}");
        Assert.Fail("after much output");
    }

    [Test]
    public async Task Writes_from_tasks()
    {
        await Task.Run(() => TestContext.Out.WriteLine("from a task"));
        await Task.Run(() => Console.WriteLine("on the console"));
    }

    [Test, Description("knows itself"), Author("somebody"), Property("Colour", "red")]
    public void Knows_itself()
    {
        TestContext context = TestContext.CurrentContext;
        TestContext.Out.WriteLine($"{context.Test.ID} {context.Test.FullName} {context.Test.ClassName} {context.Test.MethodName} {context.Test.Properties.Get("Colour")}");
        TestContext.Out.WriteLine($"{context.WorkDirectory} {context.TestDirectory} {TestContext.Parameters["colour"]} {context.AssertCount}");
        TestContext.Out.WriteLine($"{context.CurrentRepeatCount} {context.Result.Outcome.Status} {context.Test.Parent?.Name}");
    }

    [Test]
    public void Has_its_own_random_numbers() => TestContext.Out.WriteLine($"seed {TestExecutionContext.CurrentContext.CurrentTest.Seed >= 0}");

    [Test]
    public void Sets_a_property() => TestExecutionContext.CurrentContext.CurrentTest.Properties.Set("Made", "at run time");

    [Test]
    public void Attaches_a_file()
    {
        string path = Path.Combine(TestContext.CurrentContext.WorkDirectory, "attached.txt");
        File.WriteAllText(path, "attached");
        TestContext.AddTestAttachment(path, "beside the tests");
    }

    [Test]
    public void Attaches_a_temporary_file()
    {
        // A directory of the run's: what another user's run has left could not be written. The recorder deletes it.
        string path = Path.Combine(Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), Environment.GetEnvironmentVariable("CONFORMANCE_RUN")!)).FullName, "temporary.txt");
        File.WriteAllText(path, "temporary");
        TestContext.AddTestAttachment(path);
    }

    [Test]
    public void Attaches_nothing() => TestContext.AddTestAttachment("nowhere.txt");
}
