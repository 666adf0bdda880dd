using NsFixture.Launching;

namespace NsFixture.NUnit.Sdk;

/// <summary>What a test says to NUnit's listener while it runs, as a report's data: to whom, and what.</summary>
internal static class NUnitEvents
{
    public const string Output = "output", Message = "message";

    public static byte[] Write(string destination, string text) => new ByteWriter().String(destination).String(text).Written.ToArray();

    public static (string Destination, string Text) Read(byte[] data)
    {
        var reader = new ByteReader(data);
        return (reader.Text(), reader.Text());
    }
}
