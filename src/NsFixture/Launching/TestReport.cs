namespace NsFixture.Launching;

/// <summary>What a test reports, in no framework's words.</summary>
internal enum TestReportKind : byte
{
    /// <summary>First of all: <see cref="TestReport.Number"/> is <see cref="Wire.Version"/>.</summary>
    Hello = 1,
    CaseStarting,
    TestStarting,

    /// <summary>A step of the framework's own, named by <see cref="TestReport.Text"/>.</summary>
    Step,
    Output,
    Passed,
    Failed,
    Skipped,
    TestFinished,
    CaseFinished,

    /// <summary>Something failed outside any test's body; <see cref="TestReport.Text"/> says of what it was the clean-up.</summary>
    CleanupFailure,
    Diagnostic,
    ConsoleOut,
    ConsoleError,

    /// <summary>A file the test wants kept: its name in <see cref="TestReport.Text"/>, its content in the data.</summary>
    Attachment,

    /// <summary>What coverlet has counted in an assembly; its file on the machine in <see cref="TestReport.Text"/>.</summary>
    CoverageHits,

    /// <summary>What Microsoft's coverage tool has marked in an assembly; its file on the machine in <see cref="TestReport.Text"/>.</summary>
    CoverageMarks,

    /// <summary>The process goes on when a debugger is attached; <see cref="TestReport.Number"/> is its own id, as it sees it.</summary>
    WaitingForDebugger,

    /// <summary>The runner itself failed; the cases that had not finished fail with it.</summary>
    RunFailed,

    /// <summary>Last of all: nothing was lost.</summary>
    Done,
}

/// <summary>An exception, flattened: entry 0 is the outermost, and each other one names its parent by index.</summary>
internal sealed record FailureInfo(string?[] Types, string?[] Messages, string?[] StackTraces, int[] Parents)
{
    public static FailureInfo Of(Type type, string message) => new([type.FullName], [message], [null], [-1]);

    public static FailureInfo Of(Exception exception)
    {
        var list = new List<(Exception Exception, int Parent)> { (exception, -1) };
        for (int i = 0; i < list.Count; i++)
        {
            IEnumerable<Exception> inner = list[i].Exception is AggregateException aggregate ? aggregate.InnerExceptions
                : list[i].Exception.InnerException is { } one ? [one] : [];
            foreach (Exception e in inner)
                list.Add((e, i));
        }
        return new FailureInfo(
            [.. list.Select(e => e.Exception.GetType().FullName)], [.. list.Select(e => e.Exception.Message)],
            [.. list.Select(e => e.Exception.StackTrace)], [.. list.Select(e => e.Parent)]);
    }
}

/// <summary>
/// One report. <see cref="Case"/> is the index of the test case in the request, -1 for none; <see cref="Test"/> numbers the
/// tests of the run, since one case may be several. <see cref="Time"/> is in seconds.
/// </summary>
internal sealed record TestReport(TestReportKind Kind)
{
    public int Case { get; init; } = -1;
    public int Test { get; init; } = -1;
    public int Number { get; init; }
    public string? Text { get; init; }
    public decimal Time { get; init; }
    public FailureInfo? Failure { get; init; }
    public byte[]? Data { get; init; }

    public void Write(ByteWriter writer)
    {
        writer.Byte((byte)Kind).Int32(Case).Int32(Test).Int32(Number).String(Text).Decimal(Time);
        writer.Byte((byte)((Failure != null ? 1 : 0) | (Data != null ? 2 : 0)));
        if (Failure != null)
        {
            writer.Strings(Failure.Types).Strings(Failure.Messages).Strings(Failure.StackTraces).Int32(Failure.Parents.Length);
            foreach (int parent in Failure.Parents)
                writer.Int32(parent);
        }
        if (Data != null)
            writer.Bytes(Data);
    }

    public static TestReport Read(ReadOnlySpan<byte> frame)
    {
        var reader = new ByteReader(frame);
        var message = new TestReport((TestReportKind)reader.Byte())
        {
            Case = reader.Int32(), Test = reader.Int32(), Number = reader.Int32(), Text = reader.String(), Time = reader.Decimal(),
        };
        int parts = reader.Byte();
        if ((parts & 1) != 0)
        {
            string?[] types = reader.Strings(), messages = reader.Strings(), stacks = reader.Strings();
            var parents = new int[reader.Int32()];
            for (int i = 0; i < parents.Length; i++)
                parents[i] = reader.Int32();
            message = message with { Failure = new FailureInfo(types, messages, stacks, parents) };
        }
        return (parts & 2) != 0 ? message with { Data = reader.Bytes().ToArray() } : message;
    }
}
