using System.Net;
using FluentAssertions;
using NsFixture.Launching;
using NsFixture.Networking;

namespace NsFixture.Tests.Networking;

/// <summary>The name server's parser and what it answers, without a network.</summary>
public class DnsTests
{
    private static readonly Topology Named = new Topology().WithNetwork("left").WithNetwork("right").WithHost("server", h => h.On("left").WithDnsNames("api.example.com"))
        .WithDns(d => d.A("a.example.com", "10.9.0.1", "10.9.0.2").Cname("alias.example.com", "a.example.com").Txt("text.example.com", new string('x', 600))
            .A("*.wild.example.com", "10.9.0.3").A("own.wild.example.com", "10.9.0.4").Srv("_s._tcp.example.com", "server", 1, 2, 3).Mx("example.com", "server").Ptr("10.9.0.1", "a.example.com")
            .Delay("a.example.com", TimeSpan.FromMilliseconds(5)).Fail("*.broken.example.com", DnsFailure.Refused, times: 3));

    private static DnsAnswerer Answerer()
    {
        NetworkPlan plan = Named.Plan();
        var answerer = new DnsAnswerer(new DnsZone(plan, ipv6: true), plan.Hosts);
        answerer.Set(plan.Dns!);
        return answerer;
    }

    private static DnsMessage Ask(DnsAnswerer answerer, string name, DnsRecordType type = DnsRecordType.A, bool overTcp = false)
    {
        byte[]? reply = answerer.Answer(DnsMessage.NewQuestion(7, name, type), 0, overTcp).Message;
        DnsMessage.TryRead(reply, out DnsMessage? message).Should().BeTrue();
        (message!.Id, message.IsResponse).Should().Be((7, true));
        return message;
    }

    private static IEnumerable<string> Values(DnsMessage message) => message.Answers.Select(DnsRecordText.Value);

    [Theory]
    [InlineData("server", "10.0.0.3"), InlineData("SERVER.internal", "10.0.0.3"), InlineData("a.example.com", "10.9.0.1", "10.9.0.2"), InlineData("alias.example.com", "a.example.com", "10.9.0.1", "10.9.0.2")]
    [InlineData("x.y.wild.example.com", "10.9.0.3"), InlineData("own.wild.example.com", "10.9.0.4")]
    public void A_name_has_its_addresses(string name, params string[] values) => Values(Ask(Answerer(), name)).Should().Equal(values);

    [Theory]
    [InlineData("nobody", (int)DnsCode.NxDomain), InlineData("x.own.wild.example.com", (int)DnsCode.NxDomain), InlineData("text.example.com", (int)DnsCode.NoError), InlineData("com", (int)DnsCode.NoError)]
    [InlineData("a.example.com.internal", (int)DnsCode.NxDomain), InlineData("internal", (int)DnsCode.NoError), InlineData("x.broken.example.com", (int)DnsCode.Refused), InlineData("", (int)DnsCode.NoError)]
    public void A_name_without_addresses_says_why(string name, int code)
    {
        DnsMessage answer = Ask(Answerer(), name);
        (answer.Code, answer.Answers.Count).Should().Be(((DnsCode)code, 0));
    }

    [Fact]
    public void What_does_not_fit_is_said_to_be_truncated_and_fits_TCP()
    {
        Ask(Answerer(), "text.example.com", DnsRecordType.Txt).IsTruncated.Should().BeTrue();
        DnsMessage answer = Ask(Answerer(), "text.example.com", DnsRecordType.Txt, overTcp: true);
        answer.IsTruncated.Should().BeFalse();
        Values(answer).Should().Equal($"\"{new string('x', 600)}\"");
    }

    [Fact]
    public void A_failure_counts_down_and_questions_are_remembered_up_to_a_limit()
    {
        DnsAnswerer answerer = Answerer();
        for (int i = 0; i < 4; i++)
            Ask(answerer, "x.broken.example.com").Code.Should().Be(i < 3 ? DnsCode.Refused : DnsCode.NxDomain);
        for (int i = 0; i < DnsAnswerer.MaxQueries; i++)
            Ask(answerer, "server");
        (answerer.Queries.Count, answerer.Forgotten).Should().Be((DnsAnswerer.MaxQueries, 4));
    }

