namespace NsFixture.Launching;

/// <summary>What becomes of a test that leaves something behind in its sandbox (NSFIXTURE_LEAKS).</summary>
internal enum LeakMode
{
    /// <summary>The test fails: the default.</summary>
    Fail,

    /// <summary>The test host says so on standard error.</summary>
    Warn,

    /// <summary>Nobody looks.</summary>
    Off,
}
