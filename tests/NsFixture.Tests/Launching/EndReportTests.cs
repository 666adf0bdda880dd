using FluentAssertions;
using NsFixture.Launching;

namespace NsFixture.Tests.Launching;

public class EndReportTests
{
    private static readonly EndReport Report = new(["process 7, 'sleep 1000'", "mount /tmp (tmpfs)"], ["the thread 'x'"], ["/tmp/x"], [new EndStep("the test's process ended", 1234), new EndStep("looked for leaks", 56)]);

    [Fact]
    public void What_init_says_at_the_end_arrives_as_it_was_said()
    {
        var reader = new ByteReader(Report.Write().Written);
        reader.Byte().Should().Be((byte)ControlKind.Ending);
        EndReport.Read(ref reader).Should().BeEquivalentTo(Report, o => o.WithStrictOrdering());
    }

    [Fact]
    public void A_failure_names_what_was_left_and_the_steps_of_the_end()
    {
        FailureInfo failure = LeakNotice.Failure(Report)!;
        failure.Types.Should().Equal(typeof(TestLeakException).FullName);
        failure.Messages[0].Should().StartWith("The test left behind: process 7, 'sleep 1000'; mount /tmp (tmpfs).").And.EndWith("The end of the sandbox: the test's process ended (1.2 ms), looked for leaks (0.1 ms).");
        LeakNotice.Failure(Report with { Left = [] }).Should().BeNull("what is only open ends with the process");
        LeakNotice.Failure(null).Should().BeNull();
    }

    [Theory]
    [InlineData(false, "NsFixture: warning: \"A.B\" left behind, and lost when its sandbox ended: process 7, 'sleep 1000'; mount /tmp (tmpfs); and did not end, close or remove: the thread 'x'.")]
    [InlineData(true, "NsFixture: warning: \"A.B\" did not end, close or remove: the thread 'x'.")]
    public void A_warning_says_what_the_failure_did_not(bool failed, string warning) => LeakNotice.Warning("A.B", Report, failed).Should().Be(warning);

    [Fact]
    public void Of_a_tidy_test_nothing_is_said() => LeakNotice.Warning("A.B", new EndReport([], [], [], []), failed: false).Should().BeNull();
}
