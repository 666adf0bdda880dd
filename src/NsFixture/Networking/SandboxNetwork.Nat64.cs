using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Networking;

/// <summary>The routers' translators between IPv6 and IPv4: a device of the router's and a process each.</summary>
internal sealed partial class SandboxNetwork
{
    private const int Nat64Index = 90_000;

    private Dictionary<int, Nat64Process>? translators; // made for the first one: most networks have none

    /// <summary>Starts those that do not run yet. Not before the root tree is entered, or their processes would hold the old one.</summary>
    /// <param name="kept">The descriptors that the runtime needs in them.</param>
    public void StartTranslators(int[] kept)
    {
        if (translators == null)
            return;
        foreach (var (host, translator) in translators)
            if (nats.TryGetValue(host, out PlannedNat? nat) && nat.Settings.HasNat64)
                translator.Start(kept);
    }

    /// <summary>In the router's namespace: gives it the device and the routes that lead there.</summary>
    private void AddTranslator(PlannedHost router, PlannedNat nat)
    {
        using var onRouter = new RouteSocket();
        int mtu = router.Interfaces.Where(i => i.Index != nat.Outside).Select(i => i.Mtu).DefaultIfEmpty(router.Interfaces[0].Mtu).Min();
        bool isNew = translators?.ContainsKey(router.Index) != true;
        if (isNew)
        {
            byte[] address = Nat64Process.DeviceAddress(router);
            onRouter.CreateVeth(Nat64Index, Nat64Process.Device, address, mtu, Nat64Process.PortName(router), [.. address[..2], 1, .. address[3..]], switchNamespace);
            inSwitch.SetUp(Nat64Process.PortName(router));
        }
        Nat64Process.AddRoutes(onRouter, Nat64Index, mtu);
        if (!isNew)
            return;
        Enter(switchNamespace); // the caller goes back to the test's host from anywhere
        (translators ??= []).Add(router.Index, Nat64Process.Open(router));
    }

    /// <summary>In the router's namespace: nothing is translated any more, until its device is up again.</summary>
    private void StopTranslator(PlannedHost router)
    {
        if (translators?.TryGetValue(router.Index, out Nat64Process? translator) != true)
            return;
        translator!.Stop();
        using var onRouter = new RouteSocket();
        onRouter.SetState(Nat64Process.Device, up: false); // its routes go with that
    }

    /// <summary>Takes a translator away with its device: its router is made anew, or has gone.</summary>
    private void RemoveTranslator(PlannedHost router)
    {
        if (translators?.Remove(router.Index, out Nat64Process? translator) != true)
            return;
        translator!.Stop();
        translator.Close();
        inSwitch.DeleteLink(Nat64Process.PortName(router));
    }
}
