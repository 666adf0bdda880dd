// The structs that cross into the kernel, under their C names; checked like the constants. The layouts are those of
// 64-bit little-endian Linux, the same on x86-64 and arm64.
using System.Runtime.InteropServices;

namespace NsFixture.Linux;

[CHeader("linux/sched.h", CName = "struct clone_args")]
[StructLayout(LayoutKind.Sequential)]
internal struct CloneArgs
{
    public ulong flags;
    public ulong pidfd;
    public ulong child_tid;
    public ulong parent_tid;
    public ulong exit_signal;
    public ulong stack;
    public ulong stack_size;
    public ulong tls;
    public ulong set_tid;
    public ulong set_tid_size;
    public ulong cgroup;
}

[CHeader("sys/resource.h", CName = "struct rlimit")]
[StructLayout(LayoutKind.Sequential)]
internal struct RLimit
{
    public ulong rlim_cur;
    public ulong rlim_max;
}

[CHeader("sys/socket.h", CName = "struct msghdr")]
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MsgHdr
{
    public void* msg_name;
    public uint msg_namelen;
    public IoVec* msg_iov;
    public nuint msg_iovlen;
    public void* msg_control;
    public nuint msg_controllen;
    public int msg_flags;
}

[CHeader("sys/uio.h", CName = "struct iovec")]
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVec
{
    public void* iov_base;
    public nuint iov_len;
}

[CHeader("sys/socket.h", CName = "struct cmsghdr")]
[StructLayout(LayoutKind.Sequential)]
internal struct CMsgHdr
{
    public nuint cmsg_len;
    public int cmsg_level;
    public int cmsg_type;
}

[CHeader("netinet/in.h", CName = "struct sockaddr_in")]
[StructLayout(LayoutKind.Sequential)]
internal struct SockAddrIn
{
    public ushort sin_family;
    public ushort sin_port;
    public uint sin_addr;
    public ulong sin_zero;
}

[CHeader("sys/un.h", CName = "struct sockaddr_un")]
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SockAddrUn
{
    public ushort sun_family;
    public fixed byte sun_path[108];
}

[CHeader("sys/socket.h", CName = "struct ucred")]
[StructLayout(LayoutKind.Sequential)]
internal struct UCred
{
    public int pid;
    public uint uid;
    public uint gid;
}

[CHeader("poll.h", CName = "struct pollfd")]
[StructLayout(LayoutKind.Sequential)]
internal struct PollFd
{
    public int fd;
    public short events;
    public short revents;
}

[CHeader("linux/capability.h", CName = "struct __user_cap_header_struct")]
[StructLayout(LayoutKind.Sequential)]
internal struct CapHeader
{
    public uint version;
    public int pid;
}

[CHeader("linux/capability.h", CName = "struct __user_cap_data_struct")]
[StructLayout(LayoutKind.Sequential)]
internal struct CapData
{
    public uint effective;
    public uint permitted;
    public uint inheritable;
}

[CHeader("linux/stat.h", CName = "struct statx")]
[StructLayout(LayoutKind.Sequential, Size = 256)]
internal struct Statx
{
    public uint stx_mask;
    public uint stx_blksize;
    public ulong stx_attributes;
    public uint stx_nlink;
    public uint stx_uid;
    public uint stx_gid;
    public ushort stx_mode;
    public ulong stx_ino;
    public ulong stx_size;
    public ulong stx_blocks;
    public ulong stx_attributes_mask;
    public StatxTimestamp stx_atime;
    public StatxTimestamp stx_btime;
    public StatxTimestamp stx_ctime;
    public StatxTimestamp stx_mtime;
    public uint stx_rdev_major;
    public uint stx_rdev_minor;
    public uint stx_dev_major;
    public uint stx_dev_minor;
}

[CHeader("linux/stat.h", CName = "struct statx_timestamp")]
[StructLayout(LayoutKind.Sequential, Size = 16)]
internal struct StatxTimestamp
{
    public long tv_sec;
    public uint tv_nsec;
}

[CHeader("sys/signalfd.h", CName = "struct signalfd_siginfo")]
[StructLayout(LayoutKind.Sequential, Size = 128)]
internal struct SignalFdInfo
{
    public uint ssi_signo;
}

[CHeader("dirent.h", CName = "struct dirent64")]
[StructLayout(LayoutKind.Sequential, Size = 280)]
internal unsafe struct DirectoryEntry
{
    public ulong d_ino;
    public long d_off;
    public ushort d_reclen;
    public byte d_type;
    public fixed byte d_name[256];
}

[CHeader("sys/shm.h", CName = "struct shm_info")]
[StructLayout(LayoutKind.Sequential, Size = 48)]
internal struct ShmInfo
{
    public int used_ids;
}

[CHeader("sys/sem.h", CName = "struct seminfo")]
[StructLayout(LayoutKind.Explicit, Size = 40)]
internal struct SemInfo
{
    [FieldOffset(28)]
    public int semusz;
}

[CHeader("sys/msg.h", CName = "struct msginfo")]
[StructLayout(LayoutKind.Sequential, Size = 32)]
internal struct MsgInfo
{
    public int msgpool;
}

[CHeader("time.h", CName = "struct timespec")]
[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpec
{
    public long tv_sec;
    public long tv_nsec;
}

[CHeader("linux/mount.h", CName = "struct mount_attr")]
[StructLayout(LayoutKind.Sequential)]
internal struct MountAttr
{
    public ulong attr_set;
    public ulong attr_clr;
    public ulong propagation;
    public ulong userns_fd;
}

[CHeader("linux/filter.h", CName = "struct sock_filter")]
[StructLayout(LayoutKind.Sequential)]
internal struct SockFilter
{
    public ushort code;
    public byte jt;
    public byte jf;
    public uint k;
}

[CHeader("linux/filter.h", CName = "struct sock_fprog")]
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SockFProg
{
    public ushort len;
    public SockFilter* filter;
}

[CHeader("asm/termbits.h", CName = "struct termios")]
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Termios
{
    public uint c_iflag;
    public uint c_oflag;
    public uint c_cflag;
    public uint c_lflag;
    public byte c_line;
    public fixed byte c_cc[19];
}
