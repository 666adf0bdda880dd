using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>The system calls that libc has no wrapper for, or whose wrapper does more than the call.</summary>
internal static class SyscallNumbers
{
    private static readonly bool Arm64 = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    public static readonly long Clone = Arm64 ? Aarch64.__NR_clone : X64.__NR_clone;
    public static readonly long Clone3 = Arm64 ? Aarch64.__NR_clone3 : X64.__NR_clone3;
    public static readonly long PivotRoot = Arm64 ? Aarch64.__NR_pivot_root : X64.__NR_pivot_root;
    public static readonly long GetRobustList = Arm64 ? Aarch64.__NR_get_robust_list : X64.__NR_get_robust_list;
    public static readonly long SetRobustList = Arm64 ? Aarch64.__NR_set_robust_list : X64.__NR_set_robust_list;
    public static readonly long GetDirectoryEntries = Arm64 ? Aarch64.__NR_getdents64 : X64.__NR_getdents64;
    public static readonly long CloseRange = Arm64 ? Aarch64.__NR_close_range : X64.__NR_close_range;
    public static readonly long PidFdOpen = Arm64 ? Aarch64.__NR_pidfd_open : X64.__NR_pidfd_open;
    public static readonly long PidFdSendSignal = Arm64 ? Aarch64.__NR_pidfd_send_signal : X64.__NR_pidfd_send_signal;
    public static readonly long CapGet = Arm64 ? Aarch64.__NR_capget : X64.__NR_capget;
    public static readonly long MountSetAttr = Arm64 ? Aarch64.__NR_mount_setattr : X64.__NR_mount_setattr;
    public static readonly long CapSet = Arm64 ? Aarch64.__NR_capset : X64.__NR_capset;
    public static readonly long SetGroups = Arm64 ? Aarch64.__NR_setgroups : X64.__NR_setgroups;
    public static readonly long SetResGid = Arm64 ? Aarch64.__NR_setresgid : X64.__NR_setresgid;
    public static readonly long SetResUid = Arm64 ? Aarch64.__NR_setresuid : X64.__NR_setresuid;

    [CHeader("asm/unistd_64.h")]
    public static class X64
    {
        public const int __NR_clone = 56;
        public const int __NR_setgroups = 116;
        public const int __NR_setresuid = 117;
        public const int __NR_setresgid = 119;
        public const int __NR_capget = 125;
        public const int __NR_capset = 126;
        public const int __NR_pivot_root = 155;
        public const int __NR_getdents64 = 217;
        public const int __NR_set_robust_list = 273;
        public const int __NR_get_robust_list = 274;
        public const int __NR_pidfd_send_signal = 424;
        public const int __NR_pidfd_open = 434;
        public const int __NR_clone3 = 435;
        public const int __NR_close_range = 436;
        public const int __NR_mount_setattr = 442;
    }

    [CHeader("asm-generic/unistd.h")]
    public static class Aarch64
    {
        public const int __NR_pivot_root = 41;
        public const int __NR_getdents64 = 61;
        public const int __NR_capget = 90;
        public const int __NR_capset = 91;
        public const int __NR_set_robust_list = 99;
        public const int __NR_get_robust_list = 100;
        public const int __NR_setresuid = 147;
        public const int __NR_setresgid = 149;
        public const int __NR_setgroups = 159;
        public const int __NR_clone = 220;
        public const int __NR_pidfd_send_signal = 424;
        public const int __NR_pidfd_open = 434;
        public const int __NR_clone3 = 435;
        public const int __NR_close_range = 436;
        public const int __NR_mount_setattr = 442;
    }
}
