using NsFixture.Launching;

namespace NsFixture.NUnit.Sdk;

/// <summary>What NUnit's listener is told beside results, as a report's data: the stream, destination or suite, and the text.</summary>
internal static class NUnitEvents
{
    public const string Output = "output", Message = "message", SuiteOutput = "suite output";

    public static byte[] Write(string destination, string text) => new ByteWriter().String(destination).String(text).Written.ToArray();

    public static (string Destination, string Text) Read(byte[] data)
    {
        var reader = new ByteReader(data);
        return (reader.Text(), reader.Text());
    }
}
