namespace NsFixture.Diagnostics;

/// <summary>What a finding means for isolated tests.</summary>
public enum Severity
{
    /// <summary>Something is different here, and nothing is lost by it.</summary>
    Note,

    /// <summary>Isolated tests run, and cannot have what the finding names.</summary>
    Limits,

    /// <summary>No isolated test can run.</summary>
    Prevents,
}
