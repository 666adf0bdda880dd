namespace NsFixture.Launching;

/// <summary>Adds what isolated tests have covered to coverage tools' files, in the test host; one at a time, so no lock between processes is needed.</summary>
internal static class CoverageHits
{
    private static readonly Lock Gate = new();

    /// <summary>Adds counters to coverlet's file: a count, then as many counters, 32 bits each.</summary>
    public static void Add(string path, byte[] hits)
    {
        lock (Gate)
        {
            if (File.Exists(path))
            {
                byte[] sum = File.ReadAllBytes(path);
                if (sum.Length != hits.Length || !sum.AsSpan(0, 4).SequenceEqual(hits.AsSpan(0, 4)) || sum.Length != 4 + (4 * BitConverter.ToInt32(sum, 0)))
                    throw DoesNotFit(path, hits.Length, sum.Length);
                for (int at = 4; at < sum.Length; at += 4)
                    BitConverter.TryWriteBytes(sum.AsSpan(at), (int)Math.Min((long)BitConverter.ToInt32(sum, at) + BitConverter.ToInt32(hits, at), int.MaxValue));
                hits = sum;
            }
            File.WriteAllBytes(path, hits);
        }
    }

    /// <summary>Sets marks in Microsoft's file, which this process and others may have mapped: a byte for each block of code that has run.</summary>
    public static void Mark(string path, byte[] marks)
    {
        lock (Gate)
        {
            using FileStream file = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            if (file.Length < marks.Length)
                throw DoesNotFit(path, marks.Length, file.Length);
            byte[] there = new byte[marks.Length];
            file.ReadExactly(there);
            // Those that are new alone: what is not written cannot undo what another process sets meanwhile.
            for (int at = 0; at < marks.Length; at++)
                if (marks[at] != 0 && there[at] == 0)
                    RandomAccess.Write(file.SafeFileHandle, [marks[at]], at);
        }
    }

    private static SandboxException DoesNotFit(string path, long here, long there) => new(
        $"The coverage hits of an isolated test ({here} bytes) do not fit those in {path} ({there} bytes): the assembly was instrumented again during the run, or this version of the coverage tool writes another format.");
}
