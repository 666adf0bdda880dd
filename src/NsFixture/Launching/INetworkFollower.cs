using NsFixture.Networking;

namespace NsFixture.Launching;

/// <summary>Who keeps what a host's namespace or address needs up to date, when <see cref="HostLives"/> changes those.</summary>
internal interface INetworkFollower
{
    /// <summary>What is to be different soon. It may still fail, which <see cref="Unchanged"/> tells.</summary>
    void Changing(PlanChange change);

    /// <summary>It has failed, and all is as it was.</summary>
    void Unchanged();

    /// <summary>It is different now.</summary>
    void Changed(PlanChange change, NetworkPlan current);

    /// <summary>A host has lost its power, and its sockets.</summary>
    void SwitchedOff(int host);

    /// <summary>A host has power again, and another network namespace.</summary>
    void SwitchedOn(int host, NetworkPlan current);
}
