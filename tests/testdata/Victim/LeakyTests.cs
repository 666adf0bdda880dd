using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using NsFixture;
using NsFixture.Xunit;
using Xunit;

namespace Victim;

/// <summary>Isolated tests that pass, each of which leaves one kind of thing in its sandbox, or nothing.</summary>
[IsolatedNetwork]
public partial class Leaky
{
    private const int IpcCreate = 0x200 /* 01000 */ | 0x180 /* 0600 */;

    [Fact]
    public void Leaves_a_child() => Process.Start("/bin/sleep", "1001").Dispose();

    [Fact]
    public void Leaves_a_daemon() => Detached.Start();

    [Fact]
    public void Leaves_a_mount() => Assert.Equal(0, Mount("none", "/tmp", "tmpfs", 0, 0));

    [Fact]
    public void Leaves_shared_memory() => Assert.True(ShmGet(4242, 4096, IpcCreate) >= 0);

    [Fact]
    public void Leaves_semaphores() => Assert.True(SemGet(4243, 1, IpcCreate) >= 0);

    [Fact]
    public void Leaves_a_message_queue() => Assert.True(MsgGet(4244, IpcCreate) >= 0);

    [Fact]
    public void Leaves_POSIX_shared_memory() => File.WriteAllText("/dev/shm/posix-left", "left");

    [Fact]
    public void Leaves_a_process_that_has_forked_twice() => Process.Start("/bin/sh", ["-c", "(sleep 1006 &)"]).WaitForExit();

    [Fact]
    public void Leaves_a_process_in_a_network_of_its_own()
    {
        using Process process = Process.Start("/usr/bin/unshare", ["--net", "/bin/sleep", "1003"]);
        // Until it has one, and is what it stays.
        Assert.True(SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{process.Id}/cmdline").StartsWith("/bin/sleep", StringComparison.Ordinal), TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Leaves_a_network_that_a_descriptor_holds() => Process.Start("/bin/sh", ["-c", "exec 7</proc/self/ns/net; exec sleep 1004"]).Dispose();

    [Fact]
    public void Leaves_a_network_that_is_mounted()
    {
        Directory.CreateDirectory("/run/netns");
        File.WriteAllText("/run/netns/left", "");
        Assert.Equal(0, Mount("/proc/self/ns/net", "/run/netns/left", "", 4096 /* MS_BIND */, 0));
    }

    /// <summary>With a process in it, where the machine lets whoever runs this make one: root may, and an ordinary user whom a group is delegated to.</summary>
    [Fact]
    public void Leaves_a_control_group()
    {
        MountGroups("/tmp/groups");
        try
        {
            Directory.CreateDirectory("/tmp/groups/nsfixture-victim/inner");
        }
        catch (UnauthorizedAccessException)
        {
            return;
        }
        using var process = Process.Start("/bin/sleep", "1007");
        File.WriteAllText("/tmp/groups/nsfixture-victim/cgroup.procs", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Leaves_a_POSIX_message_queue() => Assert.True(MqOpen("/left", 0x42 /* O_RDWR | O_CREAT */, 0x180, 0) >= 0);

    [Fact]
    public void Ends_a_process_and_does_not_wait()
    {
        var process = Process.Start("/bin/sleep", "1005");
        process.Kill();
        process.Dispose();
    }

    [Fact]
    public void Leaves_files_and_ends_what_it_starts()
    {
        Directory.CreateDirectory(Path.GetTempPath());
        File.WriteAllText(Path.Combine(Path.GetTempPath(), "left-over.txt"), "left");
        File.AppendAllText("/etc/hosts", "10.0.0.9 db\n");
        using var process = Process.Start("/bin/true");
        process.WaitForExit();
        using var listener = new TcpListener(IPAddress.Any, 80);
        listener.Start();
    }

    [Fact]
    public void Leaves_a_socket_and_a_thread()
    {
        new TcpListener(IPAddress.Any, 5433).Start();
        new Thread(() => Thread.Sleep(Timeout.Infinite)) { IsBackground = true, Name = "left alone" }.Start();
    }

    /// <summary>Mounts the machine's hierarchy for numbers of processes, or the one for everything.</summary>
    internal static void MountGroups(string place)
    {
        Directory.CreateDirectory(place);
        if (MountGroups("none", place, "cgroup", 0, "pids") != 0)
            Assert.Equal(0, MountGroups("none", place, "cgroup2", 0, null));
    }

    [LibraryImport("libc", EntryPoint = "mount", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string type, ulong flags, nint data);

    [LibraryImport("libc", EntryPoint = "mount", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MountGroups(string source, string target, string type, ulong flags, string? data);

    [LibraryImport("libc", EntryPoint = "mq_open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MqOpen(string name, int flags, uint mode, nint attributes);

    [LibraryImport("libc", EntryPoint = "shmget")]
    private static partial int ShmGet(int key, nuint size, int flags);

    [LibraryImport("libc", EntryPoint = "semget")]
    private static partial int SemGet(int key, int count, int flags);

    [LibraryImport("libc", EntryPoint = "msgget")]
    private static partial int MsgGet(int key, int flags);
}

/// <summary>An isolated test that makes a control group, and waits until others on the machine have made theirs.</summary>
[IsolatedNetwork]
public class MakesGroups
{
    [Fact]
    public void While_others_do()
    {
        Leaky.MountGroups("/tmp/groups");
        Directory.CreateDirectory("/tmp/groups/victims-own");
        string signals = Environment.GetEnvironmentVariable("VICTIM_SIGNALS")!;
        File.WriteAllText(Path.Combine(signals, "step-1"), "");
        Assert.True(SpinWait.SpinUntil(() => File.Exists(Path.Combine(signals, "go-1")), TimeSpan.FromSeconds(30)));
    }
}

/// <summary>An isolated test that never ends, with something of each kind to be seen.</summary>
[IsolatedNetwork(Deadline = 3000)]
public class Hanging
{
    [Fact]
    public void Waits_for_an_answer()
    {
        using Process child = Process.Start("/bin/sleep", "1002");
        using var listener = new TcpListener(IPAddress.Loopback, 5434);
        listener.Start();
        using var client = new TcpClient("localhost", 5434);
        client.GetStream().Write(new byte[77]);
        Console.WriteLine("the last words");
        Thread.CurrentThread.Name = "in vain";
        client.Client.Receive(new byte[1]);
    }
}
