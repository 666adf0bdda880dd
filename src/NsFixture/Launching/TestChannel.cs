using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// The test process's end of its result socket. Writing blocks while the test host is behind: that is the back-pressure that
/// lets a test print without limit and lose nothing.
/// </summary>
internal sealed unsafe class TestChannel(int socket) : ITestReportSink
{
    private readonly Lock gate = new();
    private readonly ByteWriter writer = new();

    public void Send(TestReport message)
    {
        lock (gate)
        {
            writer.Clear();
            writer.Int32(0);
            message.Write(writer);
            writer.PatchInt32(0, writer.Length - 4);
            SocketStream.WriteAll(socket, writer.Written);
        }
    }

    /// <summary>Waits for the request.</summary>
    public TestRequest ReceiveRequest()
    {
        var frames = new FrameReader();
        ReadOnlySpan<byte> frame;
        while (!frames.TryRead(out frame))
        {
            int n = SocketStream.Read(socket, frames.Free);
            if (n <= 0)
                throw new SandboxException("The test host closed the connection before it sent its request.");
            frames.Advance(n);
        }
        return TestRequest.Read(frame);
    }
}
