using System.Net;
using NsFixture.Linux;

namespace NsFixture.Netlink;

internal sealed partial class RouteSocket
{
    /// <summary>Deletes a link, and a veth's other end with it; one that is not there is no error.</summary>
    public void DeleteLink(string name) => Unless(Err.ENODEV, () => Request(
        new NetlinkMessage(Rtm.RTM_DELLINK, 0).Fixed(new IfInfoMsg()).Attribute(IfLink.IFLA_IFNAME, name), $"delete {name}"));

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
