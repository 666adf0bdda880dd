namespace NsFixture.Isolated.Tests;

/// <inheritdoc/>
public sealed class Podman() : Engine("podman", "podman")
{
    /// <summary>
    /// What a machine needs that mounts cgroup2 beside the first version, which podman takes for a mixture that it cannot use, and that does not
    /// allow limits to be raised.
    /// </summary>
    public const string Configuration = """
        [containers]
        default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
        [engine]
        cgroup_manager = "cgroupfs"
        events_logger = "file"
        """;

    public override string[] Privileged => ["--privileged"];

    public override string[] Advised => ["--security-opt", "seccomp=unconfined", "--security-opt", "unmask=ALL"];

    /// <summary>How podman is called, with all that it keeps in a directory.</summary>
    public static string CommandIn(string directory) => $"podman --root {directory}/root --runroot {directory}/run --storage-driver vfs";

    protected override string Removal => "rm --force --time 0";

    protected override string Service(string directory, string address) => $"exec {CommandIn(directory)} system service --time=0 {address}";

    protected override string Command(string directory, string address) => CommandIn(directory);
}
