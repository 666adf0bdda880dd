using System.Globalization;

namespace NsFixture.Launching;

/// <summary>A step of a sandbox's end.</summary>
/// <param name="What">What has happened.</param>
/// <param name="Microseconds">How long it took.</param>
internal sealed record EndStep(string What, int Microseconds);

/// <summary>What is said of a test's end, by its own process and by init.</summary>
/// <param name="Left">What the test left behind: leaks. One line each, which names it.</param>
/// <param name="Open">What its own process still had open, threads and network sockets, which end with it, and files in a temporary directory of the machine's, where others make some, too: a warning and no leak.</param>
/// <param name="Files">Files in its private temporary directory: for the log alone.</param>
/// <param name="Steps">The steps of the teardown so far.</param>
internal sealed record EndReport(IReadOnlyList<string> Left, IReadOnlyList<string> Open, IReadOnlyList<string> Files, IReadOnlyList<EndStep> Steps)
{
    /// <summary>Both.</summary>
    public EndReport With(EndReport more) => new([.. Left, .. more.Left], [.. Open, .. more.Open], [.. Files, .. more.Files], [.. Steps, .. more.Steps]);

    public ByteWriter Write()
    {
        ByteWriter writer = new ByteWriter().Byte((byte)ControlKind.Ending).Strings([.. Left]).Strings([.. Open]).Strings([.. Files]).Int32(Steps.Count);
        foreach (EndStep step in Steps)
            writer.String(step.What).Int32(step.Microseconds);
        return writer;
    }

    public static EndReport Read(ref ByteReader reader)
    {
        string[] left = reader.Strings()!, open = reader.Strings()!, files = reader.Strings()!;
        var steps = new EndStep[reader.Int32()];
        for (int i = 0; i < steps.Length; i++)
            steps[i] = new EndStep(reader.Text(), reader.Int32());
        return new EndReport(left, open, files, steps);
    }

    /// <summary><c>the test's process ended (1.2 ms), …</c>.</summary>
    public static string Describe(IEnumerable<EndStep> steps) =>
        string.Join(", ", steps.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.What} ({s.Microseconds / 1000.0:0.0} ms)")));
}
