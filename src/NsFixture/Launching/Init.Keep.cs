using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// A sandbox that stays when its test has ended. The one exception to the rule that everything ends with the test host: from then on nobody's end is init's. It is bound to end by itself, at its time; until then it is known by
/// its name, and by the table of its hosts that it holds open, which 'nsfixture' reads.
/// </summary>
internal sealed unsafe partial class Init
{
    private long keptUntil; // Environment's milliseconds; 0: it is not kept

    private void Stay(byte[] message)
    {
        var reader = new ByteReader(message);
        reader.Byte();
        keptUntil = System.Environment.TickCount64 + (reader.Int32() * 1000L);
        _ = Libc.Prctl(PrctlOptions.PR_SET_PDEATHSIG, 0, 0, 0, 0);
        KeptSandbox.Mark(plan, host =>
        {
            Views.Prepare(host);
            return (network.NamespaceOf(host), Views.MountsOf(host), Views.NamesOf(host));
        });
        UnixSocket.Send(control, [(byte)ControlKind.Kept]);
        controls.Remove(control); // open as ever, for what is still said there and nobody hears
    }
}
