using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace NsFixture.Networking;

/// <summary>Response codes (RFC 1035, 4.1.1).</summary>
internal enum DnsCode
{
    NoError = 0,
    FormErr = 1,
    ServFail = 2,
    NxDomain = 3,
    NotImp = 4,
    Refused = 5,
}

/// <summary>
/// A DNS message (RFC 1035, 4.1) as received: its one question, and what it answers. Whatever bytes come, reading them ends, with a
/// message or without one.
/// </summary>
internal sealed class DnsMessage
{
    public const int HeaderLength = 12, InternetClass = 1, MaxNameLength = 255, PointerMark = 0xC0;
    private const int OptType = 41;

    private DnsMessage(ushort id, ushort flags) => (Id, Flags) = (id, flags);

    public ushort Id { get; }

    public ushort Flags { get; }

    public bool IsResponse => (Flags & 0x8000) != 0;

    public int OpCode => (Flags >> 11) & 0xF;

    public bool IsTruncated => (Flags & 0x200) != 0;

    public bool WantsRecursion => (Flags & 0x100) != 0;

    public DnsCode Code => (DnsCode)(Flags & 0xF);

    /// <summary>The name asked for, as text in lower case without the last dot; the root is empty.</summary>
    public string Name { get; private set; } = "";

    public DnsRecordType Type { get; private set; }

    public int Class { get; private set; }

    /// <summary>The question as it came, so that it goes back in the same letters.</summary>
    public byte[] Question { get; private set; } = [];

    /// <summary>The largest answer that the asker takes by UDP (RFC 6891).</summary>
    public int UdpSize { get; private set; } = 512;

    /// <summary>Whether it has an OPT record, which an answer then has too.</summary>
    public bool HasOptions { get; private set; }

    public IReadOnlyList<DnsRecord> Answers { get; private set; } = [];

    /// <summary>Reads a message that has exactly one question. False: it is none, or nothing that can be made sense of.</summary>
    /// <param name="bytes">What came.</param>
    /// <param name="message">The message; where only its header could be read, without a question.</param>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out DnsMessage? message)
    {
        message = null;
        if (bytes.Length < HeaderLength)
            return false;
        message = new DnsMessage(BinaryPrimitives.ReadUInt16BigEndian(bytes), BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]));
        int at = HeaderLength;
        if (BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]) != 1 || !TryReadName(bytes, ref at, out string? name) || !TryTake(bytes, ref at, 4, out var fixedPart))
            return false;
        message.Name = name;
        message.Type = (DnsRecordType)BinaryPrimitives.ReadUInt16BigEndian(fixedPart);
        message.Class = BinaryPrimitives.ReadUInt16BigEndian(fixedPart[2..]);
        message.Question = bytes[HeaderLength..at].ToArray();
        return message.TryReadRecords(bytes, at);
    }

    /// <summary>The bytes of a name, uncompressed.</summary>
    public static byte[] Encode(string name)
    {
        var bytes = new List<byte>(name.Length + 2);
        foreach (string label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            bytes.Add((byte)label.Length);
            bytes.AddRange(Encoding.ASCII.GetBytes(label));
        }
        bytes.Add(0);
        return [.. bytes];
    }

    /// <summary>A question, to be sent.</summary>
    public static byte[] NewQuestion(ushort id, string name, DnsRecordType type)
    {
        byte[] header = new byte[HeaderLength];
        BinaryPrimitives.WriteUInt16BigEndian(header, id);
        header[2] = 1; // recursion desired
        header[5] = 1;
        return [.. header, .. Encode(name), (byte)((int)type >> 8), (byte)type, 0, InternetClass];
    }

    /// <summary>Reads the name at <paramref name="at"/> and goes past it. A pointer leads back only, so that there is no loop.</summary>
    public static bool TryReadName(ReadOnlySpan<byte> bytes, ref int at, [NotNullWhen(true)] out string? name)
    {
        name = null;
        var text = new StringBuilder();
        int position = at, length = 1, lowest = at;
        bool jumped = false;
        while (true)
        {
            if (position >= bytes.Length)
                return false;
            int size = bytes[position++];
            if ((size & PointerMark) == PointerMark)
            {
                if (position >= bytes.Length)
                    return false;
                int target = ((size & ~PointerMark) << 8) | bytes[position++];
                if (!jumped)
                    at = position;
                if (target >= lowest || target < HeaderLength)
                    return false;
                (jumped, lowest, position) = (true, target, target);
                continue;
            }
            if ((size & PointerMark) != 0 || position + size > bytes.Length || (length += size + 1) > MaxNameLength)
                return false;
            if (size == 0)
                break;
            if (text.Length > 0)
                text.Append('.');
            foreach (byte b in bytes.Slice(position, size))
                AppendCharacter(text, b);
            position += size;
        }
        if (!jumped)
            at = position;
        name = text.ToString();
        return true;
    }

    // As zone files have it (RFC 1035, 5.1): what would be taken for something else is escaped.
    private static void AppendCharacter(StringBuilder text, byte b)
    {
        if (b is > 0x20 and < 0x7F and not (byte)'.' and not (byte)'\\')
            text.Append(char.ToLowerInvariant((char)b));
        else
            text.Append('\\').Append((char)('0' + (b / 100))).Append((char)('0' + (b / 10 % 10))).Append((char)('0' + (b % 10)));
    }

    private bool TryReadRecords(ReadOnlySpan<byte> bytes, int at)
    {
        int answers = BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]);
        int all = answers + BinaryPrimitives.ReadUInt16BigEndian(bytes[8..]) + BinaryPrimitives.ReadUInt16BigEndian(bytes[10..]);
        var read = new List<DnsRecord>();
        for (int i = 0; i < all; i++)
        {
            if (!TryReadName(bytes, ref at, out string? owner) || !TryTake(bytes, ref at, 10, out var head))
                return false;
            int type = BinaryPrimitives.ReadUInt16BigEndian(head);
            int dataAt = at;
            if (!TryTake(bytes, ref at, BinaryPrimitives.ReadUInt16BigEndian(head[8..]), out var data))
                return false;
            if (type == OptType && owner.Length == 0)
                (HasOptions, UdpSize) = (true, Math.Clamp((int)BinaryPrimitives.ReadUInt16BigEndian(head[2..]), 512, 4096));
            if (i >= answers)
                continue;
            // A target may be compressed, and is not any more.
            if (type is (int)DnsRecordType.Cname or (int)DnsRecordType.Ptr)
            {
                if (!TryReadName(bytes, ref dataAt, out string? target))
                    return false;
                data = Encode(target);
            }
            read.Add(new DnsRecord(owner, (DnsRecordType)type, BinaryPrimitives.ReadInt32BigEndian(head[4..]), data.ToArray()));
        }
        Answers = read;
        return true;
    }

    private static bool TryTake(ReadOnlySpan<byte> bytes, ref int at, int count, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (at + count > bytes.Length)
            return false;
        taken = bytes.Slice(at, count);
        at += count;
        return true;
    }
}
