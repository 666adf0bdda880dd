using FluentAssertions;
using NsFixture.Xunit;

namespace NsFixture.Isolated.Tests;

/// <summary>What <c>WriteThrough</c> names is the machine's in trees that are not: snapshot files beside the sources, for one.</summary>
public class WriteThroughTests
{
    /// <summary>The machine's /var/tmp, told by a file that the test host makes at discovery.</summary>
    public static TheoryData<string> Marker()
    {
        string path = $"/var/tmp/nsfixture-marker-{Environment.ProcessId}";
        File.WriteAllText(path, "");
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(path);
        return [path];
    }

    [Theory, MemberData(nameof(Marker)), IsolatedNetwork(Root = RootKind.ReadOnly, WriteThrough = ["/var/tmp"])]
    public void In_a_read_only_tree(string marker) => IsTheMachines(marker);

    [Theory, MemberData(nameof(Marker)), IsolatedNetwork(Root = RootKind.Minimal, RootPrograms = ["sh"], WriteThrough = ["/var/tmp"])]
    public void In_a_minimal_tree(string marker) => IsTheMachines(marker);

    [Theory, MemberData(nameof(Marker)), IsolatedNetwork(RootTree = typeof(DirectoryTree), WriteThrough = ["/var/tmp"])]
    public void In_a_directory(string marker) => IsTheMachines(marker);

    [Theory, MemberData(nameof(Marker)), IsolatedNetwork(RootTree = typeof(ImageTree), WriteThrough = ["/var/tmp"])]
    public void In_an_image(string marker) => IsTheMachines(marker);

    private static void IsTheMachines(string marker)
    {
        File.Exists(marker).Should().BeTrue();
        string written = marker + Guid.NewGuid().ToString("N");
        File.WriteAllText(written, "a snapshot");
        IsolatedNetwork.Current.Changes().Should().BeEmpty("it is written to the machine's directory, and to no private layer");
        File.ReadLines("/proc/self/mountinfo").Should().ContainSingle(l => l.Split(' ')[4] == "/var/tmp");
        File.Delete(written);
    }
}
