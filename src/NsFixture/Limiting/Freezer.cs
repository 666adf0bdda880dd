using System.Globalization;
using System.Text;
using NsFixture.Linux;

namespace NsFixture.Limiting;

/// <summary>A control group that processes are frozen in, by its descriptors: they stand still wherever they are, and cannot tell that they have, as they can of SIGSTOP.</summary>
internal sealed class Freezer
{
    /// <summary>The controller that does it in version 1; version 2 needs none.</summary>
    public const string Controller = "freezer";

    private readonly bool isUnified;
    private readonly int members, state, events;

    /// <param name="isUnified">Whether it is of version 2.</param>
    /// <param name="descriptors">Of <see cref="Open"/>.</param>
    public Freezer(bool isUnified, ReadOnlySpan<int> descriptors) => (this.isUnified, members, state, events) = (isUnified, descriptors[0], descriptors[1], descriptors[2]);

    /// <summary>Opens a group's files: its members, its state to be, its state.</summary>
    /// <exception cref="LinuxException">It cannot be frozen.</exception>
    public static List<int> Open(ControlGroup group)
    {
        string directory = group.Directories.TryGetValue(Controller, out string? own) ? own : group.Directories.Values.First();
        var opened = new List<int>();
        try
        {
            opened.Add(FileSystem.OpenDescriptor(directory + "/cgroup.procs", Fcntl.O_WRONLY));
            opened.Add(FileSystem.OpenDescriptor(directory + (group.IsUnified ? "/cgroup.freeze" : "/" + ControlGroup.FreezerFile), Fcntl.O_WRONLY));
            opened.Add(FileSystem.OpenDescriptor(directory + (group.IsUnified ? "/cgroup.events" : "/" + ControlGroup.FreezerFile), Fcntl.O_RDONLY));
            return opened;
        }
        catch
        {
            foreach (int fd in opened)
                Descriptors.Close(fd);
            throw;
        }
    }

    /// <summary>Whether all in it stand still.</summary>
    public bool IsFrozen => FileSystem.ReadTextIfThere($"/proc/self/fd/{events}") is var text && (isUnified ? text.Contains("frozen 1", StringComparison.Ordinal) : text.StartsWith("FROZEN", StringComparison.Ordinal));

    /// <summary>Puts a process in; one that has ended is nobody's business.</summary>
    public void Add(int process) => Write(members, process.ToString(CultureInfo.InvariantCulture), Err.ESRCH);

    /// <summary>From now on its processes stand still, or go on.</summary>
    public void Set(bool frozen) => Write(state, isUnified ? frozen ? "1" : "0" : frozen ? "FROZEN" : "THAWED", 0);

    private static unsafe void Write(int fd, string text, int tolerated)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        fixed (byte* p = bytes)
            if (Libc.Write(fd, p, bytes.Length) < 0 && System.Runtime.InteropServices.Marshal.GetLastPInvokeError() != tolerated)
                throw LinuxException.Last("write", $"{text} to a control group");
    }
}
