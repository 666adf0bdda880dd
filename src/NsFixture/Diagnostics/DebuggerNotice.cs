using System.Globalization;
using NsFixture.Linux;

namespace NsFixture;

/// <summary>Tells whoever has asked to debug a test (NSFIXTURE_WAIT_FOR_DEBUGGER=1) which process waits, and how a debugger gets to it.</summary>
internal static class DebuggerNotice
{
    /// <param name="init">The id of the sandbox's init process, as it is seen from here.</param>
    /// <param name="inside">The id of the test's process, as it sees itself.</param>
    /// <param name="test">What it is about to run.</param>
    public static void Print(int init, int inside, string test)
    {
        int process = Find(init, inside);
        string notice = string.Create(CultureInfo.InvariantCulture,
            $"NsFixture: {test} waits for a debugger in process {process}. To a debugger, which has to look from inside the sandbox, that is process {inside}: " +
            $"nsenter --target {process} --user --preserve-credentials --mount --pid DEBUGGER … {inside}");
        Console.Error.WriteLine(notice);
        // Runners keep what a test host prints to themselves until it ends, which it does not.
        try
        {
            using var terminal = new FileStream("/dev/tty", FileMode.Open, FileAccess.Write);
            if (Console.IsErrorRedirected)
                terminal.Write(System.Text.Encoding.UTF8.GetBytes(notice + Environment.NewLine));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // There is no terminal.
        }
    }

    // Ids are one for each pid namespace that a process is in, the outermost first (proc_pid_status(5), NSpid).
    private static int Find(int init, int inside)
    {
        foreach (string directory in Directory.EnumerateDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])))
        {
            string[] status;
            try
            {
                status = FileSystem.ReadText(directory + "/status").Split('\n');
            }
            catch (LinuxException)
            {
                continue; // it has ended
            }
            if (status.Contains($"PPid:\t{init}") && status.Any(l => l.StartsWith("NSpid:", StringComparison.Ordinal) && l.EndsWith($"\t{inside}", StringComparison.Ordinal)))
                return int.Parse(Path.GetFileName(directory), CultureInfo.InvariantCulture);
        }
        return 0;
    }
}
