using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>
/// A program that makes a list of system calls one after another, and so becomes another program in the end. Most of what changes a process's namespaces
/// may be done by a process with a single thread only, which no .NET process is, nor is a fork of one fit to run managed code.
/// So an executable file is made for the purpose, in memory: a few hundred bytes of machine code, and the calls as its data.
/// </summary>
internal sealed unsafe class SystemCallProgram
{
    /// <summary>SystemCallProgram.S, assembled.</summary>
    internal const string Code =
        "488b0c244c8d74cc10bd00006000488d5d404531ed488b034885c07834488b7b08488b7310488b53184c8b53204c8b43284c8b4b300f05483d01f0ffff734448" +
        "8b4b384885c974034889014883c358ebc448ffc00f841801000048ffc00f84b600000048ffc00f84c400000048ffc00f84cc000000b8020000004585ed410f45" +
        "c5eb17f7d883f83f7710480fa34340730983f80d440f44e8ebb148895d1048894518837d00007811e854000000bf7f000000b8e70000000f05b801000000bf02" +
        "000000488b7348488b53500f058b4518488d752fc6060ab90a00000031d2f7f183c23048ffce881685c075f0488d55304829f2b801000000bf020000000f05eb" +
        "acb8010000008b7d0085ff780b488d7510ba100000000f05c3b83b000000488b7b08488b73104c89f20f05e907ffffff488b73108b06488b7b088907e90affff" +
        "ff48c74510feffffffe8b3ffffff31c0488b7b08488d7520ba010000000f0583f8010f84e3feffff83f8fc74e1e93bffffff48c7452002400000b80e00000031" +
        "ff488d7520488d553041ba080000000f05b8390000000f054885c00f8896feffff750ae88b000000e99efeffff4189c448c74510ffffffff48894518e840ffff" +
        "ffb8030000008b7d000f05b83d0000004489e7488d752031d24531d20f0583f8fc74e885c00f88c2feffff8b452089c783e77f75080fb6fce9b5feffff4189fc" +
        "b89d000000bf0400000031f60f05e820000000b8270000000f0589c74489e6b83e0000000f05418dbc2480000000e97ffeffffb80e000000bf02000000488d75" +
        "3031d241ba080000000f05c3";

    /// <summary>What the code does itself.</summary>
    private const long Fork = -1, Become = -2, Copy = -3, Ask = -4, NotFound = -5;

    // The data: a header, whose first number is the descriptor of who listens, then the calls, then what they refer to.
    private const int HeaderSize = 64, CallSize = 88, Result = 56, Tolerated = 64, Words = 72;

    private readonly List<Call> calls = [];
    private readonly List<byte[]> blobs = [];
    private readonly List<(int Blob, int Offset, Value Target)> pointers = [];

    private sealed record Call(long Number, Value[] Arguments, ulong Tolerated, string Operation, string Target)
    {
        public Value? Result { get; set; }
    }

    /// <summary>An argument: a number, or where something lies once the data is laid out.</summary>
    public readonly record struct Value(ValueKind Kind, long Number, int Offset)
    {
        public static implicit operator Value(long number) => new(ValueKind.Number, number, 0);

        public Value Plus(int offset) => this with { Offset = Offset + offset };
    }

    public enum ValueKind
    {
        Number,
        Blob,
        Argument,
        Header,
    }

    /// <summary>The calls that are used, by their names on the one processor that there is code for.</summary>
    [CHeader("asm/unistd_64.h")]
    public static class Numbers
    {
        public const int __NR_write = 1;
        public const int __NR_open = 2;
        public const int __NR_ioctl = 16;
        public const int __NR_socket = 41;
        public const int __NR_chdir = 80;
        public const int __NR_setuid = 105;
        public const int __NR_setgid = 106;
        public const int __NR_setgroups = 116;
        public const int __NR_capget = 125;
        public const int __NR_capset = 126;
        public const int __NR_pivot_root = 155;
        public const int __NR_prctl = 157;
        public const int __NR_chroot = 161;
        public const int __NR_mount = 165;
        public const int __NR_umount2 = 166;
        public const int __NR_exit_group = 231;
        public const int __NR_unshare = 272;
        public const int __NR_prlimit64 = 302;
        public const int __NR_setns = 308;
    }

    /// <summary>Whether there is code for this processor.</summary>
    public static bool IsSupported => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>Where the descriptor of who listens is to be put: gets reports of 16 bytes.</summary>
    public static Value Listener => new(ValueKind.Header, 0, 0);

    /// <summary>Bytes that calls read or write.</summary>
    public Value Bytes(byte[] bytes)
    {
        blobs.Add(bytes);
        return new Value(ValueKind.Blob, blobs.Count - 1, 0);
    }

    /// <summary>A string, as C has it.</summary>
    public Value Text(string text) => Bytes(Utf8.Zero(text));

    /// <summary>A null-terminated array of strings.</summary>
    public Value Texts(IReadOnlyList<string> texts)
    {
        Value array = Bytes(new byte[(texts.Count + 1) * sizeof(long)]);
        for (int i = 0; i < texts.Count; i++)
            pointers.Add(((int)array.Number, i * sizeof(long), Text(texts[i])));
        return array;
    }

    /// <summary>Adds a system call.</summary>
    /// <param name="operation">What it is called in a <see cref="LinuxException"/>.</param>
    /// <param name="target">Its object there.</param>
    /// <param name="number">Which.</param>
    /// <param name="arguments">Up to six.</param>
    public SystemCallProgram Add(string operation, string target, long number, params Value[] arguments) => Add(new Call(number, arguments, 0, operation, target));

