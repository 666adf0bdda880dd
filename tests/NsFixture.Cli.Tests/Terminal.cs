using System.Diagnostics;

namespace NsFixture.Cli.Tests;

/// <summary>A real terminal, of tmux's, with a shell in it for which <c>nsfixture</c> is the tool.</summary>
internal sealed class Terminal : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("nsfixture-terminal-").FullName;

    public Terminal()
    {
        File.WriteAllText(Path.Combine(directory, "nsfixture"), $"#!/bin/sh\nexec \"{Cli.Dotnet}\" \"{Cli.Assembly}\" \"$@\"\n", System.Text.Encoding.ASCII);
        File.SetUnixFileMode(Path.Combine(directory, "nsfixture"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Tmux("-f", "/dev/null", "new-session", "-d", "-x", "160", "-y", "50", $"env PATH='{directory}':\"$PATH\" PS1='$ ' bash --norc");
        try
        {
            Await("$");
        }
        catch
        {
            Dispose(); // nobody else can: there is no terminal yet
            throw;
        }
    }

    /// <summary>The shell's process.</summary>
    public int ShellId => int.Parse(Tmux("display-message", "-p", "#{pane_pid}").Trim());

    /// <summary>All that is on the screen.</summary>
    public string Screen => Tmux("capture-pane", "-p");

    public void Type(string text) => Tmux("send-keys", "-l", "--", text);

    public void Press(string key) => Tmux("send-keys", key);

    public void Enter(string line)
    {
        Tmux("send-keys", "C-l");
        Type(line);
        Press("Enter");
    }

    /// <summary>Waits until a text is on the screen, a minute at most.</summary>
    public string Await(string text)
    {
        string screen = "";
        Assert.True(SpinWait.SpinUntil(() =>
        {
            Thread.Sleep(50);
            return (screen = Screen).Contains(text, StringComparison.Ordinal);
        }, 60_000), $"\"{text}\" does not come: {screen}");
        return screen;
    }

    public void Dispose()
    {
        Tmux("kill-server");
        Directory.Delete(directory, recursive: true);
    }

    // A server of its own, whose socket is in the directory.
    private string Tmux(params string[] arguments)
    {
        var info = new ProcessStartInfo("tmux", ["-S", Path.Combine(directory, "tmux"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment.Remove("TMUX");
        info.Environment["TERM"] = "xterm-256color";
        info.Environment["LC_ALL"] = "C.UTF-8";
        using Process process = Process.Start(info)!;
        string output = process.StandardOutput.ReadToEnd(), error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"tmux {string.Join(' ', arguments)}: {error}");
    }
}
