using System.Globalization;
using NsFixture.Launching;

namespace NsFixture;

/// <summary>The environment variables that stand beside the attribute's settings. What is wrong with one fails the tests that it counts for.</summary>
internal static class EnvironmentSettings
{
    /// <summary>NSFIXTURE_DEADLINE, or five minutes.</summary>
    public static TimeSpan Deadline(out string? problem) => ParseDeadline(Environment.GetEnvironmentVariable("NSFIXTURE_DEADLINE"), out problem);

    /// <summary>What that value, if there is one, means.</summary>
    internal static TimeSpan ParseDeadline(string? text, out string? problem)
    {
        problem = null;
        if (string.IsNullOrEmpty(text))
            return SandboxOptions.DefaultDeadline;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int milliseconds) && milliseconds > 0)
            return TimeSpan.FromMilliseconds(milliseconds);
        problem = $"NSFIXTURE_DEADLINE={text} is not a number of milliseconds from 1 to {int.MaxValue}.";
        return SandboxOptions.DefaultDeadline;
    }

    /// <summary>NSFIXTURE_WAIT_FOR_DEBUGGER.</summary>
    public static bool WaitForDebugger => Environment.GetEnvironmentVariable("NSFIXTURE_WAIT_FOR_DEBUGGER") == "1";

    /// <summary>NSFIXTURE_SEED; null where it is not set.</summary>
    public static long? Seed(out string? problem)
    {
        problem = null;
        if (Environment.GetEnvironmentVariable("NSFIXTURE_SEED") is not { Length: > 0 } text)
            return null;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long seed))
            return seed;
        problem = $"NSFIXTURE_SEED={text} is not a whole number of 64 bits.";
        return null;
    }

    /// <summary>NSFIXTURE_LEAKS, or a failure.</summary>
    public static LeakMode Leaks(out string? problem)
    {
        problem = null;
        switch (Environment.GetEnvironmentVariable("NSFIXTURE_LEAKS"))
        {
            case null or "" or "fail":
                return LeakMode.Fail;
            case "warn":
                return LeakMode.Warn;
            case "off":
                return LeakMode.Off;
            case var other:
                problem = $"NSFIXTURE_LEAKS={other} is unknown: use fail, warn or off.";
                return LeakMode.Fail;
        }
    }

    /// <summary>NSFIXTURE_KEEP_FOR, or half an hour.</summary>
    public static TimeSpan KeepFor(out string? problem) => ParseKeepFor(Environment.GetEnvironmentVariable("NSFIXTURE_KEEP_FOR"), out problem);

    /// <summary>What that value, if there is one, means.</summary>
    internal static TimeSpan ParseKeepFor(string? text, out string? problem)
    {
        problem = null;
        if (string.IsNullOrEmpty(text))
            return TimeSpan.FromMinutes(30);
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double minutes) && minutes is > 0 and <= 10_080)
            return TimeSpan.FromMinutes(minutes);
        problem = $"NSFIXTURE_KEEP_FOR={text} is not a number of minutes, more than 0 and no more than 10080, a week.";
        return TimeSpan.FromMinutes(30);
    }

    /// <summary>NSFIXTURE_LAUNCHER; null where it is not set.</summary>
    public static LauncherKind? Launcher(out string? problem)
    {
        problem = null;
        if (Environment.GetEnvironmentVariable("NSFIXTURE_LAUNCHER") is not { Length: > 0 } text)
            return null;
        foreach (LauncherKind kind in Enum.GetValues<LauncherKind>())
            if (kind.ToString().Equals(text, StringComparison.OrdinalIgnoreCase))
                return kind;
        problem = $"NSFIXTURE_LAUNCHER={text} is unknown: use fork, exec, inprocess or auto.";
        return null;
    }
}
