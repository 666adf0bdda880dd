namespace Quickstart;

/// <summary>
/// Tests of different sandboxes meet: nobody goes on before all have been seen here at one moment. Sandboxes share no memory and no network,
/// but the test assembly's directory, which is written through.
/// <para>
/// Who is here holds a lock on a file of its own, which the kernel lets go when its process ends: a file that an earlier run
/// left behind counts for nothing. Whoever sees all the locks held tells every one, by a second file; and a member removes
/// the file that is for it before it takes its lock, so that one is never of an earlier run either.
/// </para>
/// </summary>
internal sealed class Rendezvous
{
    private readonly string directory;
    private readonly int member, count;

    public Rendezvous(string name, int member, int count)
    {
        directory = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, name)).FullName;
        (this.member, this.count) = (member, count);
    }

    public void WaitForAll(TimeSpan limit)
    {
        long end = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        File.Delete(Met(member));
        using FileStream here = TakeLock();
        while (!File.Exists(Met(member)))
        {
            int others = Members.Count(m => m != member && IsHere(m));
            if (others == count - 1)
                foreach (int m in Members)
                    File.WriteAllText(Met(m), "");
            else if (Environment.TickCount64 > end)
                Assert.Fail($"only {others + 1} of {count} were here at one moment within {limit.TotalSeconds} s");
            else
                Thread.Sleep(50);
        }
    }

    private IEnumerable<int> Members => Enumerable.Range(1, count);

    private string Lock(int m) => Path.Combine(directory, $"{m}.lock");

    private string Met(int m) => Path.Combine(directory, $"{m}.met");

    private FileStream TakeLock()
    {
        while (true)
        {
            try
            {
                return new FileStream(Lock(member), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                Thread.Sleep(1); // another member is just looking
            }
        }
    }

    private bool IsHere(int m)
    {
        if (!File.Exists(Lock(m)))
            return false;
        try
        {
            new FileStream(Lock(m), FileMode.Open, FileAccess.Read, FileShare.Read).Dispose();
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
