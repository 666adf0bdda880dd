using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>
/// Compiles in the zygote what only some networks need, before the first of these is forked: a tenth of a second for the emulator, which
/// each of its processes would take otherwise. Sandboxes without it pay nothing.
/// </summary>
internal static class PlanPrecompilation
{
    private static bool hasEmulator, hasNat64, hasEgress;

    public static void For(NetworkPlan plan)
    {
        if (plan.Dns != null)
            DnsService.CompileAhead();
        if (!hasEmulator && plan.HasConditions)
        {
            hasEmulator = true;
            ForkServerProcess.CompileAhead(
                typeof(LinkControl), typeof(LinkConditions), typeof(EmulatorClient), typeof(Emulator), typeof(EmulatedPort), typeof(LinkStream), typeof(CountersCodec), typeof(PacketSocket), typeof(PacketPool),
                typeof(Pipe), typeof(Fate), typeof(Frame), typeof(KeyTable), typeof(DueQueue), typeof(Departures), typeof(Draws), typeof(DropLog), typeof(UnmanagedMemory));
        }
        if (plan.Hosts.Count == 1)
            return;
        if (!hasNat64 && plan.HasNat64)
        {
            hasNat64 = true;
            ForkServerProcess.CompileAhead(typeof(Nat64Process), typeof(Nat64Translator), typeof(InternetChecksum));
        }
        if (!hasEgress && plan.HasEgress)
        {
            hasEgress = true;
            ForkServerProcess.CompileAhead(
                typeof(PlannedEgress), typeof(EgressProcess), typeof(EgressConnection), typeof(EgressDatagrams), typeof(MachineSockets), typeof(InternetChecksum), typeof(DnsForwarder));
        }
    }
}
