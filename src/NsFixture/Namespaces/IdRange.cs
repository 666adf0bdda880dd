using System.Globalization;

namespace NsFixture;

/// <summary>A range of user or group ids that a user namespace maps, as a line of /proc/PID/uid_map has it (user_namespaces(7)).</summary>
/// <param name="Inside">The first id inside.</param>
/// <param name="Outside">The first id that it is outside, as the reader's own user namespace numbers it.</param>
/// <param name="Count">How many ids.</param>
public readonly record struct IdRange(uint Inside, uint Outside, uint Count)
{
    /// <summary><c>0 1000 1</c>, as the kernel reads and writes it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Inside} {Outside} {Count}");

    internal static IReadOnlyList<IdRange> Parse(string map) =>
        [.. map.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(f => new IdRange(Number(f[0]), Number(f[1]), Number(f[2])))];

    private static uint Number(string text) => uint.Parse(text, CultureInfo.InvariantCulture);
}
