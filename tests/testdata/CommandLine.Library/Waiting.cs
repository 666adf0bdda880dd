namespace CommandLine.Library;

/// <summary>What a test does whose run is to be cancelled.</summary>
public static class Waiting
{
    /// <summary>With COMMANDLINE_WAITS, makes that file, and does not return.</summary>
    public static void IfAsked()
    {
        if (Environment.GetEnvironmentVariable("COMMANDLINE_WAITS") is not { Length: > 0 } file)
            return;
        File.WriteAllText(file, "");
        Thread.Sleep(Timeout.Infinite);
    }
}