    /// <summary>Errors of the call just added that do not matter, each below 64.</summary>
    public SystemCallProgram Tolerating(params int[] errors)
    {
        calls[^1] = calls[^1] with { Tolerated = errors.Aggregate(0UL, (mask, error) => mask | (1UL << error)) };
        return this;
    }

    /// <summary>Puts the result of the call just added somewhere.</summary>
    public void Storing(Value result) => calls[^1].Result = result;

    /// <summary>An argument of a call that is to be added next but <paramref name="ahead"/>, to be filled in by the result of another.</summary>
    public Value ArgumentAhead(int ahead, int argument) => new(ValueKind.Argument, calls.Count + ahead, argument);

    /// <summary>Goes on in a child. The parent reports the child's number, waits for it, and ends as it does.</summary>
    public SystemCallProgram AddFork() => Add(new Call(Fork, [], 0, "fork", ""));

    /// <summary>Copies 32 bits.</summary>
    public SystemCallProgram AddCopy(Value to, Value from) => Add(new Call(Copy, [to, from], 0, "", ""));

    /// <summary>Reports, and waits for a byte from a descriptor, which another call has put there.</summary>
    public SystemCallProgram AddQuestion() => Add(new Call(Ask, [-1], 0, "", ""));

    /// <summary>Writes a text to a file that is there, and leaves it open until another program takes over.</summary>
    public SystemCallProgram AddWrite(string path, string text)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        Value into = ArgumentAhead(1, 0);
        Add("open", path, Numbers.__NR_open, Text(path), Fcntl.O_WRONLY | Fcntl.O_CLOEXEC).Storing(into);
        Add("write", $"'{text}' to {path}", Numbers.__NR_write, -1, Bytes(bytes), bytes.Length);
        return this;
    }

    /// <summary>Becomes the first of some programs that is there, with the environment that this one was started with.</summary>
    public SystemCallProgram AddBecome(IEnumerable<string> paths, IReadOnlyList<string> argv)
    {
        Value arguments = Texts(argv);
        foreach (string path in paths)
            Add(new Call(Become, [Text(path), arguments], 0, "execve", path)).Tolerating(Err.ENOENT, Err.ENOTDIR, Err.EACCES);
        return Add(new Call(NotFound, [], 0, "execve", argv[0]));
    }

    /// <summary>Makes the file. It is executed by its path in /proc/PID/fd.</summary>
    /// <param name="name">What the program is called until it has become another.</param>
    /// <exception cref="LinuxException">The kernel has no such files, or none that may be executed (vm.memfd_noexec).</exception>
    public int Open(string name) => MachineCodeFile.Open(name, Convert.FromHexString(Code), Data());

    /// <summary>The error that a report is about.</summary>
    /// <param name="address">The report's first number.</param>
    /// <param name="errno">Its second.</param>
    public LinuxException Failure(long address, int errno)
    {
        Call call = calls[(int)((address - (long)MachineCodeFile.DataAddress - HeaderSize) / CallSize)];
        return new LinuxException(call.Operation, call.Target, errno);
    }

    private SystemCallProgram Add(Call call)
    {
        calls.Add(call);
        return this;
    }

    // Where nobody listens, the error is told by itself: a number, which comes after this.
    private static string Told(Call call) => "NsFixture: " + (call.Operation switch
    {
        "execve" => $"\"{call.Target}\" cannot be executed: install it where it is to run, or give its path",
        "chroot" or "chdir" => $"there is no directory {call.Target} to enter: make it, or give another one",
        _ => $"{call.Operation} of {call.Target} was refused: what this machine does not allow, and what to do, says \"nsfixture doctor\"",
    }) + ": errno ";

    private byte[] Data()
    {
        byte[][] words = [.. calls.Select(c => System.Text.Encoding.UTF8.GetBytes(Told(c)))];
        int[] offsets = new int[blobs.Count + words.Length];
        int end = HeaderSize + (calls.Count * CallSize);
        foreach (var (blob, i) in blobs.Concat(words).Select((b, i) => (b, i)))
            (offsets[i], end) = (end, end + ((blob.Length + 7) & ~7));
        byte[] data = new byte[end];
        BinaryPrimitives.WriteInt64LittleEndian(data, -1); // nobody listens yet
        foreach (var (blob, i) in blobs.Concat(words).Select((b, i) => (b, i)))
            blob.CopyTo(data, offsets[i]);
        foreach (var (blob, offset, target) in pointers)
            Write(offsets[blob] + offset, Resolve(target));
        for (int i = 0; i < calls.Count; i++)
        {
            int at = HeaderSize + (i * CallSize);
            Write(at, calls[i].Number);
            for (int a = 0; a < calls[i].Arguments.Length; a++)
                Write(at + ((a + 1) * sizeof(long)), Resolve(calls[i].Arguments[a]));
            if (calls[i].Result is { } result)
                Write(at + Result, Resolve(result));
            Write(at + Tolerated, (long)calls[i].Tolerated);
            Write(at + Words, (long)MachineCodeFile.DataAddress + offsets[blobs.Count + i]);
            Write(at + Words + sizeof(long), words[i].Length);
        }
        return data;

        void Write(int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(at), value);
        long Resolve(Value value) => value.Kind switch
        {
            ValueKind.Number => value.Number,
            ValueKind.Blob => (long)MachineCodeFile.DataAddress + offsets[(int)value.Number] + value.Offset,
            ValueKind.Argument => (long)MachineCodeFile.DataAddress + HeaderSize + (value.Number * CallSize) + ((value.Offset + 1) * sizeof(long)),
            _ => (long)MachineCodeFile.DataAddress + value.Offset,
        };
    }
}
