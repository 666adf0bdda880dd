using System.Buffers.Binary;

namespace NsFixture.Networking;

/// <summary>Writes the answer to a question (RFC 1035, 4.1). Record names that are the question's are compressed to a pointer at it.</summary>
internal sealed class DnsWriter
{
    private const ushort Response = 0x8000, Authoritative = 0x400, Truncated = 0x200, RecursionDesired = 0x100, RecursionAvailable = 0x80;
    private const int OwnUdpSize = 1232;
    private readonly List<byte> bytes = new(512);
    private readonly byte[] questionName;
    private int answers, authorities;

    /// <param name="query">What is answered.</param>
    /// <param name="question">The question that goes back, or null.</param>
    /// <param name="code">The response code.</param>
    /// <param name="truncated">Whether to say that there is more by TCP.</param>
    public DnsWriter(DnsMessage query, byte[]? question, DnsCode code, bool truncated)
    {
        Number(query.Id);
        // It answers for all names itself, and for those who ask it to ask others too: there are none.
        Number(Response | Authoritative | RecursionAvailable | (truncated ? Truncated : 0) | (query.WantsRecursion ? RecursionDesired : 0) | (query.OpCode << 11) | (int)code);
        Number(question == null ? 0 : 1);
        bytes.AddRange(new byte[6]);
        bytes.AddRange(question ?? []);
        questionName = question == null ? [] : DnsMessage.Encode(query.Name);
    }

    public void Add(DnsRecord record)
    {
        answers++;
        Record(record);
    }

    public void AddAuthority(DnsRecord record)
    {
        authorities++;
        Record(record);
    }

    public byte[] Finish(bool withOptions)
    {
        if (withOptions)
            bytes.AddRange([0, 0, 41, OwnUdpSize >> 8, OwnUdpSize & 0xFF, 0, 0, 0, 0, 0, 0]); // RFC 6891, 6.1.2
        byte[] message = [.. bytes];
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(6), (ushort)answers);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(8), (ushort)authorities);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(10), (ushort)(withOptions ? 1 : 0));
        return message;
    }

    private void Record(DnsRecord record)
    {
        byte[] name = DnsMessage.Encode(record.Name);
        if (name.AsSpan().SequenceEqual(questionName))
            Number((DnsMessage.PointerMark << 8) | DnsMessage.HeaderLength);
        else
            bytes.AddRange(name);
        Number((int)record.Type);
        Number(DnsMessage.InternetClass);
        Number(record.Ttl >> 16);
        Number(record.Ttl & 0xFFFF);
        Number(record.Data.Length);
        bytes.AddRange(record.Data);
    }

    private void Number(int value)
    {
        bytes.Add((byte)(value >> 8));
        bytes.Add((byte)value);
    }
}
