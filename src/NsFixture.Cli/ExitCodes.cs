namespace NsFixture.Cli;

/// <summary>What the tool's exit code says; a command's own code is passed on as it is. docs/tool.md has them.</summary>
internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>Asked whether it is so, it is not: this machine cannot isolate, or there is something to clean.</summary>
    public const int No = 1;

    /// <summary>The arguments, or the file they name, cannot be; nothing was done.</summary>
    public const int BadArguments = 2;

    /// <summary>The machine refused, or what was asked for failed.</summary>
    public const int Failed = 3;
}

/// <summary>A mistake in what the user gave: one line, which names it and what to do.</summary>
internal sealed class BadArgumentException(string message) : Exception(message);
