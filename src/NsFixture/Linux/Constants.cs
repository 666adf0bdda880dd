// The numbers that cross into the kernel, one class a header, under their C names. Grouped in one file because they are a
// table, not code; tests/NsFixture.Tests/Linux/HeaderTests.cs checks each against the real headers.
namespace NsFixture.Linux;

[CHeader("sys/resource.h")]
internal static class ResourceLimits
{
    public const int RLIMIT_DATA = 2;
    public const int RLIMIT_NPROC = 6;
    public const int RLIMIT_NOFILE = 7;
    public const int RLIMIT_AS = 9;
}

[CHeader("linux/sockios.h")]
internal static class SocketControls
{
    public const int SIOCSIFFLAGS = 0x8914;
}

[CHeader("linux/sched.h")]
internal static class Sched
{
    public const ulong CLONE_NEWTIME = 0x00000080;
    public const ulong CLONE_VM = 0x00000100;
    public const ulong CLONE_FS = 0x00000200;
    public const ulong CLONE_VFORK = 0x00004000;
    public const ulong CLONE_PIDFD = 0x00001000;
    public const ulong CLONE_NEWNS = 0x00020000;
    public const ulong CLONE_CHILD_CLEARTID = 0x00200000;
    public const ulong CLONE_CHILD_SETTID = 0x01000000;
    public const ulong CLONE_NEWCGROUP = 0x02000000;
    public const ulong CLONE_NEWUTS = 0x04000000;
    public const ulong CLONE_NEWIPC = 0x08000000;
    public const ulong CLONE_NEWUSER = 0x10000000;
    public const ulong CLONE_NEWPID = 0x20000000;
    public const ulong CLONE_NEWNET = 0x40000000;
}

[CHeader("sys/mount.h")]
internal static class MountFlags
{
    public const ulong MS_RDONLY = 1;
    public const ulong MS_NOSUID = 2;
    public const ulong MS_NODEV = 4;
    public const ulong MS_NOEXEC = 8;
    public const ulong MS_REMOUNT = 32;
    public const ulong MS_BIND = 4096;
    public const ulong MS_MOVE = 8192;
    public const ulong MS_REC = 16384;
    public const ulong MS_PRIVATE = 1 << 18;
    public const ulong MS_SLAVE = 1 << 19;
    public const ulong MS_SHARED = 1 << 20;
    public const ulong MS_RELATIME = 1 << 21;
    public const int MNT_DETACH = 2;
}

[CHeader("linux/mount.h")]
internal static class MountAttributes
{
    public const ulong MOUNT_ATTR_RDONLY = 1;
}

/// <summary>What is asked of a namespace's descriptor (ioctl_ns(2)).</summary>
[CHeader("linux/nsfs.h")]
internal static class NamespaceRequests
{
    public const uint NS_GET_USERNS = 0xb701;
    public const uint NS_GET_PARENT = 0xb702;
    public const uint NS_GET_NSTYPE = 0xb703;
    public const uint NS_GET_OWNER_UID = 0xb704;
}

[CHeader("fcntl.h")]
internal static class Fcntl
{
    public const int O_RDONLY = 0;
    public const int O_WRONLY = 1;
    public const int O_RDWR = 2;
    public const int O_NOCTTY = 0x100;
    public const int O_CREAT = 0x40;
    public const int O_EXCL = 0x80;
    public const int O_TRUNC = 0x200;
    public const int O_NONBLOCK = 0x800;
    public const int O_CLOEXEC = 0x80000;
    public const int F_GETFD = 1;
    public const int F_SETFD = 2;
    public const int F_GETFL = 3;
    public const int F_SETFL = 4;
    public const int FD_CLOEXEC = 1;
    public const int F_DUPFD_CLOEXEC = 1030;
    public const int AT_FDCWD = -100;
    public const int AT_SYMLINK_NOFOLLOW = 0x100;
    public const int AT_RECURSIVE = 0x8000;
    public const int AT_EMPTY_PATH = 0x1000;
}

[CHeader("sys/file.h")]
internal static class FileLock
{
    public const int LOCK_SH = 1;
    public const int LOCK_EX = 2;
    public const int LOCK_NB = 4;
    public const int LOCK_UN = 8;
}

