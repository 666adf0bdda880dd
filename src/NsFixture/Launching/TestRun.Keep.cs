using System.Globalization;

namespace NsFixture.Launching;

/// <summary>A run whose sandbox is to stay.</summary>
internal sealed partial class TestRun
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(2);
    private bool isToStay;

    private bool MayStay => sandbox.Spec.Keep != NsFixture.Keep.Never;

    /// <summary>The test has come out one way or the other, which is about to be said: what is said of its sandbox comes before that.</summary>
    private void NoteOutcome(bool failed)
    {
        if (!MayStay || isToStay || cancelled || sandbox.ProcessId == 0 || (sandbox.Spec.Keep == NsFixture.Keep.OnFailure && !failed))
            return;
        isToStay = true;
        string hosts = sandbox.Spec.Plan.Hosts.Count > 1 ? $" [{string.Join('|', sandbox.Spec.Plan.Hosts.Select(h => h.Name))}]" : "";
        tracker.AddOutput(string.Create(CultureInfo.InvariantCulture,
            $"The test's sandbox stays until {DateTime.Now + EnvironmentSettings.KeepFor(out _):HH:mm}, or until 'nsfixture clean {sandbox.ProcessId}'. To enter it:{Environment.NewLine}nsfixture enter {sandbox.ProcessId}{hosts}{Environment.NewLine}"));
    }

    /// <summary>Ends what takes too long: all of it, or where the sandbox may stay, the test's process.</summary>
    private void End()
    {
        if (!MayStay)
        {
            sandbox.Kill();
            return;
        }
        sandbox.EndTest();
        loop.Schedule(EndLimit, () =>
        {
            if (!over)
                sandbox.Kill();
        });
    }

    private void Complete()
    {
        if (isToStay && !cancelled)
            sandbox.Keep(EnvironmentSettings.KeepFor(out _), completion.SetResult);
        else
            completion.SetResult();
    }
}
