using System.Runtime.InteropServices;
using FluentAssertions;
using NsFixture.Launching;
using NsFixture.Linux;

namespace NsFixture.Tests.Launching;

/// <summary>A fork server that leaks says so. Here this very process is one.</summary>
public unsafe class ServerHealthTests
{
    private const int Many = 1000;

    [Fact]
    public void Descriptors_that_are_left_open_are_counted()
    {
        var health = new ServerHealth();
        int[] left = [.. Enumerable.Range(0, Many).Select(_ => Libc.EventFd(0, Fcntl.O_CLOEXEC))];
        string? problem = health.Problem(inUse: 0);
        left.ToList().ForEach(Descriptors.Close);
        problem.Should().MatchRegex(@"^the fork server leaks: it has \d{3,4} descriptors and -?\d+ MB more than when it started\. This is a defect of NsFixture\.$");
    }

    [Fact]
    public void Memory_that_is_kept_is_counted()
    {
        var health = new ServerHealth();
        const nuint size = 512 << 20;
        void* kept = NativeMemory.AllocZeroed(size);
        new Span<byte>(kept, (int)size).Fill(1);
        string? problem = health.Problem(inUse: Many); // of other tests
        NativeMemory.Free(kept);
        problem.Should().MatchRegex(@"and \d{3,4} MB more than when it started");
    }

    [Fact]
    public void It_is_looked_for_now_and_then_and_said_once()
    {
        var health = new ServerHealth();
        int looks = 0;
        string?[] said = [.. Enumerable.Range(0, 100).Select(_ => health.AfterAnEnd(() => { looks++; return -Many; }))];
        said.Should().ContainSingle(s => s != null);
        looks.Should().Be(1, "once it is said nobody looks any more");
    }
}
