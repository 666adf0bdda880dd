namespace NsFixture;

/// <summary>Something about a sandbox went wrong. The message names the cause, the object and the remedy.</summary>
/// <param name="message">The message.</param>
/// <param name="inner">What caused it, if it is known.</param>
public class SandboxException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Settings of a sandbox that cannot be. Nothing was created.</summary>
/// <param name="problems">One sentence each, naming the setting, its value and what it may be.</param>
public sealed class InvalidSandboxOptionsException(IReadOnlyList<string> problems)
    : SandboxException(problems.Count == 1 ? problems[0] : string.Join(Environment.NewLine, problems))
{
    /// <summary>One sentence for each setting that is wrong.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}

/// <summary>A topology that cannot be. Nothing was created.</summary>
/// <param name="problems">One sentence each, naming the node, the setting, its value and what it may be.</param>
public sealed class InvalidTopologyException(IReadOnlyList<string> problems)
    : SandboxException(problems.Count == 1 ? problems[0] : string.Join(Environment.NewLine, problems))
{
    /// <summary>One sentence for each thing that is wrong.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}

/// <summary>A root tree that cannot be had: a program, an archive or a directory it is made from is missing, broken or not safe to unpack.</summary>
/// <param name="message">What, where, and what to do about it.</param>
/// <param name="inner">What caused it, if it is known.</param>
public sealed class RootTreeException(string message, Exception? inner = null) : SandboxException(message, inner);

/// <summary>This machine does not allow sandboxes. Isolated tests are skipped, or fail where NSFIXTURE_REQUIRE=1.</summary>
/// <param name="message">The cause and the remedy.</param>
/// <param name="inner">What caused it, if it is known.</param>
public sealed class SandboxUnavailableException(string message, Exception? inner = null) : SandboxException(message, inner);

/// <summary>The process of an isolated test ended before the test did.</summary>
/// <param name="message">How it ended.</param>
public sealed class TestProcessEndedException(string message) : SandboxException(message);

/// <summary>The process that sandboxes are forked from has ended, and the test's sandbox with it: a failure of the machine or of NsFixture, not of the test.</summary>
/// <param name="message">How it ended, and what becomes of the tests that follow.</param>
/// <param name="inner">What caused it, if it is known.</param>
public sealed class ForkServerLostException(string message, Exception? inner = null) : SandboxException(message, inner);

/// <summary>A test left something in its sandbox that would be on the machine had it run there, and NSFIXTURE_LEAKS=fail.</summary>
/// <param name="message">What it left.</param>
public sealed class TestLeakException(string message) : SandboxException(message);

/// <summary>A test has come up against the limits of its sandbox or of a host (<see cref="Limits"/>): the kernel has killed one of its processes for want of memory, or refused it another.</summary>
/// <param name="message">Which limit, with its numbers.</param>
public sealed class SandboxLimitException(string message) : SandboxException(message);

/// <summary>A test ran longer than its deadline and was ended.</summary>
/// <param name="message">The deadline and what was seen of the test.</param>
public sealed class TestDeadlineException(string message) : SandboxException(message);
