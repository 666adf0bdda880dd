using System.Text.RegularExpressions;

namespace NsFixture.EndToEnd.Tests;

/// <summary>Below a test's own frames: how reflection calls a method depends on how often it has called it.</summary>
internal static partial class StackFrames
{
    /// <summary>A text without these lines.</summary>
    public static string WithoutForeign(string text) => Foreign().Replace(text, "");

    [GeneratedRegex(@" *at (InvokeStub_|System\.Reflection\.|System\.RuntimeMethodHandle\.|NUnit\.Framework\.Internal\.)[^\n]*\n?")]
    private static partial Regex Foreign();
}
