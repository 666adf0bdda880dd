using System.Text;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// Lets processes that are started outside of init's reach, by any process library, ask init to start a program in their place: it hands
/// them a connection to init. It listens under a name that cannot be guessed and is on no file system, and serves the process's own user only.
/// </summary>
internal sealed class HostEntrance
{
    private readonly InitConnection init;
    private readonly int listener;

    public HostEntrance(InitConnection init)
    {
        this.init = init;
        listener = UnixSocket.Listen(Name);
        EventLoop.Shared.Post(() => EventLoop.Shared.Watch(listener, Accept));
    }

    public string Name { get; } = $"nsfixture-{Guid.NewGuid():N}";

    public void Close() => EventLoop.Shared.Post(() =>
    {
        EventLoop.Shared.Unwatch(listener);
        Descriptors.Close(listener);
    });

    private void Accept()
    {
        int peer = InetSocket.Accept(listener), control = -1;
        if (peer < 0)
            return;
        try
        {
            if (UnixSocket.PeerUser(peer) != Libc.GetEUid())
                throw new SandboxException("only the user whose process has the network may enter its hosts");
            control = init.Connect();
            UnixSocket.Send(peer, [1], control);
        }
        catch (Exception e) when (e is SandboxException or LinuxException)
        {
            UnixSocket.Send(peer, [0, .. Encoding.UTF8.GetBytes(e.Message)]);
        }
        Descriptors.Close(control);
        Descriptors.Close(peer);
    }
}
