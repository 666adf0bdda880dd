using System.Globalization;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// What the process of a test still has open when everything is reported: threads that were given a name, and sockets of the network. Told to init, which passes it on.
/// The runtime's own threads have names that begin with a dot; one without a name has that of whoever started it, and cannot be told from it.
/// </summary>
internal static unsafe class StillOpen
{
    private const int FirstDescriptor = 3, AtOnce = 128, MostOfAKind = 10;
    private static readonly string[] OwnThreads = [".NET", "NsFixture", "dotnet"];

    /// <summary>One line for each.</summary>
    public static string[] Find()
    {
        var open = new List<string>();
        AddSockets(open);
        AddThreads(open);
        return [.. open];
    }

    /// <summary>What was told.</summary>
    public static string[] Read(byte[] message)
    {
        var reader = new ByteReader(message);
        reader.Byte();
        return reader.Strings()!;
    }

    // Which descriptors are open is asked of many at once: to list /proc/self/fd takes longer than all the rest. A descriptor gets the lowest free number, so a gap of that many is the end.
    private static void AddSockets(List<string> open)
    {
        PollFd* some = stackalloc PollFd[AtOnce];
        bool any = true;
        for (int first = FirstDescriptor; any && open.Count < MostOfAKind; first += AtOnce)
        {
            for (int i = 0; i < AtOnce; i++)
                some[i] = new PollFd { fd = first + i };
            if (Libc.Poll(some, AtOnce, 0) < 0)
                return; // fewer descriptors than that may be open at all (RLIMIT_NOFILE)
            any = false;
            for (int i = 0; i < AtOnce && open.Count < MostOfAKind; i++)
            {
                if ((some[i].revents & PollFlags.POLLNVAL) != 0)
                    continue;
                any = true;
                int domain;
                uint length = sizeof(int);
                if (Libc.GetSockOpt(some[i].fd, SocketConstants.SOL_SOCKET, SocketConstants.SO_DOMAIN, &domain, &length) == 0 && domain is SocketConstants.AF_INET or SocketConstants.AF_INET6)
                    open.Add(OpenSocket.Describe(some[i].fd));
            }
        }
    }

    private static void AddThreads(List<string> open)
    {
        int shown = 0;
        string main = Libc.GetPid().ToString(CultureInfo.InvariantCulture), current = Libc.GetTid().ToString(CultureInfo.InvariantCulture);
        foreach (string task in DirectoryNames.Of("/proc/self/task"))
        {
            if (task == main || task == current)
                continue; // most tests have no others
            string name = FileSystem.ReadTextIfThere($"/proc/self/task/{task}/comm").Trim();
            if (name.Length > 0 && !IsOwn(name) && shown++ < MostOfAKind)
                open.Add($"the thread '{name}'");
        }
    }

    private static bool IsOwn(string thread)
    {
        foreach (string own in OwnThreads)
            if (thread.StartsWith(own, StringComparison.Ordinal))
                return true;
        return false;
    }
}
