namespace NsFixture.Roots;

/// <summary>The root trees that a sandbox was declared to have, where they are not all the usual one.</summary>
/// <param name="Sandbox">That of the test, and of hosts without one of their own; null: the usual one.</param>
/// <param name="Hosts">Those of hosts, by index.</param>
/// <param name="BaseDirectory">What relative paths are relative to.</param>
internal sealed record DeclaredRoots(RootTree? Sandbox, IReadOnlyList<(int Host, RootTree Tree)> Hosts, string BaseDirectory)
{
    /// <summary>What is wrong with them, a sentence each.</summary>
    public IEnumerable<string> Problems => Hosts.Select(h => h.Tree).Prepend(Sandbox).OfType<RootTree>().Distinct().SelectMany(t => t.Declared.Problems(BaseDirectory)).Distinct();
}