    [Fact]
    public void Whatever_bytes_come_reading_them_ends_and_an_answer_can_be_read()
    {
        DnsAnswerer answerer = Answerer();
        var random = new Random(1);
        string[] names = ["a.example.com", "alias.example.com", "text.example.com", "server", "x.broken.example.com", new string('l', 63) + ".example.com"];
        byte[][] seeds = [.. names.Select(n => DnsMessage.NewQuestion(9, n, DnsRecordType.Any)), .. names.Select(n => answerer.Answer(DnsMessage.NewQuestion(9, n, DnsRecordType.Any), 0, true).Message!)];
        int replies = 0;
        for (int i = 0; i < 200_000; i++)
        {
            byte[] bytes = [.. seeds[random.Next(seeds.Length)]];
            if (random.Next(3) > 0)
                bytes[2] &= 0x7F; // a question, else nothing answers it
            for (int n = random.Next(6); n > 0; n--)
                bytes[random.Next(bytes.Length)] = (byte)(random.Next(4) == 0 ? DnsMessage.PointerMark : random.Next(256));
            bytes = random.Next(4) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
            bool whole = DnsMessage.TryRead(bytes, out DnsMessage? read);
            byte[]? reply = answerer.Answer(bytes, 0, random.Next(2) == 0).Message;
            (reply != null).Should().Be(read is { IsResponse: false });
            if (reply == null)
                continue;
            replies++;
            (reply[0] << 8 | reply[1]).Should().Be(bytes[0] << 8 | bytes[1]);
            if (whole && read!.OpCode == 0 && !read.Name.Contains('\\'))
                DnsMessage.TryRead(reply, out _).Should().BeTrue();
        }
        replies.Should().BeGreaterThan(10_000);
    }

    [Fact]
    public void Names_that_lead_to_themselves_are_no_names()
    {
        byte[] header = [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        foreach (byte[] name in (byte[][])[[0xC0, 12], [0xC0, 14, 0xC0, 12], [1, (byte)'a', 0xC0, 12], [0xC0, 0], [0xC0], [63], [0x80, 0], []])
            DnsMessage.TryRead((byte[])[.. header, .. name, 0, 1, 0, 1], out _).Should().BeFalse(Convert.ToHexString(name));
        DnsMessage.TryRead((byte[])[.. header, .. Enumerable.Repeat((byte[])[63, .. new byte[63]], 4).SelectMany(l => l), 0, 0, 1, 0, 1], out _).Should().BeFalse("it has 257 bytes");
    }

    [Fact]
    public void All_mistakes_are_named_at_once()
    {
        var planning = () => Topology.Of("server").WithDns(d => d.WithDomain("no domain").WithTtl(TimeSpan.FromSeconds(-1)).A("a b", "10.0.0.1").A("a", "::1").Aaaa("a", "10.0.0.1").A("a")
            .Ptr("a", "b").Cname("c", "d").Txt("c", "x").Srv("s", "t", -1).Mx("m", "bad..name").Txt("t", new string('x', 70_000)).Delay("e", TimeSpan.FromMinutes(2)).Fail("f", (DnsFailure)77, -1).Fail("g h", DnsFailure.NoData)).Describe();
        planning.Should().Throw<InvalidTopologyException>().Which.Problems.Should().HaveCount(15).And.OnlyContain(p => p.StartsWith("Dns: "));
    }

    [Fact]
    public void The_plan_survives_the_wire_and_shows_its_names()
    {
        NetworkPlan plan = Named.Plan();
        byte[] bytes = new ByteWriter().Plan(plan).Written.ToArray();
        var reader = new ByteReader(bytes);
        NetworkPlan read = reader.Plan();
        read.Dns.Should().BeEquivalentTo(plan.Dns);
        new ByteWriter().Plan(read).Written.ToArray().Should().Equal(bytes);
        Named.Describe().Should().Contain("2 3 1 server").And.Contain("a.example.com").And.Contain("Refused, 3 times").And.Contain("5 ms late");
    }

    [Fact]
    public void Without_the_hosts_file_a_host_has_its_own_name_in_it_alone()
    {
        NetworkPlan plan = Topology.Of("server").WithDns(d => d.WithoutHostsFile()).Plan();
        new HostsFile(plan, ipv6: false).TextFor(plan.Hosts[1]).Should().Be("127.0.0.1 localhost\n10.0.0.3 server\n");
    }

    [Fact]
    public void Reverse_names_are_those_of_the_RFCs()
    {
        DnsPlanner.ReverseName(IPAddress.Parse("10.1.2.3")).Should().Be("3.2.1.10.in-addr.arpa");
        DnsPlanner.ReverseName(IPAddress.Parse("2001:db8::1")).Should().Be("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
    }
}
