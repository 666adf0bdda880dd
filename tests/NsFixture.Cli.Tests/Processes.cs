namespace NsFixture.Cli.Tests;

/// <summary>What /proc says of processes.</summary>
internal static class Processes
{
    /// <summary>All that a process has started, and they in turn.</summary>
    public static IReadOnlyList<int> Descendants(int id)
    {
        ILookup<int, int> children = Directory.GetDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out int process) ? process : 0).Where(p => p > 0)
            .ToLookup(p => int.TryParse(Value(p, "PPid"), out int parent) ? parent : 0);
        return [.. Below(id)];

        IEnumerable<int> Below(int parent) => children[parent].SelectMany(c => Below(c).Prepend(c));
    }

    /// <summary>Whether it is process 1 of a pid namespace of its own.</summary>
    public static bool IsFirst(int id) => Value(id, "NSpid")?.Split('\t') is [_, .., "1"];

    /// <summary>Whether one of these has started a program of that name.</summary>
    public static bool Named(string name, params int[] starters) => starters.SelectMany(Descendants).Any(p => Value(p, "Name") == name);

    /// <summary>Waits until it has ended; a minute at most.</summary>
    public static void AwaitEnd(params IEnumerable<int> ids)
    {
        foreach (int id in ids)
            Assert.True(SpinWait.SpinUntil(() => Value(id, "State") is null or ['Z' or 'X', ..], 60_000), $"Process {id} is still there: {Value(id, "Name")}");
    }

    private static string? Value(int id, string name)
    {
        try
        {
            return File.ReadLines($"/proc/{id}/status").FirstOrDefault(l => l.StartsWith(name + ":\t", StringComparison.Ordinal))?[(name.Length + 2)..];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
