using System.Runtime.InteropServices;
using System.Text;

namespace NsFixture.Netlink;

/// <summary>
/// One netlink request under construction: a header, a fixed part, then attributes, which may nest. Everything is aligned to
/// four bytes (netlink(7)).
/// </summary>
internal sealed class NetlinkMessage
{
    private const int HeaderSize = 16;
    private byte[] buffer = new byte[512];
    private int length = HeaderSize;

    private readonly ushort type, flags;

    /// <summary>A request that asks for an acknowledgement, unless it is one of many; errors are told of either way.</summary>
    public NetlinkMessage(ushort type, ushort flags, bool acknowledged = true) =>
        (this.type, this.flags) = (type, (ushort)(flags | Nl.NLM_F_REQUEST | (acknowledged ? Nl.NLM_F_ACK : 0)));

    public NetlinkMessage Fixed<T>(in T part) where T : unmanaged
    {
        Append(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in part)));
        return this;
    }

    public NetlinkMessage Attribute(ushort type, ReadOnlySpan<byte> value)
    {
        Header(type, 4 + value.Length);
        Append(value);
        return this;
    }

    public NetlinkMessage Attribute(ushort type, int value) => Attribute(type, BitConverter.GetBytes(value));

    public NetlinkMessage Attribute(ushort type, string value) => Attribute(type, Encoding.ASCII.GetBytes(value + '\0'));

    /// <summary>An attribute that holds what <paramref name="content"/> appends.</summary>
    public NetlinkMessage Nested(ushort type, Action<NetlinkMessage> content)
    {
        int start = Begin(type);
        content(this);
        return End(start);
    }

    /// <summary>Begins an attribute that holds what is appended until <see cref="End"/> is called with what this returns.</summary>
    public int Begin(ushort type)
    {
        int start = length;
        Header(type, 0);
        return start;
    }

    /// <summary>Ends what <see cref="Begin"/> began.</summary>
    public NetlinkMessage End(int start)
    {
        BitConverter.TryWriteBytes(buffer.AsSpan(start), (ushort)(length - start));
        return this;
    }

    /// <summary>The finished message; <paramref name="sequence"/> comes back in the answer.</summary>
    public ReadOnlySpan<byte> Finish(uint sequence, bool acknowledged = false)
    {
        ushort all = (ushort)(flags | (acknowledged ? Nl.NLM_F_ACK : 0));
        var header = new NlMsgHdr { nlmsg_len = (uint)length, nlmsg_type = type, nlmsg_flags = all, nlmsg_seq = sequence };
        MemoryMarshal.Write(buffer, in header);
        return buffer.AsSpan(0, length);
    }

    private void Header(ushort type, int size)
    {
        Span<byte> header = stackalloc byte[4];
        BitConverter.TryWriteBytes(header, (ushort)size);
        BitConverter.TryWriteBytes(header[2..], type);
        Append(header);
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        int padded = (bytes.Length + 3) & ~3;
        if (length + padded > buffer.Length)
            Array.Resize(ref buffer, Math.Max(buffer.Length * 2, length + padded));
        bytes.CopyTo(buffer.AsSpan(length));
        length += padded;
    }
}
