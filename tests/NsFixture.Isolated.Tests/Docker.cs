using System.Globalization;

namespace NsFixture.Isolated.Tests;

/// <inheritdoc/>
public sealed class Docker() : Engine("docker", "docker.io")
{
    private const ulong AllCapabilities = (1UL << 41) - 1; // linux/capability.h, CAP_LAST_CAP

    /// <summary>Docker gives a privileged container every capability there is, and fails where the machine itself lacks one. There, it is given all the machine has, and nothing is kept from it.</summary>
    public override string[] Privileged => Lacking is [] ? ["--privileged"] : ["--cap-add", "ALL", .. Lacking.SelectMany(c => (string[])["--cap-drop", c]), .. Advised];

    public override string[] Advised => ["--security-opt", "seccomp=unconfined", "--security-opt", "systempaths=unconfined"];

    // CAP_SYS_RESOURCE is what virtual machines and container hosts take away.
    private static string[] Lacking => (Bounding & AllCapabilities) == AllCapabilities ? [] : ["SYS_RESOURCE"];

    private static ulong Bounding => ulong.Parse(File.ReadLines("/proc/self/status").Single(l => l.StartsWith("CapBnd:", StringComparison.Ordinal))[7..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    // What becomes nobody's child is tini's, which reaps it: not every machine's process 1 does, and until then its control group cannot go.
    protected override string Service(string directory, string address) => $"""
        exec tini -s -- dockerd --data-root {directory}/root --exec-root {directory}/run --pidfile {directory}/pid --host {address} --bridge none --iptables=false --ip6tables=false --storage-driver vfs \
            --default-ulimit nofile=1024:1024 --default-ulimit nproc=1024:1024
        """;

    protected override string Command(string directory, string address) => "docker --host " + address;
}
