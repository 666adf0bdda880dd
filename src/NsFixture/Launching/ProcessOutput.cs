using System.Text;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// Standard output or error of an isolated test's process: what its <see cref="Console"/> reported and what came through its pipe,
/// passed on to the test host's own in whole lines, since many tests print at once; and its end, kept for messages.
/// </summary>
internal sealed class ProcessOutput(int pipe, TextWriter target)
{
    // The stack of a crash, whose beginning is what is shown, takes a hundred kilobytes where frames have long generic names.
    private const int TailLength = 128 * 1024;

    // A line that does not end is passed on in pieces of about this length.
    private const int LongestLine = 16 * 1024;
    private readonly StringBuilder tail = new(), consoleLine = new(), rawLine = new();
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private readonly byte[] bytes = new byte[16 * 1024];
    private readonly char[] chars = new char[16 * 1024 + 1];

    public int Pipe { get; } = pipe;

    public string Tail => tail.ToString();

    public bool AtEnd { get; private set; }

    /// <summary>False: nothing is there, or the end.</summary>
    public bool ReadSome()
    {
        int n = SocketStream.Read(Pipe, bytes);
        AtEnd = n == 0;
        if (n <= 0)
            return false;
        int count = decoder.GetChars(bytes, 0, n, chars, 0);
        Print(new string(chars, 0, count), rawLine);
        return true;
    }

    public void PrintConsole(string text) => Print(text, consoleLine);

    /// <summary>No more is to come soon: passes on what has no line end.</summary>
    public void EndLines()
    {
        Flush(consoleLine);
        Flush(rawLine);
    }

    private void Print(string text, StringBuilder line)
    {
        Keep(text);
        int whole = text.LastIndexOf('\n') + 1;
        if (whole > 0 && line.Length == 0)
        {
            target.Write(text.AsSpan(0, whole));
        }
        else if (whole > 0)
        {
            line.Append(text, 0, whole); // in one piece with how it began: other tests print, too
            Flush(line);
        }
        line.Append(text, whole, text.Length - whole);
        if (line.Length > LongestLine)
            Flush(line);
    }

    private void Flush(StringBuilder line)
    {
        if (line.Length == 0)
            return;
        target.Write(line.ToString());
        line.Clear();
    }

    private void Keep(string text)
    {
        tail.Append(text.Length > TailLength ? text.AsSpan(text.Length - TailLength) : text);
        if (tail.Length > 2 * TailLength)
            tail.Remove(0, tail.Length - TailLength);
    }
}
