using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace NsFixture.Roots.Archives;

/// <summary>
/// What another stream has, read from it by a thread that is some blocks ahead: decompressing and hashing then take a processor of their own
/// while the reader writes files. A fault of the other stream is thrown where its bytes would have come.
/// </summary>
internal sealed class ReadAheadStream : ForwardStream
{
    private const int BlockSize = 256 * 1024, Blocks = 8;

    private readonly Stream inner;
    private readonly BlockingCollection<(byte[] Block, int Length)> free = [], full = [];
    private readonly Thread thread;
    private (byte[] Block, int Length) current = ([], 0);
    private int position;
    private ExceptionDispatchInfo? fault;
    private volatile bool abandoned;
    private bool ended;

    public ReadAheadStream(Stream inner)
    {
        this.inner = inner;
        for (int i = 0; i < Blocks; i++)
            free.Add((new byte[BlockSize], 0));
        thread = new Thread(ReadAhead) { IsBackground = true, Name = "NsFixture read-ahead" };
        thread.Start();
    }

    /// <summary>Reads what is left. Afterwards nobody reads from the other stream any more.</summary>
    public void Drain()
    {
        while (Fill())
            position = current.Length;
        thread.Join();
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.Length == 0 || !Fill())
            return 0;
        int n = Math.Min(buffer.Length, current.Length - position);
        current.Block.AsSpan(position, n).CopyTo(buffer);
        position += n;
        return n;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            abandoned = true;
            free.CompleteAdding(); // who waits for a block to fill, ends
            thread.Join();
            free.Dispose();
            full.Dispose();
        }
        base.Dispose(disposing);
    }

    /// <summary>Sees to it that there is something to be read; false: the end.</summary>
    private bool Fill()
    {
        while (position == current.Length)
        {
            if (ended)
                return false;
            if (current.Block.Length > 0)
                free.Add((current.Block, 0));
            position = 0;
            if (full.TryTake(out current, Timeout.Infinite))
                continue;
            (current, ended) = (([], 0), true);
            fault?.Throw();
        }
        return true;
    }

    private void ReadAhead()
    {
        for (bool more = true; more && !abandoned && free.TryTake(out var item, Timeout.Infinite);)
        {
            int length = 0;
            try
            {
                while (length < item.Block.Length && more)
                {
                    int n = inner.Read(item.Block.AsSpan(length));
                    length += n;
                    more = n > 0;
                }
            }
            catch (Exception e)
            {
                fault = ExceptionDispatchInfo.Capture(e);
                more = false;
            }
            if (length > 0)
                full.Add((item.Block, length));
        }
        full.CompleteAdding();
    }
}
