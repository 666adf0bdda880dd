using System.Collections.Concurrent;

namespace NsFixture.Tests.Recording;

/// <summary>Records each run once, for all the tests that look at it.</summary>
public sealed class RecordedRuns
{
    private readonly ConcurrentDictionary<RunSettings, Lazy<RecordedRun>> runs = new();

    public RecordedRun this[RunSettings settings] => runs.GetOrAdd(settings, s => new(() => RecordedRun.Record(s))).Value;
}

/// <summary>The tests that look at recorded runs, one after another: a run has work for all processors by itself.</summary>
[CollectionDefinition(Name)]
public class WithRecordedRuns : ICollectionFixture<RecordedRuns>
{
    public const string Name = "recorded runs";
}
