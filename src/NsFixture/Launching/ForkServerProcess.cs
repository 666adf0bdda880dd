using System.Diagnostics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using NsFixture.Linux;
using NsFixture.Netlink;
using NsFixture.Networking;
using NsFixture.Processes;
using NsFixture.Sandboxes;

namespace NsFixture.Launching;

/// <summary>
/// The fork server: a runtime that is warmed up, comes to rest, and forks exactly once.
/// <para>
/// Constraints: a forked CLR keeps one thread. All others must be asleep in the kernel at that moment, and the one that
/// survives must be the finalizer thread (<see cref="ForkPoint"/>, <see cref="Quiescence"/>). A process with one thread may
/// fork and change namespaces as it likes; one with several may not.
/// </para>
/// <para>
/// So: the single fork makes the <see cref="Zygote"/>, which never returns from the finalizer and thus has one thread for
/// good. It forks an <see cref="Init"/> for each sandbox, and that one forks the test, which alone returns from the finalizer
/// and is a whole CLR again. This process then only waits, and its end ends the zygote.
/// </para>
/// </summary>
internal static class ForkServerProcess
{
    /// <summary>
    /// What runs in children and what the rehearsal and the warm-up do not wholly pass through, closures included: a method left
    /// out is compiled anew in every child, a fifth of a millisecond each. Not all of the assembly: every library that the rest
    /// of it would load makes each fork and each exit slower.
    /// </summary>
    private static readonly Type[] Own =
    [
        typeof(ForkServerProcess), typeof(Zygote), typeof(Init), typeof(SelfBuiltTest), typeof(TestStart), typeof(ForkedChild), typeof(TestProcess), typeof(TestChannel), typeof(TestReport),
        typeof(ForwardingWriter), typeof(IsolatedNetwork), typeof(UserMap), typeof(UnixSocket), typeof(Poller), typeof(Descriptors), typeof(Libc),
        typeof(NetworkPlan), typeof(EnvironmentSettings), typeof(Leftovers), typeof(CoverageTrackers), typeof(StillOpen), typeof(TestEnd), typeof(EndReport), typeof(Leftover), typeof(ProcessTable), typeof(DirectoryNames), typeof(SystemV), typeof(MountIds),
        typeof(MountSnapshot), typeof(TemporaryFiles),
    ];

    /// <summary>The same, of sandboxes with several hosts.</summary>
    private static readonly Type[] OfHosts =
    [
        typeof(SandboxNetwork), typeof(SwitchRules), typeof(NftBatch), typeof(NftRule), typeof(NetfilterSocket), typeof(NetworkNamespace), typeof(RouteSocket), typeof(HostsFile), typeof(PlannedNetwork), typeof(PlannedHost), typeof(PlannedInterface),
        typeof(SocketConstants), typeof(HostProcesses), typeof(HostViews), typeof(InitConnection), typeof(VirtualNetwork), typeof(VirtualHost),
        typeof(HostCommand), typeof(HostProcess), typeof(OutputReader), typeof(HostContext), typeof(HostConnection), typeof(HostSockets), typeof(InetSocket), typeof(VirtualDns),
    ];

    /// <summary>Whether there are tests with several hosts among those of the assembly.</summary>
    public static bool HasHosts { get; private set; }

    private static readonly TimeSpan QuiescenceLimit = TimeSpan.FromSeconds(5), UserCodeLimit = TimeSpan.FromSeconds(1), ReflectionLimit = TimeSpan.FromSeconds(0.3);

    /// <param name="runnerType">The <see cref="ITestRunner"/> to warm up; empty for a bare server that serves <c>exec</c> only.</param>
    /// <param name="assemblyPath">The test assembly to load; empty for a bare server.</param>
    public static unsafe int Run(string runnerType, string assemblyPath)
    {
        const int client = Wire.SocketDescriptor;
        _ = Libc.Fcntl(client, Fcntl.F_SETFD, Fcntl.FD_CLOEXEC);
        _ = Libc.SetSid(); // Ctrl-C on the terminal is for the test host, which then ends us
        _ = Libc.Prctl(PrctlOptions.PR_SET_PDEATHSIG, SignalNumbers.SIGKILL, 0, 0, 0);
        try
        {
            Prepare(runnerType, assemblyPath);
            Quiescence.Wait(QuiescenceLimit);
            Quiescence.RequireCopiedMemory();
            HugePages.Take();
            // Every page less is one that no fork has to map, and no exit to unmap.
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers(); // or each test would run them
            _ = Libc.MallocTrim(0);
            int[] runtimeDescriptors = [.. Descriptors.Open().Where(fd => fd != client)];
            int mainThread = Libc.GetTid();
            int wake = LinuxException.Check(Libc.EventFd(0, Fcntl.O_CLOEXEC), "eventfd", "");
            int zygote = 0;
            Exception? failure = null;
            ForkPoint.Reach(() =>
            {
                Quiescence.WaitForMainThreadIn(mainThread, wake);
                try
                {
                    zygote = ForkZygote(client, wake, runtimeDescriptors, assemblyPath);
                    if (zygote == 0)
                        return; // this is the process of a test: its finalizer thread goes about its work
                }
                catch (Exception e) when (e is LinuxException or SandboxException or PlatformNotSupportedException)
                {
                    failure = e;
                }
                ulong one = 1;
                _ = Libc.Write(wake, &one, sizeof(ulong));
            });
            ulong woken;
            _ = Libc.Read(wake, &woken, sizeof(ulong));
            if (failure != null)
                throw failure;
            Descriptors.Close(client); // the test host sees the end of the connection when the zygote ends
            return ProcessEnd.Await(zygote).Success ? 0 : 1;
        }
        catch (Exception e)
        {
            UnixSocket.Send(client, new ByteWriter().Byte((byte)ControlKind.ServerFailed).String(UserNamespaceAdvice.Explain(e)).Written);
            return 1;
        }
    }

