using System.Diagnostics;

namespace NsFixture.Launching;

/// <summary>The end of a sandbox, from the test host's side; what init does in it stands in its own half (<see cref="Init"/>).</summary>
internal sealed partial class Sandbox
{
    private bool ending;
    private long endBegan;

    /// <summary>What has run in it, for what is said of its end; null: nothing that anyone should hear of.</summary>
    public string? Name { get; set; }

    /// <summary>What is known of what the test has left and of the end so far; null: nothing.</summary>
    public EndReport? EndReport { get; private set; }

    /// <summary>Init has looked for what the test leaves.</summary>
    public bool HasLooked { get; private set; }

    /// <summary>Init has looked for what the test leaves; on the loop's thread.</summary>
    public event Action? Looked;

    /// <summary>Has init end in order, and say what the test has left. On the loop's thread.</summary>
    public void Finish()
    {
        if (closed || ending)
            return;
        endBegan = Stopwatch.GetTimestamp();
        ending = EnvironmentSettings.Leaks(out _) != LeakMode.Off && Linux.UnixSocket.Send(control, [(byte)ControlKind.Finish]);
        if (!ending)
            Close();
    }

    /// <summary>Adds what is said of the end. On the loop's thread.</summary>
    public void Learn(EndReport report) => EndReport = EndReport == null ? report : EndReport.With(report);

    private void HearEnd(ref ByteReader reader)
    {
        Learn(EndReport.Read(ref reader));
        if (HasLooked)
            return;
        HasLooked = true;
        Looked?.Invoke();
    }

    private void LogEnd()
    {
        if (ending && Name != null && TeardownLog.IsWanted)
            TeardownLog.Write(Name, EndReport?.Files ?? [], [.. EndReport?.Steps ?? [], new EndStep("all of it, until init was reaped", (int)Stopwatch.GetElapsedTime(endBegan).TotalMicroseconds)]);
    }
}
