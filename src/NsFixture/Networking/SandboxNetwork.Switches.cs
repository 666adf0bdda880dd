using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>
/// What the networks' switches are. A network with one interface has none, a small one a few rules, others a bridge, and one whose links have conditions the emulator. What is plugged in or out
/// while the network runs has a bridge take the place of rules.
/// </summary>
internal sealed partial class SandboxNetwork
{
    // Given, as those of the hosts' links are. Between those of two hosts is room for all that one may ever have had.
    private const int FirstBridgeIndex = 100_000, FirstPortIndex = 1_000_000, PortsOfHost = 100_000;

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
            Commit(SwitchRules.Remove(plan.Networks[segment]));
        if (bridges.Remove(segment))
            foreach (PlannedInterface link in LinksOf(plan, segment))
                inSwitch.ClearMaster(link.PortName);
        emulated.Add(segment);
    }

    private static IEnumerable<PlannedInterface> LinksOf(NetworkPlan plan, int segment) => plan.Hosts.SelectMany(h => h.Interfaces).Where(i => i.Network == segment);

    private static int PortIndex(PlannedInterface link) => FirstPortIndex + link.Host * PortsOfHost + link.Index;

    private void ChooseSwitches()
    {
        foreach (PlannedNetwork segment in plan.Networks)
            if (segment.InterfaceCount > 1 && !plan.IsEmulated(segment))
                (segment.InterfaceCount <= SwitchRules.MostPorts && whyNoRules == null ? ruled : bridges).Add(segment.Index);
    }

    /// <summary>Makes bridges, which carry nothing until they are up; for others, what rules can be made by when the ports are there.</summary>
    private NetfilterSocket? CreateSwitches()
    {
        NetfilterSocket? filters = null;
        try
        {
            filters = ruled.Count > 0 ? new NetfilterSocket() : null;
        }
        catch (LinuxException e)
        {
            whyNoRules = e.Message;
            bridges.UnionWith(ruled);
            ruled.Clear();
        }
        foreach (int segment in bridges)
            CreateBridge(plan.Networks[segment]);
        return filters;
    }

    private void BeginSwitching(NetfilterSocket? filters)
    {
        foreach (int segment in bridges)
            inSwitch.SetUp(plan.Networks[segment].BridgeName);
        if (filters == null)
            return;
        try
        {
            foreach (int segment in ruled)
                filters.Commit(SwitchRules.Of(plan.Networks[segment], PortsOf(segment)));
        }
        catch (LinuxException e)
        {
            whyNoRules = e.Message;
            BridgeAll();
        }
    }

    // By hand: queries would have to be compiled in every init.
    private (PlannedInterface Link, int Port)[] PortsOf(int segment)
    {
        var ports = new (PlannedInterface, int)[plan.Networks[segment].InterfaceCount];
        int count = 0;
        foreach (PlannedHost host in plan.Hosts)
            foreach (PlannedInterface link in host.Interfaces)
                if (link.Network == segment)
                    ports[count++] = (link, PortIndex(link));
        return ports;
    }

    /// <summary>Has a bridge take the place of rules, everywhere. No frame is lost: those that the rules forward do not come to the bridge.</summary>
    private void BridgeAll()
    {
        foreach (int segment in ruled)
        {
            BridgeUp(plan.Networks[segment], plan);
            try
            {
                Commit(SwitchRules.Remove(plan.Networks[segment]));
            }
            catch (LinuxException) when (whyNoRules != null)
            {
                // They are not there.
            }
        }
        ruled.Clear();
    }

    private void BridgeUp(PlannedNetwork segment, NetworkPlan before)
    {
        CreateBridge(segment);
        bridges.Add(segment.Index);
        foreach (PlannedInterface link in LinksOf(before, segment.Index))
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
