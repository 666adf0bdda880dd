using System.Net;

namespace NsFixture.Networking;

/// <summary>What a router's NAT is to do, with every name resolved.</summary>
/// <param name="Outside">The index of the interface that is outside; all others are inside.</param>
/// <param name="Settings">As declared.</param>
/// <param name="Forwards">The port forwards, one for each family that the target has.</param>
/// <param name="Inside6">The inside prefix that is translated; null where none is.</param>
/// <param name="Outside6">What it is translated to.</param>
internal sealed record PlannedNat(int Outside, Nat Settings, IReadOnlyList<PlannedForward> Forwards, IPNetwork? Inside6, IPNetwork? Outside6);

/// <summary>An outside port that is passed on to an inside address.</summary>
internal sealed record PlannedForward(IPTransport Protocol, int Port, IPAddress To, int ToPort);

/// <summary>What a host or router lets pass, with every name resolved.</summary>
/// <param name="Outside">Of a router the index of the interface that is outside; of a host -1: all are.</param>
/// <param name="Settings">As declared.</param>
/// <param name="Rules">The addresses of the rules, in the same order.</param>
internal sealed record PlannedFirewall(int Outside, Firewall Settings, IReadOnlyList<PlannedFirewallRule> Rules);

/// <summary>Who a rule is about. Empty: anyone.</summary>
internal sealed record PlannedFirewallRule(IReadOnlyList<IPNetwork> From, IReadOnlyList<IPNetwork> To);
