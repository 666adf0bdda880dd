using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>A client, a server, and a router to another network.</summary>
public sealed class TwoFloors() : Topology(new Topology()
    .WithNetwork("ground").WithNetwork("first")
    .WithRouter("stairs")
    .WithHost("client", h => h.On("ground"))
    .WithHost("server", h => h.On("first")));

/// <summary>Hosts are paused, switched off and on.</summary>
[IsolatedNetwork<TwoFloors>]
public class HostLifeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20), AWhile = TimeSpan.FromMilliseconds(300);

    private static VirtualNetwork Network => IsolatedNetwork.Current.Network;

    private static VirtualHost Server => Network["server"];

    private static HostCommand Shell(string host, string script) => Network[host].Command("bash").WithArguments("-c", script);

    [Fact]
    public async Task A_paused_host_stands_still_and_goes_on_where_it_was()
    {
        await using HostProcess counter = await Shell("server", "echo ready; while :; do i=$((i+1)); echo $i > /tmp/count; sleep 0.005; done").WithReadyLine("ready").StartAsync();
        await ChangesAsync("/tmp/count");
        Server.Pause();
        Server.State.Should().Be(HostState.Paused);
        long stopped = await StandsStillAsync("/tmp/count");
        Server.Resume();
        await ChangesAsync("/tmp/count");
        Count("/tmp/count").Should().BeGreaterThanOrEqualTo(stopped);
        counter.Exited.IsCompleted.Should().BeFalse();
        Server.State.Should().Be(HostState.Running);
    }

    [Fact]
    public async Task Whatever_a_program_has_started_is_paused_with_it()
    {
        // A daemon in a session of its own whose parents have ended, and one that never stops forking.
        await Shell("server", "(setsid bash -c 'while :; do i=$((i+1)); echo $i > /tmp/daemon; sleep 0.005; done' >/dev/null 2>&1 &) ; exit 0").RunAsync().WaitAsync(Patience);
        await using HostProcess forker = await Shell("server", "echo ready; while :; do i=$((i+1)); (echo $i > /tmp/forks); done").WithReadyLine("ready").StartAsync();
        await ChangesAsync("/tmp/daemon");
        await ChangesAsync("/tmp/forks");
        Server.Pause();
        await StandsStillAsync("/tmp/daemon");
        await StandsStillAsync("/tmp/forks");
        Server.Resume();
        await ChangesAsync("/tmp/daemon");
        await ChangesAsync("/tmp/forks");
    }

    [Fact]
    public async Task Other_hosts_go_on_while_one_is_paused()
    {
        await using HostProcess counter = await Shell("client", "echo ready; while :; do i=$((i+1)); echo $i > /tmp/count; sleep 0.005; done").WithReadyLine("ready").StartAsync();
        Server.Pause();
        await ChangesAsync("/tmp/count");
        (await Shell("client", "echo works").RunAsync().WaitAsync(Patience)).StandardOutput.Should().Be("works\n");
        Server.Resume();
    }

    [Fact]
    public async Task What_was_stopped_before_a_pause_stays_stopped_after_it()
    {
        await using HostProcess counter = await Shell("server", "echo ready; while :; do i=$((i+1)); echo $i > /tmp/count; sleep 0.005; done").WithReadyLine("ready").StartAsync();
        const int stop = 19, go = 18;
        counter.Kill(stop);
        await StandsStillAsync("/tmp/count");
        Server.Pause();
        Server.Resume();
        await StandsStillAsync("/tmp/count");
        counter.Kill(go);
        await ChangesAsync("/tmp/count");
    }

    [Fact]
    public async Task Nothing_starts_on_a_paused_host()
    {
        Server.Pause();
        Server.Pause();
        var starting = () => Server.Command("true").RunAsync();
        (await starting.Should().ThrowAsync<HostCommandException>()).Which.Message.Should().Contain("\"server\" is paused").And.Contain("Resume()");
        Server.Resume();
        Server.Resume();
        (await Server.Command("true").RunAsync().WaitAsync(Patience)).ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task A_peer_of_a_paused_host_waits_and_is_answered_after_it()
    {
        using var listener = new TcpListener(IPAddress.Any, 80);
        listener.Start();
        await using HostProcess echo = await Shell("server", "exec 3<>/dev/tcp/test/80; while read -r line <&3; do echo \"$line\" >&3; done").StartAsync();
        using Socket peer = await listener.AcceptSocketAsync().WaitAsync(Patience);
        Server.Pause();
        await peer.SendAsync("hello\n"u8.ToArray());
        Task<int> answer = peer.ReceiveAsync(new byte[10]);
        await Task.Delay(AWhile);
        answer.IsCompleted.Should().BeFalse();
        Server.Resume();
        (await answer.WaitAsync(Patience)).Should().Be(6);
    }

    [Fact]
    public async Task A_power_cut_tells_the_peers_nothing()
    {
        using var listener = new TcpListener(IPAddress.Any, 80);
        listener.Start();
        await using HostProcess program = await Shell("server", "exec 3<>/dev/tcp/test/80; read -r line <&3").StartAsync();
        using Socket peer = await listener.AcceptSocketAsync().WaitAsync(Patience);
        Task<int> farewell = peer.ReceiveAsync(new byte[10]);
        Server.Kill();
        Server.State.Should().Be(HostState.Off);
        (await program.Exited.WaitAsync(Patience)).Should().Be(128 + 9);
        await Task.Delay(AWhile);
        farewell.IsCompleted.Should().BeFalse("neither FIN nor RST has left the host");
        Server.Reboot();
        await peer.SendAsync("are you there?"u8.ToArray());
        var receiving = () => farewell.WaitAsync(Patience);
        (await receiving.Should().ThrowAsync<SocketException>()).Which.SocketErrorCode.Should().Be(SocketError.ConnectionReset, "the host has forgotten the connection");
    }

    [Fact]
    public async Task Every_program_ends_with_the_power_stopped_ones_included()
    {
        await using HostProcess one = await Shell("server", "trap '' TERM; (setsid sleep 1000 & echo $! ; wait)").WithReadyLine("").StartAsync();
        Server.Pause();
        Server.Kill();
        (await one.Exited.WaitAsync(Patience)).Should().Be(128 + 9);
        Directory.GetDirectories("/proc").Where(d => File.Exists(d + "/cmdline")).Select(d => Read(d + "/cmdline")).Should().NotContain(c => c.Contains("sleep\01000"));
    }

    [Fact]
    public async Task A_frozen_host_stands_still_and_cannot_tell()
    {
        await using HostProcess counter = await Shell("server", "trap 'echo told >> /tmp/told' CONT; echo ready; while :; do i=$((i+1)); echo $i > /tmp/count; sleep 0.005; done").WithReadyLine("ready").StartAsync();
        await using HostProcess forker = await Shell("server", "echo ready; while :; do i=$((i+1)); (echo $i > /tmp/forks); done").WithReadyLine("ready").StartAsync();
        await ChangesAsync("/tmp/forks");
        FreezeMechanism by = Server.Freeze();
        Console.WriteLine($"frozen by {by}");
        Server.Freeze().Should().Be(by);
        Server.State.Should().Be(HostState.Frozen);
        await StandsStillAsync("/tmp/count");
        await StandsStillAsync("/tmp/forks");
        string state = Read($"/proc/{counter.Id}/stat").Split(' ')[2];
        state.Should().Match(s => by == FreezeMechanism.Signals ? s == "T" : s != "T");
        var starting = () => Server.Command("true").RunAsync();
        (await starting.Should().ThrowAsync<HostCommandException>()).Which.Message.Should().MatchRegex(by == FreezeMechanism.Signals ? "is paused" : "\"server\" is frozen.*Thaw\\(\\)");
        Server.Thaw();
        Server.State.Should().Be(HostState.Running);
        await ChangesAsync("/tmp/count");
        await ChangesAsync("/tmp/forks");
        (File.Exists("/tmp/told") && by == FreezeMechanism.ControlGroup).Should().BeFalse("a freezer sends no signals");
        Server.Freeze().Should().Be(by);
        Server.Kill();
        (await counter.Exited.WaitAsync(Patience)).Should().Be(128 + 9, "whatever is frozen ends with the power");
        Server.Reboot();
        (await Server.Command("true").RunAsync().WaitAsync(Patience)).ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task Nothing_can_be_done_on_a_host_that_is_switched_off()
    {
        Server.Kill();
        Server.Kill();
        Action[] actions = [() => Server.Listen(80), () => Server.Run(() => { }), Server.Pause, Server.Resume, Server.Reconnect];
        foreach (Action action in actions)
            action.Should().Throw<SandboxException>().WithMessage("*\"server\" is switched off*Reboot()*");
        var starting = () => Server.Command("true").StartAsync();
        (await starting.Should().ThrowAsync<HostCommandException>()).Which.Message.Should().Contain("is switched off");
        Server.Reboot();
        Server.Listen(80).Dispose();
    }

    [Fact]
    public async Task A_rebooted_host_has_its_network_as_declared_and_no_programs()
    {
        HostProcess sleeper = await Shell("server", "exec sleep 1000").StartAsync();
        string before = await DescribeAsync();
        Server.Run(() => File.WriteAllText("/proc/sys/net/ipv4/ip_forward", "1"));
        Server.Disconnect();
        Server.Reboot();
        (await sleeper.Exited.WaitAsync(Patience)).Should().Be(128 + 9);
        (await DescribeAsync()).Should().Be(before);
        Server.Run(() => File.ReadAllText("/proc/sys/net/ipv4/ip_forward")).Trim().Should().Be("0");
        using Socket listener = Server.Listen(80);
        foreach (IPAddress address in Server.Addresses)
            using (TcpClient client = await Network["client"].ConnectAsync(address.ToString(), 80).WaitAsync(Patience))
                client.Connected.Should().BeTrue();

        async Task<string> DescribeAsync()
        {
            CommandResult said = await Shell("server", "hostname; cat /proc/net/route /proc/net/ipv6_route /proc/net/if_inet6 /etc/hostname /etc/hosts | sort; cat /sys/class/net/eth0/address").RunAsync().WaitAsync(Patience);
            // Counters and reference counts come and go: what counts is what is there.
            return string.Join('\n', said.StandardOutput.Split('\n').Where(l => !l.StartsWith("ff", StringComparison.Ordinal))
                .Select(l => string.Join(' ', l.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Where((_, i) => !l.Contains("00000000 00000") || i is not (6 or 7)))));
        }
    }

    [Fact]
    public async Task A_rebooted_router_forwards_again()
    {
        using Socket listener = Server.Listen(80);
        VirtualHost router = Network["stairs"];
        router.Kill();
        var connecting = () => Network["client"].ConnectAsync("server", 80).WaitAsync(AWhile);
        await connecting.Should().ThrowAsync<Exception>();
        router.Reboot();
        foreach (IPAddress address in Server.Addresses)
            using (TcpClient client = await Network["client"].ConnectAsync(address.ToString(), 80).WaitAsync(Patience))
                client.Connected.Should().BeTrue();
    }

    [Fact]
    public async Task The_tests_own_sockets_on_a_host_end_with_its_power()
    {
        using Socket listener = Server.Listen(80);
        using TcpClient client = await Network["client"].ConnectAsync("server", 80).WaitAsync(Patience);
        using Socket accepted = await listener.AcceptAsync().WaitAsync(Patience);
        using UdpClient datagrams = Server.UdpClient(53);
        Task[] waiting = [listener.AcceptAsync(), accepted.ReceiveAsync(new byte[1]), datagrams.ReceiveAsync()];
        Task<int> far = client.Client.ReceiveAsync(new byte[1]);
        Server.Reboot();
        foreach (Task wait in waiting)
        {
            var awaiting = () => wait.WaitAsync(Patience);
            (await awaiting.Should().ThrowAsync<Exception>()).Which.Should().Match(e => e is SocketException || e is ObjectDisposedException);
        }
        var listening = () => listener.Accept();
        listening.Should().Throw<ObjectDisposedException>();
        var sending = () => accepted.Send([1]);
        sending.Should().Throw<SocketException>();
        far.IsCompleted.Should().BeFalse("the other host was told nothing");
        Server.Listen(80).Dispose();
    }

    [Fact]
    public async Task A_host_may_be_rebooted_again_and_again()
    {
        for (int i = 0; i < 5; i++)
        {
            await using HostProcess program = await Shell("server", "exec sleep 1000").StartAsync();
            Server.Reboot();
            using Socket listener = Server.Listen(80);
            using TcpClient client = await Network["client"].ConnectAsync("server", 80).WaitAsync(Patience);
        }
    }

    [Fact]
    public void The_tests_own_host_cannot_be_paused_or_switched_off()
    {
        Action[] actions = [Network.TestHost.Pause, Network.TestHost.Kill, Network.TestHost.Reboot];
        foreach (Action action in actions)
            action.Should().Throw<SandboxException>().WithMessage("*\"test\"*the test itself*host of their own*");
        Network.TestHost.State.Should().Be(HostState.Running);
        using var listener = new TcpListener(IPAddress.Any, 80);
        listener.Start();
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return ""; // ended meanwhile
        }
    }

    private static long Count(string file) => File.Exists(file) && long.TryParse(Read(file), out long count) ? count : -1;

    private static async Task ChangesAsync(string file)
    {
        long first = Count(file);
        for (DateTime limit = DateTime.UtcNow + Patience; Count(file) == first || Count(file) < 0; await Task.Delay(5))
            DateTime.UtcNow.Should().BeBefore(limit, $"{file} should change");
    }

    private static async Task<long> StandsStillAsync(string file)
    {
        long first = Count(file);
        await Task.Delay(AWhile);
        Count(file).Should().Be(first);
        return first;
    }
}
