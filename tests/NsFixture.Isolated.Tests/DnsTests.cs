using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>Two networks, names that are no host's, and a name server that alone knows the hosts' names.</summary>
public sealed class NamedHosts() : Topology(new Topology().WithNetwork("left").WithNetwork("right").WithRouter("gateway")
    .WithHost("client").WithHost("server", h => h.On("right").WithDnsNames("api.example.com")).WithHost("both", h => h.On("right").On("left"))
    .WithDns(d => d.WithoutHostsFile().WithDomain("corp.example")
        .A("web.example.com", "10.0.1.3", "10.0.0.3").Aaaa("web.example.com", "fd00:0:0:1::3")
        .A("four.example.com", "10.9.9.9").A("*.apps.example.com", "10.9.9.10")
        .Cname("www.example.com", "web.example.com").Cname("ring1.example.com", "ring2.example.com").Cname("ring2.example.com", "ring1.example.com").Cname("nowhere.example.com", "gone.example.com")
        .Srv("_http._tcp.example.com", "server", 8080, priority: 5, weight: 7).Mx("example.com", "mail.example.com").Txt("example.com", "v=spf1 \"-all\"")
        .Ptr("10.9.9.9", "four.example.com")
        .A("many.example.com", [.. Enumerable.Range(1, 100).Select(i => $"10.9.1.{i}")])
        .Fail("broken.example.com", DnsFailure.ServFail).A("broken.example.com", "10.9.9.11")));

