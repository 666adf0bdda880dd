using NsFixture.Diagnostics;
using NsFixture.Diagnostics.Checks;
using NsFixture.Linux;

namespace NsFixture.Tests.Diagnostics;

/// <summary>The files of a machine on which all is well, to be spoilt; and what the kernel there is said to have answered.</summary>
internal sealed class FixtureMachine : IDisposable
{
    private static readonly string[] Tried = ["clone3", "user", "map", "mnt", "net", "uts", "ipc", "cgroup", "pid", "tmpfs", "proc", "sysfs", "overlay", "veth", "netem", "nf_tables"];
    private readonly string directory = Directory.CreateTempSubdirectory("doctor-test-").FullName;
    private readonly Dictionary<string, Attempt> attempts = Tried.ToDictionary(name => name, name => new Attempt(0, name));

    public FixtureMachine()
    {
        foreach (string type in Refusals.Types)
        {
            Write($"proc/self/ns/{type}", "");
            Write($"proc/sys/user/max_{type}_namespaces", "10000\n");
        }
        Write("proc/sys/kernel/osrelease", "6.8.0-31-generic\n");
        Write("proc/self/status", "Name:\tdotnet\nNoNewPrivs:\t0\nSeccomp:\t0\n");
        Write("proc/self/limits", "Limit                     Soft Limit           Hard Limit           Units     \nMax processes             63213                63213                processes \nMax open files            1048576              1048576              files     \n");
        Write("proc/self/mountinfo", "22 28 0:21 / /proc rw,nosuid - proc proc rw\n");
        Write("proc/self/uid_map", "         0          0 4294967295\n");
        Write("proc/self/cgroup", "0::/user.slice/user-1000.slice/session-1.scope\n");
        Write("proc/filesystems", "nodev\toverlay\n");
        Write("sys/fs/cgroup/cgroup.controllers", "cpu memory pids\n");
        Write("sys/fs/cgroup/user.slice/user-1000.slice/session-1.scope/cgroup.controllers", "cpu memory pids\n");
        Write("sys/fs/cgroup/user.slice/user-1000.slice/session-1.scope/pids.max", "max\n");
        Write("etc/passwd", $"other:x:77777:1000::/:/bin/sh\ntester:x:{Libc.GetEUid()}:1000::/:/bin/sh\n");
        Write("etc/subuid", "tester:100000:65536\n");
        Write("etc/subgid", "tester:100000:65536\n");
        Write("dev/net/tun", "");
    }

    public bool IsRoot { get; set; }

    public bool IsLinux { get; set; } = true;

    public DoctorRoots Roots => new() { Proc = directory + "/proc", Sys = directory + "/sys", Etc = directory + "/etc", Dev = directory + "/dev" };

    public FixtureMachine Write(string path, string content)
    {
        string file = Path.Combine(directory, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
        return this;
    }

    public FixtureMachine Remove(string path)
    {
        File.Delete(Path.Combine(directory, path));
        return this;
    }

    public FixtureMachine Refuse(string attempt, int errno)
    {
        attempts[attempt] = new Attempt(errno, attempt);
        return this;
    }

    public DoctorReport Examine() => Doctor.Examine(new Machine(Roots, attempts) { IsRoot = IsRoot, IsLinux = IsLinux, Dotnet = "/opt/dotnet/dotnet" });

    public void Dispose() => Directory.Delete(directory, recursive: true);
}
