using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using Xunit.Abstractions;

namespace NsFixture.Teardown.Tests;

/// <summary>
/// Whoever is killed, and whenever, nothing is left. A test host runs isolated tests all the time; one of its processes, or all, are killed at a random moment, again and again.
/// </summary>
/// <remarks>
/// NSFIXTURE_CHAOS_KILLS is how many kills there are (30 unless it is set; eng/soak.sh has 300), NSFIXTURE_CHAOS_SEED the seed of the first; each has the next one. Seeds are printed:
/// with NSFIXTURE_CHAOS_SEED=that and NSFIXTURE_CHAOS_KILLS=1 the same kind of process is killed after the same time.
/// </remarks>
public class ChaosTests(ITestOutputHelper output)
{
    private enum Victim
    {
        Test,
        Init,
        ForkServer,
        TestHost,
        ProcessGroup,
    }

    private static readonly int Kills = Number("NSFIXTURE_CHAOS_KILLS", 30), FirstSeed = Number("NSFIXTURE_CHAOS_SEED", Environment.TickCount & 0xFFFFFF);

    [Fact]
    public void Whoever_is_killed_at_any_moment_nothing_is_left()
    {
        TimeSpan slowest = TimeSpan.Zero;
        for (int kill = 0; kill < Kills;)
        {
            using var run = new HostRun("Endless");
            run.WaitForTests();
            // A fork server is started once more and no further, and a test host not at all: so much one run bears.
            for (int servers = 0, seed = FirstSeed + kill; kill < Kills && servers < 2 && !run.HasEnded; seed = FirstSeed + ++kill)
            {
                var random = new Random(seed);
                Victim victim = Enum.GetValues<Victim>()[random.Next(5)];
                Thread.Sleep(random.Next(60)); // a test takes some twenty milliseconds, from its sandbox on
                run.Residue.RememberNamespaces();
                List<int> killed = victim switch
                {
                    Victim.Test => Some(run.Tests, random),
                    Victim.Init => Some(run.Inits, random),
                    Victim.ForkServer => run.Servers,
                    Victim.TestHost => [run.Host],
                    _ => run.Residue.Processes(),
                };
                List<string> doomed = Residue.TreesOf(killed);
                killed.ForEach(VictimRun.TryKill);
                long start = Stopwatch.GetTimestamp();
                Residue.WaitUntilEnded(doomed).Should().BeEmpty($"seed {seed} has killed {victim}");
                TimeSpan end = Stopwatch.GetElapsedTime(start);
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seed {seed}: {victim}, {doomed.Count} processes, {end.TotalMilliseconds:0} ms"));
                slowest = end > slowest ? end : slowest;
                if (victim is Victim.TestHost or Victim.ProcessGroup)
                {
                    kill++;
                    break;
                }
                if (victim == Victim.ForkServer && ++servers < 2)
                    run.WaitForTests();
            }
            VictimRun.TryKill(run.Host);
            run.Residue.WaitUntilGone().Should().BeEmpty($"after seed {FirstSeed + kill - 1}");
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Kills} kills; the slowest end took {slowest.TotalMilliseconds:0} ms"));
    }

    private static List<int> Some(List<int> all, Random random) => all.Count == 0 ? [] : [all[random.Next(all.Count)]];

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : otherwise;
}
