using System.Diagnostics;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using NsFixture.Launching;

namespace NsFixture.MSTest.Sdk;

/// <summary>
/// Where MSTest sends, in a test's process, what is printed, at once: its results come at the end, and one that crashes has none.
/// What the test prints goes to the test's output, what else there is, or all of it if the run's settings say so, to the test host's console.
/// <para>The same before the fork and after it: MSTest redirects console and traces once in a process.</para>
/// </summary>
internal static class LiveOutput
{
    private static (TextWriter Out, TextWriter Error)? routers;
    private static ITestReportSink? sink;
    private static bool toConsole;

    /// <summary>Makes MSTest's runner, with the console redirected to it and from it to here.</summary>
    public static object Route(ITestReportSink target, bool printAll, Func<object> makeRunner)
    {
        (sink, toConsole) = (target, printAll);
        if (routers is { } known)
        {
            Console.SetOut(known.Out);
            Console.SetError(known.Error);
            return makeRunner();
        }
        var live = new ForwardingWriter(text => Send(TestReportKind.ConsoleOut, text));
        Console.SetOut(live);
        Console.SetError(new ForwardingWriter(text => Send(TestReportKind.ConsoleError, text)));
        object runner = makeRunner();
        routers = (Console.Out, Console.Error);
        MSTestInternals.SetLiveOutput(live, Trace.Listeners.OfType<TextWriterTraceListener>().LastOrDefault()?.Writer);
        return runner;
    }

    private static void Send(TestReportKind console, string text) => sink!.Send(toConsole || TestContext.Current == null
        ? new TestReport(console) { Text = text }
        : new TestReport(TestReportKind.Output) { Case = 0, Test = 0, Text = text });
}
