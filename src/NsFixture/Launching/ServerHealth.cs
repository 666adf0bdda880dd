using System.Globalization;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// Whether a process that lives as long as the run, and that every sandbox passes through, leaks itself: its descriptors and its memory beside what they were when it was made. That is a
/// defect of NsFixture, not of a test.
/// </summary>
internal sealed class ServerHealth
{
    private const int CheckEvery = 32, DescriptorsAllowed = 16, PagesAllowed = 16 * 1024; // 64 MB
    private readonly int descriptorsBefore = Descriptors.Open().Length, pagesBefore = ResidentPages();
    private int endsSinceCheck;
    private bool told;

    /// <summary>A sandbox has ended: looks now and then.</summary>
    /// <param name="inUse">How many descriptors the sandboxes that there are have.</param>
    /// <returns>What is wrong, once; null: nothing, or it has been said.</returns>
    public string? AfterAnEnd(Func<int> inUse)
    {
        if (told || ++endsSinceCheck < CheckEvery)
            return null;
        endsSinceCheck = 0;
        string? problem = Problem(inUse());
        told = problem != null;
        return problem;
    }

    /// <summary>Looks now. Null: all is well.</summary>
    /// <param name="inUse">How many descriptors it has on purpose, more than when it was made.</param>
    public string? Problem(int inUse)
    {
        int descriptors = Descriptors.Open().Length - inUse - descriptorsBefore, pages = ResidentPages() - pagesBefore;
        return descriptors <= DescriptorsAllowed && pages <= PagesAllowed ? null
            : $"the fork server leaks: it has {descriptors} descriptors and {pages * 4 / 1024} MB more than when it started. This is a defect of NsFixture.";
    }

    // The second number of proc_pid_statm(5).
    private static int ResidentPages() => int.Parse(FileSystem.ReadText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture);
}
