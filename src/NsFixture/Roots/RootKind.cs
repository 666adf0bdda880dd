namespace NsFixture;

/// <summary>What a sandbox, or a host in it, sees as <c>/</c>.</summary>
public enum RootKind
{
    /// <summary>The machine's tree; every write goes to a private layer, and is gone afterwards.</summary>
    CopyOnWrite,

    /// <summary>The machine's tree, read-only but for private <c>/tmp</c>, <c>/run</c> and <c>/dev/shm</c>.</summary>
    ReadOnly,

    /// <summary>Named programs of the machine with what their loader needs to start them, and nothing else.</summary>
    Minimal,

    /// <summary>A directory of the machine, with a private layer for writes.</summary>
    Directory,

    /// <summary>An unpacked tar archive, with a private layer for writes.</summary>
    Tarball,

    /// <summary>An unpacked image archive of <c>docker save</c> or by the OCI image layout, with a private layer for writes.</summary>
    Image,
}
