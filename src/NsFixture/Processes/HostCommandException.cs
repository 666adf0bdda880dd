namespace NsFixture;

/// <summary>A program on a host could not be started, or did not become ready.</summary>
/// <param name="message">The program, the host, what happened, and what it printed.</param>
/// <param name="inner">What caused it, if it is known.</param>
public sealed class HostCommandException(string message, Exception? inner = null) : SandboxException(message, inner);
