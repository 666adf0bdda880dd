using System.Diagnostics;
using System.Globalization;
using FluentAssertions;
using NsFixture.Limiting;
using Xunit;
using Xunit.Abstractions;

namespace NsFixture.Tests.Launching;

/// <summary>Groups of the machine's own kernel.</summary>
public class ControlGroupTests(ITestOutputHelper output)
{
    [Fact]
    public void A_group_whose_process_is_frozen_in_another_is_gone_when_both_are_removed_and_holds_up_nothing_until_then()
    {
        string[] directories = [.. new[] { "pids", Freezer.Controller }.Select(c => $"/sys/fs/cgroup/{c}/group-of-a-test-{Environment.ProcessId}")];
        if (!Root.MakesControlGroups || !directories.All(d => Directory.Exists(Path.GetDirectoryName(d))))
        {
            output.WriteLine("Not tried: it takes root, and control groups of version 1; in one of version 2 a process is in one group only.");
            return;
        }
        foreach (string directory in directories)
            Directory.CreateDirectory(directory);
        using Process sleeper = Process.Start("sleep", "1000");
        try
        {
            foreach (string directory in directories)
                File.WriteAllText(directory + "/cgroup.procs", sleeper.Id.ToString(CultureInfo.InvariantCulture));
            string state = $"{directories[1]}/{ControlGroup.FreezerFile}";
            File.WriteAllText(state, "FROZEN");
            SpinWait.SpinUntil(() => File.ReadAllText(state).StartsWith("FROZEN", StringComparison.Ordinal), TimeSpan.FromSeconds(5)).Should().BeTrue();

            var watch = Stopwatch.StartNew();
            for (int i = 0; i < 20; i++)
            {
                ControlGroup.TryRemove(directories[0]).Should().BeNull("what is frozen does not end, even when it is killed");
                Thread.Sleep(5);
            }
            watch.Elapsed.Should().BeLessThan(ControlGroup.RemovalLimit / 2);
            SpinWait.SpinUntil(() => directories.Select(ControlGroup.TryRemove).ToList().TrueForAll(gone => gone != null), TimeSpan.FromSeconds(10)).Should().BeTrue();
            sleeper.WaitForExit(TimeSpan.FromSeconds(5)).Should().BeTrue();
            directories.Should().NotContain(d => Directory.Exists(d));
        }
        finally
        {
            sleeper.Kill();
            foreach (string directory in directories)
                ControlGroup.Remove(directory);
        }
    }
}
