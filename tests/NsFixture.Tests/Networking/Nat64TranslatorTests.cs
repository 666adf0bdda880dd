using System.Buffers.Binary;
using System.Net;
using FluentAssertions;
using NsFixture.Networking;

namespace NsFixture.Tests.Networking;

/// <summary>Packets as RFC 7915 says, with their checksums right.</summary>
public class Nat64TranslatorTests
{
    private static readonly byte[] Inside = IPAddress.Parse("fd00::7").GetAddressBytes(), Remote = IPAddress.Parse("64:ff9b::192.0.2.33").GetAddressBytes();

    [Theory, InlineData(17, 0), InlineData(17, 1), InlineData(17, 1000), InlineData(6, 20), InlineData(6, 1441)]
    public void There_and_back_a_packet_is_the_same(byte protocol, int length)
    {
        var translator = new Nat64Translator();
        byte[] four = Translate(translator, Packet6(protocol, Segment(protocol, length)));
        four[..4].Should().Equal([0x45, 0, .. Number(20 + Segment(protocol, length).Length)]);
        new IPAddress(four[12..16]).ToString().Should().Be("198.19.0.1");
        new IPAddress(four[16..20]).ToString().Should().Be("192.0.2.33");
        Sum(four.AsSpan(0, 20)).Should().Be(0xffff);
        Sum([.. four[12..20], 0, protocol, .. Number(four.Length - 20), .. four[20..]]).Should().Be(0xffff);

        byte[] swapped = [.. four[..12], .. four[16..20], .. four[12..16], .. four[20..]];
        byte[] six = Translate(translator, swapped);
        six[8..24].Should().Equal(Remote);
        six[24..40].Should().Equal(Inside);
        six[7].Should().Be(64);
        Sum([.. six[8..40], .. Number(six.Length - 40), 0, protocol, .. six[40..]]).Should().Be(0xffff);
        Segment(protocol, length).Should().Equal([.. six[40..(40 + ChecksumAt(protocol))], 0, 0, .. six[(42 + ChecksumAt(protocol))..]]);
    }

    [Fact]
    public void An_error_about_a_packet_names_the_packet_that_was_sent()
    {
        var translator = new Nat64Translator();
        byte[] sent = Translate(translator, Packet6(17, Segment(17, 100)));
        byte[] error = [3, 4, 0, 0, 0, 0, .. Number(1400), .. sent[..28]]; // "fragmentation needed", next MTU 1400
        byte[] packet = [0x45, 0, .. Number(20 + error.Length), 0, 0, 0, 0, 64, 1, 0, 0, 192, 0, 2, 1, 198, 19, 0, 1, .. error];
        byte[] six = Translate(translator, packet);
        six[6].Should().Be(58);
        six[40..48].Should().Equal([2, 0, six[42], six[43], 0, 0, .. Number(1420)]);
        six[(48 + 8)..(48 + 24)].Should().Equal(Inside);
        six[(48 + 24)..(48 + 40)].Should().Equal(Remote);
        six[(48 + 40)..(48 + 44)].Should().Equal(Segment(17, 100)[..4]);
        Sum([.. six[8..40], .. Number(six.Length - 40), 0, 58, .. six[40..]]).Should().Be(0xffff);
    }

    [Fact]
    public void The_first_of_several_fragments_has_the_checksum_of_them_all()
    {
        byte[] segment = Segment(17, 1000);
        ushort sum = (ushort)~Sum([.. Inside, .. Remote, .. Number(segment.Length), 0, 17, .. segment]);
        BinaryPrimitives.WriteUInt16BigEndian(segment.AsSpan(6), sum);
        var translator = new Nat64Translator();
        byte[] first = Translate(translator, Packet6(44, [17, 0, .. Number(1), 0, 0, 0x12, 0x34, .. segment[..504]]));
        byte[] last = Translate(translator, Packet6(44, [17, 0, .. Number(504), 0, 0, 0x12, 0x34, .. segment[504..]]));
        first[4..8].Should().Equal(0x12, 0x34, 0x20, 0);
        last[4..8].Should().Equal(0x12, 0x34, 0, 504 / 8);
        Sum([.. first[12..20], 0, 17, .. Number(segment.Length), .. first[20..], .. last[20..]]).Should().Be(0xffff);
    }

    [Theory, InlineData(0), InlineData(1), InlineData(2), InlineData(3)]
    public void What_is_no_packet_for_it_is_dropped(int seed)
    {
        var random = new Random(seed);
        var translator = new Nat64Translator();
        Translate(translator, Packet6(17, Segment(17, 10)));
        byte[] to = new byte[65536 + Nat64Translator.Growth];
        for (int i = 0; i < 20_000; i++)
        {
            byte[] packet = random.Next(2) == 0 ? Packet6((byte)(random.Next(3) == 0 ? 58 : random.Next(256)), Segment(17, random.Next(200))) : [0x45, 0, 0, 0, 0, 0, 0, 0, 64, 1, 0, 0, 192, 0, 2, 1, 198, 19, 0, 1, .. Segment(17, random.Next(200))];
            for (int flips = random.Next(6); flips > 0; flips--)
                packet[random.Next(packet.Length)] = (byte)random.Next(256);
            translator.Translate(packet.AsSpan(0, random.Next(packet.Length + 1)), to).Should().BeInRange(0, packet.Length + Nat64Translator.Growth);
        }
    }

    [Fact]
    public void Only_an_IPv4_address_has_an_address_behind_it()
    {
        Nat.ToNat64(IPAddress.Parse("192.0.2.1")).ToString().Should().BeOneOf("64:ff9b::c000:201", "64:ff9b::192.0.2.1");
        Action mapping = () => Nat.ToNat64(IPAddress.IPv6Loopback);
        mapping.Should().Throw<ArgumentException>().WithMessage("*no IPv4 address*");
    }

    private static byte[] Translate(Nat64Translator translator, byte[] packet)
    {
        byte[] to = new byte[packet.Length + Nat64Translator.Growth];
        return to[..translator.Translate(packet, to)];
    }

    private static byte[] Packet6(byte next, byte[] payload) => [0x60, 0, 0, 0, .. Number(payload.Length), next, 64, .. Inside, .. Remote, .. payload];

    private static byte[] Segment(byte protocol, int length)
    {
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);
        if (protocol == 17)
            return [0x13, 0x88, 0, 80, .. Number(8 + length), 0, 0, .. data];
        data.AsSpan(16, 2).Clear();
        return data;
    }

    private static int ChecksumAt(byte protocol) => protocol == 17 ? 6 : 16;

    private static byte[] Number(int value) => [(byte)(value >> 8), (byte)value];

    private static ushort Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (int i = 0; i < bytes.Length; i++)
            sum += i % 2 == 0 ? (uint)bytes[i] << 8 : bytes[i];
        while (sum > 0xffff)
            sum = (sum >> 16) + (sum & 0xffff);
        return (ushort)sum;
    }
}
