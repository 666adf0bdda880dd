using System.Net.Sockets;

namespace NsFixture.Networking;

/// <summary>The sockets that the test's own code has been given of a host, as long as it uses them: they end when the host does.</summary>
internal sealed class HostSockets
{
    private readonly List<WeakReference<Socket>> given = [];
    private int lookAgainAt = 64;

    public Socket Add(Socket socket)
    {
        lock (given)
        {
            if (given.Count >= lookAgainAt)
            {
                given.RemoveAll(s => !s.TryGetTarget(out _));
                lookAgainAt = Math.Max(64, given.Count * 2);
            }
            given.Add(new WeakReference<Socket>(socket));
        }
        return socket;
    }

    /// <summary>Ends them all: what waits on one fails now, and whoever uses one fails.</summary>
    public void End()
    {
        List<WeakReference<Socket>> all;
        lock (given)
        {
            all = [.. given];
            given.Clear();
        }
        foreach (WeakReference<Socket> reference in all)
            if (reference.TryGetTarget(out Socket? socket))
                socket.Close(0); // no farewell, which nobody would answer
    }
}
