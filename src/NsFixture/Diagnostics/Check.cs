namespace NsFixture.Diagnostics;

/// <summary>Something that the doctor looks for.</summary>
/// <param name="Code">Its number, which stays the same for ever: <c>NSF0104</c>.</param>
/// <param name="Title">What it looks for.</param>
public sealed record Check(string Code, string Title)
{
    internal static readonly Check
        NotLinux = new("NSF0101", "not Linux"),
        OldKernel = new("NSF0102", "kernel too old"),
        MissingNamespace = new("NSF0103", "kernel without a type of namespace"),
        CloneSwitch = new("NSF0104", "user namespaces switched off (Debian's switch)"),
        AppArmor = new("NSF0105", "user namespaces restricted by AppArmor (Ubuntu)"),
        NoNamespaces = new("NSF0106", "a type of namespace switched off"),
        NamespaceLimit = new("NSF0107", "a limit on namespaces reached"),
        Seccomp = new("NSF0108", "namespaces refused by a seccomp filter"),
        Clone3 = new("NSF0109", "clone3 hidden by a seccomp filter"),
        Nesting = new("NSF0110", "user namespaces nested too deep"),
        MaskedProc = new("NSF0111", "/proc masked"),
        MaskedSys = new("NSF0112", "/sys cannot be mounted"),
        Overlay = new("NSF0113", "no overlayfs in user namespaces"),
        NfTables = new("NSF0114", "no nf_tables"),
        Netem = new("NSF0115", "no netem"),
        Tun = new("NSF0116", "no /dev/net/tun"),
        ControlGroups = new("NSF0117", "control groups not delegated"),
        SubordinateIds = new("NSF0118", "no subordinate ids"),
        OpenFiles = new("NSF0119", "low limit on open files"),
        Processes = new("NSF0120", "low limit on processes"),
        SELinux = new("NSF0121", "SELinux enforces its policy"),
        Refused = new("NSF0122", "namespaces refused by something else"),
        Server = new("NSF0123", "sandboxes fail although the kernel allows them");

    /// <summary>All there are, in the order of their codes.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        NotLinux, OldKernel, MissingNamespace, CloneSwitch, AppArmor, NoNamespaces, NamespaceLimit, Seccomp, Clone3, Nesting, MaskedProc, MaskedSys, Overlay,
        NfTables, Netem, Tun, ControlGroups, SubordinateIds, OpenFiles, Processes, SELinux, Refused, Server,
    ];
}
