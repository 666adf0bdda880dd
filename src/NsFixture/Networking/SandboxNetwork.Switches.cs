using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>
/// What the networks' switches are. A network with one interface has none, a small one a few rules, others a bridge, and one whose links have conditions the emulator. What is plugged in or out
/// while the network runs has a bridge take the place of rules.
/// </summary>
internal sealed partial class SandboxNetwork
{
    private const int FirstBridgeIndex = 100_000; // given, as those of the hosts' links are

    // Why this machine's kernel does not forward by rules; once one has refused, nobody asks again.
    private static string? whyNoRules;

    private readonly HashSet<int> ruled = [];
    private readonly HashSet<int> bridges = [];
    private readonly HashSet<int> emulated = [];

    /// <summary>Why bridges are the switches of small networks, too, which takes longer; null: they are not.</summary>
    public static string? WhyNoRules => whyNoRules;

    /// <summary>Who comes to the network from now on is plugged into no bridge, and who is there is in none.</summary>
    public void GiveToEmulator(int segment)
    {
        if (ruled.Remove(segment))
            RemoveRules([segment]);
        if (bridges.Remove(segment))
            foreach (PlannedInterface link in plan.LinksOf(segment))
                inSwitch.ClearMaster(link.PortName);
        emulated.Add(segment);
    }

    private void ChooseSwitches()
    {
        foreach (PlannedNetwork segment in plan.Networks)
            if (segment.InterfaceCount > 1 && !plan.IsEmulated(segment))
                (segment.InterfaceCount <= SwitchRules.MostPorts && whyNoRules == null ? ruled : bridges).Add(segment.Index);
    }

    /// <summary>Makes bridges, which carry nothing until they are up.</summary>
    private void CreateBridges()
    {
        foreach (int segment in bridges)
            CreateBridge(plan.Networks[segment]);
    }

    /// <summary>Brings the bridges up, and makes the rules, when the ports are there. All rules at once: where the kernel refuses one, there are none.</summary>
    private void BeginSwitching()
    {
        foreach (int segment in bridges)
            inSwitch.SetUp(plan.Networks[segment].BridgeName);
        if (ruled.Count == 0)
            return;
        var batch = new NftBatch(isFirst: true);
        foreach (int segment in ruled)
            SwitchRules.Add(batch, plan.Networks[segment], [.. plan.LinksOf(segment)]);
        try
        {
            Commit(batch);
        }
        catch (LinuxException e)
        {
            whyNoRules = e.Message;
            BridgeRuled();
        }
    }

    /// <summary>Has a bridge take the place of rules, everywhere. No frame is lost: those that the rules forward do not come to the bridge.</summary>
    private void BridgeAll()
    {
        if (ruled.Count > 0)
            RemoveRules(BridgeRuled());
    }

    /// <summary>Makes bridges for networks that have rules, or were to have them.</summary>
    /// <returns>Which they are.</returns>
    private int[] BridgeRuled()
    {
        int[] segments = [.. ruled];
        foreach (int segment in segments)
            BridgeUp(plan.Networks[segment], plan);
        ruled.Clear();
        return segments;
    }

    // At once: the kernel waits for a grace period when the socket is closed.
    private void RemoveRules(int[] segments)
    {
        var batch = new NftBatch();
        foreach (int segment in segments)
            SwitchRules.Remove(batch, plan.Networks[segment]);
        Commit(batch);
    }

    private void BridgeUp(PlannedNetwork segment, NetworkPlan before)
    {
        CreateBridge(segment);
        bridges.Add(segment.Index);
        foreach (PlannedInterface link in before.LinksOf(segment.Index))
            inSwitch.Attach(link.PortName, FirstBridgeIndex + segment.Index);
        inSwitch.SetUp(segment.BridgeName);
    }

    private void CreateBridge(PlannedNetwork segment) =>
        inSwitch.CreateBridge(FirstBridgeIndex + segment.Index, segment.BridgeName, segment.BridgeHardwareAddress, segment.Mtu);

    private void PlugIn(PlannedInterface link)
    {
        if (bridges.Contains(link.Network))
            inSwitch.SetMaster(link.PortName, FirstBridgeIndex + link.Network);
        else
            inSwitch.SetUp(link.PortName);
    }

    // The tables are the switch's.
    private void Commit(NftBatch batch)
    {
        Enter(switchNamespace);
        try
        {
            using var filters = new NetfilterSocket();
            filters.Commit(batch);
        }
        finally
        {
            Enter(hostNamespaces[plan.Test.Index]);
        }
    }
}
