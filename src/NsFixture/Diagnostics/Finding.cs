namespace NsFixture.Diagnostics;

/// <summary>Something about a machine that isolated tests suffer from, or that one should know.</summary>
/// <param name="Check">Which check found it: its code and its name.</param>
/// <param name="Severity">What it means for isolated tests.</param>
/// <param name="Cause">What is the matter, in a sentence without its full stop.</param>
/// <param name="Proof">What was read or tried, and what came of it.</param>
/// <param name="Remedy">What to do about it; the beginning of a sentence is a verb.</param>
public sealed record Finding(Check Check, Severity Severity, string Cause, string Proof, string Remedy)
{
    /// <summary>The cause and the remedy, as an error message says them.</summary>
    internal string Message => $"{Cause}: {Remedy} [{Check.Code}]";
}
