using System.Net;
using System.Net.Sockets;
using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture.Benchmarks;

/// <summary>Two network namespaces and a veth pair between them, and nothing else: the fastest link there is. Takes root.</summary>
internal sealed class BareVeth : IDisposable
{
    public static readonly IPAddress AddressOfB = IPAddress.Parse("10.0.0.2");
    private const int Index = 100;

    private readonly int a, b;

    public BareVeth()
    {
        b = Made(() => { });
        a = Made(() =>
        {
            using var onA = new RouteSocket();
            onA.CreateVeth(Index, "eth0", [2, 0, 0, 0, 0, 1], 1500, "eth0", [2, 0, 0, 0, 0, 2], b);
            SetUp(onA, "10.0.0.1");
        });
        In(b, () =>
        {
            using var onB = new RouteSocket();
            SetUp(onB, AddressOfB.ToString());
            return true;
        });
    }

    public Socket A(SocketType type, ProtocolType protocol) => In(a, () => new Socket(AddressFamily.InterNetwork, type, protocol));

    public Socket B(SocketType type, ProtocolType protocol) => In(b, () => new Socket(AddressFamily.InterNetwork, type, protocol));

    public void Dispose()
    {
        Descriptors.Close(a);
        Descriptors.Close(b);
    }

    private static void SetUp(RouteSocket socket, string address)
    {
        socket.SetUp("eth0");
        socket.AddAddress(socket.GetLink("eth0").Index, IPAddress.Parse(address), 24);
    }

    /// <summary>A namespace, by a thread of its own that ends with it.</summary>
    private static int Made(Action first) => OnThread(() =>
    {
        if (Libc.Unshare((int)Sched.CLONE_NEWNET) != 0)
            throw new InvalidOperationException($"The bare veth pair that a bridge is compared with takes root: {LinuxException.Last("unshare", "net").Message}");
        first();
        return FileSystem.OpenDescriptor($"/proc/self/task/{Libc.GetTid()}/ns/net", Fcntl.O_RDONLY);
    });

    private static T In<T>(int networkNamespace, Func<T> function) => OnThread(() =>
        Libc.SetNs(networkNamespace, (int)Sched.CLONE_NEWNET) == 0 ? function() : throw LinuxException.Last("setns", "net"));

    private static T OnThread<T>(Func<T> function)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = function();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure == null ? result : throw failure;
    }
}
