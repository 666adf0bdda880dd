namespace NsFixture.Launching;

/// <summary>What becomes of a test that leaves something behind in its sandbox (NSFIXTURE_LEAKS).</summary>
internal enum LeakMode
{
    /// <summary>The test host says so on standard error; no test waits for that.</summary>
    Warn,

    /// <summary>The test fails.</summary>
    Fail,

    /// <summary>Nobody looks.</summary>
    Off,
}
