using System.Text;

namespace NsFixture.Launching;

/// <summary>
/// Hands on what is written, as it is written. As Console.Out or Console.Error of an isolated test it goes over the same connection
/// as every other report, so that console and test output keep their order. What native code and child processes print takes the
/// pipes instead.
/// </summary>
internal sealed class ForwardingWriter(Action<string> forward) : TextWriter
{
    public override Encoding Encoding => Encoding.UTF8;

    public override void Write(char value) => Write(value.ToString());

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(ReadOnlySpan<char> buffer) => Write(buffer.ToString());

    public override void Write(string? value)
    {
        if (!string.IsNullOrEmpty(value))
            forward(value);
    }

    // TextWriter's own would send text and line end apart.
    public override void WriteLine(string? value) => Write(value + CoreNewLineText);

    public override void WriteLine(ReadOnlySpan<char> buffer) => Write(buffer.ToString() + CoreNewLineText);

    private string CoreNewLineText => new(CoreNewLine);
}
