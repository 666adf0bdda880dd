namespace NsFixture;

/// <summary>How the process of an isolated test is started.</summary>
public enum LauncherKind
{
    /// <summary>
    /// The fastest that works here: <see cref="Fork"/> where its self-test passes, else <see cref="Exec"/>. The environment variable
    /// NSFIXTURE_LAUNCHER (<c>fork</c>, <c>exec</c> or <c>inprocess</c>) decides where it is set.
    /// </summary>
    Auto,

    /// <summary>
    /// A fork of a warm runtime: milliseconds. Such a runtime has no background garbage collection, compiles no method a
    /// second time, and cannot be reached by debuggers, profilers and <c>dotnet-trace</c>.
    /// </summary>
    Fork,

    /// <summary>The same sandbox with a freshly started runtime: a tenth of a second, and nothing given up.</summary>
    Exec,

    /// <summary>No sandbox: the test runs in the test host, where a debugger is, with a warning in its output.</summary>
    InProcess,
}
