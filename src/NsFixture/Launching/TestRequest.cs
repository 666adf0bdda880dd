namespace NsFixture.Launching;

/// <summary>Everything a test's process is told; the first and only frame it receives.</summary>
internal sealed record TestRequest
{
    /// <summary>The assembly-qualified name of the <see cref="ITestRunner"/>.</summary>
    public required string RunnerType { get; init; }

    /// <summary>The path of the test assembly.</summary>
    public required string AssemblyPath { get; init; }

    /// <summary>For the runner alone.</summary>
    public required byte[] Payload { get; init; }

    public required string WorkingDirectory { get; init; }

    /// <summary>What is different in the test host from what the process has, by <see cref="EnvironmentSnapshot.Changes"/>.</summary>
    public required IReadOnlyList<string> EnvironmentChanges { get; init; }

    public required SandboxSpec Spec { get; init; }

    public required LauncherKind Launcher { get; init; }

    public required string LauncherReason { get; init; }

    /// <summary>What init had to do in a second-best way.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>What counts the lines of assemblies, by <see cref="Launching.CoverageTrackers"/>; what they have counted is sent to the test host.</summary>
    public IReadOnlyList<string> CoverageTrackers { get; init; } = [];

    /// <summary>Whether what is written to a path inside is written to the machine's own file.</summary>
    public bool WritesThrough(string path) => Spec.WriteThrough.Any(w => path.StartsWith(w + "/", StringComparison.Ordinal));

    public byte[] ToFrame()
    {
        var writer = new ByteWriter();
        writer.Int32(0).Int32(Wire.Version).String(RunnerType).String(AssemblyPath).Bytes(Payload).String(WorkingDirectory)
            .Strings([.. EnvironmentChanges]).Spec(Spec).Byte((byte)Launcher).String(LauncherReason).Strings([.. Notes]).Strings([.. CoverageTrackers]);
        writer.PatchInt32(0, writer.Length - 4);
        return writer.Written.ToArray();
    }

    public static TestRequest Read(ReadOnlySpan<byte> frame)
    {
        var reader = new ByteReader(frame);
        int version = reader.Int32();
        if (version != Wire.Version)
            throw new SandboxException($"The test host speaks version {version} of NsFixture's protocol, the fork server {Wire.Version}: rebuild the test project, so that all its NsFixture assemblies are of one version.");
        return new TestRequest
        {
            RunnerType = reader.Text(), AssemblyPath = reader.Text(), Payload = reader.Bytes().ToArray(), WorkingDirectory = reader.Text(),
            EnvironmentChanges = reader.Strings()!, Spec = reader.Spec(), Launcher = (LauncherKind)reader.Byte(), LauncherReason = reader.Text(),
            Notes = reader.Strings()!, CoverageTrackers = reader.Strings()!,
        };
    }
}
