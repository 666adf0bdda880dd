using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>
/// A system call that failed: says which one, on what object, and the kernel's reason by name and in words. Layers above
/// catch it where they know the cause and the remedy, and say those.
/// </summary>
internal sealed class LinuxException(string operation, string target, int errno)
    : IOException($"{operation} {target} failed: {Describe(errno)}")
{
    public string Operation { get; } = operation;

    public string Target { get; } = target;

    public int Errno { get; } = errno;

    /// <summary>The exception for the call that just failed on this thread.</summary>
    public static LinuxException Last(string operation, string target) => new(operation, target, Marshal.GetLastPInvokeError());

    /// <summary>Throws unless <paramref name="result"/> is non-negative, and passes it on.</summary>
    public static int Check(int result, string operation, string target) => result >= 0 ? result : throw Last(operation, target);

    /// <summary><c>EPERM (Operation not permitted)</c>.</summary>
    public static string Describe(int errno) => $"{Name(errno)} ({Marshal.GetPInvokeErrorMessage(errno)})";

    private static string Name(int errno) => errno switch
    {
        Err.EPERM => nameof(Err.EPERM),
        Err.ENOENT => nameof(Err.ENOENT),
        Err.ESRCH => nameof(Err.ESRCH),
        Err.EINTR => nameof(Err.EINTR),
        Err.EAGAIN => nameof(Err.EAGAIN),
        Err.ENOMEM => nameof(Err.ENOMEM),
        Err.EACCES => nameof(Err.EACCES),
        Err.EBUSY => nameof(Err.EBUSY),
        Err.EEXIST => nameof(Err.EEXIST),
        Err.ENODEV => nameof(Err.ENODEV),
        Err.ENOTDIR => nameof(Err.ENOTDIR),
        Err.EINVAL => nameof(Err.EINVAL),
        Err.EMFILE => nameof(Err.EMFILE),
        Err.ENOSPC => nameof(Err.ENOSPC),
        Err.EPIPE => nameof(Err.EPIPE),
        Err.ENOSYS => nameof(Err.ENOSYS),
        Err.EPROTONOSUPPORT => nameof(Err.EPROTONOSUPPORT),
        Err.ENOTSUP => nameof(Err.ENOTSUP),
        Err.EAFNOSUPPORT => nameof(Err.EAFNOSUPPORT),
        Err.EUSERS => nameof(Err.EUSERS),
        Err.EADDRINUSE => nameof(Err.EADDRINUSE),
        Err.EADDRNOTAVAIL => nameof(Err.EADDRNOTAVAIL),
        Err.ENETDOWN => nameof(Err.ENETDOWN),
        Err.ENETUNREACH => nameof(Err.ENETUNREACH),
        Err.EHOSTUNREACH => nameof(Err.EHOSTUNREACH),
        Err.ECONNREFUSED => nameof(Err.ECONNREFUSED),
        Err.ECONNRESET => nameof(Err.ECONNRESET),
        _ => $"errno {errno}",
    };
}
