using NsFixture.Linux;
using NsFixture.Roots;
using NsFixture.Sandboxes;

namespace NsFixture.Launching;

/// <summary>
/// The one process of a run that sandboxes are forked from: a single thread, root in a user namespace of its own, with a
/// private copy of the host's mounts. What is the same for every sandbox is prepared here once: the root plan, the copy of
/// /etc. It serves requests over one socket, reaps its inits, and ends with the connection.
/// </summary>
internal sealed class Zygote(int client, UserMapping mapping, List<string> notes, int[] runtimeDescriptors, string assemblyPath)
{
    private readonly Dictionary<int, Child> children = []; // by pidfd
    private List<RootEntry> rootPlan = [];

    private sealed record Child(int Id, int Pid);

    /// <summary>NSFIXTURE_USER_MAPPING=single has the caller map itself alone, as an ordinary user without subordinate ids must.</summary>
    public static UserMapping ChooseMapping() =>
        Environment.GetEnvironmentVariable("NSFIXTURE_USER_MAPPING") == "single" ? UserMapping.Single : UserMap.Best();

    /// <summary>Serves. Returns in the process of a test only, with what that process is to do.</summary>
    public Action Run()
    {
        try
        {
            Prepare();
            UnixSocket.Send(client, new ByteWriter().Byte((byte)ControlKind.ServerReady).Int32(Wire.Version).Int32((int)mapping).Strings(notes).Written);
            while (true)
            {
                WaitForWork();
                ReapChildren();
                byte[]? message;
                while ((message = UnixSocket.Receive(client, out int[] descriptors, wait: false)) != null)
                {
                    if (message.Length == 0)
                        Libc.Exit(0);
                    if (CreateSandbox(message, descriptors) is { } test)
                        return test;
                }
            }
        }
        catch (Exception e)
        {
            UnixSocket.Send(client, new ByteWriter().Byte((byte)ControlKind.ServerFailed).String(UserNamespaceAdvice.Explain(e)).Written);
            Libc.Exit(1);
            throw;
        }
    }

    private void Prepare()
    {
        string[] visible = [.. new[] { assemblyPath, Environment.CurrentDirectory, typeof(object).Assembly.Location, typeof(Zygote).Assembly.Location }.Where(p => p.Length > 0)];
        UserMap.Current = mapping;
        var mountPoints = Staging.Enter(notes);
        rootPlan = RootPlanner.Plan(Staging.Host, Staging.Work, mountPoints, mapping == UserMapping.Identity, visible);
        Rehearse();
        // The runtime keeps its assemblies open; the rehearsal may have loaded some more.
        runtimeDescriptors = [.. Descriptors.Open().Where(fd => fd > 2 && (runtimeDescriptors.Contains(fd) || Descriptors.Target(fd).EndsWith(".dll", StringComparison.Ordinal))).Order()];
    }

    /// <summary>
    /// Builds a sandbox around this process itself and leaves it again. It compiles the whole path before the first fork, and
    /// finds what this machine refuses while there is still someone to tell. /proc cannot be had without a pid namespace; the
    /// second-best way is taken then, which needs rehearsing too.
    /// </summary>
    private void Rehearse()
    {
        int mounts = FileSystem.OpenDescriptor("/proc/self/ns/mnt", Fcntl.O_RDONLY);
        if (Libc.Unshare((int)(Sched.CLONE_NEWNS | Sched.CLONE_NEWNET | Sched.CLONE_NEWUTS)) != 0)
            throw LinuxException.Last("unshare", "mnt, net, uts");
        SandboxBuilder.Build(new SandboxOptions().Resolve(Path.GetDirectoryName(typeof(Zygote).Assembly.Location)!), rootPlan, [], out SandboxRoots roots).Dispose();
        roots.Dispose();
        // Network and host name belong to the outer user namespace, which a rootless zygote may not enter again: they are left
        // in the rehearsal's. Every sandbox has its own anyway.
        if (Libc.SetNs(mounts, (int)Sched.CLONE_NEWNS) != 0)
            throw LinuxException.Last("setns", "mnt");
        Descriptors.Close(mounts);
    }

    private void WaitForWork()
    {
        var poll = new PollFd[children.Count + 1];
        poll[0] = Poller.Reading(client);
        int i = 1;
        foreach (int pidFd in children.Keys)
            poll[i++] = Poller.Reading(pidFd);
        Poller.Wait(poll, -1);
    }

    private unsafe void ReapChildren()
    {
        List<int>? ended = null;
        foreach (var (pidFd, child) in children)
        {
            int status;
            if (Libc.WaitPid(child.Pid, &status, WaitOptions.WNOHANG) != child.Pid)
                continue;
            (ended ??= []).Add(pidFd);
            Descriptors.Close(pidFd);
            UnixSocket.Send(client, new ByteWriter().Byte((byte)ControlKind.SandboxReaped).Int32(child.Id).Int32(status).Written);
        }
        ended?.ForEach(pidFd => children.Remove(pidFd));
    }

    /// <summary>Not null: this process is a test's.</summary>
    private Action? CreateSandbox(byte[] message, int[] descriptors)
    {
        var reader = new ByteReader(message);
        reader.Byte();
        int id = reader.Int32();
        SandboxSpec spec = reader.Spec();
        if (spec.Plan.Dns != null)
            DnsService.CompileAhead();
        int control = descriptors[0];
        var (read, write) = Descriptors.Pipe();
        int pid = -1;
        try
        {
            pid = Clone.Fork(NamespaceFlags.Sandbox, out int pidFd);
            if (pid == 0)
            {
                Descriptors.Close(write);
                Descriptors.Close(client);
                foreach (int other in children.Keys)
                    Descriptors.Close(other);
                if (!ForkedChild.WaitForParent(read))
                    Libc.Exit(1);
                return new Init(control, runtimeDescriptors).Run(spec, rootPlan, notes);
            }
            children.Add(pidFd, new Child(id, pid));
            UserMap.Write(pid, mapping);
            FileSystem.WriteAll(write, [1], "to init");
            UnixSocket.Send(client, new ByteWriter().Byte((byte)ControlKind.SandboxCreated).Int32(id).Written, pidFd);
        }
        catch (LinuxException e)
        {
            UnixSocket.Send(client, new ByteWriter().Byte((byte)ControlKind.SandboxRefused).Int32(id).String(UserNamespaceAdvice.Explain(e)).Written);
        }
        finally
        {
            if (pid != 0)
            {
                Descriptors.Close(read);
                Descriptors.Close(write);
                Descriptors.Close(control);
            }
        }
        return null;
    }
}
