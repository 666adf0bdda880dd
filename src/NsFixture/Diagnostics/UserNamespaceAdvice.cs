using NsFixture.Diagnostics.Checks;
using NsFixture.Linux;
using NsFixture.Netlink;

namespace NsFixture;

/// <summary>
/// Says why the kernel refused a sandbox and what to do about it, in the doctor's words where it is about namespaces (<see cref="Refusals"/>).
/// </summary>
internal static class UserNamespaceAdvice
{
    public static string Explain(Exception failure) => failure switch
    {
        LinuxException linux => Explain(linux),
        SandboxException => failure.Message,
        _ => failure.ToString(),
    };

    public static string Explain(LinuxException failure)
    {
        bool makesNamespaces = failure.Operation is "clone3" or "unshare";
        string? advice = failure.Errno switch
        {
            Err.EPERM or Err.EACCES => Refusals.Forbidden(Machine.Here, failure.Message, makesNamespaces).Message,
            Err.ENOSPC when makesNamespaces => Refusals.Exhausted(Machine.Here, failure.Message).Message,
            Err.EUSERS => Refusals.TooDeep(failure.Message).Message,
            Err.EINVAL or Err.ENOSYS when makesNamespaces => Refusals.Missing(failure.Message).Message,
            Err.EAGAIN => "A limit on processes was reached: raise 'ulimit -u', kernel.pid_max, or the pids limit of the container or cgroup.",
            Err.ENOTSUP or Err.EPROTONOSUPPORT or Err.EAFNOSUPPORT when failure.Operation == NetfilterSocket.Operation =>
                "This kernel has no nf_tables, which NAT and firewalls are made of: load its module ('modprobe nf_tables') or use a kernel with CONFIG_NF_TABLES, CONFIG_NF_TABLES_INET, CONFIG_NF_TABLES_IPV4 and CONFIG_NF_TABLES_IPV6.",
            Err.ENOENT when failure.Operation == NetfilterSocket.Operation =>
                "This kernel's nf_tables lacks a part that NAT and firewalls are made of: load its modules ('modprobe -a nft_chain_nat nft_nat nft_ct nft_numgen nft_reject_inet') " +
                "or use a kernel with CONFIG_NFT_NAT, CONFIG_NFT_CT, CONFIG_NFT_NUMGEN and CONFIG_NFT_REJECT.",
            Err.ENODEV when failure.Operation == "mount" => "This kernel lacks that file system: load its module ('modprobe overlay') or use a kernel that has it.",
            _ => null,
        };
        return advice == null ? failure.Message : $"{advice} ({failure.Message})";
    }
}
