namespace Quickstart;

/// <summary>Plain and isolated tests in turn: what the isolated ones do to the file system, the machine never sees.</summary>
[TestCaseOrderer("Quickstart.InOrderOfDeclaration", "Quickstart")]
public sealed class MachineUntouchedTests
{
    private const string InEtc = "/etc/nsfixture-was-here", InTmp = "/tmp/nsfixture-was-here", InRun = "/run/nsfixture-was-here";
    private static readonly string OfTheMachine = Path.Combine(Path.GetTempPath(), $"nsfixture-quickstart-{Environment.UserName}");

    [Fact]
    public void A_plain_test_writes_to_the_tmp_of_the_machine() => File.WriteAllText(OfTheMachine, "outside");

    [Fact, IsolatedNetwork]
    public void An_isolated_test_has_a_tmp_and_a_run_of_its_own()
    {
        Assert.False(File.Exists("/tmp/" + Path.GetFileName(OfTheMachine)));
        File.WriteAllText(InTmp, "inside");
        File.WriteAllText(InRun, "inside");
    }

    [Fact, IsolatedNetwork]
    public void A_write_to_etc_stays_inside()
    {
        File.WriteAllText(InEtc, "inside");
        File.AppendAllText("/etc/hosts", "10.0.0.9 nsfixture-was-here\n");
        Assert.Equal("inside", File.ReadAllText(InEtc));
    }

    [Fact, IsolatedNetwork]
    public void The_next_isolated_test_starts_afresh()
    {
        Assert.DoesNotContain("nsfixture-was-here", File.ReadAllText("/etc/hosts"));
        Assert.All([InEtc, InTmp, InRun], path => Assert.False(File.Exists(path), path));
    }

    [Fact]
    public void The_machine_has_no_trace_of_them()
    {
        Assert.DoesNotContain("nsfixture-was-here", File.ReadAllText("/etc/hosts"));
        Assert.All([InEtc, InTmp, InRun], path => Assert.False(File.Exists(path), path));
        File.Delete(OfTheMachine);
    }
}
