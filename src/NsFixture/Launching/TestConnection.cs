using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>The test host's ends of what connects it with a test's process: the result socket, and the pipes it prints into.</summary>
internal sealed record TestConnection(int Socket, int Output, int Error)
{
    public void Close()
    {
        foreach (int fd in (int[])[Socket, Output, Error])
            Descriptors.Close(fd);
    }
}
