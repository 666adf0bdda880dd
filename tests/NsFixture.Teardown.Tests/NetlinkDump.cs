using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace NsFixture.Teardown.Tests;

/// <summary>What the kernel says of the machine's own network by rtnetlink(7): what 'ip link', 'ip address', 'ip route', 'ip rule' and 'ip netns list-id' print. Shares no code with the product.</summary>
internal static partial class NetlinkDump
{
    private const int AfNetlink = 16, SockRaw = 3, Header = 16, Done = 3;
    private const ushort RequestDump = 0x301; // NLM_F_REQUEST | NLM_F_DUMP

    // The request; the size of what follows its header; the attributes that say which one it is: a name, addresses, devices, a namespace's number. Counters and ages are none of them.
    private static readonly (string What, ushort Request, int Fixed, ushort[] Attributes)[] Kinds =
    [
        ("link", 18, 16, [3]), // RTM_GETLINK: IFLA_IFNAME
        ("address", 22, 8, [1, 2, 3]), // RTM_GETADDR: IFA_ADDRESS, IFA_LOCAL, IFA_LABEL
        ("route", 26, 12, [1, 4, 5, 15]), // RTM_GETROUTE: RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_TABLE
        ("rule", 34, 12, [1, 2, 6, 15]), // RTM_GETRULE: FRA_DST, FRA_SRC, FRA_PRIORITY, FRA_TABLE
        ("network namespace", 90, 4, [1]), // RTM_GETNSID: NETNSA_NSID
    ];

    public static IEnumerable<string> All() => Kinds.SelectMany(k => Dump(k.Request, k.Fixed).Select(m => $"{k.What} {Describe(m, k.Fixed, k.Attributes)}"));

    private static string Describe(byte[] message, int size, ushort[] wanted)
    {
        // The first byte is the family in each of them, the second of addresses, routes and rules the length of the prefix.
        var text = new StringBuilder(size == Header ? "" : string.Create(CultureInfo.InvariantCulture, $"{message[Header]}/{message[Header + 1]}"));
        for (int at = Header + size; at + 4 <= message.Length;)
        {
            int length = BitConverter.ToUInt16(message, at), type = BitConverter.ToUInt16(message, at + 2);
            if (length < 4)
                break;
            if (Array.IndexOf(wanted, (ushort)type) >= 0)
            {
                byte[] value = message[(at + 4)..(at + length)];
                text.Append(CultureInfo.InvariantCulture, $" {type}={(value is [.., 0] && value.Length > 4 && value[..^1].All(b => b is > 32 and < 127) ? Encoding.ASCII.GetString(value[..^1]) : Convert.ToHexString(value))}");
            }
            at += length + 3 & ~3;
        }
        return text.ToString().Trim();
    }

    private static List<byte[]> Dump(ushort kind, int size)
    {
        var messages = new List<byte[]>();
        int socket = Socket(AfNetlink, SockRaw, 0);
        if (socket < 0)
            throw new Win32Exception();
        try
        {
            byte[] request = new byte[Header + size], buffer = new byte[1 << 16];
            BitConverter.TryWriteBytes(request, request.Length);
            BitConverter.TryWriteBytes(request.AsSpan(4), kind);
            BitConverter.TryWriteBytes(request.AsSpan(6), RequestDump);
            if (Send(socket, request, request.Length, 0) != request.Length)
                throw new Win32Exception();
            while (true)
            {
                int n = (int)Receive(socket, buffer, buffer.Length, 0);
                if (n <= 0)
                    throw new Win32Exception();
                for (int at = 0; at + Header <= n;)
                {
                    int length = BitConverter.ToInt32(buffer, at), type = BitConverter.ToUInt16(buffer, at + 4);
                    if (type <= Done)
                        return type == Done ? messages : throw new InvalidOperationException($"rtnetlink refuses to dump {kind}: {-BitConverter.ToInt32(buffer, at + Header)}");
                    messages.Add(buffer[at..(at + length)]);
                    at += length + 3 & ~3;
                }
            }
        }
        finally
        {
            _ = Close(socket);
        }
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int Socket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint Send(int socket, byte[] buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static partial nint Receive(int socket, byte[] buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
