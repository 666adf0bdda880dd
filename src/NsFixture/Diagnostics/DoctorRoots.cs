namespace NsFixture.Diagnostics;

/// <summary>Where the doctor reads what the kernel and the machine say of themselves: a saved copy of another machine's files, for one.</summary>
public sealed record DoctorRoots
{
    /// <summary>Default: <c>/proc</c>.</summary>
    public string Proc { get; init; } = "/proc";

    /// <summary>Default: <c>/sys</c>.</summary>
    public string Sys { get; init; } = "/sys";

    /// <summary>Default: <c>/etc</c>.</summary>
    public string Etc { get; init; } = "/etc";

    /// <summary>Default: <c>/dev</c>.</summary>
    public string Dev { get; init; } = "/dev";

    internal bool AreOfThisMachine => this == new DoctorRoots();
}
