using System.Collections;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// This process's environment as a fork server was given it. A test is to have the test host's as it is when the test starts:
/// it is told what has changed, which mostly is nothing, and not the whole of it.
/// </summary>
/// <param name="except">The variables that the server has values of its own for until it is warm.</param>
internal sealed class EnvironmentSnapshot(IEnumerable<string> except)
{
    private readonly Dictionary<string, string> then = Current().Where(e => !except.Contains(e.Key)).ToDictionary();

    /// <summary>NAME=value for each variable that is new or has changed, NAME for each that is gone.</summary>
    public List<string> Changes()
    {
        var changes = new List<string>();
        int known = 0;
        foreach (var (name, value) in Current())
        {
            bool had = then.TryGetValue(name, out string? former);
            known += had ? 1 : 0;
            if (former != value)
                changes.Add($"{name}={value}");
        }
        if (known < then.Count)
            changes.AddRange(then.Keys.Where(name => Environment.GetEnvironmentVariable(name) == null));
        return changes;
    }

    /// <summary>Makes such changes to this process's environment.</summary>
    public static void Apply(IEnumerable<string> changes)
    {
        foreach (string change in changes)
        {
            int equals = change.IndexOf('=');
            string name = equals < 0 ? change : change[..equals];
            string? value = equals < 0 ? null : change[(equals + 1)..];
            Environment.SetEnvironmentVariable(name, value);
            _ = value == null ? Libc.UnsetEnv(name) : Libc.SetEnv(name, value, 1); // .NET keeps a copy of its own; native libraries read the C library's
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Current()
    {
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
            yield return new((string)entry.Key, (string)entry.Value!);
    }
}
