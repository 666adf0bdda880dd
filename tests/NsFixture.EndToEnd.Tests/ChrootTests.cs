using System.Runtime.InteropServices;

namespace NsFixture.EndToEnd.Tests;

/// <summary>Where there is no pivot_root(2), roots are changed in the second-best way, and the tests of root trees hold all the same.</summary>
public unsafe class ChrootTests
{
    private const int NoNewPrivileges = 38, Seccomp = 22, FilterMode = 2; // prctl(2)

    [Theory]
    [InlineData(1, "refused")] // EPERM, as from a container engine's filter
    public void Root_trees_work_and_cannot_be_left_where_pivot_root_is_refused(int errno, string outcome)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
            return; // the filter is for its numbers
        string assembly = Path.Combine(Paths.Repository, "tests", "NsFixture.Isolated.Tests", "bin", Paths.Configuration, "net10.0", "NsFixture.Isolated.Tests.dll");
        TestRun run = null!;
        // A filter is a thread's own, and what it starts inherits it.
        var thread = new Thread(() =>
        {
            RefusePivotRoot(errno);
            run = TestRun.Of(assembly, ["--filter", "FullyQualifiedName~ForkedUsualRootTests|FullyQualifiedName~ForkedReadOnlyRootTests|FullyQualifiedName~ForkedImageRootTests"],
                environment: [("NSFIXTURE_REQUIRE", "1"), ("TESTED_PIVOT_ROOT", outcome)]);
        });
        thread.Start();
        thread.Join();
        Assert.True(run.ExitCode == 0 && run.Outcomes.Count > 40, run.Output);
        Assert.Equal(3, run.Outcomes.Count(o => o.Name.EndsWith("The_root_is_changed_by_pivot_root_or_else_it_is_said_why_not", StringComparison.Ordinal)));
    }

    // Load the call's number; another than pivot_root's is allowed.
    private static void RefusePivotRoot(int errno)
    {
        ulong* program = stackalloc ulong[4]
        {
            Instruction(0x20, 0, 0, 0), Instruction(0x15, 0, 1, 155), Instruction(0x06, 0, 0, 0x00050000 | (uint)errno), Instruction(0x06, 0, 0, 0x7FFF0000),
        };
        void** whole = stackalloc void*[2] { (void*)4, program };
        Assert.Equal(0, prctl(NoNewPrivileges, 1, 0, 0, 0));
        Assert.Equal(0, prctl(Seccomp, FilterMode, (nint)whole, 0, 0));
    }

    private static ulong Instruction(ushort code, byte then, byte otherwise, uint value) => code | ((ulong)then << 16) | ((ulong)otherwise << 24) | ((ulong)value << 32);

#pragma warning disable SYSLIB1054 // a test's one call
    [DllImport("libc", SetLastError = true)]
    private static extern int prctl(int option, nint a, nint b, nint c, nint d);
#pragma warning restore SYSLIB1054
}
