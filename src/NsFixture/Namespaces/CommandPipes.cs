using NsFixture.Linux;

namespace NsFixture.Namespaces;

/// <summary>How a process that is on its way into namespaces tells how it fares, and is told to go on. The ends of its own it opens by their paths in /proc.</summary>
internal sealed class CommandPipes : IDisposable
{
    public const int ReportSize = 16;

    private int reports, answers;

    public CommandPipes()
    {
        (reports, TheirReports) = Descriptors.Pipe();
        (TheirAnswers, answers) = Descriptors.Pipe();
    }

    public int TheirReports { get; private set; }

    public int TheirAnswers { get; private set; }

    /// <summary>What comes next.</summary>
    /// <param name="process">Its descriptor (pidfd): nothing comes any more once it has ended; -1: it has already.</param>
    /// <param name="about">0: a greeting; -1: its child; -2: a question; else the address of the call that failed.</param>
    /// <param name="value">The child's number, or the error.</param>
    /// <returns>False: nothing any more; it has become its program, or has ended.</returns>
    public bool Read(int process, out long about, out long value)
    {
        Span<byte> report = stackalloc byte[ReportSize];
        (about, value) = (0, 0);
        Span<PollFd> poll = [Poller.Reading(reports), Poller.Reading(process)];
        while (process >= 0 && Poller.Wait(poll, -1) == 0)
        {
        }
        // Their end may have been closed with the process: what it said before is still there.
        if (SocketStream.Read(reports, report) != ReportSize)
            return false;
        (about, value) = (BitConverter.ToInt64(report), BitConverter.ToInt64(report[8..]));
        return true;
    }

    /// <summary>They have opened their ends: the end of these is the end of what they say.</summary>
    public void CloseTheirs()
    {
        Descriptors.Close(TheirReports);
        Descriptors.Close(TheirAnswers);
        (TheirReports, TheirAnswers) = (-1, -1);
    }

    public void Answer() => FileSystem.TryWriteAll(answers, [1]);

    public void Dispose()
    {
        CloseTheirs();
        Descriptors.Close(reports);
        Descriptors.Close(answers);
        (reports, answers) = (-1, -1);
    }
}
