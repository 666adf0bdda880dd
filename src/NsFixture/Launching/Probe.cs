using System.Globalization;
using System.Text;
using NsFixture.Diagnostics.Checks;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>Has a process try what a sandbox is made of, one thing after another; see <see cref="ProbeProcess"/>.</summary>
internal static class Probe
{
    private const long LimitMilliseconds = 30_000;

    /// <summary>
    /// Tries, as a child of the calling thread, whose seccomp filters and limits it has.
    /// </summary>
    /// <param name="problem">Why the list is not whole; null: it is.</param>
    /// <returns>By what was tried.</returns>
    public static unsafe IReadOnlyDictionary<string, Attempt> Run(out string? problem)
    {
        problem = null;
        var (read, write) = Descriptors.Pipe();
        int pid = 0;
        var text = new StringBuilder();
        try
        {
            pid = Spawn.Start(DotnetHost.Arguments(BareServer.Application(), "probe"), DotnetHost.CurrentEnvironment(Quiescence.RuntimeSettings), write, Wire.SocketDescriptor);
            Descriptors.Close(write);
            write = -1;
            Span<byte> bytes = stackalloc byte[4096];
            for (long until = System.Environment.TickCount64 + LimitMilliseconds; ;)
            {
                Span<PollFd> poll = [Poller.Reading(read)];
                Poller.Wait(poll, (int)Math.Max(0, until - System.Environment.TickCount64));
                int n = SocketStream.Read(read, bytes);
                if (n == 0)
                    break;
                if (n > 0)
                    text.Append(Encoding.UTF8.GetString(bytes[..n]));
                else if (System.Environment.TickCount64 > until)
                {
                    problem = $"What a sandbox is made of was tried for {LimitMilliseconds / 1000} s and did not end; the last answers were: {text}";
                    break;
                }
            }
        }
        catch (Exception e) when (e is LinuxException or SandboxException)
        {
            problem = e.Message;
        }
        finally
        {
            Descriptors.Close(read);
            Descriptors.Close(write);
            if (pid > 0)
            {
                if (problem != null)
                    _ = Libc.Kill(pid, SignalNumbers.SIGKILL);
                ProcessEnd.Await(pid);
            }
        }
        var attempts = new Dictionary<string, Attempt>();
        foreach (string[] line in text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t')))
            if (line is [ProbeProcess.Problem, var words])
                problem ??= words;
            else if (line is [var name, var errno, var what])
                attempts[name] = new Attempt(int.Parse(errno, CultureInfo.InvariantCulture), what);
        return attempts;
    }
}
