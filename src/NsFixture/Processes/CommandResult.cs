namespace NsFixture;

/// <summary>How a program on a host ended, and what it printed.</summary>
/// <param name="ExitCode">Its exit code; 128 and the signal's number where a signal ended it, as shells count.</param>
/// <param name="StandardOutput">All of it.</param>
/// <param name="StandardError">All of it.</param>
public sealed record CommandResult(int ExitCode, string StandardOutput, string StandardError);
