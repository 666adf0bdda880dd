namespace NsFixture.Benchmarks;

/// <summary>Something to measure, with the baseline it is to be compared with.</summary>
internal sealed record BenchmarkCase(string Summary, int DefaultCount, Func<int, Task<IReadOnlyList<Measurement>>> Run);

internal static class Cases
{
    public static readonly IReadOnlyDictionary<string, BenchmarkCase> All = new Dictionary<string, BenchmarkCase>
    {
        ["isolated-test"] = new("one empty isolated test, forked, beside 'unshare … true' and a plain test", 300, IsolatedTest.RunForkAsync),
        ["isolated-test-exec"] = new("the same by the exec launcher", 60, IsolatedTest.RunExecAsync),
        ["two-hosts"] = new("an isolated test with two hosts and one round trip between them, beside an empty one", 200, TwoHosts.RunAsync),
        ["hosts"] = new("a network of that many hosts on one bridge, up and down, beside what C with raw system calls takes", 100, Hosts.RunAsync),
        ["conditions"] = new("a network of two hosts whose links the emulator delays, up, beside one without", 20, Conditions.RunAsync),
        ["link"] = new("TCP through the rules of a small network and a larger one's bridge beside a bare veth pair, and through the emulator; that many rounds", 5, Link.RunAsync),
        ["throughput"] = new("that many empty isolated tests in one run of 'dotnet test'", 1000, Throughput.RunAsync),
        ["roots"] = new("an empty isolated test in other root trees, and hardened, beside one in the usual tree", 100, RootTrees.RunAsync),
        ["postgres"] = new("from a test's start to its private PostgreSQL's first answer, beside initdb and pg_ctl start on the machine", 20, PostgreSql.RunAsync),
        ["unpack"] = new("an image of 200 MB into the cache, beside 'tar -xzf' of its layer, and the second use", 3, Unpacking.RunAsync),
        ["adapters"] = new("300 empty isolated tests with each adapter, one after another, by their runners' reports; that many rounds", 2, Adapters.RunAsync),
        ["teardown"] = new("an empty isolated test with and without the end of its sandbox, in turns, and tests after programs that do not end when they are told to", 500, Teardown.RunAsync),
        ["tool-run"] = new("'nsfixture run -- true', as published, beside 'bwrap --unshare-all --ro-bind / / true'", 100, ToolRun.RunAsync),
        ["growth"] = new("the fork server's memory and descriptors after the 100th and the last of that many tests", 1000, Growth.RunAsync),
    };
}