/// <summary>The name server, by three resolvers.</summary>
[IsolatedNetwork<NamedHosts>]
public class DnsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static VirtualNetwork Network => IsolatedNetwork.Current.Network;

    private static async Task<string> Dig(string host, params string[] arguments)
    {
        Programs.Require("dig", "bind9-dnsutils");
        return (await Network[host].Command("dig").WithArguments(arguments).RunAsync().WaitAsync(Patience)).StandardOutput;
    }

    private static async Task<string> Getent(string host, params string[] arguments) =>
        (await Network[host].Command("getent").WithArguments(arguments).RunAsync().WaitAsync(Patience)).StandardOutput;

    [Theory]
    [InlineData("server", "10.0.1.2", "fd00:0:0:1::2")]
    [InlineData("server.corp.example", "10.0.1.2", "fd00:0:0:1::2")]
    [InlineData("api.example.com", "10.0.1.2", "fd00:0:0:1::2")]
    [InlineData("www.example.com", "10.0.1.3", "10.0.0.3", "fd00:0:0:1::3")]
    [InlineData("four.example.com", "10.9.9.9")]
    [InlineData("x.y.apps.example.com", "10.9.9.10")]
    public async Task Three_resolvers_and_a_hosts_own_see_a_name(string name, params string[] addresses)
    {
        File.ReadAllText("/etc/hosts").Should().NotContain("server", "only the name server knows it");
        (await Dns.GetHostAddressesAsync(name).WaitAsync(Patience)).Select(a => a.ToString()).Should().BeEquivalentTo(addresses);
        string found = await Getent("client", "ahosts", name);
        found.Split('\n').Where(l => l.Contains("STREAM")).Select(l => l.Split(' ')[0]).Should().BeEquivalentTo(addresses);
        string dug = await Dig("client", "+short", "+search", name, "A", name, "AAAA");
        dug.Split('\n').Where(l => IPAddress.TryParse(l, out _)).Should().BeEquivalentTo(addresses);
        (await Network["client"].ResolveAsync(name)).Select(a => a.ToString()).Should().BeEquivalentTo(addresses);
    }

    [Theory, InlineData("no.such.name"), InlineData("nobody"), InlineData("nowhere.example.com")]
    public async Task A_name_that_is_not_there_is_said_not_to_be(string name)
    {
        var asking = () => Dns.GetHostAddressesAsync(name).WaitAsync(Patience);
        (await asking.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.HostNotFound);
        (await Dig("client", name)).Should().Contain("status: NXDOMAIN").And.Contain("SOA");
        (await Getent("client", "ahosts", name)).Should().BeEmpty();
        var resolving = () => Network["client"].ResolveAsync(name);
        (await resolving.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.HostNotFound);
    }

    [Fact]
    public async Task A_name_without_that_type_has_no_data()
    {
        string dug = await Dig("client", "four.example.com", "AAAA");
        dug.Should().Contain("status: NOERROR").And.Contain("ANSWER: 0").And.Contain("SOA");
        (await Dig("client", "apps.example.com")).Should().Contain("status: NOERROR", "there are names below it");
        var asking = () => Dns.GetHostAddressesAsync("four.example.com", AddressFamily.InterNetworkV6).WaitAsync(Patience);
        await asking.Should().ThrowAsync<SocketException>();
    }

    [Theory]
    [InlineData("10.0.1.2", "server.corp.example.")]
    [InlineData("fd00:0:0:1::2", "server.corp.example.")]
    [InlineData("10.9.9.9", "four.example.com.")]
    public async Task An_address_has_a_name(string address, string name)
    {
        (await Dig("client", "+short", "-x", address)).Should().Be(name + "\n");
        (await Dns.GetHostEntryAsync(IPAddress.Parse(address)).WaitAsync(Patience)).HostName.Should().Be(name.TrimEnd('.'));
        (await Getent("client", "hosts", address)).Should().EndWith(name.TrimEnd('.') + "\n");
    }

    [Theory]
    [InlineData("_http._tcp.example.com", "SRV", "5 7 8080 server.")]
    [InlineData("example.com", "MX", "10 mail.example.com.")]
    [InlineData("example.com", "TXT", "\"v=spf1 \\\"-all\\\"\"")]
    [InlineData("www.example.com", "CNAME", "web.example.com.")]
    public async Task Records_of_other_types_are_there(string name, string type, string expected) =>
        (await Dig("server", "+short", name, type)).Should().Be(expected + "\n");

    [Fact]
    public async Task A_host_is_told_of_the_addresses_on_its_own_networks_first()
    {
        (await Dig("client", "+short", "both")).Should().Be("10.0.0.4\n10.0.1.3\n");
        (await Dig("server", "+short", "both")).Should().Be("10.0.1.3\n10.0.0.4\n");
        (await Network["server"].ResolveAsync("both"))[0].Should().Be(IPAddress.Parse("10.0.1.3"));
    }

    [Fact]
    public async Task Names_that_stand_for_one_another_fail() => (await Dig("client", "ring1.example.com")).Should().Contain("status: SERVFAIL");

    [Fact]
    public async Task An_answer_that_does_not_fit_is_had_by_TCP()
    {
        Dns.GetHostAddresses("many.example.com").Should().HaveCount(100);
        (await Dig("client", "+short", "many.example.com")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Should().HaveCount(100);
        (await Dig("client", "+ignore", "many.example.com")).Should().Contain(" tc").And.Contain("ANSWER: 0");
        (await Network["client"].ResolveAsync("many.example.com")).Should().HaveCount(100);
        Network.Dns.Queries.Should().Contain(q => q.OverTcp && q.Name == "many.example.com");
    }

    [Fact]
    public async Task What_the_topology_has_fail_fails_and_heals()
    {
        (await Dig("client", "broken.example.com")).Should().Contain("status: SERVFAIL");
        Network.Dns.Heal("broken.example.com");
        (await Dig("client", "+short", "broken.example.com")).Should().Be("10.9.9.11\n");
    }

    [Theory]
    [InlineData(DnsFailure.ServFail, "status: SERVFAIL", SocketError.TryAgain)]
    [InlineData(DnsFailure.Refused, "status: REFUSED", SocketError.TryAgain)]
    [InlineData(DnsFailure.NxDomain, "status: NXDOMAIN", SocketError.HostNotFound)]
    [InlineData(DnsFailure.NoData, "ANSWER: 0", SocketError.NoData)]
    [InlineData(DnsFailure.NoAnswer, "timed out", SocketError.TryAgain)]
    [InlineData(DnsFailure.WrongId, "ID mismatch", SocketError.TryAgain)]
    [InlineData(DnsFailure.WrongQuestion, "uestion section mismatch", SocketError.TryAgain)]
    [InlineData(DnsFailure.Malformed, "malformed message packet", SocketError.TryAgain)]
    public async Task A_failure_is_seen_by_every_resolver(DnsFailure failure, string dug, SocketError error)
    {
        Network.Dns.Fail("web.example.com", failure);
        Task<string> digging = Dig("client", "+tries=1", "+time=1", "web.example.com"), getting = Getent("client", "ahosts", "web.example.com.");
        Task asking = Dns.GetHostAddressesAsync("web.example.com.").WaitAsync(Patience), resolving = Network["client"].ResolveAsync("web.example.com");
        (await digging).Should().Contain(dug);
        (await getting).Should().BeEmpty();
        await asking.Invoking(a => a).Should().ThrowAsync<SocketException>();
        (await resolving.Invoking(r => r).Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(error);
        Network.Dns.Queries.Should().Contain(q => q.Name == "web.example.com" && q.Answer == failure.ToString());
        (await Dig("client", "+short", "four.example.com")).Should().Be("10.9.9.9\n", "only that name fails");
        Network.Dns.Heal();
        (await Dns.GetHostAddressesAsync("web.example.com").WaitAsync(Patience)).Should().HaveCount(3);
    }

    [Fact]
    public async Task A_truncated_answer_is_asked_for_again_by_TCP()
    {
        Network.Dns.Fail("web.example.com", DnsFailure.Truncated);
        (await Dns.GetHostAddressesAsync("web.example.com").WaitAsync(Patience)).Should().HaveCount(3);
        (await Dig("client", "web.example.com")).Should().Contain("retrying in TCP mode");
        Network.Dns.Queries.Where(q => q.Name == "web.example.com").Select(q => (q.OverTcp, q.Answer)).Distinct()
            .Should().BeEquivalentTo([(false, "Truncated"), (true, "NOERROR")]);
    }

    [Fact]
    public async Task A_failure_passes_after_as_many_questions_as_it_was_given()
    {
        Network.Dns.Fail("four.example.com", DnsFailure.ServFail, times: 2);
        for (int i = 0; i < 2; i++)
            (await Dig("client", "four.example.com")).Should().Contain("status: SERVFAIL");
        (await Dig("client", "+short", "four.example.com")).Should().Be("10.9.9.9\n");
    }

    [Theory, InlineData(DnsFailure.ServFail), InlineData(DnsFailure.NoAnswer)]
    public async Task A_failure_that_passes_is_overcome_by_asking_again(DnsFailure failure)
    {
        Network.Dns.Fail("web.example.com", failure, times: 2);
        (await Dns.GetHostAddressesAsync("web.example.com").WaitAsync(Patience)).Should().HaveCount(3);
        Network.Dns.Queries.Count(q => q.Name == "web.example.com" && q.Answer == failure.ToString()).Should().Be(2, "it asks for IPv4 and for IPv6");
    }

    [Fact]
    public async Task An_answer_comes_as_late_as_was_asked()
    {
        Network.Dns.Delay("web.example.com", TimeSpan.FromMilliseconds(100));
        long start = Stopwatch.GetTimestamp();
        (await Dns.GetHostAddressesAsync("web.example.com").WaitAsync(Patience)).Should().HaveCount(3);
        Stopwatch.GetElapsedTime(start).Should().BeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(99));
        Network.Dns.Delay("web.example.com", TimeSpan.FromSeconds(10));
        var asking = () => Dns.GetHostAddressesAsync("web.example.com").WaitAsync(Patience);
        await asking.Should().ThrowAsync<SocketException>("the resolver waits two seconds, twice");
    }

    [Fact]
    public async Task A_changed_name_counts_at_once()
    {
        Network.Dns.Set("server", "10.9.0.1", "fd00:9::1");
        Dns.GetHostAddresses("server").Select(a => a.ToString()).Should().BeEquivalentTo(["10.9.0.1", "fd00:9::1"]);
        Network.Dns.Set("server", "10.9.0.2");
        Dns.GetHostAddresses("server").Select(a => a.ToString()).Should().Equal("10.9.0.2");
        (await Dig("client", "+short", "+search", "server", "AAAA")).Should().BeEmpty();
        Network.Dns.Remove("server");
        (await Dig("client", "server")).Should().Contain("status: NXDOMAIN");
        Network.Dns.Change(d => d.Cname("server", "four.example.com").Txt("new.example.com", "text"));
        (await Dig("client", "+short", "server")).Should().Be("four.example.com.\n10.9.9.9\n");
        (await Dig("client", "+short", "new.example.com", "TXT")).Should().Be("\"text\"\n");
    }

    [Fact]
    public async Task Connections_and_HTTP_clients_of_a_host_use_its_name_server()
    {
        Network.Dns.Set("shop.example.com", Network["server"].Address.ToString());
        using Socket listener = Network["server"].Listen(80);
        using (TcpClient client = await Network["client"].ConnectAsync("shop.example.com", 80).WaitAsync(Patience))
            client.Connected.Should().BeTrue();
        Network.Dns.Fail("shop.example.com", DnsFailure.NxDomain);
        using HttpClient http = Network["client"].HttpClient();
        var getting = () => http.GetStringAsync("http://shop.example.com/").WaitAsync(Patience);
        await getting.Should().ThrowAsync<HttpRequestException>().WithMessage("*shop.example.com*no such name*");
        Network.Dns.Queries[^1].Should().Be(new DnsQuery("client", "shop.example.com", DnsRecordType.Aaaa, false, "NxDomain"));
    }

    [Fact]
    public async Task Questions_are_told_with_who_asked()
    {
        Network.Dns.ForgetQueries();
        await Dig("server", "WWW.example.com", "A");
        await Dig("client", "no.example.com", "TYPE65");
        Network.Dns.Queries.Should().Equal(
            new DnsQuery("server", "www.example.com", DnsRecordType.A, false, "NOERROR"), new DnsQuery("client", "no.example.com", (DnsRecordType)65, false, "NXDOMAIN"));
    }

    [Fact]
    public async Task Unplugging_a_host_leaves_it_its_name_server()
    {
        Network["client"].Disconnect();
        (await Dig("client", "+short", "four.example.com")).Should().Be("10.9.9.9\n");
    }

    [Fact]
    public async Task Nonsense_is_refused_or_ignored_and_nothing_stops()
    {
        using Socket udp = Network["client"].OpenSocket(AddressFamily.InterNetwork, SocketType.Dgram);
        udp.Connect(IPAddress.Parse("127.0.0.53"), 53);
        var random = new Random(53);
        for (int i = 0; i < 2000; i++)
        {
            byte[] junk = new byte[random.Next(80)];
            random.NextBytes(junk);
            await udp.SendAsync(junk);
        }
        using Socket tcp = Network["client"].OpenSocket(AddressFamily.InterNetwork, SocketType.Stream);
        tcp.Connect(IPAddress.Parse("127.0.0.53"), 53);
        tcp.Send([0, 3, 1, 2, 3, 0xFF, 0xFF, 1]);
        (await Dig("client", "+short", "+tcp", "four.example.com")).Should().Be("10.9.9.9\n");
        (await Dig("client", "+opcode=notify", "+tries=1", "four.example.com")).Should().Contain("NOTIMP");
        (await Dig("client", "four.example.com", "CH", "A")).Should().Contain("REFUSED");
    }

    [Fact]
    public void What_cannot_be_said_is_refused_and_changes_nothing()
    {
        Action[] mistakes =
        [
            () => Network.Dns.Set("not a name", "10.0.0.1"), () => Network.Dns.Set("four.example.com", "10.0.0.256"), () => Network.Dns.Set("four.example.com"),
            () => Network.Dns.Fail("four..example.com", DnsFailure.ServFail), () => Network.Dns.Delay("four.example.com", TimeSpan.FromHours(1)),
            () => Network.Dns.Change(d => d.A("four.example.com", "10.0.0.1").Cname("four.example.com", "web.example.com")),
            () => Network.Dns.Change(d => d.WithDomain("other")), () => Network.Dns.Change(d => d.Srv("_x._tcp", "server", 70_000)),
        ];
        foreach (Action mistake in mistakes)
            mistake.Should().Throw<ArgumentException>().WithMessage("Dns:*");
        Dns.GetHostAddresses("four.example.com").Should().Equal(IPAddress.Parse("10.9.9.9"));
    }
}

