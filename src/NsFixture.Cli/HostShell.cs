using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NsFixture.Cli;

/// <summary>A program with the tool's own terminal, which it has to itself: Ctrl-C is the program's.</summary>
internal static class HostShell
{
    private static int running;

    /// <summary>Whether a program has the terminal.</summary>
    public static bool IsRunning => Volatile.Read(ref running) > 0;

    /// <summary>Runs it to its end, or to Ctrl-C, which ends it; returns its exit code.</summary>
    public static int RunUntilInterrupted(ProcessStartInfo info)
    {
        using Process process = Process.Start(info) ?? throw new IOException("the program was not started");
        bool interrupted = false;
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, c =>
        {
            interrupted = true;
            Pass(c, process);
        });
        int code = Wait(process);
        return interrupted ? 128 + (int)Linux.SignalNumbers.SIGINT : code;
    }

    /// <summary>Runs it to its end; returns its exit code.</summary>
    public static int Run(ProcessStartInfo info)
    {
        using Process process = Process.Start(info) ?? throw new IOException("the program was not started");
        return Wait(process);
    }

    /// <summary>Leaves the terminal to one that runs; returns its exit code.</summary>
    public static int Wait(Process process)
    {
        Interlocked.Increment(ref running);
        try
        {
            // The terminal sends SIGINT to both; whoever ends the tool ends the program.
            using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, c => c.Cancel = true), quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, c => c.Cancel = true);
            using PosixSignalRegistration end = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => Pass(c, process)), hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, c => Pass(c, process));
            process.WaitForExit();
            return process.ExitCode;
        }
        finally
        {
            Interlocked.Decrement(ref running);
        }
    }

    private static void Pass(PosixSignalContext context, Process process)
    {
        context.Cancel = true;
        try
        {
            process.Kill();
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // it has ended already
        }
    }
}
