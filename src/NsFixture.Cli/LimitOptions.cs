using System.Globalization;
using NsFixture.Limiting;

namespace NsFixture.Cli;

/// <summary>Limits as the command line has them: <c>memory=64M</c>, <c>cpu=30%</c>.</summary>
internal static class LimitOptions
{
    public static Limits Parse(IEnumerable<string> options)
    {
        var limits = new Limits();
        foreach (string option in options)
        {
            string[] parts = option.Split('=', 2);
            string value = parts.Length == 2 ? parts[1] : "";
            limits = parts[0] switch
            {
                "memory" when ByteSize.Parse(value) is { } bytes => limits with { Memory = bytes },
                "io" when ByteSize.Parse(value) is { } bytes => limits with { IoRate = bytes },
                "cpu" when Share(value) is { } share => limits with { Cpu = share },
                "processes" when Count(value) is { } count => limits with { Processes = count },
                "files" when Count(value) is { } count => limits with { OpenFiles = count },
                _ => throw new BadArgumentException($"--limit: \"{option}\" is no limit: write memory=64M, cpu=30%, processes=20, io=10M or files=64."),
            };
        }
        return limits.Problem is { } problem ? throw new BadArgumentException($"--limit: {problem}.") : limits;
    }

    private static double? Share(string text) =>
        double.TryParse(text.TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) ? text.EndsWith('%') ? number / 100 : number : null;

    private static int? Count(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
