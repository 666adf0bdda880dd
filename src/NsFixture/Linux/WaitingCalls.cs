using System.Reflection;
using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>The system calls in which threads wait, by their numbers, to be named in what is said of them.</summary>
internal static class WaitingCalls
{
    private static readonly Dictionary<int, string> Names =
        (RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? typeof(Aarch64) : typeof(X64)).GetFields(BindingFlags.Public | BindingFlags.Static)
        .ToDictionary(f => (int)f.GetRawConstantValue()!, f => f.Name["__NR_".Length..]);

    private static readonly HashSet<string> OfDescriptors = ["read", "write", "readv", "writev", "accept", "accept4", "connect", "recvfrom", "recvmsg", "sendto", "sendmsg", "flock", "fcntl", "fsync", "epoll_wait", "epoll_pwait", "ioctl"];

    /// <summary>Null: one that threads seldom wait in.</summary>
    public static string? Name(int number) => Names.GetValueOrDefault(number);

    /// <summary>Whether a call's first argument is a descriptor.</summary>
    public static bool TakesDescriptor(string? name) => name != null && OfDescriptors.Contains(name);

    [CHeader("asm/unistd_64.h")]
    public static class X64
    {
        public const int __NR_read = 0;
        public const int __NR_write = 1;
        public const int __NR_poll = 7;
        public const int __NR_ioctl = 16;
        public const int __NR_readv = 19;
        public const int __NR_writev = 20;
        public const int __NR_select = 23;
        public const int __NR_nanosleep = 35;
        public const int __NR_connect = 42;
        public const int __NR_accept = 43;
        public const int __NR_sendto = 44;
        public const int __NR_recvfrom = 45;
        public const int __NR_sendmsg = 46;
        public const int __NR_recvmsg = 47;
        public const int __NR_wait4 = 61;
        public const int __NR_semop = 65;
        public const int __NR_msgrcv = 70;
        public const int __NR_fcntl = 72;
        public const int __NR_flock = 73;
        public const int __NR_fsync = 74;
        public const int __NR_rt_sigtimedwait = 128;
        public const int __NR_futex = 202;
        public const int __NR_clock_nanosleep = 230;
        public const int __NR_epoll_wait = 232;
        public const int __NR_waitid = 247;
        public const int __NR_pselect6 = 270;
        public const int __NR_ppoll = 271;
        public const int __NR_epoll_pwait = 281;
        public const int __NR_accept4 = 288;
    }

    [CHeader("asm-generic/unistd.h")]
    public static class Aarch64
    {
        public const int __NR_epoll_pwait = 22;
        public const int __NR_ioctl = 29;
        public const int __NR_flock = 32;
        public const int __NR_read = 63;
        public const int __NR_write = 64;
        public const int __NR_readv = 65;
        public const int __NR_writev = 66;
        public const int __NR_pselect6 = 72;
        public const int __NR_ppoll = 73;
        public const int __NR_fsync = 82;
        public const int __NR_waitid = 95;
        public const int __NR_futex = 98;
        public const int __NR_nanosleep = 101;
        public const int __NR_clock_nanosleep = 115;
        public const int __NR_rt_sigtimedwait = 137;
        public const int __NR_msgrcv = 188;
        public const int __NR_semop = 193;
        public const int __NR_accept = 202;
        public const int __NR_connect = 203;
        public const int __NR_sendto = 206;
        public const int __NR_recvfrom = 207;
        public const int __NR_sendmsg = 211;
        public const int __NR_recvmsg = 212;
        public const int __NR_accept4 = 242;
        public const int __NR_wait4 = 260;
    }
}
