using System.Diagnostics;
using System.Text;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using NsFixture.Launching;

namespace NsFixture.MSTest.Sdk;

/// <summary>
/// Where MSTest sends, in a test's process, what is printed, at once: its results come at the end, and one that crashes has none.
/// What the test prints goes to the test's output, what else there is, or all of it if the run's settings say so, to the test host's console.
/// <para>The same before the fork and after it: MSTest redirects console and traces once in a process.</para>
/// </summary>
internal sealed class LiveOutput : TextWriter
{
    private static readonly LiveOutput Out = new(TestReportKind.ConsoleOut), Error = new(TestReportKind.ConsoleError);
    private static (TextWriter Out, TextWriter Error)? routers;
    private static ITestReportSink? sink;
    private static bool toConsole;
    private readonly TestReportKind console;

    private LiveOutput(TestReportKind console) => this.console = console;

    public override Encoding Encoding => Encoding.UTF8;

    /// <summary>Makes MSTest's runner, with the console redirected to it and from it to here.</summary>
    public static object Route(ITestReportSink target, bool printAll, Func<object> makeRunner)
    {
        (sink, toConsole) = (target, printAll);
        if (routers == null)
        {
            Console.SetOut(Out);
            Console.SetError(Error);
        }
        object runner = makeRunner();
        if (routers == null)
        {
            routers = (Console.Out, Console.Error);
            MSTestInternals.SetLiveOutput(Out, Trace.Listeners.OfType<TextWriterTraceListener>().LastOrDefault()?.Writer);
        }
        Console.SetOut(routers.Value.Out);
        Console.SetError(routers.Value.Error);
        return runner;
    }

    public override void Write(char value) => Write(value.ToString());

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(string? value)
    {
        if (string.IsNullOrEmpty(value))
            return;
        sink!.Send(toConsole || TestContext.Current == null
            ? new TestReport(console) { Text = value }
            : new TestReport(TestReportKind.Output) { Case = 0, Test = 0, Text = value });
    }
}
