using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// What the process of a test still has open when everything is reported: threads that were given a name, and sockets of the network. Told to init, which passes it on.
/// The runtime's own threads have names that begin with a dot; one without a name has that of whoever started it, and cannot be told from it.
/// </summary>
internal static unsafe class StillOpen
{
    private const int FirstDescriptor = 3, LastDescriptor = 1024, MostOfAKind = 10;
    private static readonly string[] OwnThreads = [".NET", "NsFixture", "dotnet"];

    /// <summary>One line for each.</summary>
    public static string[] Find()
    {
        var open = new List<string>();
        try
        {
            AddSockets(open);
            AddThreads(open);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A tree without /proc: nothing that a test's end should fail for.
        }
        return [.. open];
    }

    /// <summary>What was told.</summary>
    public static string[] Read(byte[] message)
    {
        var reader = new ByteReader(message);
        reader.Byte();
        return reader.Strings()!;
    }

    private static void AddSockets(List<string> open)
    {
        for (int fd = FirstDescriptor; fd < LastDescriptor && open.Count < MostOfAKind; fd++)
        {
            int domain;
            uint length = sizeof(int);
            if (Libc.GetSockOpt(fd, SocketConstants.SOL_SOCKET, SocketConstants.SO_DOMAIN, &domain, &length) == 0 && domain is SocketConstants.AF_INET or SocketConstants.AF_INET6)
                open.Add(OpenSocket.Describe(fd));
        }
    }

    private static void AddThreads(List<string> open)
    {
        int shown = 0;
        foreach (string task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            string name = FileSystem.Exists(task + "/comm") ? FileSystem.ReadText(task + "/comm").Trim() : "";
            if (name.Length > 0 && !OwnThreads.Any(own => name.StartsWith(own, StringComparison.Ordinal)) && shown++ < MostOfAKind)
                open.Add($"the thread '{name}'");
        }
    }
}
