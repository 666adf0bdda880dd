using NsFixture.Limiting;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// Takes away the control groups of sandboxes that have ended. Groups are the one thing of a sandbox's that the kernel does not take away with its last process, and what is frozen in one of version 1 does not even end.
/// <para>
/// So a process is there for it that nobody's end is the end of: it holds one end of a pipe for each sandbox, whose init has the other, and which is closed first of all when that ends, for whatever reason. It ends with
/// the fork server, when the last of these is done. It is made with the first sandbox that has such groups.
/// </para>
/// </summary>
internal sealed class GroupKeeper
{
    private readonly int socket;

    private GroupKeeper(int socket, int processId) => (this.socket, ProcessId) = (socket, processId);

    /// <summary>Its id, after which groups are named: as long as it is there, none of them is left.</summary>
    public int ProcessId { get; }

    /// <summary>Forks it from the calling process.</summary>
    /// <param name="runtimeDescriptors">What the runtime needs open.</param>
    public static GroupKeeper Start(int[] runtimeDescriptors)
    {
        var (ours, theirs) = UnixSocket.Pair(SocketConstants.SOCK_SEQPACKET);
        int pid = Clone.Fork(0, out int pidFd);
        if (pid == 0)
        {
            try
            {
                _ = Libc.SetSid();
                Descriptors.LetGoOfStandard(Roots.Staging.Host + "/dev/null");
                Descriptors.CloseAllBut([.. runtimeDescriptors, theirs]);
                Serve(theirs);
            }
            catch (Exception)
            {
                // Nobody would read of it; 'nsfixture clean' finds what is left.
            }
            Libc.Exit(0);
        }
        Descriptors.Close(pidFd);
        Descriptors.Close(theirs);
        return new GroupKeeper(ours, pid);
    }

    /// <summary>Has groups taken away when whoever has the descriptor that is returned has ended.</summary>
    /// <param name="directories">The groups; those below them go with them.</param>
    public int Keep(IEnumerable<string> directories)
    {
        var (read, write) = Descriptors.Pipe();
        UnixSocket.Send(socket, new ByteWriter().Strings([.. directories]).Written, read);
        Descriptors.Close(read);
        return write;
    }

    private static void Serve(int requests)
    {
        var kept = new List<(int Pipe, string[] Directories)>();
        // All at once: what is in one group may end only when it is thawed in another.
        var ending = new List<(string Directory, long Until)>();
        while (requests >= 0 || kept.Count > 0 || ending.Count > 0)
        {
            var poll = new PollFd[kept.Count + 1];
            poll[0] = Poller.Reading(requests); // poll(2) passes over -1
            for (int i = 0; i < kept.Count; i++)
                poll[i + 1] = Poller.Reading(kept[i].Pipe);
            Poller.Wait(poll, ending.Count > 0 ? ControlGroup.RemovalPause : -1);
            for (int i = kept.Count - 1; i >= 0; i--)
            {
                if (poll[i + 1].revents == 0)
                    continue;
                foreach (string directory in kept[i].Directories)
                    ending.Add((directory, Environment.TickCount64 + (long)ControlGroup.RemovalLimit.TotalMilliseconds));
                Descriptors.Close(kept[i].Pipe);
                kept.RemoveAt(i);
            }
            ending.RemoveAll(e => ControlGroup.TryRemove(e.Directory) != null || Environment.TickCount64 > e.Until);
            if (poll[0].revents == 0 || UnixSocket.Receive(requests, out int[] descriptors, wait: false) is not { } message)
                continue;
            if (message.Length == 0)
            {
                Descriptors.Close(requests);
                requests = -1;
                continue;
            }
            var reader = new ByteReader(message);
            string[] directories = reader.Strings()!;
            kept.Add((descriptors[0], directories));
        }
    }
}
