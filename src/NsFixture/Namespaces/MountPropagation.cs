using NsFixture.Linux;

namespace NsFixture;

/// <summary>What becomes of mounts and unmounts in other mount namespaces (mount_namespaces(7)); the options of <c>unshare --propagation</c>.</summary>
public enum MountPropagation
{
    /// <summary>They are seen in neither direction.</summary>
    Private,

    /// <summary>Those of the old namespace are seen in the new one.</summary>
    Slave,

    /// <summary>They are seen in both.</summary>
    Shared,

    /// <summary>As each mount has it.</summary>
    Unchanged,
}

internal static class MountPropagationFlags
{
    /// <summary>For mount(2); 0: nothing is to be done.</summary>
    public static ulong Of(MountPropagation propagation) => propagation switch
    {
        MountPropagation.Private => MountFlags.MS_REC | MountFlags.MS_PRIVATE,
        MountPropagation.Slave => MountFlags.MS_REC | MountFlags.MS_SLAVE,
        MountPropagation.Shared => MountFlags.MS_REC | MountFlags.MS_SHARED,
        _ => 0,
    };
}
