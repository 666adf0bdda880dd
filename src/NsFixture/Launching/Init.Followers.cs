using NsFixture.Linux;
using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>What init holds besides the network itself, and brings up to date with it: conditions, names, partitions, translators.</summary>
internal sealed unsafe partial class Init : INetworkFollower
{
    void INetworkFollower.Changing(PlanChange change)
    {
        NetworkPlan next = change.ApplyTo(plan);
        if (isAttending && next.HasEgress)
            throw new SandboxException("A sandbox that was made with one host gets no way out later: declare the router in the topology, or set Egress.");
        partitions?.Expect(next);
    }

    void INetworkFollower.Unchanged() => partitions?.Follow();

    void INetworkFollower.Changed(PlanChange change, NetworkPlan current)
    {
        Follow(current);
        dns?.Changed(change, current);
    }

    void INetworkFollower.SwitchedOff(int host) => dns?.Leave(host);

    void INetworkFollower.SwitchedOn(int host, NetworkPlan current)
    {
        Follow(current);
        dns?.Serve(host);
    }

    private void Follow(NetworkPlan current)
    {
        plan = current;
        partitions?.Follow();
        if (links != null || current.HasConditions)
            Links.Changed(current);
        StartHelpers();
    }

    /// <summary>Starts the processes that routers need and that do not run yet.</summary>
    private void StartHelpers()
    {
        network.StartTranslators(runtimeDescriptors);
        network.StartEgress(runtimeDescriptors, ConnectToMachine);
    }

    /// <summary>A channel to whom the sandbox belongs to, who makes sockets of the machine's network.</summary>
    private int ConnectToMachine()
    {
        var (ours, theirs) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
        UnixSocket.Send(control, new ByteWriter().Byte((byte)ControlKind.ServeSockets).Written, theirs);
        Descriptors.Close(theirs);
        return ours;
    }
}
