using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>What init holds besides the network itself, and brings up to date with it: conditions, names, partitions, translators.</summary>
internal sealed unsafe partial class Init : INetworkFollower
{
    void INetworkFollower.Changing(PlanChange change) => partitions?.Expect(change.ApplyTo(plan));

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
        network.StartTranslators(runtimeDescriptors);
    }
}
