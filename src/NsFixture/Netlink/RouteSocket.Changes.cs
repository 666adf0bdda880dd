using System.Net;
using NsFixture.Linux;

namespace NsFixture.Netlink;

internal sealed partial class RouteSocket
{
    /// <summary>Deletes a link, and a veth's other end with it; one that is not there is no error.</summary>
    public void DeleteLink(string name) => Unless(Err.ENODEV, () => Request(Link(name, Rtm.RTM_DELLINK), $"delete {name}"));

    /// <summary>Makes a link a port of a bridge, up or down as it is; 0: of none.</summary>
    public void Attach(string name, int bridgeIndex) => Request(
        Link(name).Attribute(IfLink.IFLA_MASTER, bridgeIndex), $"make {name} a port of link {bridgeIndex}");

    /// <summary>Sets a link's MTU.</summary>
    public void SetMtu(string name, int mtu) => Request(Link(name).Attribute(IfLink.IFLA_MTU, mtu), $"set the MTU of {name} to {mtu}");

    /// <summary>Sets a link's hardware address. Also to what it is: the kernel tells the neighbours of it then, where it is to do that.</summary>
    public void SetHardwareAddress(string name, byte[] mac) => Request(Link(name).Attribute(IfLink.IFLA_ADDRESS, mac), $"set the hardware address of {name}");

    /// <summary>Adds an address; one that is there already is no error.</summary>
    public void SetAddress(int linkIndex, IPAddress address, int prefixLength) =>
        Request(Address(Rtm.RTM_NEWADDR, Nl.NLM_F_CREATE | Nl.NLM_F_REPLACE, linkIndex, address, prefixLength), $"add address {address}/{prefixLength} to link {linkIndex}");

    /// <summary>Removes an address; one that is not there is no error.</summary>
    public void DeleteAddress(int linkIndex, IPAddress address, int prefixLength) => Unless(Err.EADDRNOTAVAIL, () =>
        Request(Address(Rtm.RTM_DELADDR, 0, linkIndex, address, prefixLength), $"remove address {address}/{prefixLength} from link {linkIndex}"));

    /// <summary>Adds a route, in the place of another one to the same destination.</summary>
    public void SetRoute(IPNetwork destination, IPAddress gateway, int linkIndex) =>
        Request(Route(Rtm.RTM_NEWROUTE, Nl.NLM_F_CREATE | Nl.NLM_F_REPLACE, destination, gateway, linkIndex), $"add route to {destination} via {gateway}");

    /// <summary>Removes a route; one that is not there is no error.</summary>
    public void DeleteRoute(IPNetwork destination, IPAddress gateway, int linkIndex) => Unless(Err.ESRCH, () =>
        Request(Route(Rtm.RTM_DELROUTE, 0, destination, gateway, linkIndex), $"remove route to {destination} via {gateway}"));

    private static NetlinkMessage Link(string name, ushort type = Rtm.RTM_NEWLINK) => new NetlinkMessage(type, 0).Fixed(new IfInfoMsg()).Attribute(IfLink.IFLA_IFNAME, name);

    // What is gone already, by itself or with something else, needs no deleting.
    private static void Unless(int error, Action request)
    {
        try
        {
            request();
        }
        catch (LinuxException e) when (e.Errno == error)
        {
        }
    }
}
