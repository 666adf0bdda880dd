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

[CHeader("poll.h", CName = "struct pollfd")]
[StructLayout(LayoutKind.Sequential)]
internal struct PollFd
{
    public int fd;
    public short events;
    public short revents;
}

[CHeader("linux/if_packet.h", CName = "struct sockaddr_ll")]
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SockAddrLl
{
    public ushort sll_family;
    public ushort sll_protocol;
    public int sll_ifindex;
    public ushort sll_hatype;
    public byte sll_pkttype;
    public byte sll_halen;
    public fixed byte sll_addr[8];
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
}

[CHeader("sys/signalfd.h", CName = "struct signalfd_siginfo")]
[StructLayout(LayoutKind.Sequential, Size = 128)]
internal struct SignalFdInfo
{
    public uint ssi_signo;
}
