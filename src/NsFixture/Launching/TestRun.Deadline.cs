namespace NsFixture.Launching;

/// <summary>A run that is over its deadline: what hangs in it is looked at, and then it is ended.</summary>
internal sealed partial class TestRun
{
    private static readonly TimeSpan DumpLimit = TimeSpan.FromSeconds(10);
    private string? dump;

    // On a thread of its own: no other test's run is to wait for it, and this one is ended even if the kernel does not answer.
    private void DumpAndKill()
    {
        int init = sandbox.ProcessId;
        loop.Schedule(DumpLimit, End);
        new Thread(() =>
        {
            string? text = null;
            try
            {
                text = init > 0 ? HangDump.Of(init) : null;
            }
            catch (Exception e)
            {
                text = $"What hung could not be looked at: {e.Message}";
            }
            loop.Post(() =>
            {
                dump = text;
                End();
            });
        }) { IsBackground = true, Name = "NsFixture deadline" }.Start();
    }
}
