using System.Diagnostics;

namespace NsFixture.Launching;

/// <summary>The end of a sandbox, from the test host's side; what init does in it stands in its own half (<see cref="Init"/>).</summary>
internal sealed partial class Sandbox
{
    private bool ending;
    private long endBegan;

    /// <summary>What has run in it, for what is said of its end; null: nothing that anyone should hear of.</summary>
    public string? Name { get; set; }

    /// <summary>Init's last words, once it has said them.</summary>
    public EndReport? EndReport { get; private set; }

    /// <summary>Init has said its last words; on the loop's thread.</summary>
    public event Action? Ending;

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

    private void HearEnd(ref ByteReader reader)
    {
        EndReport = EndReport.Read(ref reader);
        Ending?.Invoke();
    }

    private void LogEnd()
    {
        if (ending && Name != null && TeardownLog.IsWanted)
            TeardownLog.Write(Name, [.. EndReport?.Steps ?? [], new EndStep("all of it, until init was reaped", (int)Stopwatch.GetElapsedTime(endBegan).TotalMicroseconds)]);
    }
}
