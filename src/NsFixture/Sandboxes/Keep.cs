namespace NsFixture;

/// <summary>Whether a test's sandbox stays for a while when the test has ended, to be looked at from inside.</summary>
public enum Keep
{
    /// <summary>It goes with the test.</summary>
    Never,

    /// <summary>That of a test that has failed stays, and the test's output says how to enter it.</summary>
    OnFailure,

    /// <summary>It stays in any case.</summary>
    Always,
}
