namespace NsFixture.Linux;

/// <summary>The system calls that <see cref="SeccompFilter"/> looks at, by machine.</summary>
internal static class RefusedCalls
{
    public static Set X64 { get; } = new(typeof(X64Numbers), X64Looked.__NR_clone, X64Looked.__NR_clone3, X64Looked.__NR_unshare, X64Looked.__NR_ioctl);

    public static Set Aarch64 { get; } = new(typeof(Aarch64Numbers), Aarch64Looked.__NR_clone, Aarch64Looked.__NR_clone3, Aarch64Looked.__NR_unshare, Aarch64Looked.__NR_ioctl);

    public sealed class Set(Type refused, int clone, int clone3, int unshare, int ioctl)
    {
        public IReadOnlyList<uint> Refused { get; } = [.. refused.GetFields().Select(f => (uint)(int)f.GetRawConstantValue()!)];

        public uint Clone => (uint)clone;

        public uint Clone3 => (uint)clone3;

        public uint Unshare => (uint)unshare;

        public uint IoCtl => (uint)ioctl;
    }

    [CHeader("asm/unistd_64.h")]
    public static class X64Numbers
    {
        public const int __NR_acct = 163;
        public const int __NR_add_key = 248;
        public const int __NR_bpf = 321;
        public const int __NR_chroot = 161;
        public const int __NR_clock_settime = 227;
        public const int __NR_delete_module = 176;
        public const int __NR_finit_module = 313;
        public const int __NR_fsconfig = 431;
        public const int __NR_fsmount = 432;
        public const int __NR_fsopen = 430;
        public const int __NR_fspick = 433;
        public const int __NR_init_module = 175;
        public const int __NR_io_uring_enter = 426;
        public const int __NR_io_uring_register = 427;
        public const int __NR_io_uring_setup = 425;
        public const int __NR_ioperm = 173;
        public const int __NR_iopl = 172;
        public const int __NR_kcmp = 312;
        public const int __NR_kexec_file_load = 320;
        public const int __NR_kexec_load = 246;
        public const int __NR_keyctl = 250;
        public const int __NR_mount = 165;
        public const int __NR_mount_setattr = 442;
        public const int __NR_move_mount = 429;
        public const int __NR_name_to_handle_at = 303;
        public const int __NR_nfsservctl = 180;
        public const int __NR_open_by_handle_at = 304;
        public const int __NR_open_tree = 428;
        public const int __NR_perf_event_open = 298;
        public const int __NR_pidfd_getfd = 438;
        public const int __NR_pivot_root = 155;
        public const int __NR_process_madvise = 440;
        public const int __NR_process_vm_readv = 310;
        public const int __NR_process_vm_writev = 311;
        public const int __NR_ptrace = 101;
        public const int __NR_quotactl = 179;
        public const int __NR_quotactl_fd = 443;
        public const int __NR_reboot = 169;
        public const int __NR_request_key = 249;
        public const int __NR_setns = 308;
        public const int __NR_settimeofday = 164;
        public const int __NR_swapoff = 168;
        public const int __NR_swapon = 167;
        public const int __NR_syslog = 103;
        public const int __NR_umount2 = 166;
        public const int __NR_userfaultfd = 323;
        public const int __NR_vhangup = 153;
    }

    [CHeader("asm-generic/unistd.h")]
    public static class Aarch64Numbers
    {
        public const int __NR_acct = 89;
        public const int __NR_add_key = 217;
        public const int __NR_bpf = 280;
        public const int __NR_chroot = 51;
        public const int __NR_clock_settime = 112;
        public const int __NR_delete_module = 106;
        public const int __NR_finit_module = 273;
        public const int __NR_fsconfig = 431;
        public const int __NR_fsmount = 432;
        public const int __NR_fsopen = 430;
        public const int __NR_fspick = 433;
        public const int __NR_init_module = 105;
        public const int __NR_io_uring_enter = 426;
        public const int __NR_io_uring_register = 427;
        public const int __NR_io_uring_setup = 425;
        public const int __NR_kcmp = 272;
        public const int __NR_kexec_file_load = 294;
        public const int __NR_kexec_load = 104;
        public const int __NR_keyctl = 219;
        public const int __NR_mount = 40;
        public const int __NR_mount_setattr = 442;
        public const int __NR_move_mount = 429;
        public const int __NR_name_to_handle_at = 264;
        public const int __NR_nfsservctl = 42;
        public const int __NR_open_by_handle_at = 265;
        public const int __NR_open_tree = 428;
        public const int __NR_perf_event_open = 241;
        public const int __NR_pidfd_getfd = 438;
        public const int __NR_pivot_root = 41;
        public const int __NR_process_madvise = 440;
        public const int __NR_process_vm_readv = 270;
        public const int __NR_process_vm_writev = 271;
        public const int __NR_ptrace = 117;
        public const int __NR_quotactl = 60;
        public const int __NR_quotactl_fd = 443;
        public const int __NR_reboot = 142;
        public const int __NR_request_key = 218;
        public const int __NR_setns = 268;
        public const int __NR_settimeofday = 170;
        public const int __NR_swapoff = 225;
        public const int __NR_swapon = 224;
        public const int __NR_syslog = 116;
        public const int __NR_umount2 = 39;
        public const int __NR_userfaultfd = 282;
        public const int __NR_vhangup = 58;
    }

    /// <summary>Those refused by their arguments.</summary>
    [CHeader("asm/unistd_64.h")]
    public static class X64Looked
    {
        public const int __NR_clone = 56;
        public const int __NR_clone3 = 435;
        public const int __NR_ioctl = 16;
        public const int __NR_unshare = 272;
    }

    /// <summary>Those refused by their arguments.</summary>
    [CHeader("asm-generic/unistd.h")]
    public static class Aarch64Looked
    {
        public const int __NR_clone = 220;
        public const int __NR_clone3 = 435;
        public const int __NR_ioctl = 29;
        public const int __NR_unshare = 97;
    }
}
