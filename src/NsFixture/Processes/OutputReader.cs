using System.Text;
using NsFixture.Linux;

namespace NsFixture.Processes;

/// <summary>Reads what a program prints, hands on whole lines, and keeps it all.</summary>
internal sealed class OutputReader(int pipe, Action<string> onLine)
{
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private readonly byte[] bytes = new byte[16 * 1024];
    private readonly char[] chars = new char[16 * 1024 + 1];
    private readonly StringBuilder all = new();
    private int lineStart;

    public int Pipe { get; } = pipe;

    public bool IsFinished { get; private set; }

    public string Text
    {
        get
        {
            lock (all)
                return all.ToString();
        }
    }

    /// <summary>Reads once. False: the end.</summary>
    public bool Read()
    {
        int n = SocketStream.Read(Pipe, bytes);
        if (n > 0)
            Add(chars.AsSpan(0, decoder.GetChars(bytes, 0, n, chars, 0)));
        return n != 0;
    }

    /// <summary>Reads all that is there now, and no more: whoever else holds the other end may keep it open for ever.</summary>
    public void Finish()
    {
        IsFinished = true;
        int n;
        while ((n = SocketStream.Read(Pipe, bytes)) > 0)
            Add(chars.AsSpan(0, decoder.GetChars(bytes, 0, n, chars, 0)));
        Descriptors.Close(Pipe);
    }

    public bool HasLine(string text) => Text.Split('\n').SkipLast(1).Any(line => line.Contains(text, StringComparison.Ordinal));

    private void Add(ReadOnlySpan<char> text)
    {
        var lines = new List<string>();
        lock (all)
        {
            int from = all.Length;
            all.Append(text);
            for (int i = from; i < all.Length; i++)
            {
                if (text[i - from] != '\n')
                    continue;
                lines.Add(all.ToString(lineStart, i - lineStart).TrimEnd('\r'));
                lineStart = i + 1;
            }
        }
        lines.ForEach(onLine);
    }
}