[CHeader("errno.h")]
internal static class Err
{
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int ESRCH = 3;
    public const int EINTR = 4;
    public const int EAGAIN = 11;
    public const int ENOMEM = 12;
    public const int EACCES = 13;
    public const int EBUSY = 16;
    public const int EEXIST = 17;
    public const int ENODEV = 19;
    public const int ENOTDIR = 20;
    public const int ENOTTY = 25;
    public const int EINVAL = 22;
    public const int EMFILE = 24;
    public const int ENOSPC = 28;
    public const int EPIPE = 32;
    public const int ENOSYS = 38;
    public const int EUSERS = 87;
    public const int EPROTONOSUPPORT = 93;
    public const int ENOTSUP = 95;
    public const int EAFNOSUPPORT = 97;
    public const int EADDRINUSE = 98;
    public const int EADDRNOTAVAIL = 99;
    public const int ENETDOWN = 100;
    public const int ENETUNREACH = 101;
    public const int ECONNRESET = 104;
    public const int EINPROGRESS = 115;
    public const int ECONNREFUSED = 111;
    public const int EHOSTUNREACH = 113;
}

[CHeader("sys/socket.h")]
internal static class SocketConstants
{
    public const int AF_UNIX = 1;
    public const int AF_INET = 2;
    public const int AF_INET6 = 10;
    public const int AF_NETLINK = 16;
    public const int AF_PACKET = 17;
    public const int SOCK_STREAM = 1;
    public const int SOCK_DGRAM = 2;
    public const int SOCK_RAW = 3;
    public const int SOCK_SEQPACKET = 5;
    public const int SOCK_CLOEXEC = 0x80000;
    public const int SOCK_NONBLOCK = 0x800;
    public const int SOL_SOCKET = 1;
    public const int SO_ERROR = 4;
    public const int SO_LINGER = 13;
    public const int SHUT_WR = 1;
    public const int SHUT_RDWR = 2;
    public const int SO_SNDBUF = 7;
    public const int SO_RCVBUF = 8;
    public const int SO_ATTACH_FILTER = 26;
    public const int SO_DOMAIN = 39;
    public const int SOL_PACKET = 263;
    public const int SO_PEERCRED = 17;
    public const int SCM_RIGHTS = 1;
    public const int MSG_CMSG_CLOEXEC = 0x40000000;
    public const int MSG_NOSIGNAL = 0x4000;
    public const int MSG_PEEK = 2;
    public const int MSG_DONTWAIT = 0x40;
    public const int MSG_TRUNC = 0x20;
    public const int MSG_CTRUNC = 8;

    /// <summary>The kernel's number of a family that .NET numbers otherwise.</summary>
    public static int Domain(System.Net.Sockets.AddressFamily family) => family switch
    {
        System.Net.Sockets.AddressFamily.InterNetwork => AF_INET,
        System.Net.Sockets.AddressFamily.InterNetworkV6 => AF_INET6,
        _ => throw new ArgumentException($"A host has sockets of IPv4 and IPv6, not of {family}.", nameof(family)),
    };
}

[CHeader("linux/netfilter_ipv4.h")]
internal static class OriginalDestination
{
    public const int SO_ORIGINAL_DST = 80;
}

[CHeader("linux/netfilter_ipv6/ip6_tables.h")]
internal static class OriginalDestination6
{
    public const int IP6T_SO_ORIGINAL_DST = 80;
}

[CHeader("netinet/in.h")]
internal static class SocketLevels
{
    public const int SOL_IP = 0;
    public const int SOL_IPV6 = 41;
    public const int IPV6_V6ONLY = 26;
}

[CHeader("poll.h")]
internal static class PollFlags
{
    public const short POLLIN = 1;
    public const short POLLOUT = 4;
    public const short POLLERR = 8;
    public const short POLLHUP = 16;
    public const short POLLNVAL = 32;
}

[CHeader("sys/shm.h")]
internal static class ShmControl
{
    public const int SHM_INFO = 14;
}

[CHeader("sys/sem.h")]
internal static class SemControl
{
    public const int SEM_INFO = 19;
}

[CHeader("sys/msg.h")]
internal static class MsgControl
{
    public const int MSG_INFO = 12;
}

[CHeader("sys/prctl.h")]
internal static class PrctlOptions
{
    public const int PR_SET_PDEATHSIG = 1;
    public const int PR_SET_DUMPABLE = 4;
    public const int PR_SET_NAME = 15;
    public const int PR_SET_TIMERSLACK = 29;
    public const int PR_SET_NO_NEW_PRIVS = 38;
    public const int PR_SET_SECCOMP = 22;
    public const int PR_CAPBSET_DROP = 24;
    public const int PR_SET_CHILD_SUBREAPER = 36;
    public const int PR_CAP_AMBIENT = 47;
    public const int PR_CAP_AMBIENT_RAISE = 2;
}

[CHeader("linux/seccomp.h")]
internal static class Seccomp
{
    public const int SECCOMP_MODE_FILTER = 2;
    public const uint SECCOMP_RET_ERRNO = 0x00050000;
    public const uint SECCOMP_RET_ALLOW = 0x7fff0000;
}

