using NsFixture.Limiting;
using NsFixture.Linux;

namespace NsFixture.Launching;

/// <summary>What init needs of the machine to limit its sandbox.</summary>
/// <param name="Groups">Its control groups; null: rlimits have to do.</param>
/// <param name="Why">Why there is no group, where one is wanted.</param>
/// <param name="Lease">Open as long as the groups are to be there; -1: there are none.</param>
internal sealed record Limitation(GroupDescriptors? Groups, string Why, int Lease)
{
    public int[] Descriptors => Groups == null ? [] : [.. Groups.All, Lease];
}

/// <summary>Control groups of sandboxes, which have to be made where the machine's file systems are.</summary>
internal sealed partial class Zygote
{
    private GroupKeeper? keeper; // made for the first group: most runs have none

    private GroupKeeper Keeper => keeper ??= GroupKeeper.Start(runtimeDescriptors);

    private Limitation Limit(LimitSpec spec, out ControlGroup? group)
    {
        LimitMeans means = LimitMeans.Make(spec, Keeper.ProcessId);
        group = means.Group;
        if (group == null)
            return new Limitation(null, means.Why.Replace(Roots.Staging.Host + "/", "/", StringComparison.Ordinal), -1);
        int lease = Keeper.Keep(group.Directories.Values.Distinct());
        try
        {
            return new Limitation(means.Open(spec), "", lease);
        }
        catch (LinuxException e)
        {
            Descriptors.Close(lease); // which takes it away
            group = null;
            return new Limitation(null, e.Message, -1);
        }
    }

    /// <summary>A host's programs are to be frozen: makes a group for it, where they can be. Answers whether it is of version 2, and the descriptors of <see cref="Freezer"/>; or why there is none.</summary>
    private void MakeFreezer(byte[] message, int channel)
    {
        var reader = new ByteReader(message);
        reader.Byte();
        int id = reader.Int32(), host = reader.Int32();
        var opened = new List<int>();
        string? problem = null;
        bool isUnified = false;
        try
        {
            ControlGroup? limits = children.Find(c => c.Id == id)?.Limits, group;
            if (limits is { IsUnified: true }) // a process has one group there, for all purposes
            {
                string name = LimitMeans.NameOf(host);
                group = limits.Directories.Values.All(d => FileSystem.Exists($"{d}/{name}")) ? limits.Below(name) : limits.MakeBelow(name, new Limits());
            }
            else
            {
                group = ControlGroup.Create(new Limits(), helpers: 0, Keeper.ProcessId, out problem, Freezer.Controller);
            }
            if (group != null)
            {
                isUnified = group.IsUnified;
                if (group.IsUnified && limits is { IsUnified: true })
                    opened.Add(Libc.EventFd(0, Fcntl.O_CLOEXEC)); // it goes with the sandbox's
                else
                    opened.Add(Keeper.Keep(group.Directories.Values.Distinct()));
                opened.AddRange(Freezer.Open(group));
            }
        }
        catch (LinuxException e)
        {
            problem = e.Message;
        }
        UnixSocket.Send(channel, new ByteWriter().Boolean(isUnified).String(problem).Written, problem is { Length: > 0 } ? [] : [.. opened]);
        foreach (int fd in opened)
            Descriptors.Close(fd);
        Descriptors.Close(channel);
    }
}
