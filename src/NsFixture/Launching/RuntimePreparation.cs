using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace NsFixture.Launching;

/// <summary>
/// Has the runtime do in the fork server, once, what the first waiting task and the first socket take it some milliseconds each to do in
/// every test: load their types and methods, make their event sources, compile what is generic, and exchange something by sockets. No task
/// waits here: the runtime would start threads, of which some never leave.
/// </summary>
internal static class RuntimePreparation
{
    // The runtime's own names; what some version does not have is passed over.
    private static readonly string[] OfPool =
    [
        "System.Threading.ThreadPool", "System.Threading.PortableThreadPool", "System.Threading.ThreadPoolWorkQueue", "System.Threading.ThreadPoolWorkQueueThreadLocals",
        "System.Threading.LowLevelLifoSemaphore", "System.Threading.LowLevelMonitor", "System.Threading.LowLevelLock", "System.Threading.TimerQueue", "System.Threading.Thread",
        "System.Threading.Tasks.ThreadPoolTaskScheduler", "Interop+Sys",
    ];

    private static readonly string[] OfSockets =
    [
        "System.Net.Sockets.Socket", "System.Net.Sockets.SafeSocketHandle", "System.Net.Sockets.SocketAsyncContext", "System.Net.Sockets.SocketAsyncEngine", "System.Net.Sockets.SocketPal",
        "System.Net.Sockets.SocketAsyncEventArgs", "System.Net.Sockets.TcpClient", "System.Net.Sockets.NetworkStream", "System.Net.Sockets.SocketErrorPal", "System.Net.Sockets.SocketsTelemetry",
        "System.Net.Sockets.IPEndPointExtensions", "Interop+Sys",
    ];

    // Whose static constructors make what all sockets share. Not SocketAsyncEngine's, which starts it.
    private static readonly string[] SharedBySockets =
        ["System.Net.Sockets.SocketErrorPal", "System.Net.Sockets.SocketsTelemetry", "System.Net.NetEventSource", "System.Net.Sockets.SocketPal", "System.Net.Sockets.Socket"];

    /// <summary>The thread pool, timers and tasks.</summary>
    public static void PreparePool()
    {
        foreach (Type type in ForkServerProcess.WithNested(Load(typeof(ThreadPool).Assembly, OfPool)).Where(t => !t.ContainsGenericParameters))
            Precompilation.Attempt(() => RuntimeHelpers.RunClassConstructor(type.TypeHandle)); // none of them starts a thread
    }

    /// <summary>Whether an assembly's code may use sockets, itself or by way of HTTP.</summary>
    public static bool UsesSockets(Assembly assembly) => assembly.GetReferencedAssemblies().Any(r => r.Name is "System.Net.Sockets" or "System.Net.Http");

    /// <summary>Sockets of all kinds, and addresses.</summary>
    public static void PrepareSockets()
    {
        Assembly sockets = typeof(Socket).Assembly;
        foreach (string name in SharedBySockets)
            Precompilation.Attempt(() => RuntimeHelpers.RunClassConstructor(sockets.GetType(name, throwOnError: true)!.TypeHandle));
        Load(sockets, OfSockets);
        Precompilation.Attempt(() => CompileQueue(sockets));
        Precompilation.Attempt(() => UseErrors(sockets));
        Precompilation.Attempt(UseAddresses);
        ForkServerProcess.CompileAhead(typeof(SocketEngine));
        Precompilation.Attempt(() =>
        {
            if (SocketEngine.TryMake())
                SocketRehearsal.Run();
        });
    }

    private static Type[] Load(Assembly assembly, string[] names)
    {
        Type[] types = [.. names.Select(assembly.GetType).OfType<Type>()];
        ForkServerProcess.CompileAhead(types);
        Precompilation.Link(types);
        return types;
    }

    private static void CompileQueue(Assembly sockets)
    {
        Type readiness = sockets.GetType("System.Net.Sockets.SocketAsyncEngine+SocketIOEvent", throwOnError: true)!;
        Type segment = typeof(ConcurrentQueue<>).Assembly.GetType("System.Collections.Concurrent.ConcurrentQueueSegment`1", throwOnError: true)!;
        Type heard = sockets.GetType("Interop+Sys+SocketEvent", throwOnError: true)!;
        Precompilation.Compile(
            [typeof(ConcurrentQueue<>).MakeGenericType(readiness), segment.MakeGenericType(readiness), typeof(ReadOnlySpan<>).MakeGenericType(heard)], TimeSpan.MaxValue);
    }

    /// <summary>Looks up what some errors of the system's are called, as the first wait of every socket does.</summary>
    private static void UseErrors(Assembly sockets)
    {
        MethodInfo lookUp = sockets.GetType("System.Net.Sockets.SocketErrorPal", throwOnError: true)!.GetMethod("GetSocketErrorForNativeError", BindingFlags.Static | BindingFlags.NonPublic)!;
        foreach (string name in (string[])["EAGAIN", "EINPROGRESS", "SUCCESS"])
            lookUp.Invoke(null, [Enum.Parse(lookUp.GetParameters()[0].ParameterType, name)]);
    }

    private static void UseAddresses()
    {
        IPAddress four = IPAddress.Parse("10.0.0.1"), six = IPAddress.Parse("fd00::1");
        _ = (four.MapToIPv6().MapToIPv4().GetAddressBytes(), new IPAddress(six.GetAddressBytes()).TryWriteBytes(new byte[16], out _));
        foreach (IPAddress address in (IPAddress[])[four, six])
        {
            var place = new IPEndPoint(address, 1);
            _ = place.Create(place.Serialize());
        }
    }
}
