using FluentAssertions;
using NsFixture.Roots.Archives;

namespace NsFixture.Tests.Roots;

public class ReadAheadStreamTests
{
    [Theory, InlineData(0), InlineData(1), InlineData(262_144), InlineData(5_000_001)]
    public void What_is_read_is_what_the_other_stream_has(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        using var ahead = new ReadAheadStream(new Trickle(content, fault: null));
        var copy = new MemoryStream();
        ahead.CopyTo(copy, 70_001);
        copy.ToArray().Should().Equal(content);
        ahead.Read(new byte[1]).Should().Be(0, "the end stays the end");
    }

    [Fact]
    public void A_fault_comes_where_its_bytes_would_have()
    {
        using var ahead = new ReadAheadStream(new Trickle(new byte[300_000], new InvalidDataException("rotten")));
        ahead.ReadExactly(new byte[300_000]);
        var reading = () => ahead.Read(new byte[1]);
        reading.Should().Throw<InvalidDataException>().WithMessage("rotten");
    }

    [Fact]
    public void Draining_reads_the_rest_and_throws_its_faults()
    {
        var whole = new Trickle(new byte[4_000_000], fault: null);
        using (var ahead = new ReadAheadStream(whole))
        {
            ahead.ReadExactly(new byte[10]);
            ahead.Drain();
        }
        whole.Position.Should().Be(4_000_000);
        using var faulty = new ReadAheadStream(new Trickle(new byte[4_000_000], new InvalidDataException("rotten")));
        faulty.Invoking(f => f.Drain()).Should().Throw<InvalidDataException>();
    }

    [Fact]
    public void Who_reads_no_further_does_not_wait_for_the_rest()
    {
        var endless = new Trickle(new byte[1 << 30], fault: null);
        using (var ahead = new ReadAheadStream(endless))
            ahead.ReadExactly(new byte[10]);
        endless.Position.Should().BeLessThan(10 << 20);
    }

    /// <summary>Gives some thousand bytes at a time, and perhaps fails at the end.</summary>
    private sealed class Trickle(byte[] content, Exception? fault) : MemoryStream(content)
    {
        public override int Read(Span<byte> buffer) =>
            Position == Length && fault != null ? throw fault : base.Read(buffer[..Math.Min(buffer.Length, 9_973)]);
    }
}
