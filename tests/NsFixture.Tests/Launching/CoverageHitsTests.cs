using FluentAssertions;
using NsFixture.Launching;

namespace NsFixture.Tests.Launching;

public sealed class CoverageHitsTests : IDisposable
{
    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    [Fact]
    public void Counters_are_added_up_and_do_not_overflow()
    {
        File.Delete(path);
        CoverageHits.Add(path, Counters(1, 0, int.MaxValue));
        CoverageHits.Add(path, Counters(2, 0, 5));
        File.ReadAllBytes(path).Should().Equal(Counters(3, 0, int.MaxValue));
    }

    [Fact]
    public void Marks_are_set_and_never_taken_away()
    {
        File.WriteAllBytes(path, [1, 0, 0, 1, 9]);
        CoverageHits.Mark(path, [0, 1, 0, 1]);
        File.ReadAllBytes(path).Should().Equal([1, 1, 0, 1, 9]);
    }

    [Fact]
    public void What_does_not_fit_is_named_and_changes_nothing()
    {
        File.WriteAllBytes(path, Counters(1, 2));
        foreach (Action adding in (Action[])[() => CoverageHits.Add(path, Counters(1, 2, 3)), () => CoverageHits.Mark(path, new byte[100])])
            adding.Should().Throw<SandboxException>().WithMessage($"*do not fit those in {path}*");
        File.ReadAllBytes(path).Should().Equal(Counters(1, 2));
    }

    private static byte[] Counters(params int[] counters) => [.. counters.Prepend(counters.Length).SelectMany(BitConverter.GetBytes)];
}
