namespace NsFixture;

/// <summary>Something about a namespace cannot be done. The message names the cause, the namespace and the remedy.</summary>
/// <param name="message">The message.</param>
/// <param name="inner">What caused it, if it is known.</param>
public sealed class NamespaceException(string message, Exception? inner = null) : Exception(message, inner);