    private static void Prepare(string runnerType, string assemblyPath)
    {
        CompileAhead(Own);
        Precompilation.Link([typeof(Libc)]);
        Leftovers.Rehearse();
        if (runnerType.Length == 0)
            return;
        var runner = (ITestRunner)Activator.CreateInstance(Type.GetType(runnerType, throwOnError: true)!)!;
        TestProcess.WarmUp(runner, assemblyPath);
        EnvironmentSnapshot.Apply(Quiescence.RuntimeSettings.Select(s => s.Name)); // the runtime has read them
        Assembly assembly = Assembly.LoadFrom(assemblyPath);
        HasHosts = ReadAhead(assembly);
        if (HasHosts)
            CompileAhead(OfHosts);
        RuntimePreparation.PreparePool();
        if (HasHosts || RuntimePreparation.UsesSockets(assembly))
            RuntimePreparation.PrepareSockets();
        Precompilation.Compile(Types(assembly), UserCodeLimit);
    }

    /// <summary>Compiles types of NsFixture's own, closures included.</summary>
    public static void CompileAhead(params Type[] types) => Precompilation.Compile(WithNested(types), TimeSpan.MaxValue);

    /// <summary>Types, and those within them.</summary>
    public static IEnumerable<Type> WithNested(IEnumerable<Type> types) => types.SelectMany(t => t.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic).Prepend(t));

    /// <summary>
    /// Has the runtime find what the attributes of the assembly, its types and their methods refer to, as test frameworks will.
    /// It reads the metadata; attributes are not created, which would run the user's code.
    /// </summary>
    /// <returns>Whether there are tests with several hosts among them.</returns>
    private static bool ReadAhead(Assembly assembly)
    {
        bool hosts = false;
        var setters = new HashSet<MethodInfo>();
        long start = Stopwatch.GetTimestamp();
        Precompilation.Attempt(() => Read(assembly.CustomAttributes));
        foreach (Type type in Types(assembly))
        {
            if (Stopwatch.GetElapsedTime(start) > ReflectionLimit)
                return hosts;
            Precompilation.Attempt(() => Read(type.CustomAttributes));
            foreach (MethodInfo method in type.GetMethods())
                Precompilation.Attempt(() =>
                {
                    _ = method.GetParameters();
                    Read(method.CustomAttributes);
                });
        }

        return hosts;

        void Read(IEnumerable<CustomAttributeData> attributes)
        {
            foreach (CustomAttributeData attribute in attributes)
            {
                _ = attribute.ConstructorArguments;
                foreach (CustomAttributeNamedArgument argument in attribute.NamedArguments)
                    if (argument.MemberInfo is PropertyInfo { SetMethod: { } setter } && setters.Add(setter))
                        Precompilation.Compile(setter);
                bool more = attribute.NamedArguments.Any(a => a.MemberName == nameof(SandboxOptions.Hosts)) || attribute.AttributeType.IsGenericType;
                hosts |= more && attribute.AttributeType.Name.StartsWith(nameof(IsolatedNetwork), StringComparison.Ordinal);
            }
        }
    }

    private static IEnumerable<Type> Types(Assembly assembly)
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException e)
        {
            return e.Types.OfType<Type>();
        }
    }

    /// <summary>Forks into a user and a mount namespace; returns 0 in the process of a test, to be let go.</summary>
    private static int ForkZygote(int client, int wake, int[] runtimeDescriptors, string assemblyPath)
    {
        UserMapping mapping = Zygote.ChooseMapping();
        var (read, write) = Descriptors.Pipe();
        int pid = Clone.Fork(Sched.CLONE_NEWUSER | Sched.CLONE_NEWNS, out int pidFd);
        if (pid > 0)
        {
            Descriptors.Close(pidFd);
            Descriptors.Close(read);
            try
            {
                string? note = null;
                if (mapping == UserMapping.Subordinate && !SubordinateIds.TryWrite(pid, out note))
                    mapping = UserMapping.Single;
                if (mapping != UserMapping.Subordinate)
                    UserMap.Write(pid, mapping);
                FileSystem.WriteAll(write, [(byte)mapping, .. Encoding.UTF8.GetBytes(note ?? "")], "to the zygote");
            }
            finally
            {
                Descriptors.Close(write); // without the byte, the zygote ends
            }
            return pid;
        }
        Descriptors.Close(write);
        Descriptors.Close(wake);
        if (ForkedChild.HearFromParent(read) is not [var mapped, .. var said])
        {
            Libc.Exit(1);
            return 0;
        }
        Action test = new Zygote(client, (UserMapping)mapped, said.Length == 0 ? [] : [Encoding.UTF8.GetString(said)], runtimeDescriptors, assemblyPath).Run();
        new Thread(() => test(), maxStackSize: 0) { Name = "NsFixture test" }.Start();
        return 0;
    }
}
