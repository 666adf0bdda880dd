using System.Text;
using NsFixture.Linux;

namespace NsFixture.Sandboxes;

/// <summary>Gives a sandbox what its <see cref="KernelSpec"/> asks for, when all else is built and before it has another process.</summary>
internal static unsafe class KernelBuilder
{
    /// <exception cref="SandboxException">The kernel does not let it be.</exception>
    public static void Apply(KernelSpec kernel)
    {
        if (kernel.DomainName is { } domain)
            SetDomainName(domain);
        foreach (var (name, value) in kernel.IpcLimits)
            Set(name, value);
        if (kernel.Uptime is { } uptime)
            SetUptime(uptime);
    }

    private static void SetDomainName(string domain)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(domain);
        fixed (byte* p = bytes)
            if (Libc.SetDomainName(p, (nuint)bytes.Length) != 0)
                throw LinuxException.Last("setdomainname", domain);
    }

    private static void Set(string name, string value)
    {
        string path = "/proc/sys/" + name.Replace('.', '/');
        try
        {
            FileSystem.Overwrite(path, value);
        }
        catch (LinuxException e)
        {
            throw new SandboxException(e.Errno switch
            {
                Err.ENOENT => $"IpcLimits: this kernel has no {name}: leave it out here. ({e.Message})",
                Err.EINVAL => $"IpcLimits: {name}={value} is not within what the kernel allows: choose another value. ({e.Message})",
                _ => $"IpcLimits: {name} may not be changed in a sandbox here, which takes Linux 6.9 or root of the machine: leave it out, or run the tests as root. ({e.Message})",
            }, e);
        }
    }

    /// <summary>
    /// The caller's children are in a time namespace whose clocks say that; itself is not. Offsets can be written until the first of them is there
    /// (time_namespaces(7)).
    /// </summary>
    private static void SetUptime(TimeSpan uptime)
    {
        if (Libc.Unshare((int)Sched.CLONE_NEWTIME) != 0)
        {
            var failure = LinuxException.Last("unshare", "time");
            throw failure.Errno != Err.EINVAL ? failure
                : new SandboxException($"Uptime: this kernel has no time namespaces: leave it out here, or use a kernel with CONFIG_TIME_NS, Linux 5.6 or later. ({failure.Message})", failure);
        }
        FileSystem.Overwrite("/proc/self/timens_offsets", Offset(Clocks.CLOCK_MONOTONIC, uptime) + Offset(Clocks.CLOCK_BOOTTIME, uptime));
    }

    private static string Offset(int clock, TimeSpan uptime)
    {
        const long second = 1_000_000_000;
        TimeSpec now;
        _ = Libc.ClockGetTime(clock, &now);
        Int128 offset = ((Int128)uptime.Ticks * 100) - (((Int128)now.tv_sec * second) + now.tv_nsec);
        // Nanoseconds count upwards from the second, before the present as well.
        Int128 seconds = offset >= 0 ? offset / second : -((-offset + second - 1) / second);
        return $"{clock} {seconds} {offset - (seconds * second)}\n";
    }
}
