using NsFixture.Launching;
using NUnit.Framework.Internal;
using NUnit.Framework.Internal.Commands;

namespace NsFixture.NUnit.Sdk;

/// <summary>Puts a warning at the head of a test's output: it carries [IsolatedNetwork] and runs without.</summary>
internal sealed class InProcessCommand(TestCommand inner, string reason) : DelegatingTestCommand(inner)
{
    public override TestResult Execute(TestExecutionContext context)
    {
        IsolatedNetwork.EnterInProcess(reason);
        context.OutWriter.WriteLine(TestLauncher.InProcessWarning(reason));
        return innerCommand.Execute(context);
    }
}