[CHeader("linux/filter.h")]
internal static class Bpf
{
    public const ushort BPF_LD = 0;
    public const ushort BPF_JMP = 5;
    public const ushort BPF_RET = 6;
    public const ushort BPF_W = 0;
    public const ushort BPF_ABS = 0x20;
    public const ushort BPF_K = 0;
    public const ushort BPF_JEQ = 0x10;
    public const ushort BPF_JGE = 0x30;
    public const ushort BPF_JSET = 0x40;
    public const int BPF_JGT = 0x20;
    public const int BPF_MAXINSNS = 4096;
    public const int SKF_AD_OFF = -0x1000;
    public const int SKF_AD_IFINDEX = 8;
}

[CHeader("linux/audit.h")]
internal static class Audit
{
    public const uint AUDIT_ARCH_X86_64 = 0xC000003E;
    public const uint AUDIT_ARCH_AARCH64 = 0xC00000B7;
}

[CHeader("sys/ioctl.h")]
internal static class Terminal
{
    public const uint TCGETS = 0x5401;
    public const uint TCSETSW = 0x5403;
    public const uint TIOCSCTTY = 0x540E;
    public const uint TIOCGPGRP = 0x540F;
    public const uint TIOCSTI = 0x5412;
    public const uint TIOCGWINSZ = 0x5413;
    public const uint TIOCSWINSZ = 0x5414;
    public const uint TIOCGPTPEER = 0x5441;
    public const uint TIOCSPTLCK = 0x40045431;
}

[CHeader("asm/termbits.h")]
internal static class TerminalModes
{
    public const uint IGNBRK = 0x1;
    public const uint BRKINT = 0x2;
    public const uint PARMRK = 0x8;
    public const uint ISTRIP = 0x20;
    public const uint INLCR = 0x40;
    public const uint IGNCR = 0x80;
    public const uint ICRNL = 0x100;
    public const uint IXON = 0x400;
    public const uint OPOST = 0x1;
    public const uint CSIZE = 0x30;
    public const uint CS8 = 0x30;
    public const uint PARENB = 0x100;
    public const uint ISIG = 0x1;
    public const uint ICANON = 0x2;
    public const uint ECHO = 0x8;
    public const uint ECHONL = 0x40;
    public const uint IEXTEN = 0x8000;
}

[CHeader("signal.h")]
internal static class SignalNumbers
{
    public const int SIGHUP = 1;
    public const int SIGINT = 2;
    public const int SIGQUIT = 3;
    public const int SIGILL = 4;
    public const int SIGTRAP = 5;
    public const int SIGABRT = 6;
    public const int SIGBUS = 7;
    public const int SIGFPE = 8;
    public const int SIGKILL = 9;
    public const int SIGUSR1 = 10;
    public const int SIGSEGV = 11;
    public const int SIGUSR2 = 12;
    public const int SIGPIPE = 13;
    public const int SIGALRM = 14;
    public const int SIGTERM = 15;
    public const int SIGCHLD = 17;
    public const int SIGCONT = 18;
    public const int SIGSTOP = 19;
    public const int SIGXCPU = 24;
    public const int SIGXFSZ = 25;
    public const int SIGWINCH = 28;
    public const int SIGSYS = 31;
}

[CHeader("time.h")]
internal static class Clocks
{
    public const int CLOCK_MONOTONIC = 1;
    public const int CLOCK_BOOTTIME = 7;
}

[CHeader("sys/wait.h")]
internal static class WaitOptions
{
    public const int WNOHANG = 1;
    public const int __WALL = 0x40000000;
}

[CHeader("linux/capability.h")]
internal static class CapabilityNumbers
{
    public const uint _LINUX_CAPABILITY_VERSION_3 = 0x20080522;
    public const int CAP_CHOWN = 0;
    public const int CAP_SETGID = 6;
    public const int CAP_SETUID = 7;
    public const int CAP_NET_ADMIN = 12;
    public const int CAP_NET_RAW = 13;
    public const int CAP_SYS_ADMIN = 21;
    public const int CAP_SYS_RESOURCE = 24;
    public const int CAP_LAST_CAP = 40;
}

[CHeader("linux/stat.h")]
internal static class StatxMask
{
    public const uint STATX_BASIC_STATS = 0x7FF;
}

[CHeader("signal.h")]
internal static class SigMask
{
    public const int SIG_BLOCK = 0;
    public const int SIG_UNBLOCK = 1;
    public const int SIG_SETMASK = 2;
}

[CHeader("sys/signalfd.h")]
internal static class SignalFd
{
    public const int SFD_CLOEXEC = 0x80000;
    public const int SFD_NONBLOCK = 0x800;
}
