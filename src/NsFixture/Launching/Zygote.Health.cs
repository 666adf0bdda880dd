using System.Globalization;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>
/// The zygote's own leaks: it lives as long as the run, and every sandbox passes through it. Its descriptors and its memory are counted now and then, and if there are more
/// than it should have it says so, once; that is a defect of NsFixture, not of a test.
/// </summary>
internal sealed partial class Zygote
{
    private const int CheckEvery = 32, DescriptorsAllowed = 16, PagesAllowed = 16 * 1024; // 64 MB
    private int descriptorsBefore, pagesBefore, reapedSinceCheck;
    private bool healthTold;

    private void RememberHealth() => (descriptorsBefore, pagesBefore) = (Descriptors.Open().Length, ResidentPages());

    private void CheckHealth()
    {
        if (healthTold || ++reapedSinceCheck < CheckEvery)
            return;
        reapedSinceCheck = 0;
        int descriptors = Descriptors.Open().Length - children.Sum(c => c.OpenDescriptors) - descriptorsBefore, pages = ResidentPages() - pagesBefore;
        if (descriptors <= DescriptorsAllowed && pages <= PagesAllowed)
            return;
        healthTold = true;
        UnixSocket.Send(client, new ByteWriter().Byte((byte)ControlKind.ServerUnwell)
            .String($"the fork server leaks: it has {descriptors} descriptors and {pages * 4 / 1024} MB more than when it started. This is a defect of NsFixture.").Written);
    }

    // The second number of proc_pid_statm(5).
    private static int ResidentPages() => int.Parse(FileSystem.ReadText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture);
}
