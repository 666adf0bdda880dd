using FluentAssertions;
using NsFixture.Launching;

namespace NsFixture.Tests.Launching;

/// <summary>What goes over the result socket arrives whole, however the stream is cut.</summary>
public class WireTests
{
    [Theory, InlineData(1), InlineData(3), InlineData(1000), InlineData(70_000)]
    public void Frames_arrive_whole_whatever_pieces_the_stream_comes_in(int piece)
    {
        var random = new Random(piece);
        byte[][] frames = [.. ((int[])[0, 1, 5, 65_532, 65_536, 300_000, 0, 12]).Select(n => Bytes(random, n))];
        byte[] stream = [.. frames.SelectMany(f => (byte[])[.. BitConverter.GetBytes(f.Length), .. f])];
        var reader = new FrameReader();
        var read = new List<byte[]>();
        for (int at = 0; at < stream.Length;)
        {
            Span<byte> free = reader.Free;
            int n = Math.Min(Math.Min(piece, free.Length), stream.Length - at);
            n.Should().BePositive();
            stream.AsSpan(at, n).CopyTo(free);
            reader.Advance(n);
            at += n;
            while (reader.TryRead(out ReadOnlySpan<byte> frame))
                read.Add(frame.ToArray());
        }
        read.Should().BeEquivalentTo(frames, o => o.WithStrictOrdering());
    }

    [Fact]
    public void A_report_survives_the_wire()
    {
        var report = new TestReport(TestReportKind.Failed)
        {
            Case = 3, Test = 7, Number = -1, Text = "lone surrogate \ud800, null \0, ü", Time = 12.3456789m, Data = [1, 2, 3],
            Failure = new FailureInfo(["A", null], ["outer", "inner"], [null, "at X"], [-1, 0]),
        };
        var writer = new ByteWriter();
        report.Write(writer);
        TestReport.Read(writer.Written).Should().BeEquivalentTo(report);
    }

    [Fact]
    public void A_request_survives_the_wire()
    {
        var request = new TestRequest
        {
            RunnerType = "T", AssemblyPath = "/a/b.dll", Payload = [9, 8], WorkingDirectory = "/", EnvironmentChanges = ["A=1", "EMPTY="],
            Spec = new SandboxOptions { Uptime = TimeSpan.FromDays(400), DomainName = "d", IpcLimits = ["kernel.shmmax=1", "kernel.sem=1 2 3 4"], Limits = new Limits { Memory = 64 << 20, Cpu = 0.3, OpenFiles = 64 } }.Resolve("/"), Launcher = LauncherKind.Exec, LauncherReason = "because", Notes = ["n"], CoverageTrackers = ["T"],
        };
        var reader = new FrameReader();
        byte[] bytes = request.ToFrame();
        bytes.CopyTo(reader.Free);
        reader.Advance(bytes.Length);
        reader.TryRead(out ReadOnlySpan<byte> frame).Should().BeTrue();
        TestRequest.Read(frame).Should().BeEquivalentTo(request);
    }

    [Fact]
    public void An_exception_is_flattened_with_all_that_is_inside_it()
    {
        var failure = FailureInfo.Of(new AggregateException(new InvalidOperationException("a", new IOException("b")), new ArgumentException("c")));
        failure.Types.Should().Equal("System.AggregateException", "System.InvalidOperationException", "System.ArgumentException", "System.IO.IOException");
        failure.Parents.Should().Equal(-1, 0, 0, 1);
        failure.Messages[3].Should().Be("b");
    }

    private static byte[] Bytes(Random random, int count)
    {
        byte[] bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