/// <summary>A name server that nobody declared.</summary>
[IsolatedNetwork(Hosts = ["client", "server"])]
public class DnsOnDemandTests
{
    private static VirtualNetwork Network => IsolatedNetwork.Current.Network;

    [Fact]
    public void Without_a_name_server_its_port_is_free_and_unknown_names_fail_at_once()
    {
        using UdpClient udp = Network["server"].UdpClient(53);
        using Socket tcp = Network["server"].Listen(53);
        long start = Stopwatch.GetTimestamp();
        var asking = () => Dns.GetHostAddresses("unknown.example.com");
        asking.Should().Throw<SocketException>();
        Stopwatch.GetElapsedTime(start).Should().BeLessThan(TimeSpan.FromMilliseconds(900), "a resolver's time is one second");
        Network.Dns.IsRunning.Should().BeFalse();
        Directory.GetDirectories("/proc", "[0-9]*").Length.Should().BeLessThan(4, "there are init and the test");
        Action starting = Network.Dns.Start;
        starting.Should().Throw<SandboxException>().WithMessage("*127.0.0.53:53 of host server*");
    }

    [Fact]
    public void One_is_there_when_it_is_asked_for()
    {
        Network.Dns.Set("late.example.com", "10.0.0.4");
        Dns.GetHostAddresses("late.example.com").Should().Equal(Network["server"].Address);
        Dns.GetHostAddresses("server").Should().HaveCount(2);
        Network.Dns.Queries.Should().NotContain(q => q.Name == "server", "it is in /etc/hosts");
    }
}

/// <summary>A name server of a fixture's network.</summary>
public class DnsFixtureTests
{
    [Fact]
    public async Task A_plain_tests_hosts_have_one_too()
    {
        VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("client", "server").WithDns(d => d.A("a.example.com", "10.0.0.4")));
        CommandResult found = await network["client"].Command("getent").WithArguments("ahostsv4", "a.example.com").RunAsync();
        found.StandardOutput.Should().StartWith("10.0.0.4");
        network.Dns.Queries.Should().OnlyContain(q => q.Host == "client" && q.Name == "a.example.com").And.NotBeEmpty();
        await network.DisposeAsync();
        Action asking = () => network.Dns.Set("a.example.com", "10.0.0.1");
        asking.Should().Throw<SandboxException>().WithMessage("*gone*");
    }
}
