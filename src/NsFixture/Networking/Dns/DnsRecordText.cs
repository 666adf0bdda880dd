using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace NsFixture.Networking;

/// <summary>The data of a record, as zone files have it (RFC 1035, 5.1).</summary>
internal static class DnsRecordText
{
    public static string Value(DnsRecord record) => record.Type switch
    {
        DnsRecordType.A or DnsRecordType.Aaaa => new IPAddress(record.Data).ToString(),
        DnsRecordType.Txt => Strings(record.Data),
        DnsRecordType.Srv => $"{Number(record, 0)} {Number(record, 2)} {Number(record, 4)} {Name(record, 6)}",
        DnsRecordType.Mx => $"{Number(record, 0)} {Name(record, 2)}",
        _ => Name(record, 0),
    };

    private static int Number(DnsRecord record, int at) => BinaryPrimitives.ReadUInt16BigEndian(record.Data.AsSpan(at));

    private static string Name(DnsRecord record, int at) => DnsMessage.TryReadName(record.Data, ref at, out string? name) ? name : "?";

    private static string Strings(byte[] data)
    {
        var text = new StringBuilder();
        for (int at = 0; at < data.Length; at += data[at] + 1)
            text.Append(Encoding.UTF8.GetString(data, at + 1, data[at]));
        return $"\"{text}\"";
    }
}
