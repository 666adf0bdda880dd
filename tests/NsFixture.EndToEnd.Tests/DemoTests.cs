namespace NsFixture.EndToEnd.Tests;

public class DemoTests
{
    [Fact]
    public void The_demo_keeps_its_promises_in_a_fresh_checkout()
    {
        using var directory = new TemporaryDirectory();
        // What a commit of this tree would hold.
        Command files = Command.Run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], Paths.Repository);
        foreach (string file in files.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string source = Path.Combine(Paths.Repository, file), target = Path.Combine(directory.Path, file);
            if (!File.Exists(source))
                continue; // removed, not yet committed
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(source, target);
        }
        Command demo = Command.Run(["bash", "eng/demo.sh"], directory.Path, ("NSFIXTURE_REQUIRE", "1"));
        Assert.True(demo.ExitCode == 0, demo.Output);
        Assert.Contains("Everything happened as promised.", demo.Output);
        Assert.DoesNotContain("BROKEN", demo.Output);
    }
}
