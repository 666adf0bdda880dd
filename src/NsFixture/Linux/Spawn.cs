using System.Runtime.InteropServices;

namespace NsFixture.Linux;

/// <summary>
/// Starts a program by posix_spawn(3). System.Diagnostics.Process cannot hand a descriptor to its child, and would reap it.
/// </summary>
internal static unsafe class Spawn
{
    // sizeof(posix_spawn_file_actions_t) is 80 on 64-bit glibc, 72 on musl; twice that leaves room.
    private const int FileActionsSize = 160;

    /// <summary>Standard input is /dev/null; the child gets <paramref name="descriptor"/> as <paramref name="as"/> and no other above 2.</summary>
    /// <returns>The process id.</returns>
    public static int Start(IReadOnlyList<string> arguments, IReadOnlyList<string> environment, int descriptor, int @as)
    {
        byte** argv = Utf8.NewArray(arguments), envp = Utf8.NewArray(environment);
        byte* actions = stackalloc byte[FileActionsSize];
        int nothing = FileSystem.OpenDescriptor("/dev/null", Fcntl.O_RDONLY);
        try
        {
            int pid = 0, error = Libc.SpawnActionsInit(actions);
            if (error == 0)
                error = Libc.SpawnActionsAddDup2(actions, nothing, 0);
            if (error == 0)
                error = Libc.SpawnActionsAddDup2(actions, descriptor, @as);
            if (error == 0 && Libc.HasCloseFrom)
                error = Libc.SpawnActionsAddCloseFrom(actions, @as + 1);
            fixed (byte* path = Utf8.Zero(arguments[0]))
                if (error == 0)
                    error = Libc.PosixSpawn(&pid, path, actions, null, argv, envp);
            _ = Libc.SpawnActionsDestroy(actions);
            return error == 0 ? pid : throw new LinuxException("posix_spawn", arguments[0], error);
        }
        finally
        {
            Descriptors.Close(nothing);
            Utf8.FreeArray(argv);
            Utf8.FreeArray(envp);
        }
    }
}
