using System.Net.Sockets;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// The runtime's engine of asynchronous sockets (SocketAsyncEngine of System.Net.Sockets, .NET 10). It begins with the first
/// socket of a process, by starting the thread that hears when sockets are ready, whether anyone will wait for one or not. A fork
/// would lose that thread, so the fork server could not use a socket, nor prepare the runtime for what uses them. Here the fork
/// server makes the engine without the thread; a test's process starts it when first an operation of a socket has to wait.
/// </summary>
internal static class SocketEngine
{
    private const string ThreadCount = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT", InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    private const string Registration = "TryChangeSocketEventRegistration";
    private const int EventSize = 16, MaxEvents = 1024; // struct SocketEvent of its native part, and as many as it asks for
    private static readonly Lock Gate = new();
    private static Action loop = () => { };
    private static int port;
    private static volatile bool isWanted;

    /// <summary>
    /// Makes the engine, without its thread. False, and nothing has happened: this runtime's is another one, or settings ask for
    /// several threads or for none; it begins as it does elsewhere.
    /// </summary>
    public static bool TryMake()
    {
        Assembly sockets = typeof(Socket).Assembly;
        if (sockets.GetType("System.Net.Sockets.SocketAsyncEngine") is not { } type || sockets.GetType("Interop+Sys") is not { } native || IsConfigured(ThreadCount) || IsConfigured(InlineCompletions))
            return false;
        FieldInfo? portField = type.GetField("_port", Precompilation.All), buffer = type.GetField("_buffer", Precompilation.All), queue = type.GetField("_eventQueue", Precompilation.All), engines = type.GetField("s_engines", Precompilation.All);
        MethodInfo? eventLoop = type.GetMethod("EventLoop", Precompilation.All, []);
        if (portField?.FieldType != typeof(nint) || buffer?.FieldType.IsPointer != true || queue == null || engines?.FieldType != type.MakeArrayType() || eventLoop == null || native.GetMethod(Registration, Precompilation.All) == null
            || type.GetFields(Precompilation.All).Count(f => !f.IsStatic) != 4) // with a number that begins at 0
            return false;
        BeginWithout(type);
        object engine = Make(type, queue, buffer);
        port = NewPort();
        portField.SetValue(engine, (nint)port);
        loop = eventLoop.CreateDelegate<Action>(engine);
        Array only = Array.CreateInstance(type, 1);
        only.SetValue(engine, 0);
        Set(engines, only);
        // The runtime asks this for each native function of the sockets' when it is first called, unless it is linked already, as all but that one are.
        NativeLibrary.SetDllImportResolver(sockets, (_, _, _) => StartIfWanted());
        return true;
    }

    /// <summary>Whether a native method is the one by whose first call the engine knows that a socket has to wait. It must not be linked before.</summary>
    public static bool StartsIt(MethodInfo method) => method.Name == Registration;

    /// <summary>In a test's process: has the engine start when it is needed.</summary>
    public static void Want() => isWanted = port != 0;

    private static bool IsConfigured(string variable) => Environment.GetEnvironmentVariable(variable) != null;

    private static void BeginWithout(Type type)
    {
        Environment.SetEnvironmentVariable(ThreadCount, "0");
        RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        Environment.SetEnvironmentVariable(ThreadCount, null);
    }

    private static unsafe object Make(Type type, FieldInfo queue, FieldInfo buffer)
    {
        object engine = RuntimeHelpers.GetUninitializedObject(type); // its constructor starts the thread
        queue.SetValue(engine, Activator.CreateInstance(queue.FieldType));
        buffer.SetValue(engine, Pointer.Box(NativeMemory.Alloc(MaxEvents, EventSize), buffer.FieldType));
        return engine;
    }

    // Reflection does not set read-only static fields.
    private static void Set(FieldInfo field, object value)
    {
        var method = new DynamicMethod("Set" + field.Name, null, [typeof(object)], typeof(Socket).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Castclass, field.FieldType);
        il.Emit(OpCodes.Stsfld, field);
        il.Emit(OpCodes.Ret);
        method.CreateDelegate<Action<object>>()(value);
    }

    private static int NewPort() => LinuxException.Check(Libc.EpollCreate1(Fcntl.O_CLOEXEC), "epoll_create1", "for a process's sockets");

    private static nint StartIfWanted()
    {
        if (isWanted)
            lock (Gate)
                if (isWanted)
                {
                    Start();
                    isWanted = false;
                }
        return 0; // the runtime goes on to look for the function
    }

    private static void Start()
    {
        // In the place of the one that all forks share; whoever waits for this has read its number already.
        int own = NewPort();
        LinuxException.Check(Libc.Dup3(own, port, Fcntl.O_CLOEXEC), "dup3", "for a process's sockets");
        Descriptors.Close(own);
        new Thread(new ThreadStart(loop)) { IsBackground = true, Name = ".NET Sockets" }.UnsafeStart();
    }
}
