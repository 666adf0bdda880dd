using System.Runtime.InteropServices;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// A terminal for a program in a sandbox, and the caller's own terminal connected with it: keys go there as they are, Ctrl-C and Ctrl-Z included, and what is printed comes back. A program
/// that is given the caller's terminal itself cannot have it as the controlling one of its session (credentials(7)), and then a shell has no job control.
/// </summary>
internal sealed unsafe class TerminalRelay : IDisposable
{
    private const int Input = 0, Output = 1, Error = 2;
    private const int LastWords = 200; // milliseconds that the kernel may take to bring what the program has printed

    private readonly int ours;
    private readonly Termios before;
    private readonly PosixSignalRegistration resizing;
    private int theirs;

    private TerminalRelay(int ours, int theirs, Termios before)
    {
        (this.ours, this.theirs, this.before) = (ours, theirs, before);
        SocketStream.SetNonBlocking(ours);
        CopySize();
        resizing = PosixSignalRegistration.Create((PosixSignal)SignalNumbers.SIGWINCH, _ => CopySize());
    }

    /// <summary>Standard input, output and error for the program; an error output that is no terminal is left as it is.</summary>
    public int[] Standard => [theirs, theirs, Modes(Error) == null ? Error : theirs];

    /// <summary>Takes the caller's terminal, until this is disposed of. Null: its input or output is none, or it is in the background, or the machine has no more terminals.</summary>
    public static TerminalRelay? Take()
    {
        int foreground;
        if (Modes(Input) is not { } before || Modes(Output) == null || Libc.IoCtl(Input, Terminal.TIOCGPGRP, &foreground) != 0 || foreground != Libc.GetPgrp())
            return null;
        int ours = Libc.Open("/dev/ptmx", Fcntl.O_RDWR | Fcntl.O_NOCTTY | Fcntl.O_CLOEXEC, 0), unlocked = 0;
        if (ours < 0)
            return null;
        int theirs = Libc.IoCtl(ours, Terminal.TIOCSPTLCK, &unlocked) != 0 ? -1 : Libc.IoCtl(ours, Terminal.TIOCGPTPEER, (void*)(Fcntl.O_RDWR | Fcntl.O_NOCTTY | Fcntl.O_CLOEXEC));
        if (theirs < 0)
        {
            Descriptors.Close(ours);
            return null;
        }
        var relay = new TerminalRelay(ours, theirs, before);
        SetModes(Raw(before));
        return relay;
    }

    /// <summary>Passes on what is typed and what is printed until the program has ended.</summary>
    /// <param name="status">Where init tells how.</param>
    public void Pass(int status)
    {
        Descriptors.Close(theirs); // the program has it
        theirs = -1;
        Span<byte> typed = stackalloc byte[4096];
        int from = 0, to = 0; // what of it the program's terminal has no room for yet
        Span<PollFd> poll = [Poller.Reading(status), Poller.Reading(ours), Poller.Reading(Input)];
        while (poll[0].revents == 0)
        {
            poll[1].events = (short)(PollFlags.POLLIN | (from < to ? PollFlags.POLLOUT : 0));
            bool isRead = poll[2].fd >= 0 && from == to;
            if (Poller.Wait(isRead ? poll : poll[..2], -1) == 0)
                continue;
            if (isRead && poll[2].revents != 0)
            {
                (from, to) = (0, Read(Input, typed));
                if (to < 0)
                    (to, poll[2].fd) = (0, -1); // SIGHUP says so too
            }
            if (from < to)
                fixed (byte* start = typed)
                    from += (int)Math.Max(Libc.Write(ours, start + from, to - from), 0);
            if ((poll[1].revents & ~PollFlags.POLLOUT) != 0 && !Show())
                poll[1].fd = -1;
        }
        Span<PollFd> last = [Poller.Reading(ours)];
        while (Poller.Wait(last, LastWords) > 0 && Show())
        {
        }
    }

    /// <summary>Gives the caller's terminal back as it was.</summary>
    public void Dispose()
    {
        resizing.Dispose();
        Descriptors.Close(ours);
        Descriptors.Close(theirs);
        SetModes(before);
    }

    // Shows what the program has printed; false: nothing more will come.
    private bool Show()
    {
        Span<byte> printed = stackalloc byte[4096];
        int n = Read(ours, printed);
        if (n > 0)
            FileSystem.TryWriteAll(Output, printed[..n]);
        return n >= 0;
    }

    // 0: nothing now; -1: it is hung up.
    private static int Read(int fd, Span<byte> into)
    {
        fixed (byte* start = into)
        {
            nint n = Libc.Read(fd, start, into.Length);
            return n > 0 ? (int)n : n < 0 && Marshal.GetLastPInvokeError() is Err.EAGAIN or Err.EINTR ? 0 : -1;
        }
    }

    private void CopySize()
    {
        ulong size; // struct winsize, as it is
        if (Libc.IoCtl(Input, Terminal.TIOCGWINSZ, &size) == 0)
            _ = Libc.IoCtl(ours, Terminal.TIOCSWINSZ, &size);
    }

    private static Termios? Modes(int fd)
    {
        Termios modes;
        return Libc.IoCtl(fd, Terminal.TCGETS, &modes) == 0 ? modes : null;
    }

    private static void SetModes(Termios modes) => _ = Libc.IoCtl(Input, Terminal.TCSETSW, &modes);

    // As cfmakeraw(3).
    private static Termios Raw(Termios modes)
    {
        modes.c_iflag &= ~(TerminalModes.IGNBRK | TerminalModes.BRKINT | TerminalModes.PARMRK | TerminalModes.ISTRIP | TerminalModes.INLCR | TerminalModes.IGNCR | TerminalModes.ICRNL | TerminalModes.IXON);
        modes.c_oflag &= ~TerminalModes.OPOST;
        modes.c_lflag &= ~(TerminalModes.ECHO | TerminalModes.ECHONL | TerminalModes.ICANON | TerminalModes.ISIG | TerminalModes.IEXTEN);
        modes.c_cflag = (modes.c_cflag & ~(TerminalModes.CSIZE | TerminalModes.PARENB)) | TerminalModes.CS8;
        return modes;
    }
}
