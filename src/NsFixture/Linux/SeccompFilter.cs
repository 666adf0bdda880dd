using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>
/// A filter of system calls (seccomp(2)) for processes whose code one does not trust: what changes mounts, namespaces and the kernel
/// itself, looks into other processes, or has been the way into the kernel more than once, is refused with EPERM. All else, what
/// tests and servers live on, is let through.
/// </summary>
internal static unsafe class SeccompFilter
{
    // Offsets in struct seccomp_data.
    private const uint NumberOffset = 0, ArchitectureOffset = 4, FirstArgument = 16, SecondArgument = 24;
    private const uint X32Bit = 0x40000000;
    private const uint NewNamespaces = (uint)(Sched.CLONE_NEWNS | Sched.CLONE_NEWCGROUP | Sched.CLONE_NEWUTS | Sched.CLONE_NEWIPC | Sched.CLONE_NEWUSER | Sched.CLONE_NEWPID | Sched.CLONE_NEWNET | Sched.CLONE_NEWTIME);

    /// <summary>Installs it for the calling thread and all that it starts; no_new_privs must be set.</summary>
    public static void Install() => Install([.. Program(RuntimeInformation.ProcessArchitecture == Architecture.Arm64)]);

    /// <summary>Installs a filter for the calling thread and all that it starts; no_new_privs must be set.</summary>
    /// <param name="program">A program of classic BPF, on struct seccomp_data.</param>
    public static void Install(SockFilter[] program)
    {
        fixed (SockFilter* filter = program)
        {
            var whole = new SockFProg { len = (ushort)program.Length, filter = filter };
            if (Libc.Prctl(PrctlOptions.PR_SET_SECCOMP, Seccomp.SECCOMP_MODE_FILTER, (nint)(&whole), 0, 0) != 0)
                throw LinuxException.Last("prctl", "PR_SET_SECCOMP");
        }
    }

    /// <summary>The filter as a program of classic BPF.</summary>
    internal static List<SockFilter> Program(bool arm64)
    {
        const uint refuse = Seccomp.SECCOMP_RET_ERRNO | Err.EPERM, absent = Seccomp.SECCOMP_RET_ERRNO | Err.ENOSYS;
        var calls = arm64 ? RefusedCalls.Aarch64 : RefusedCalls.X64;
        var program = new List<SockFilter>
        {
            Load(ArchitectureOffset),
            JumpIfEqual(arm64 ? Audit.AUDIT_ARCH_AARCH64 : Audit.AUDIT_ARCH_X86_64, 1, 0), // the calls of other machines have other numbers
            Return(refuse),
            Load(NumberOffset),
        };
        if (!arm64)
            program.AddRange([JumpIf(Bpf.BPF_JGE, X32Bit, 0, 1), Return(refuse)]);
        foreach (uint number in calls.Refused)
            program.AddRange([JumpIfEqual(number, 0, 1), Return(refuse)]);
        // clone3 has its flags in memory, which a filter cannot see; the C library falls back to clone, whose flags it can.
        program.AddRange([JumpIfEqual(calls.Clone3, 0, 1), Return(absent)]);
        foreach (uint number in (uint[])[calls.Clone, calls.Unshare])
            program.AddRange([JumpIfEqual(number, 0, 4), Load(FirstArgument), JumpIf(Bpf.BPF_JSET, NewNamespaces, 0, 1), Return(refuse), Return(Seccomp.SECCOMP_RET_ALLOW)]);
        // Typing on the terminal as if one were its user.
        program.AddRange([JumpIfEqual(calls.IoCtl, 0, 3), Load(SecondArgument), JumpIfEqual(Terminal.TIOCSTI, 0, 1), Return(refuse)]);
        program.Add(Return(Seccomp.SECCOMP_RET_ALLOW));
        return program;
    }

    internal static SockFilter Load(uint offset) => new() { code = Bpf.BPF_LD | Bpf.BPF_W | Bpf.BPF_ABS, k = offset };

    internal static SockFilter Return(uint value) => new() { code = Bpf.BPF_RET | Bpf.BPF_K, k = value };

    internal static SockFilter JumpIfEqual(uint value, byte then, byte otherwise) => JumpIf(Bpf.BPF_JEQ, value, then, otherwise);

    internal static SockFilter JumpIf(ushort test, uint value, byte then, byte otherwise) => new() { code = (ushort)(Bpf.BPF_JMP | test | Bpf.BPF_K), jt = then, jf = otherwise, k = value };
}
