using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>Programs on a host by the process classes of .NET.</summary>
public abstract class StartInfoTests
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private protected abstract VirtualNetwork Network { get; }

    private static Process Start(ProcessStartInfo info)
    {
        (info.RedirectStandardInput, info.RedirectStandardOutput, info.RedirectStandardError) = (true, true, true);
        return Process.Start(info)!;
    }

    private static async Task<(int Code, string Output, string Error)> Run(ProcessStartInfo info)
    {
        using Process process = Start(info);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Patience);
        return (process.ExitCode, await output.WaitAsync(Patience), await error.WaitAsync(Patience));
    }

    [Fact]
    public async Task It_is_on_its_host_and_its_outputs_and_exit_code_are_the_programs()
    {
        using Socket listener = Network["client"].Listen(7000);
        ProcessStartInfo info = Network["server"].StartInfo("bash", "-c", "hostname; echo \"$1\" >&2; exec 3<>/dev/tcp/client/7000; exit 3", "bash", "a 'b\" ü");
        (await Run(info)).Should().Be((3, "server\n", "a 'b\" ü\n"));
        using Socket accepted = await listener.AcceptAsync().WaitAsync(Patience);
        Network["server"].Addresses.Should().Contain(((IPEndPoint)accepted.RemoteEndPoint!).Address);
    }

    [Fact]
    public async Task Standard_input_environment_and_directory_are_the_programs()
    {
        ProcessStartInfo info = Network["server"].StartInfo("sh", "-c", "read line; echo $line $COLOUR; pwd");
        info.Environment["COLOUR"] = "blue";
        info.WorkingDirectory = "/usr";
        using Process process = Start(info);
        await process.StandardInput.WriteLineAsync("typed");
        (await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience)).Should().Be("typed blue\n/usr\n");
        await process.WaitForExitAsync().WaitAsync(Patience);
    }

    [Fact]
    public async Task A_command_gives_its_user_environment_and_directory()
    {
        ProcessStartInfo info = Network["server"].Command("sh").WithArguments("-c", "id -u; echo $HOME; pwd").AsUser("4321").WithWorkingDirectory("/usr/bin").WithEnvironmentVariable("HOME", "/nowhere").StartInfo();
        (await Run(info)).Output.Should().Be("4321\n/nowhere\n/usr/bin\n");
    }

    [Theory, InlineData(15), InlineData(2), InlineData(10)]
    public async Task A_signal_reaches_the_program(int signal)
    {
        using Process process = Start(Network["server"].StartInfo("bash", "-c", "trap 'echo got 15; exit 5' TERM; trap 'echo got 2; exit 5' INT; trap 'echo got 10; exit 5' USR1; echo ready; while :; do sleep 0.05; done"));
        (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience)).Should().Be("ready");
        (await Network.TestHost.Command("true").RunAsync()).ExitCode.Should().Be(0);
        Process.Start("/bin/kill", [$"-{signal}", $"{process.Id}"]).WaitForExit();
        (await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience)).Should().Be($"got {signal}\n");
        await process.WaitForExitAsync().WaitAsync(Patience);
        process.ExitCode.Should().Be(5);
    }

    [Fact]
    public async Task A_program_that_a_signal_ends_ends_so_for_who_waits() =>
        (await Run(Network["server"].StartInfo("sh", "-c", "kill -9 $$"))).Code.Should().Be(128 + 9);

    [Fact]
    public async Task Killing_it_ends_the_program_and_what_that_started()
    {
        using Process process = Start(Network["server"].StartInfo("sh", "-c", "sleep 54321 & echo up; sleep 54321"));
        (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience)).Should().Be("up");
        process.Kill();
        await process.WaitForExitAsync().WaitAsync(Patience);
        // The end of the output is the end of all who had it.
        (await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience)).Should().BeEmpty();
    }

    [Theory, InlineData("/no/such/program", null, "*/no/such/program*ENOENT*"), InlineData("sh", "nobody-at-all", "*no user \"nobody-at-all\"*")]
    public async Task What_cannot_be_started_is_said(string program, string? user, string message)
    {
        HostCommand command = Network["server"].Command(program);
        var (code, _, error) = await Run((user == null ? command : command.AsUser(user)).StartInfo());
        code.Should().Be(127);
        error.Should().Match(message);
    }

    [Fact]
    public async Task An_empty_PATH_is_enough()
    {
        ProcessStartInfo info = Network["server"].StartInfo("/bin/echo", "here");
        info.Environment["PATH"] = "";
        (await Run(info)).Output.Should().Be("here\n");
    }
}

/// <summary>By a fork of the warm runtime.</summary>
[IsolatedNetwork(Hosts = ["client", "server"], Launcher = LauncherKind.Fork)]
public class ForkedStartInfoTests : StartInfoTests
{
    private protected override VirtualNetwork Network => IsolatedNetwork.Current.Network;
}

/// <summary>From a plain test.</summary>
public class PlainStartInfoTests(OfficeNetwork office) : StartInfoTests, IClassFixture<OfficeNetwork>
{
    private protected override VirtualNetwork Network => office.Network;

    [Fact]
    public async Task A_network_that_has_ended_is_said_to_have()
    {
        VirtualNetwork network = await VirtualNetwork.CreateAsync(Topology.Of("server"));
        ProcessStartInfo info = network["server"].StartInfo("true");
        await network.DisposeAsync();
        info.RedirectStandardError = true;
        using Process process = Process.Start(info)!;
        (await process.StandardError.ReadToEndAsync().WaitAsync(Patience)).Should().Contain("network is gone");
        await process.WaitForExitAsync().WaitAsync(Patience);
        process.ExitCode.Should().Be(127);
    }
}
