using System.Text;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>What a process that is to be a test's is started with, and how it becomes that.</summary>
/// <param name="Result">The socket that it gets its request by.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Error">Its standard error.</param>
/// <param name="Arguments">The program to execute; none: it goes on as a fork of the runtime.</param>
/// <param name="Environment">The program's.</param>
internal sealed record TestStart(int Result, int Output, int Error, string[] Arguments, string[] Environment)
{
    private const int HighDescriptor = 500; // above whatever the runtime has opened

    /// <summary>A fork, by the descriptors of <see cref="Sandbox.OpenTestConnection"/>.</summary>
    public static TestStart Fork(ReadOnlySpan<int> descriptors) => new(descriptors[0], descriptors[1], descriptors[2], [], []);

    /// <summary>By <see cref="ControlKind.RunTest"/>.</summary>
    public static TestStart Read(byte[] message, int[] descriptors)
    {
        var reader = new ByteReader(message);
        reader.Byte();
        return new TestStart(descriptors[0], descriptors[1], descriptors[2], reader.Strings()!, reader.Strings()!);
    }

    /// <summary>Makes the calling process, inside its sandbox, a test's: returns what it is to do, or does not return.</summary>
    /// <param name="control">Its socket to ask about hosts by.</param>
    /// <param name="hardened">Whether it loses its privileges.</param>
    /// <param name="runtimeDescriptors">What the runtime of a fork needs open.</param>
    /// <param name="limitFiles">Limits its open files, once it has those that it starts with; told whether a fresh runtime is to open more. Null: nothing does.</param>
    public Action Enter(int control, bool hardened, int[] runtimeDescriptors, Action<bool>? limitFiles = null)
    {
        _ = Libc.SetSid();
        int input = FileSystem.OpenDescriptor("/dev/null", Fcntl.O_RDONLY);
        Descriptors.Duplicate(input, 0);
        Descriptors.Duplicate(Output, 1);
        Descriptors.Duplicate(Error, 2);
        if (hardened)
            Hardening.Apply();
        if (Arguments.Length == 0)
        {
            int socket = Descriptors.DuplicateAbove(Result, HighDescriptor), controlSocket = Descriptors.DuplicateAbove(control, socket);
            Descriptors.CloseAllBut([.. runtimeDescriptors, socket, controlSocket]);
            limitFiles?.Invoke(false);
            return () => TestProcess.Run(socket, controlSocket);
        }
        // By way of high numbers: either may have the other's.
        int high = Descriptors.DuplicateAbove(control, HighDescriptor);
        Descriptors.Duplicate(Descriptors.DuplicateAbove(Result, HighDescriptor), Wire.SocketDescriptor);
        Descriptors.Duplicate(high, Wire.ControlDescriptor);
        Descriptors.CloseAllBut([Wire.SocketDescriptor, Wire.ControlDescriptor]);
        limitFiles?.Invoke(true);
        Execute();
        return () => { };
    }

    /// <summary>Closes what the test's process has got.</summary>
    public void Close()
    {
        Descriptors.Close(Result);
        Descriptors.Close(Output);
        Descriptors.Close(Error);
    }

    private unsafe void Execute()
    {
        fixed (byte* path = Utf8.Zero(Arguments[0]))
            _ = Libc.ExecVe(path, Utf8.NewArray(Arguments), Utf8.NewArray(Environment));
        var failure = LinuxException.Last("execve", Arguments[0]);
        FileSystem.WriteAll(2, Encoding.UTF8.GetBytes(failure.Message + "\n"), "standard error");
        Libc.Exit(127);
    }
}
