using FluentAssertions;
using NsFixture.Launching;

namespace NsFixture.Tests.Launching;

/// <summary>Every case that was asked for gets exactly one whole story, wherever the process ended.</summary>
public class RunTrackerTests
{
    private static readonly FailureInfo Crash = FailureInfo.Of(typeof(TestProcessEndedException), "it crashed");

    private static readonly TestReport[] Story =
    [
        new(TestReportKind.CaseStarting) { Case = 0 },
        new(TestReportKind.TestStarting) { Case = 0, Test = 0, Text = "first" },
        new(TestReportKind.Output) { Case = 0, Test = 0, Text = "printed" },
        new(TestReportKind.Passed) { Case = 0, Test = 0, Text = "printed" },
        new(TestReportKind.TestFinished) { Case = 0, Test = 0 },
        new(TestReportKind.CaseFinished) { Case = 0 },
        new(TestReportKind.CaseStarting) { Case = 1 },
        new(TestReportKind.TestStarting) { Case = 1, Test = 1, Text = "second, row 1" },
        new(TestReportKind.Passed) { Case = 1, Test = 1 },
        new(TestReportKind.TestFinished) { Case = 1, Test = 1 },
        new(TestReportKind.TestStarting) { Case = 1, Test = 2, Text = "second, row 2" },
        new(TestReportKind.Passed) { Case = 1, Test = 2 },
        new(TestReportKind.TestFinished) { Case = 1, Test = 2 },
        new(TestReportKind.CaseFinished) { Case = 1 },
        new(TestReportKind.Done),
    ];

    public static TheoryData<int> EndsAfter()
    {
        var rows = new TheoryData<int>();
        for (int i = 0; i < Story.Length; i++)
            rows.Add(i);
        return rows;
    }

    [Theory, MemberData(nameof(EndsAfter))]
    public void A_process_that_ends_after_any_report_leaves_no_case_without_an_end(int reports)
    {
        var told = new List<TestReport>();
        var tracker = new RunTracker(["first", "second"], told.Add);
        foreach (TestReport report in Story.Take(reports))
            tracker.Receive(report);
        tracker.End(Crash);

        for (int i = 0; i < 2; i++)
        {
            told.Count(r => r.Kind == TestReportKind.CaseStarting && r.Case == i).Should().Be(1);
            told.Count(r => r.Kind == TestReportKind.CaseFinished && r.Case == i).Should().Be(1);
        }
        foreach (var test in told.Where(r => r.Kind == TestReportKind.TestStarting).Select(r => r.Test))
        {
            told.Count(r => r.Test == test && r.Kind is TestReportKind.Passed or TestReportKind.Failed && r.Test == test).Should().Be(1, $"test {test} has one outcome");
            told.Count(r => r.Test == test && r.Kind == TestReportKind.TestFinished).Should().Be(1);
        }
        told.Should().Contain(r => r.Failure != null, "the crash is reported");
        told.Where(r => r.Kind == TestReportKind.TestStarting).Select(r => r.Case).Distinct().Should().BeEquivalentTo([0, 1]);
    }

    [Fact]
    public void A_whole_story_is_passed_on_as_it_is()
    {
        var told = new List<TestReport>();
        var tracker = new RunTracker(["first", "second"], told.Add);
        foreach (TestReport report in Story)
            tracker.Receive(report);
        tracker.IsDone.Should().BeTrue();
        tracker.End(null);
        told.Should().Equal(Story[..^1]);
    }

    [Fact]
    public void Where_there_is_no_sandbox_every_case_is_skipped_with_the_reason()
    {
        var told = new List<TestReport>();
        new RunTracker(["first", "second"], told.Add).SkipAll("no namespaces");
        told.Where(r => r.Kind == TestReportKind.Skipped).Select(r => r.Text).Should().Equal("no namespaces", "no namespaces");
    }
}
